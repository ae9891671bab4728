"""Keeps the holidays of business hours: public ones a year ahead, and those of a feed. Past rows never change, so that
what was reported stays right; typed rows win over both."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tickets import calendars, feeds, sla
from tickets.models import BusinessHours, Holiday

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_RETRY = timedelta(hours=1)
_AHEAD = timedelta(days=400)
_BATCH = 20


def sweep_holidays() -> int:
    """Reads what is due: once a day for each calendar that has a country or a feed."""
    due = BusinessHours.objects.filter(next_fetch_at__lte=timezone.now()).order_by("next_fetch_at")
    pks = list(due.values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        refresh(pk)
    return len(pks)


def refresh(pk: int) -> str:
    """Reads library and feed of one calendar now; returns what went wrong, empty when nothing did. Then what was read
    before stays. Nothing is locked while the feed is read."""
    hours = BusinessHours.objects.get(pk=pk)
    now = timezone.now()
    BusinessHours.objects.filter(pk=pk).update(next_fetch_at=now + _RETRY)  # another beat leaves it alone
    problems = [
        problem
        for origin in (Holiday.Origin.LIBRARY, Holiday.Origin.FEED)
        if (problem := _refresh(hours, origin, now.date()))
    ]
    _note(hours, now, " ".join(problems)[:300])
    sla.forget_calendars()
    return " ".join(problems)


def _refresh(hours: BusinessHours, origin: str, today: date) -> str:
    try:
        days = _read(hours, origin, today)
    except (calendars.NotACalendar, feeds.FeedError) as error:
        return str(error)
    except Exception:
        log.exception("holidays of %s could not be read", hours)
        return f"{Holiday.Origin(origin).label}: unreadable"
    keep(hours, origin, days, today)
    return ""


def _read(hours: BusinessHours, origin: str, today: date) -> dict[date, str]:
    last = today + _AHEAD
    if origin == Holiday.Origin.LIBRARY:
        if not hours.country:
            return {}
        found = calendars.public_holidays(hours.country, hours.region, range(today.year, last.year + 1))
        return {day: name for day, name in found.items() if day <= last}
    return calendars.read_ical(feeds.fetch(hours.feed_url), today, last) if hours.feed_url else {}


@transaction.atomic
def keep(hours: BusinessHours, origin: str, days: Mapping[date, str], today: date) -> None:
    """Makes the future rows of one origin what was read; the past, and rows of other origins, stay as they are."""
    coming = hours.holidays.filter(date__gte=today)
    own = coming.filter(origin=origin)
    own.exclude(date__in=list(days)).delete()
    known = {row.date: row for row in coming}
    for day, name in days.items():
        row = known.get(day)
        if row and row.origin == origin and row.name != name:
            Holiday.objects.filter(pk=row.pk).update(name=name)
    new = [Holiday(business_hours=hours, date=day, name=name, origin=origin) for day, name in days.items()
           if day >= today and day not in known]  # fmt: skip
    Holiday.objects.bulk_create(new, ignore_conflicts=True)


def take_file(hours: BusinessHours, content: bytes) -> int:
    """Adds the days of an iCalendar file, from a year ago to a year ahead, as typed rows; returns how many were new.
    Raises NotACalendar."""
    today = timezone.now().date()
    days = calendars.read_ical(content, today - _AHEAD, today + _AHEAD)
    there = set(hours.holidays.values_list("date", flat=True))
    new = [Holiday(business_hours=hours, date=day, name=name) for day, name in days.items() if day not in there]
    Holiday.objects.bulk_create(new, ignore_conflicts=True)
    sla.forget_calendars()
    return len(new)


def _note(hours: BusinessHours, now: datetime, problem: str) -> None:
    wanted = bool(hours.country or hours.feed_url)
    seen: dict[str, object] = {} if problem else {"fetched_at": now if wanted else None}
    again = (now + (_RETRY if problem else _DAY)) if wanted else None
    BusinessHours.objects.filter(pk=hours.pk).update(fetch_error=problem, next_fetch_at=again, **seen)
