"""Puts the SLA clock onto tickets: which policy, when due, when to look again.

The arithmetic is tickets.clock; here are the rows. All moments are UTC.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from tickets import pausing, said
from tickets.clock import ALWAYS, Calendar, NeverDue, Pause, add_working, working_between
from tickets.models import BusinessHours, Department, Escalation, SlaFired, SlaPause, SlaPolicy, Ticket
from tickets.permissions import Actor
from tickets.policies import choose, forget_choices
from tickets.states import State

# Calendars change a few times a year and are needed by every new ticket: seconds for which a process keeps one.
_REMEMBERED = 30.0
_calendars: dict[int, tuple[float, Calendar]] = {}
_plans: dict[int, tuple[float, Plan]] = {}


def hours_of(policy: SlaPolicy, department: Department) -> BusinessHours | None:
    """The policy's own hours win, since the promise was made with them in mind; then come the department's."""
    return policy.business_hours or department.business_hours


def calendar_of(policy: SlaPolicy, department: Department) -> Calendar:
    """The calendar of `hours_of`, without reading its row; day and night when there is none."""
    pk = policy.business_hours_id or department.business_hours_id
    return ALWAYS if pk is None else calendar(pk)


def calendar(pk: int) -> Calendar:
    """The calendar of these business hours; it may be some seconds old."""
    known = _calendars.get(pk)
    if known is None or known[0] < time.monotonic():
        known = _calendars[pk] = (time.monotonic() + _REMEMBERED, load_calendar(pk))
    return known[1]


def forget_calendars() -> None:
    """To be called after business hours or policies were changed, so that at least this process sees it at once."""
    _calendars.clear()
    _plans.clear()
    forget_choices()


def load_calendar(pk: int) -> Calendar:
    """The stored hours as the pure calendar. Days without opening hours are closed; no hours at all is day and night,
    because a calendar somebody has not filled in yet must not stop tickets."""
    hours = BusinessHours.objects.prefetch_related("ranges", "holidays", "dates").get(pk=pk)
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    for opening in hours.ranges.all():
        week[opening.weekday] = (*week.get(opening.weekday, ()), opening.minutes)
    if not week:
        return ALWAYS
    dates: dict[date, tuple[tuple[int, int], ...]] = {}
    for special in hours.dates.all():
        dates[special.date] = (*dates.get(special.date, ()), *((special.minutes,) if special.minutes else ()))
    return Calendar(hours.zone, week, frozenset(holiday.date for holiday in hours.holidays.all()), dates)


LABELS = {
    "first_response": _("First response"),
    "next_response": _("Next response"),
    "resolution": _("Resolution"),
}
"""The targets by name, which is the prefix of the ticket's columns."""


@dataclass(frozen=True)
class Plan:
    """What a policy's rows say: minutes by priority and target where they differ, and the levels in order."""

    minutes: Mapping[tuple[int, str], int]
    escalations: tuple[Escalation, ...]


def plan_of(policy: SlaPolicy) -> Plan:
    known = _plans.get(policy.pk)
    if known is None or known[0] < time.monotonic():
        known = _plans[policy.pk] = (time.monotonic() + _REMEMBERED, _load_plan(policy))
    return known[1]


def _load_plan(policy: SlaPolicy) -> Plan:
    minutes = {
        (row.priority, name): value
        for row in policy.by_priority.all()
        for name in LABELS
        if (value := getattr(row, f"{name}_minutes")) is not None
    }
    return Plan(minutes, tuple(policy.escalations.select_related("agent", "team")))


def minutes_of(policy: SlaPolicy, name: str, priority: int) -> int | None:
    """The target in minutes of working time; None when the policy does not promise it."""
    return plan_of(policy).minutes.get((priority, name), getattr(policy, f"{name}_minutes"))


class Moment(NamedTuple):
    """Something to be done about a target: its `step` is warning, breach, or an escalation's key."""

    at: datetime
    step: str
    escalation: Escalation | None = None
    number: int = 0  # of an escalation that is repeated: 0 is its first time

    @property
    def is_early(self) -> bool:
        return self.step == "warning" or (self.escalation is not None and self.escalation.is_early)

    @property
    def order(self) -> tuple[datetime, int, int]:
        rank = 0 if self.is_early else 1 if self.step == "breach" else 2
        return self.at, rank, self.escalation.pk if self.escalation else 0


@dataclass(frozen=True)
class Target:
    """A live promise: not met yet. `due` is None while the clock stands still. `moments` are in order; of a level that
    is repeated those two that come next."""

    name: str  # one of LABELS
    begin: datetime
    due: datetime | None
    moments: tuple[Moment, ...] = ()


def policy_for(ticket: Ticket) -> SlaPolicy | None:
    """The policy of the first choice that fits, else the help topic's, else the department's."""
    return choose(ticket).policy


def start(ticket: Ticket, now: datetime) -> None:
    """Starts the clock anew: at intake, on reopening, and after a transfer to another policy's department."""
    ticket.sla_policy = policy_for(ticket)
    ticket.sla_started_at = now
    ticket.manual_due_at = None
    for target in LABELS:
        setattr(ticket, f"{target}_warned_at", None)
        setattr(ticket, f"{target}_breached_at", None)
    stamp(ticket)


_KEPT = ("due_at", "warned_at", "breached_at")
STAMPED = (
    "sla_policy",
    "sla_started_at",
    "manual_due_at",
    "due_at",
    "next_breach_at",
    *(f"{name}_{column}" for name in LABELS for column in _KEPT),
)


