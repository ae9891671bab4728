"""Counts how often something was done, in PostgreSQL: a flushed cache resets no limit."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone

from tickets.refusals import TooMany

MINUTE, HOUR, DAY = 60, 3600, 86400


def hit(key: str, limits: list[tuple[int, int]]) -> int:
    """Counts one hit against each (count, seconds) and returns the seconds to wait, 0 while all limits hold.

    Windows are fixed: a limit of 3 an hour starts anew at the full hour. Refused hits count too.
    """
    now = int(timezone.now().timestamp())
    windows = {seconds: now // seconds * seconds for _, seconds in limits}
    hits = _count(key, windows)
    waits = [windows[seconds] + seconds - now for count, seconds in limits if hits[seconds] > count]
    return max(waits, default=0)


def check(key: str, limits: list[tuple[int, int]]) -> None:
    """Like `hit`, but raises TooMany when a limit is passed."""
    if wait := hit(key, limits):
        raise TooMany(wait)


def _count(key: str, windows: dict[int, int]) -> dict[int, int]:
    """Adds one to each window in a single statement, so that hits at the same moment all count; seconds -> hits."""
    names = {seconds: f"{key[:150]}:{seconds}" for seconds in sorted(windows)}
    rows = [(name, datetime.fromtimestamp(windows[seconds], UTC)) for seconds, name in names.items()]
    places = ", ".join(["(%s, %s, 1)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tickets_limit (key, window_start, hits) VALUES {places} "  # noqa: S608 (placeholders only)
            "ON CONFLICT (key, window_start) DO UPDATE SET hits = tickets_limit.hits + 1 RETURNING key, hits",
            [value for row in rows for value in row],
        )
        return {int(key.rpartition(":")[2]): hits for key, hits in cursor.fetchall()}
