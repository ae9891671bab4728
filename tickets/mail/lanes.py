"""At most two mails at a time for one domain, whatever the number of workers: large providers turn away who comes with
many connections at once. Advisory locks of PostgreSQL: a worker that dies lets go of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import Error, connection

LANES = 2
_ENTER = (
    "SELECT CASE "
    + " ".join(
        f"WHEN pg_try_advisory_lock(hashtextextended(%(domain)s, {lane})) THEN {lane}" for lane in range(1, LANES + 1)
    )
    + " END"
)
_LEAVE = "SELECT pg_advisory_unlock(hashtextextended(%(domain)s, %(lane)s))"


@contextlib.contextmanager
def lane(domain: str) -> Iterator[bool]:
    """Whether there was room. A lane that was entered is held until the block ends, beyond any transaction."""
    named = f"mail to {domain.lower()}"
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, {"domain": named})
        entered = cursor.fetchone()[0]
    try:
        yield entered is not None
    finally:
        if entered is not None:
            # without a connection there is no lock either
            with contextlib.suppress(Error), connection.cursor() as cursor:
                cursor.execute(_LEAVE, {"domain": named, "lane": entered})