def stamp(ticket: Ticket) -> None:
    """Recomputes the deadline columns from the truth: policy, start, pauses, what is met. Saves nothing.

    Call it after anything that could move a deadline; it is safe to call any number of times.
    """
    done = fired(ticket)
    live = list(live_targets(ticket, done))
    if not any(target.name == "next_response" for target in live):  # answered: the next message begins anew
        for column in _KEPT:
            setattr(ticket, f"next_response_{column}", None)
    for target in live:
        if target.due is not None:
            setattr(ticket, f"{target.name}_due_at", target.due)
    ticket.due_at = min((target.due for target in live if target.due), default=None)
    ticket.next_breach_at = min((moment.at for target in live for moment in left(ticket, target, done)), default=None)


Fired = frozenset[tuple[str, datetime, str]]


def fired(ticket: Ticket) -> Fired:
    """Which escalations are done already: target, beginning of its clock, step. Warning and breach stand on the
    ticket, so that policies without escalations need not ask."""
    if ticket.pk is None or ticket.sla_policy is None or not plan_of(ticket.sla_policy).escalations:
        return frozenset()
    return frozenset(SlaFired.objects.filter(ticket=ticket).values_list("target", "begun_at", "step").order_by())


def left(ticket: Ticket, target: Target, done: Fired) -> Iterator[Moment]:
    """What is still to be done about a target, in order."""
    for moment in target.moments:
        column = _COLUMN.get(moment.step)
        if column and getattr(ticket, f"{target.name}_{column}") is not None:
            continue
        if (target.name, target.begin, moment.step) not in done:
            yield moment


_COLUMN = {"warning": "warned_at", "breach": "breached_at"}


def begin_of(ticket: Ticket, name: str) -> datetime | None:
    """When the clock of a target began; None while it is not promised or was met already."""
    if name == "next_response":
        return ticket.waiting_since if ticket.first_response_at else None
    if name == "first_response" and ticket.first_response_at:
        return None
    return ticket.sla_started_at


def live_targets(ticket: Ticket, done: Fired = frozenset()) -> Iterator[Target]:
    """What is still promised: nothing on a resolved, closed, archived or deleted ticket. `done` is what was fired."""
    policy, manual = ticket.sla_policy, ticket.manual_due_at
    if ticket.sla_started_at is None or not ticket.is_active or ticket.deleted_at:
        return
    if policy is None:
        if manual:
            yield Target("resolution", ticket.sla_started_at, manual, (Moment(manual, "breach"),))
        return
    clock = _Clock(policy, calendar_of(policy, ticket.department), pausing.pauses_of(ticket), done)
    for name in LABELS:
        begin, minutes = begin_of(ticket, name), minutes_of(policy, name, ticket.priority)
        if begin and minutes:
            yield _target(clock, name, begin, minutes * 60, manual if name == "resolution" else None)


class _Clock(NamedTuple):
    """What the targets of one ticket have in common."""

    policy: SlaPolicy
    calendar: Calendar
    pauses: list[Pause]
    done: Fired


def _target(clock: _Clock, name: str, begin: datetime, seconds: int, manual: datetime | None) -> Target:
    """`manual` is a due moment set by hand: it stays where it is, also in pauses, and warnings are measured by it."""
    calendar, pauses = clock.calendar, clock.pauses
    if manual:
        seconds = working_between(calendar, begin, manual, pauses=pauses)

    def after(run: int) -> datetime | None:
        try:
            return add_working(calendar, begin, run, pauses=pauses)
        except NeverDue:  # paused without an end, or a calendar that practically never opens
            return None

    due = manual or after(seconds)
    if due is None:
        return Target(name, begin, None)
    levels = _levels(clock, name, begin, seconds)
    moments = [Moment(at, step.key(number), step, number) for run, step, number in levels if (at := after(run))]
    if warn := after(seconds * clock.policy.warn_percent // 100):
        moments.append(Moment(warn, "warning"))
    moments.append(Moment(due, "breach"))
    return Target(name, begin, due, tuple(sorted(moments, key=lambda moment: moment.order)))


def _levels(clock: _Clock, name: str, begin: datetime, seconds: int) -> Iterator[tuple[int, Escalation, int]]:
    """After how much working time each level is to be done, and as which repetition."""
    for step in plan_of(clock.policy).escalations:
        run = runs(seconds, step) if fits(step, name) else None
        if run is not None:
            waiting = (number for number in range(step.times) if (name, begin, step.key(number)) not in clock.done)
            for number in islice(waiting, 2):  # the second tells whether the first comes too late
                yield run + number * (step.repeat_minutes or 0) * 60, step, number


def fits(step: Escalation, name: str) -> bool:
    return step.target in ("", name)


def runs(seconds: int, step: Escalation) -> int | None:
    """After how much working time a level is reached; None for one before the target has even begun."""
    if step.timing == Escalation.Timing.PERCENT:
        return seconds * step.amount // 100
    if step.timing == Escalation.Timing.BEFORE:
        return seconds - step.amount * 60 if step.amount * 60 < seconds else None
    return seconds + step.amount * 60


def carry_on(ticket: Ticket, since: datetime, now: datetime, by: Actor) -> None:
    """Lets the clock of a ticket that was resolved `since` go on where it stopped; targets and their warnings stay."""
    SlaPause.objects.create(
        ticket=ticket, started_at=since, ended_at=now, reason=said.keep(State(State.RESOLVED).label),
        actor_name=by.display_name[:200],
    )  # fmt: skip
    stamp(ticket)


def follow_status(ticket: Ticket, now: datetime, by: Actor) -> None:
    """Pauses or resumes as the ticket's present status and snooze say, then stamps."""
    pausing.follow(ticket, now, by)
    stamp(ticket)


def push_away(ticket_pk: int, now: datetime) -> None:
    """Moves a deadline whose handling failed by five minutes, so that it cannot hold up the others."""
    Ticket.objects.filter(pk=ticket_pk).update(next_breach_at=now + timedelta(minutes=5))
