"""Working time: the exact arithmetic behind every SLA deadline. Pure; knows nothing of tickets or the database.

One rule decides everything: a moment is open when the clock on the wall of the calendar's zone shows a time inside
one of that local date's ranges. Durations are real elapsed seconds. So in the night when clocks go forward a range
from 00:00 to 06:00 lasts five hours, and an hour that strikes twice in autumn counts twice.

Inside, moments are integer microseconds since 1970 UTC and time is cut into UTC days: unlike local days they all have
the same length and never interleave, not even where clocks are put back across midnight.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Ranges = tuple[tuple[int, int], ...]
Kind = Literal["running", "closed", "holiday", "paused"]
Pause = tuple[datetime, datetime | None, str]

SECOND = 1_000_000
DAY = 86_400 * SECOND
HORIZON = 3653 * DAY
"""Ten years: what is not due or open within it is treated as never."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_THURSDAY = 3
_MINUTE = 60 * SECOND
_REMEMBERED_DAYS = 4096


class NeverDue(Exception):
    """There is no moment within ten years at which the time asked for has run."""


class NeverOpens(NeverDue):
    """The calendar has no, or far too few, open hours from the start on."""


class StillPaused(NeverDue):
    """The clock stands still in a pause without an end, and the time was not used up before it."""


def _tidy(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if not 0 <= start < end <= 1440:
            raise ValueError(f"{start}-{end} is not a range of minutes in a day")
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@dataclass(frozen=True)
class Calendar:
    """Business hours of one place.

    `hours` maps weekdays (0 is Monday) to ranges of minutes after local midnight, several a day, the end exclusive and
    at most 1440; a weekday left out is closed. `holidays` are closed all day. `exceptions` gives single dates their
    own ranges, empty for closed, and wins over both. Ranges may touch or overlap, in any order. An unknown zone, a
    weekday beyond 6 and a range outside the day raise ValueError.
    """

    zone: str
    hours: Mapping[int, Ranges] = field(compare=False)
    holidays: frozenset[date] = frozenset()
    exceptions: Mapping[date, Ranges] = field(default_factory=dict, compare=False)
    _key: tuple[object, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"{self.zone!r} is not a time zone") from error
        if not set(self.hours) <= set(range(7)):
            raise ValueError("weekdays are 0 (Monday) to 6 (Sunday)")
        hours = {weekday: _tidy(ranges) for weekday, ranges in sorted(self.hours.items())}
        exceptions = {day: _tidy(ranges) for day, ranges in sorted(self.exceptions.items())}
        object.__setattr__(self, "hours", MappingProxyType(hours))
        object.__setattr__(self, "exceptions", MappingProxyType(exceptions))
        object.__setattr__(self, "holidays", frozenset(self.holidays))
        object.__setattr__(self, "_key", (tuple(hours.items()), tuple(exceptions.items())))

    @property
    def digest(self) -> str:
        """Sixteen characters that are equal for equal calendars, in every process."""
        said = repr((self.zone, self._key, sorted(self.holidays)))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


ALWAYS = Calendar("UTC", dict.fromkeys(range(7), ((0, 1440),)))
"""Day and night, for policies without business hours."""


@dataclass(frozen=True)
class Segment:
    """A stretch of time of one kind. `label` is a pause's label, a holiday's date as YYYY-MM-DD, or empty."""

    start: datetime
    end: datetime
    kind: Kind
    label: str = ""

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def add_working(calendar: Calendar, start: datetime, seconds: int, *, pauses: Sequence[Pause] = ()) -> datetime:
    """The first moment (UTC) at which `seconds` of working time have run since `start`.

    A target used up at closing time is due at closing time, not at the next opening; zero seconds are due at `start`.
    Pauses may overlap, come in any order and begin before `start`. Raises NeverOpens or StillPaused, and ValueError
    for a naive `start` or negative seconds.
    """
    if seconds < 0:
        raise ValueError("working time cannot be negative")
    timeline, position, left = _timeline(calendar), _micros(start), seconds * SECOND
    if not left:
        return _moment(position)
    end = position + HORIZON
    for window in _unpaused(position, end, pauses):
        left, due = timeline.run(*window, left)
        if due is not None:
            return _moment(due)
    if any(until is None and _micros(since) < end for since, until, _ in pauses):
        raise StillPaused(f"paused without an end, {left // SECOND} s of {seconds} s left")
    raise NeverOpens(f"fewer than {seconds} s of open hours in ten years from {start:%Y-%m-%d} ({calendar.zone})")


def working_between(calendar: Calendar, a: datetime, b: datetime, *, pauses: Sequence[Pause] = ()) -> int:
    """Whole seconds of working time from `a` to `b`, without those in `pauses`; 0 when `b` is not after `a`."""
    timeline, start, end = _timeline(calendar), _micros(a), _micros(b)
    if end <= start:
        return 0
    more_than_enough = end - start + 1
    return (
        sum(more_than_enough - timeline.run(*w, more_than_enough)[0] for w in _unpaused(start, end, pauses)) // SECOND
    )


def segments(calendar: Calendar, a: datetime, b: datetime, *, pauses: Sequence[Pause] = ()) -> list[Segment]:
    """What the clock did from `a` to `b`, gapless and in order; neighbours differ in kind or label.

    A pause shows only where the clock would have run, so the paused stretches are what the pause cost; closed hours
    and holidays stay what they are. Where pauses overlap the one that began first is shown. A holiday on a weekday
    without hours is merely closed.
    """
    pauses = sorted(pauses, key=lambda pause: pause[0])
    found: list[_Span] = []
    for span in _timeline(calendar).spans_between(_micros(a), _micros(b)):
        for part in _with_pauses(span, pauses) if span.kind == "running" else (span,):
            if found and (found[-1].kind, found[-1].label) == (part.kind, part.label):
                found[-1] = found[-1]._replace(end=part.end)
            else:
                found.append(part)
    return [Segment(_moment(span.start), _moment(span.end), span.kind, span.label) for span in found]


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """The first open moment (UTC) not before `at`, so `at` itself while open; None when none comes in ten years."""
    start = _micros(at)
    opening = _timeline(calendar).first_open(start, start + HORIZON)
    return None if opening is None else _moment(opening)


def is_open(calendar: Calendar, at: datetime) -> bool:
    return _timeline(calendar).first_open(moment := _micros(at), moment + 1) is not None


class _Span(NamedTuple):
    start: int
    end: int
    kind: Kind
    label: str = ""


class _Timeline:
    """A calendar laid out in UTC days, each computed once and remembered."""

    def __init__(self, calendar: Calendar) -> None:
        self._zone = ZoneInfo(calendar.zone)
        self._weekly = [calendar.hours.get(weekday, ()) for weekday in range(7)]
        self._exceptions = {_day_number(day): ranges for day, ranges in calendar.exceptions.items()}
        self._holidays = {_day_number(day): day.isoformat() for day in calendar.holidays}
        self._last_special = max(self._exceptions, default=-1)
        self._spans: dict[int, tuple[_Span, ...]] = {}
        self._open: dict[int, Ranges] = {}
        self._weeks: dict[int, int] = {}

    def run(self, start: int, end: int, left: int) -> tuple[int, int | None]:
        """Lets `left` microseconds run inside [start, end): what is left then, and the moment it reached zero."""
        day = start // DAY
        last = (end - 1) // DAY
        while day <= last:
            if day % 7 == 0 and start <= day * DAY and day + 6 < last and (week := self._week(day)) < left:
                left -= week
                day += 7
                continue
            for opens, closes in self._open_on(day):
                opens, closes = max(opens, start), min(closes, end)
                if closes - opens >= left:
                    return 0, opens + left
                left -= max(closes - opens, 0)
            day += 1
        return left, None

    def first_open(self, start: int, end: int) -> int | None:
        if not self._can_open_after(start):
            return None
        for day in range(start // DAY, (end - 1) // DAY + 1):
            for opens, closes in self._open_on(day):
                if closes > start:
                    return max(opens, start) if opens < end else None
        return None

    def spans_between(self, start: int, end: int) -> Iterator[_Span]:
        for day in range(start // DAY, (end - 1) // DAY + 1 if end > start else start // DAY):
            for span in self._spans_on(day):
                if span.end > start and span.start < end:
                    yield span._replace(start=max(span.start, start), end=min(span.end, end))

    def _can_open_after(self, start: int) -> bool:
        """False spares the search ten years of closed days; two days cover every zone."""
        return any(self._weekly) or self._last_special + 2 >= start // DAY

    def _week(self, first: int) -> int:
        """Open microseconds in the seven UTC days from `first`."""
        if (total := self._weeks.get(first)) is None:
            opening = (self._open_on(day) for day in range(first, first + 7))
            total = self._weeks[first] = sum(closes - opens for ranges in opening for opens, closes in ranges)
        return total

    def _open_on(self, day: int) -> Ranges:
        if (found := self._open.get(day)) is None:
            spans = self._spans_on(day)
            found = self._open[day] = tuple((span.start, span.end) for span in spans if span.kind == "running")
        return found

    def _spans_on(self, day: int) -> tuple[_Span, ...]:
        """The UTC day, gapless and in order; spans may have equal neighbours."""
        if (found := self._spans.get(day)) is None:
            if len(self._spans) >= _REMEMBERED_DAYS:
                for memory in (self._spans, self._open, self._weeks):
                    memory.clear()
            found = self._spans[day] = tuple(self._lay_out(day))
        return found

    def _lay_out(self, day: int) -> Iterator[_Span]:
        for start, end, offset in self._offsets(day * DAY, (day + 1) * DAY):
            for local_day in range((start + offset) // DAY, (end + offset - 1) // DAY + 1):
                midnight = local_day * DAY - offset
                for span in self._local_day(local_day):
                    first, last = max(span.start + midnight, start), min(span.end + midnight, end)
                    if first < last:
                        yield _Span(first, last, span.kind, span.label)

    def _local_day(self, number: int) -> Iterator[_Span]:
        """The whole local day in microseconds after its midnight, as the clock on the wall shows them."""
        weekly = self._weekly[(number + _THURSDAY) % 7]
        ranges = self._exceptions.get(number)
        if ranges is None and number in self._holidays:
            yield _Span(0, DAY, "holiday", self._holidays[number]) if weekly else _Span(0, DAY, "closed")
            return
        shut = 0
        for opens, closes in weekly if ranges is None else ranges:
            if shut < opens:
                yield _Span(shut * _MINUTE, opens * _MINUTE, "closed")
            yield _Span(opens * _MINUTE, closes * _MINUTE, "running")
            shut = closes
        if shut < 1440:
            yield _Span(shut * _MINUTE, DAY, "closed")

    def _offsets(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Stretches of one UTC offset. A UTC day holds at most one change in every zone there is."""
        before, after = self._offset(start), self._offset(end)
        if before == after:
            return [(start, end, before)]
        low, high = start // SECOND, end // SECOND
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle * SECOND) == before else (low, middle)
        change = high * SECOND
        return [(start, change, before), (change, end, after)] if change < end else [(start, end, before)]

    def _offset(self, moment: int) -> int:
        offset = _moment(moment).astimezone(self._zone).utcoffset()
        return (offset or timedelta()) // _MICROSECOND


@lru_cache(maxsize=64)
def _timeline(calendar: Calendar) -> _Timeline:
    """Equal calendars, though loaded anew for every request, share one timeline."""
    return _Timeline(calendar)


def _unpaused(start: int, end: int, pauses: Iterable[Pause]) -> Iterator[tuple[int, int]]:
    """The windows of [start, end) outside all pauses, in order."""
    stops = sorted((_micros(since), end if until is None else _micros(until)) for since, until, _ in pauses)
    for since, until in stops:
        if until <= since:
            continue
        if start < min(since, end):
            yield start, min(since, end)
        start = max(start, until)
    if start < end:
        yield start, end


def _with_pauses(span: _Span, pauses: Iterable[Pause]) -> Iterator[_Span]:
    """A running span with the paused stretches cut out of it; `pauses` ordered by their beginning."""
    position = span.start
    for since, until, label in pauses:
        stop = max(_micros(since), position)
        resume = span.end if until is None else min(_micros(until), span.end)
        if stop < resume:
            if position < stop:
                yield _Span(position, stop, "running")
            yield _Span(stop, resume, "paused", label)
            position = resume
    if position < span.end:
        yield _Span(position, span.end, "running")


def _micros(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("the moment has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _day_number(day: date) -> int:
    return day.toordinal() - _EPOCH_DAY
