"""Why a deadline is where it is: every stretch of time from the start to the due moment, adding up to the target.

`lay_out` is pure; `explain` reads a ticket's rows for it. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import sla
from tickets.clock import ALWAYS, Calendar, NeverDue, Segment, StillPaused, add_working, segments
from tickets.models import BusinessHours, SlaFired, SlaPause, SlaPolicy, Ticket
from tickets.policies import choose

MOST_STEPS = 120
"""Longer stories are told from both ends, with one step that sums up the middle."""

_SECOND = timedelta(seconds=1)


class Stop(NamedTuple):
    """A pause: `until` is None while it lasts; `reason` and `by` are what people read."""

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
        words = {"what": self.what, "by": self.by}
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


def exact(seconds: int) -> str:
    """A duration to the second, so that what people read adds up: "16 h", "1 h 30 min", "59 min 3 s"."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, _("%(count)d h")), (minutes, _("%(count)d min")), (rest, _("%(count)d s"))]
    return " ".join(words % {"count": count} for count, words in parts if count) or _("%(count)d s") % {"count": 0}


def folded(steps: Sequence[Step], most: int = MOST_STEPS) -> tuple[Step, ...]:
    """At most `most` steps with the same sums; `most` is at least 3."""
    if len(steps) <= most:
        return tuple(steps)
    head = most // 2
    tail = most - head - 1
    middle = steps[head : len(steps) - tail]
    seconds, ran = sum(step.seconds for step in middle), sum(step.ran for step in middle)
    one = Step(middle[0].start, middle[-1].end, "folded", seconds, ran)
    return (*steps[:head], one, *steps[len(steps) - tail :])


class Level(NamedTuple):
    """A warning or escalation of the policy: when it is planned, and when it was done, or skipped as it was late."""

    text: str
    planned_at: datetime | None
    fired_at: datetime | None
    is_skipped: bool


@dataclass(frozen=True)
class Target:
    """One promise and its story. `state` is met, late, overdue, running, paused, never or stopped.

    `kept_due` is the deadline that stood on the ticket when that is another one: because the calendar or the policy
    was changed since, or because this is an answer to "as if". `manual_due` was set by hand and wins over the story.
    """

    name: str
    label: str
    begin: datetime
    seconds: int
    laid: Laid
    state: str
    met_at: datetime | None
    warn_at: datetime | None
    warned_at: datetime | None
    breached_at: datetime | None
    kept_due: datetime | None
    levels: tuple[Level, ...] = ()
    manual_due: datetime | None = None

    @property
    def sentence(self) -> str:
        """How it stands, in words without moments."""
        words = {
            "met": _("met in time"),
            "late": _("met too late"),
            "overdue": _("overdue"),
            "running": _("still running"),
            "paused": _("paused, so not due at any moment yet"),
            "never": _("never due: the calendar has too few open hours"),
            "stopped": _("stopped"),
        }
        return words[self.state]


@dataclass(frozen=True)
class Explanation:
    """`policy` and `calendar` are names; `zone` is the calendar's. `as_if` when they are not the ticket's own.
    `reason` says what chose the policy; empty when something else would be chosen today."""

    policy: str
    reason: str
    calendar: str
    zone: str
    as_if: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class _Asked:
    """What the targets of one explanation have in common."""

    ticket: Ticket
    policy: SlaPolicy
    calendar: Calendar
    holidays: Mapping[date, str]
    stops: tuple[Stop, ...]
    fired: Mapping[tuple[str, datetime, str], tuple[datetime, bool]]
    now: datetime


