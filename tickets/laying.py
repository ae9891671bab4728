"""Lays out the way of a clock as stretches of time that add up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from tickets.clock import Calendar, NeverDue, Segment, StillPaused, add_working, segments
from tickets.said import told

_SECOND = timedelta(seconds=1)


class Stop(NamedTuple):
    """A pause: `until` is None while it lasts; `reason` (as `said` keeps it) and `by` are what people read."""

    since: datetime
    until: datetime | None
    reason: str
    by: str = ""


@dataclass(frozen=True)
class Step:
    """A stretch of one kind: running, closed, holiday, paused, or `folded` for a summed-up middle.

    `seconds` is how long it lasted, `ran` how much of that counted. Both are whole and rounded so that the sum of `ran`
    over a due target's steps is exactly the target. `what` names the holiday or the reason of the pause, `by` who
    paused.
    """

    start: datetime
    end: datetime
    kind: str
    seconds: int
    ran: int
    what: str = ""
    by: str = ""

    @property
    def text(self) -> str:
        words = {"what": told(self.what), "by": self.by}
        if self.kind == "holiday":
            return _("Holiday: %(what)s") % words
        if self.kind == "paused":
            return (_("Paused: %(what)s, by %(by)s") if self.by else _("Paused: %(what)s")) % words
        plain = {"running": _("Clock ran"), "closed": _("Closed"), "folded": _("In between, summed up")}
        return plain[self.kind]


@dataclass(frozen=True)
class Laid:
    """`due` is None while paused without an end, and for a calendar that practically never opens; then the steps end
    at the moment of asking. `ran` plus `left` is always the target."""

    due: datetime | None
    steps: tuple[Step, ...]
    ran: int
    left: int
    is_paused: bool = False


def lay_out(
    calendar: Calendar,
    begin: datetime,
    seconds: int,
    *,
    stops: Sequence[Stop] = (),
    holidays: Mapping[date, str] | None = None,
    now: datetime,
) -> Laid:
    """The way of a clock from `begin` to the moment at which `seconds` of working time have run. All moments UTC."""
    pauses = [(stop.since, stop.until, str(number)) for number, stop in enumerate(stops)]
    due, is_paused = None, False
    try:
        due = add_working(calendar, begin, seconds, pauses=pauses)
    except NeverDue as error:
        is_paused = isinstance(error, StillPaused)
    told = segments(calendar, begin, due or max(now, begin), pauses=pauses)
    steps = tuple(_steps(told, stops, holidays or {}))
    ran = sum(step.ran for step in steps)
    return Laid(due, steps, ran, seconds - ran, is_paused)


def _steps(told: Iterable[Segment], stops: Sequence[Stop], holidays: Mapping[date, str]) -> Iterable[Step]:
    """Each kind is rounded over its running total, so that fractions of a second never get lost or doubled."""
    totals: dict[str, timedelta] = {}
    for part in told:
        before = totals.get(part.kind, timedelta())
        totals[part.kind] = after = before + (part.end - part.start)
        seconds = after // _SECOND - before // _SECOND
        what, by = part.label, ""
        if part.kind == "paused":
            what, by = stops[int(part.label)].reason, stops[int(part.label)].by
        elif part.kind == "holiday":
            what = holidays.get(date.fromisoformat(part.label), part.label)
        yield Step(part.start, part.end, part.kind, seconds, seconds if part.kind == "running" else 0, what, by)


def until(stops: Iterable[Stop], met: datetime | None) -> tuple[Stop, ...]:
    """What paused before the target was met; later pauses concern it no more."""
    if met is None:
        return tuple(stops)
    return tuple(
        stop._replace(until=met) if stop.until is None or stop.until > met else stop
        for stop in stops
        if stop.since < met
    )
