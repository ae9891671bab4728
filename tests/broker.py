"""Another broker for the test's own process: one that can be killed, or one that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kombu import pools

from helpdesk.celery import app

NOWHERE = "redis://127.0.0.1:1/0"


@contextmanager
def broker_at(url: str) -> Iterator[None]:
    usual = app.conf.broker_url
    _use(url)
    try:
        yield
    finally:
        _use(usual)


def _use(url: str) -> None:
    """Celery keeps its connections to the broker it knew first; they have to go."""
    app.conf.broker_url = app.conf.broker_write_url = app.conf.broker_read_url = url
    app.pool.force_close_all()
    app._pool = None
    app.amqp._producer_pool = None
    pools.reset()
