"""Tells open pages what has just happened, through Valkey. Only a hint: what a page shows it reads from PostgreSQL.

Whom a push reaches is settled where it is delivered, for each one anew: see tickets.audience and helpdesk.live.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from redis.connection import parse_url

log = logging.getLogger(__name__)

QUIET_SECONDS = 10.0  # after a failure: a dead broker holds up one request, not all of them


def name_at(url: str) -> str:
    """What the desk's news are published under. Databases of one Valkey share them: hence the number."""
    return f"helpdesk:live:{parse_url(url).get('db', 0)}"


class _Line:
    """This process's connection to Valkey, made when it is first needed, so that a fork never shares one."""

    def __init__(self) -> None:
        self.client: redis.Redis | None = None
        self.name = ""
        self.quiet_until = 0.0

    def publish(self, text: str) -> None:
        if time.monotonic() < self.quiet_until:
            return
        try:
            valkey = self.valkey()
            valkey.publish(self.name, text)
        except redis.RedisError as error:
            self.quiet_until = time.monotonic() + QUIET_SECONDS
            log.warning("Open pages are not told of news: %s", error)

    def valkey(self) -> redis.Redis:
        if self.client is None:
            self.name = name_at(settings.REDIS_URL)
            limits = {"socket_connect_timeout": 1, "socket_timeout": 1}
            self.client = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, **limits)
        return self.client


line = _Line()


def push(channel: str, kind: str, **data: Any) -> None:
    """After the commit, pages hear `kind` with `data`, which must be JSON and small: ids and words, no texts.

    `channel` is who may hear it: "ticket:<id>" for agents who may know of that ticket, "user:<id>" for one agent,
    "agents" for all of them.
    """
    text = json.dumps({"to": channel, "kind": kind, "data": data}, separators=(",", ":"))
    # not a partial: Django names a failed hook by __qualname__, which partials lack
    transaction.on_commit(lambda: line.publish(text), robust=True)
