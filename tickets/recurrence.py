"""When a recurring ticket is due next. Pure: dates in, a moment out."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

if TYPE_CHECKING:
    from tickets.models import RecurringTicket

_MOST_DAYS = 366 * 101  # a hundred-year interval of months is not asked for; nothing here runs for ever


def next_moment(row: RecurringTicket, after: datetime) -> datetime | None:
    """The first moment of the schedule that is later than `after`; None when it is over."""
    zone = zone_of(row)
    for day in _days(row, after.astimezone(zone).date()):
        if row.ends_on and day > row.ends_on:
            return None
        moment = datetime.combine(day, row.at, tzinfo=zone)
        if moment > after:
            return _existing(moment)
    return None


def zone_of(row: RecurringTicket) -> ZoneInfo:
    known = row.time_zone and row.time_zone in available_timezones()
    return ZoneInfo(row.time_zone) if known else ZoneInfo(timezone.get_default_timezone_name())


def _existing(moment: datetime) -> datetime:
    """A time that the clocks jump over in spring is taken as the one it becomes."""
    return moment.astimezone(ZoneInfo("UTC")).astimezone(moment.tzinfo)


def _days(row: RecurringTicket, first: date) -> Iterator[date]:
    """The days of the schedule from `first` on, at least the first day."""
    begin = max(first, row.starts_on)
    if row.unit == row.Every.DAY:
        step = timedelta(days=row.interval)
        day = row.starts_on + step * -(-(begin - row.starts_on).days // row.interval)
        while (day - begin).days < _MOST_DAYS:
            yield day
            day += step
    elif row.unit == row.Every.WEEK:
        yield from _in_weeks(row, begin)
    else:
        yield from _in_months(row, begin)


def _in_weeks(row: RecurringTicket, begin: date) -> Iterator[date]:
    wanted = sorted(set(row.weekdays)) or [row.starts_on.weekday()]
    first_week = row.starts_on - timedelta(days=row.starts_on.weekday())
    week = first_week + timedelta(weeks=(begin - first_week).days // 7 // row.interval * row.interval)
    while (week - begin).days < _MOST_DAYS:
        days = (week + timedelta(days=weekday) for weekday in wanted)
        yield from (day for day in days if day >= begin)
        week += timedelta(weeks=row.interval)


def _in_months(row: RecurringTicket, begin: date) -> Iterator[date]:
    wanted = row.day_of_month or row.starts_on.day
    start = row.starts_on.year * 12 + row.starts_on.month - 1
    gone = begin.year * 12 + begin.month - 1 - start
    month = start + gone // row.interval * row.interval
    for number in range(month, month + 12 * 100 + row.interval, row.interval):
        year, place = divmod(number, 12)
        if year > 9000:
            return
        day = date(year, place + 1, min(wanted, calendar.monthrange(year, place + 1)[1]))
        if day >= begin:
            yield day
