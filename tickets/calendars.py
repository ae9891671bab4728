"""Holidays from elsewhere: the `holidays` library and iCalendar files, as a date and a name each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import holidays as library
from dateutil.rrule import rrulestr
from django.utils.translation import gettext as _
from icalendar import Calendar

MOST_EVENTS = 5000
MOST_DAYS = 2000
LONGEST_EVENT = 60  # days; what lasts longer is no holiday
_NAME = 80
# What a yearly holiday may need (RFC 5545, 3.3.10). Finer rules could keep a worker busy for hours.
_RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}


class NotACalendar(ValueError):
    """`str()` says in plain words what is wrong with the file, country or region."""


def countries() -> list[tuple[str, str]]:
    """Code and what to show, for a choice."""
    return [(code, code) for code in sorted(library.list_supported_countries())]


def check_place(country: str, region: str) -> None:
    """Raises NotACalendar unless the library knows the country and the region."""
    regions = library.list_supported_countries(include_aliases=True).get(country)
    if regions is None:
        raise NotACalendar(_("The country %(code)s is not known.") % {"code": country})
    if region and region not in regions:
        there = ", ".join(regions) or "–"
        raise NotACalendar(_("%(code)s has no region %(region)s. There is: %(there)s.") % {
            "code": country, "region": region, "there": there,
        })  # fmt: skip


def public_holidays(country: str, region: str, years: Iterable[int]) -> dict[date, str]:
    """The public holidays of a country (ISO 3166 code), or of one of its regions, in those years."""
    check_place(country, region)
    found = library.country_holidays(country, subdiv=region or None, years=list(years))
    return {day: name[:_NAME] for day, name in sorted(found.items())}


def read_ical(content: bytes, first: date, last: date) -> dict[date, str]:
    """The days of an iCalendar file (RFC 5545) from `first` to `last`: each day that an event covers, yearly rules
    unrolled. The first event of a day names it. Raises NotACalendar."""
    try:
        calendar: Any = Calendar.from_ical(content)
        events = calendar.walk("VEVENT")
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise NotACalendar(_("This is not an iCalendar file.")) from error
    if len(events) > MOST_EVENTS:
        raise NotACalendar(_("The file has %(has)d events; %(max)d fit.") % {"has": len(events), "max": MOST_EVENTS})
    days: dict[date, str] = {}
    for event in events:
        name = " ".join(str(event.get("SUMMARY", "")).split())[:_NAME] or str(_("Holiday"))
        for day in _days_of(event, first, last):
            days.setdefault(day, name)
            if len(days) > MOST_DAYS:
                raise NotACalendar(_("The file has too many days; %(max)d fit.") % {"max": MOST_DAYS})
    return dict(sorted(days.items()))


def _days_of(event: Any, first: date, last: date) -> Iterator[date]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or "DTSTART" not in event:
        return
    start = _date(event.decoded("DTSTART"))
    end = _date(event.decoded("DTEND")) if "DTEND" in event else start + timedelta(1)  # exclusive
    length = max(1, (end - start).days)
    if length > LONGEST_EVENT:
        return
    for begin in _begins(event, start, first - timedelta(length), last):
        for number in range(length):
            day = begin + timedelta(number)
            if first <= day <= last:
                yield day


def _begins(event: Any, start: date, first: date, last: date) -> Iterator[date]:
    rule = event.get("RRULE")
    if rule is None:
        yield start
        return
    parts = {str(name).upper(): value for name, value in rule.items()}
    step = parts.get("INTERVAL", [1])[0]
    if not set(parts) <= _RULE_PARTS or parts.get("FREQ") != ["YEARLY"] or not 1 <= int(step) <= 100:
        yield start  # at least the day itself, for a rule that no holiday needs
        return
    parts.pop("UNTIL", None)  # its zone may not fit; the window ends it
    until = rule.get("UNTIL")
    stop = min(last, _date(until[0])) if until else last
    text = rule.to_ical().decode().split(";")
    text = [part for part in text if not part.upper().startswith("UNTIL")]
    begin = datetime(max(start.year, 1900), start.month, min(start.day, 28) if start.year < 1900 else start.day)
    unrolled = rrulestr(";".join(text), dtstart=begin)
    after = datetime(first.year, first.month, first.day) - timedelta(1)
    before = datetime(stop.year, stop.month, stop.day) + timedelta(1)
    for moment in islice(unrolled.xafter(after), MOST_DAYS):
        if moment >= before:
            return
        yield moment.date()


def _date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value
