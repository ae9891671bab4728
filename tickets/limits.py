"""Counts how often something was done, in PostgreSQL: a flushed cache resets no limit."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import F
from django.utils import timezone

from tickets.models import Limit
from tickets.refusals import TooMany

MINUTE, HOUR, DAY = 60, 3600, 86400


def hit(key: str, limits: list[tuple[int, int]]) -> int:
    """Counts one hit against each (count, seconds) and returns the seconds to wait, 0 while all limits hold.

    Windows are fixed: a limit of 3 an hour starts anew at the full hour. Refused hits count too.
    """
    now = timezone.now()
    wait = 0
    for count, seconds in limits:
        start = int(now.timestamp()) // seconds * seconds
        hits = _count(f"{key}:{seconds}"[:160], datetime.fromtimestamp(start, UTC))
        if hits > count:
            wait = max(wait, start + seconds - int(now.timestamp()), 1)
    return wait


def check(key: str, limits: list[tuple[int, int]]) -> None:
    """Like `hit`, but raises TooMany when a limit is passed."""
    if wait := hit(key, limits):
        raise TooMany(wait)


def _count(key: str, window: datetime) -> int:
    Limit.objects.bulk_create(
        [Limit(key=key, window_start=window, hits=0)],
        update_conflicts=False,
        ignore_conflicts=True,
    )
    row = Limit.objects.filter(key=key, window_start=window)
    row.update(hits=F("hits") + 1)
    return row.values_list("hits", flat=True).get()
