"""Times in the search language: days, ages and ranges, as conditions on one column of the ticket."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

_AGE = re.compile(r"(\d{1,4})(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
LOOKUP = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "exact", "": "exact"}
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "": ""}
WORDS = ("today", "yesterday", "tomorrow", "this-week", "last-week", "this-month", "last-month")


class FilterError(Exception):
    """A filter that cannot be read; `str()` is a sentence for the person."""


class Missing(FilterError):
    """It can be read, but what it names is not there (any more), so it finds nothing."""


def condition(key: str, column: str, value: str, *, ahead: bool = False) -> Q:
    """A day (>2026-11-01), a range (2026-11-01..2026-11-30), a word (today), `none`, `any`, or an age: `created:<2d`
    is younger than two days, and with `ahead` `due:<4h` is within the next four hours or overdue."""
    if value.lower() in {"none", "any"}:
        return Q(**{f"{column}__isnull": value.lower() == "none"})
    first, dots, last = value.partition("..")
    if dots:
        begin, end = _span(first, key)[0], _span(last, key)[1]
        return Q(**{f"{column}__gte": begin, f"{column}__lt": end})
    sign, when = split_sign(value)
    if age := _age(when):
        if ahead:
            return Q(**{f"{column}__{LOOKUP[sign or '<']}": timezone.now() + age})
        return Q(**{f"{column}__{LOOKUP[_OPPOSITE[sign] or '>']}": timezone.now() - age})
    return _during(column, sign, *_span(when, key))


def split_sign(value: str) -> tuple[str, str]:
    sign = next((sign for sign in ("<=", ">=", "<", ">", "=") if value.startswith(sign)), "")
    return sign, value[len(sign) :].strip()


def _age(text: str) -> timedelta | None:
    match = _AGE.fullmatch(text.lower())
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]]) if match else None


def _span(text: str, key: str) -> tuple[datetime, datetime]:
    """First moment and the one after the last of what is named, in the person's time zone."""
    try:
        if re.match(r"\d.*[Tt]", text):
            moment = datetime.fromisoformat(text.upper()).replace(tzinfo=timezone.get_current_timezone())
            return moment.astimezone(UTC), (moment + timedelta(minutes=1)).astimezone(UTC)
        first, last = _days(text)
        return _midnight(first), _midnight(last + timedelta(days=1))
    except (ValueError, OverflowError):
        raise FilterError(
            _("“%(key)s:%(value)s” is neither a day such as 2026-11-01 or today nor a time such as 4h, 2d or 1w.")
            % {"key": key, "value": text[:60]}
        ) from None


def _days(text: str) -> tuple[date, date]:
    today, word = timezone.localdate(), text.lower()
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    named = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1),) * 2,
        "tomorrow": (today + timedelta(days=1),) * 2,
        "this-week": (monday, monday + timedelta(days=6)),
        "last-week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this-month": (first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)),
        "last-month": ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)),
    }
    return named.get(word) or (date.fromisoformat(text),) * 2


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone()).astimezone(UTC)


def _during(column: str, sign: str, begin: datetime, end: datetime) -> Q:
    edges = {
        "<": {"lt": begin},
        "<=": {"lt": end},
        ">": {"gte": end},
        ">=": {"gte": begin},
    }.get(sign, {"gte": begin, "lt": end})
    return Q(**{f"{column}__{lookup}": moment for lookup, moment in edges.items()})