def explain(
    ticket: Ticket,
    *,
    policy: SlaPolicy | None = None,
    hours: BusinessHours | None = None,
    now: datetime | None = None,
) -> Explanation | None:
    """The story of every target, by the ticket's own policy or as if another `policy` or other business `hours` held.

    None for a ticket without a running clock. Whether the ticket may be seen is the caller's question.
    """
    used = policy or ticket.sla_policy
    if used is None or ticket.sla_started_at is None:
        return None
    hours = hours or used.business_hours
    calendar = sla.load_calendar(hours.pk) if hours else ALWAYS
    rows = SlaPause.objects.filter(ticket=ticket).order_by("started_at")
    stops = tuple(Stop(*row) for row in rows.values_list("started_at", "ended_at", "reason", "actor_name"))
    names = dict(hours.holidays.values_list("date", "name")) if hours else {}
    asked = _Asked(ticket, used, calendar, names, stops, _fired(ticket), now or timezone.now())
    own, chosen = ticket.sla_policy, choose(ticket)
    as_if = own is None or used.pk != own.pk or (hours.pk if hours else None) != own.business_hours_id
    reason = chosen.reason if chosen.policy == used and not as_if else ""
    targets = tuple(target for name in sla.LABELS if (target := _target(asked, name)))
    return Explanation(used.name, reason, hours.name if hours else _("Day and night"), calendar.zone, as_if, targets)


def _fired(ticket: Ticket) -> dict[tuple[str, datetime, str], tuple[datetime, bool]]:
    columns = ("target", "begun_at", "step", "fired_at", "is_skipped")
    rows = SlaFired.objects.filter(ticket=ticket).order_by().values_list(*columns)
    return {(target, begun, step): (fired, skipped) for target, begun, step, fired, skipped in rows}


def _target(asked: _Asked, name: str) -> Target | None:
    ticket, met = asked.ticket, _met_at(asked.ticket, name)
    begin = ticket.sla_started_at if met else sla.begin_of(ticket, name)
    minutes = sla.minutes_of(asked.policy, name, ticket.priority)
    if begin is None or not minutes or (met and met < begin):  # met before the clock began anew: not promised again
        return None
    stops, seconds = _until(asked.stops, met), minutes * 60
    laid = lay_out(asked.calendar, begin, seconds, stops=stops, holidays=asked.holidays, now=asked.now)
    kept = getattr(ticket, f"{name}_due_at")
    manual = ticket.manual_due_at if name == "resolution" else None
    return Target(
        name, str(sla.LABELS[name]), begin, seconds, laid, _state(asked, laid, met, manual), met,
        _after(asked, begin, seconds * asked.policy.warn_percent // 100, stops),
        getattr(ticket, f"{name}_warned_at"), getattr(ticket, f"{name}_breached_at"),
        kept if laid.due and kept != laid.due and not manual else None,
        _levels(asked, name, begin, seconds, stops), manual,
    )  # fmt: skip


def _met_at(ticket: Ticket, name: str) -> datetime | None:
    return {"first_response": ticket.first_response_at, "resolution": ticket.resolved_at}.get(name)


def _after(asked: _Asked, begin: datetime, run: int, stops: Sequence[Stop]) -> datetime | None:
    return lay_out(asked.calendar, begin, run, stops=stops, now=asked.now).due


def _levels(asked: _Asked, name: str, begin: datetime, seconds: int, stops: Sequence[Stop]) -> tuple[Level, ...]:
    levels = []
    for step in sla.plan_of(asked.policy).escalations:
        run = sla.runs(seconds, step) if sla.fits(step, name) else None
        if run is not None:
            fired_at, is_skipped = asked.fired.get((name, begin, step.key), (None, False))
            levels.append(Level(str(step), _after(asked, begin, run, stops), fired_at, is_skipped))
    return tuple(levels)


def _until(stops: Iterable[Stop], met: datetime | None) -> tuple[Stop, ...]:
    """What paused before the target was met; later pauses concern it no more."""
    if met is None:
        return tuple(stops)
    return tuple(
        stop._replace(until=met) if stop.until is None or stop.until > met else stop
        for stop in stops
        if stop.since < met
    )


def _state(asked: _Asked, laid: Laid, met: datetime | None, manual: datetime | None) -> str:
    due = manual or laid.due
    if met is not None:
        return "late" if due and due < met else "met"
    if not asked.ticket.is_active or asked.ticket.deleted_at:
        return "stopped"
    if due is None:
        return "paused" if laid.is_paused else "never"
    return "overdue" if due < asked.now else "running"


def without_middle(explanation: Explanation, most: int = MOST_STEPS) -> Explanation:
    """The same with long stories folded, for people to read."""
    targets = tuple(
        replace(target, laid=replace(target.laid, steps=folded(target.laid.steps, most)))
        for target in explanation.targets
    )
    return replace(explanation, targets=targets)
