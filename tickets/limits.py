"""Counts how often something was done, in PostgreSQL: a flushed cache resets no limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from tickets.refusals import TooMany

MINUTE, HOUR, DAY = 60, 3600, 86400


class Hits(NamedTuple):
    """`wait` is the seconds to wait, 0 while all limits hold; `is_first`: nothing was counted for a while, that is in
    the shortest of the windows and the one before it."""

    wait: int
    is_first: bool


def hit(key: str, limits: list[tuple[int, int]]) -> int:
    """Counts one hit against each (count, seconds) and returns the seconds to wait, 0 while all limits hold.

    Refused hits count too. Of the window before, as much counts as still lies within `seconds` (at most the limit), so
    that nobody does twice as much around the moment when one window ends and the next begins.
    """
    return count(key, limits).wait


def count(key: str, limits: list[tuple[int, int]]) -> Hits:
    """As `hit`, and says whether it was the first for a while."""
    now = int(timezone.now().timestamp())
    windows = {seconds: now // seconds * seconds for _, seconds in limits}
    hits = _count(key, windows)
    waits = [
        windows[seconds] + seconds - now
        for most, seconds in limits
        if _weighed(hits[seconds], most, (now - windows[seconds]) / seconds) > most
    ]
    return Hits(max(waits, default=0), hits[min(windows)] == (1, 0))


def _weighed(hits: tuple[int, int], most: int, elapsed: float) -> int:
    current, before = hits
    return current + int(min(before, most) * (1 - elapsed))


def check(key: str, limits: list[tuple[int, int]]) -> None:
    """Like `hit`, but raises TooMany when a limit is passed."""
    if wait := hit(key, limits):
        raise TooMany(wait)


def _count(key: str, windows: dict[int, int]) -> dict[int, tuple[int, int]]:
    """Adds one to each window in a single statement, so that hits at the same moment all count; seconds -> hits in it
    and in the window before."""
    names = {seconds: f"{key[:150]}:{seconds}" for seconds in sorted(windows)}
    rows = [(name, _moment(windows[seconds]), _moment(windows[seconds] - seconds)) for seconds, name in names.items()]
    places = ", ".join(["(%s, %s::timestamptz, %s::timestamptz)"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH asked (key, start, before) AS (VALUES {places}), "  # noqa: S608 (placeholders only)
            "hit AS (INSERT INTO tickets_limit (key, window_start, hits) SELECT key, start, 1 FROM asked "
            "ON CONFLICT (key, window_start) DO UPDATE SET hits = tickets_limit.hits + 1 RETURNING key, hits) "
            "SELECT hit.key, hit.hits, COALESCE(earlier.hits, 0) FROM hit JOIN asked USING (key) "
            "LEFT JOIN tickets_limit earlier ON earlier.key = hit.key AND earlier.window_start = asked.before",
            [value for row in rows for value in row],
        )
        return {int(key.rpartition(":")[2]): (hits, before) for key, hits, before in cursor.fetchall()}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
