"""Why a deadline is where it is: every stretch of time from the start to the due moment, adding up to the target.

The laying out is pure (tickets.laying); `explain` reads a ticket's rows for it, and what was kept of targets that were
met. Nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import said, sla
from tickets.clock import ALWAYS, Calendar
from tickets.kept import laid_of, promises, stops_of
from tickets.laying import Laid, Step, Stop, lay_out, until
from tickets.models import BusinessHours, Escalation, SlaFired, SlaPolicy, SlaRun, Ticket
from tickets.policies import choose

MOST_STEPS = 120
"""Longer stories are told from both ends, with one step that sums up the middle."""


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
    """One promise and its story. `state` is met, late, overdue, running, paused, snoozed, never or stopped.

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
            "snoozed": _("paused by snooze"),
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
    runs: Mapping[tuple[str, datetime], SlaRun]
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
    usual = sla.hours_of(used, ticket.department)
    hours = hours or usual
    calendar = sla.load_calendar(hours.pk) if hours else ALWAYS
    stops = stops_of(ticket)
    names = dict(hours.holidays.values_list("date", "name")) if hours else {}
    own, chosen = ticket.sla_policy, choose(ticket)
    as_if = own is None or used.pk != own.pk or hours != usual
    runs = {} if as_if else {(run.target, run.begun_at): run for run in ticket.sla_runs.all()}
    asked = _Asked(ticket, used, calendar, names, stops, _fired(ticket), runs, now or timezone.now())
    reason = said.told(chosen.reason) if chosen.policy == used and not as_if else ""
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
    stops, seconds = until(asked.stops, met), minutes * 60
    if (run := asked.runs.get((name, begin))) and (run.is_met or _is_past(asked, run, seconds)):
        seconds, laid = run.seconds, laid_of(run)
    else:
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


def _is_past(asked: _Asked, run: SlaRun, seconds: int) -> bool:
    """Whether what was missed or given up is told as it was then: unless something else is promised meanwhile."""
    same = {"seconds": seconds, "policy_name": asked.policy.name}
    return not asked.ticket.is_active or (not asked.ticket.manual_due_at and promises(run, same))


def _met_at(ticket: Ticket, name: str) -> datetime | None:
    return {"first_response": ticket.first_response_at, "resolution": ticket.resolved_at}.get(name)


def _after(asked: _Asked, begin: datetime, run: int, stops: Sequence[Stop]) -> datetime | None:
    return lay_out(asked.calendar, begin, run, stops=stops, now=asked.now).due


def _levels(asked: _Asked, name: str, begin: datetime, seconds: int, stops: Sequence[Stop]) -> tuple[Level, ...]:
    levels = []
    for step in sla.plan_of(asked.policy).escalations:
        run = sla.runs(seconds, step) if sla.fits(step, name) else None
        if run is not None:
            for number in _told_of(asked, name, begin, step):
                fired_at, is_skipped = asked.fired.get((name, begin, step.key(number)), (None, False))
                planned = _after(asked, begin, run + number * (step.repeat_minutes or 0) * 60, stops)
                levels.append(Level(_worded(step, number), planned, fired_at, is_skipped))
    return tuple(levels)


def _told_of(asked: _Asked, name: str, begin: datetime, step: Escalation) -> list[int]:
    """The level itself, and of its repetitions the last that was done and the next."""
    done = [number for number in range(step.times) if (name, begin, step.key(number)) in asked.fired]
    following = done[-1] + 1 if done else 0
    numbers = {0, *done[-1:], *((following,) if following < step.times else ())}
    return sorted(numbers)


def _worded(step: Escalation, number: int) -> str:
    if not number:
        return str(step)
    words = _("%(what)s, again (%(number)d of %(most)d)")
    return words % {"what": step.get_effect_display(), "number": number, "most": step.repeat_most}


def _state(asked: _Asked, laid: Laid, met: datetime | None, manual: datetime | None) -> str:
    due = manual or laid.due
    if met is not None:
        return "late" if due and due < met else "met"
    if not asked.ticket.is_active or asked.ticket.deleted_at:
        return "stopped"
    if due is None:
        return "paused" if laid.is_paused else "never"
    if due < asked.now:
        return "overdue"
    asleep = not manual and any(stop.since <= asked.now < (stop.until or due) for stop in asked.stops)
    return "snoozed" if asleep else "running"


def without_middle(explanation: Explanation, most: int = MOST_STEPS) -> Explanation:
    """The same with long stories folded, for people to read."""
    targets = tuple(
        replace(target, laid=replace(target.laid, steps=folded(target.laid.steps, most)))
        for target in explanation.targets
    )
    return replace(explanation, targets=targets)
