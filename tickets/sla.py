"""Puts the SLA clock onto tickets: which policy, when due, when to look again.

The arithmetic is tickets.clock; here are the rows. All moments are UTC.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from tickets.clock import ALWAYS, Calendar, NeverDue, Pause, add_working
from tickets.models import BusinessHours, SlaPause, SlaPolicy, Ticket
from tickets.permissions import Actor

# Calendars change a few times a year and are needed by every new ticket: seconds for which a process keeps one.
_REMEMBERED = 30.0
_calendars: dict[int, tuple[float, Calendar]] = {}


def calendar_of(policy: SlaPolicy) -> Calendar:
    if policy.business_hours_id is None:
        return ALWAYS
    known = _calendars.get(policy.business_hours_id)
    if known is None or known[0] < time.monotonic():
        known = (time.monotonic() + _REMEMBERED, load_calendar(policy.business_hours_id))
        _calendars[policy.business_hours_id] = known
    return known[1]


def forget_calendars() -> None:
    """To be called after business hours were changed, so that at least this process sees it at once."""
    _calendars.clear()


def load_calendar(pk: int) -> Calendar:
    """The stored hours as the pure calendar. Days without opening hours are closed; no hours at all is day and night,
    because a calendar somebody has not filled in yet must not stop tickets."""
    hours = BusinessHours.objects.prefetch_related("ranges", "holidays").get(pk=pk)
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    for opening in hours.ranges.all():
        week[opening.weekday] = (*week.get(opening.weekday, ()), opening.minutes)
    if not week:
        return ALWAYS
    return Calendar(hours.zone, week, frozenset(holiday.date for holiday in hours.holidays.all()))


LABELS = {"first_response": _("First response"), "resolution": _("Resolution")}
"""The targets by name, which is the prefix of the ticket's columns."""


@dataclass(frozen=True)
class Target:
    """A live promise: not met yet. `due` is None while the clock stands still."""

    name: str  # one of LABELS
    due: datetime | None
    warn: datetime | None


def policy_for(ticket: Ticket) -> SlaPolicy | None:
    """The help topic's policy, else the department's."""
    topic = ticket.help_topic
    policy = topic.sla_policy if topic and topic.sla_policy_id else ticket.department.sla_policy
    return policy if policy and policy.is_enabled else None


def start(ticket: Ticket, now: datetime) -> None:
    """Starts the clock anew: at intake, on reopening, and after a transfer to another policy's department."""
    ticket.sla_policy = policy_for(ticket)
    ticket.sla_started_at = now
    for target in ("first_response", "resolution"):
        setattr(ticket, f"{target}_warned_at", None)
        setattr(ticket, f"{target}_breached_at", None)
    stamp(ticket)


STAMPED = (
    "sla_policy",
    "sla_started_at",
    "first_response_due_at",
    "resolution_due_at",
    "first_response_warned_at",
    "resolution_warned_at",
    "first_response_breached_at",
    "resolution_breached_at",
    "due_at",
    "next_breach_at",
)


def stamp(ticket: Ticket) -> None:
    """Recomputes the deadline columns from the truth: policy, start, pauses, what is met. Saves nothing.

    Call it after anything that could move a deadline; it is safe to call any number of times.
    """
    live = list(live_targets(ticket))
    for target in live:
        if target.due is not None:
            setattr(ticket, f"{target.name}_due_at", target.due)
    ticket.due_at = min((target.due for target in live if target.due), default=None)
    ticket.next_breach_at = min((at for target in live for at in _next_looks(ticket, target)), default=None)


def _next_looks(ticket: Ticket, target: Target) -> Iterator[datetime]:
    if target.warn and getattr(ticket, f"{target.name}_warned_at") is None:
        yield target.warn
    if target.due and getattr(ticket, f"{target.name}_breached_at") is None:
        yield target.due


def live_targets(ticket: Ticket) -> Iterator[Target]:
    """What is still promised: nothing on a resolved, closed, archived or deleted ticket."""
    policy = ticket.sla_policy
    begin = ticket.sla_started_at
    if policy is None or begin is None or not ticket.is_active or ticket.deleted_at:
        return
    pauses = _pauses(ticket)
    if ticket.first_response_at is None:
        yield _target("first_response", policy, begin, policy.first_response_minutes, pauses)
    yield _target("resolution", policy, begin, policy.resolution_minutes, pauses)


def _target(name: str, policy: SlaPolicy, begin: datetime, minutes: int, pauses: list[Pause]) -> Target:
    calendar = calendar_of(policy)
    try:
        due = add_working(calendar, begin, minutes * 60, pauses=pauses)
        warn = add_working(calendar, begin, minutes * 60 * policy.warn_percent // 100, pauses=pauses)
    except NeverDue:  # paused without an end, or a calendar that practically never opens
        return Target(name, None, None)
    return Target(name, due, warn)


def _pauses(ticket: Ticket) -> list[Pause]:
    if ticket.pk is None or ticket._state.adding:
        return []
    rows = SlaPause.objects.filter(ticket=ticket).values_list("started_at", "ended_at", "reason")
    return [(began, ended, reason) for began, ended, reason in rows]


def pause(ticket: Ticket, now: datetime, reason: str, by: Actor) -> None:
    """Stops the clock; a clock that stands already stays stopped for its first reason."""
    begun = {"started_at": now, "reason": reason[:120], "actor_name": by.display_name[:200]}
    SlaPause.objects.get_or_create(ticket=ticket, ended_at=None, defaults=begun)


def resume(ticket: Ticket, now: datetime) -> None:
    SlaPause.objects.filter(ticket=ticket, ended_at=None).update(ended_at=now)


def follow_status(ticket: Ticket, now: datetime, by: Actor) -> None:
    """Pauses or resumes as the ticket's present status says, then stamps."""
    if ticket.status and ticket.status.pauses_sla and ticket.is_active:
        pause(ticket, now, ticket.status.label, by)
    else:
        resume(ticket, now)
    stamp(ticket)


def push_away(ticket_pk: int, now: datetime) -> None:
    """Moves a deadline whose handling failed by five minutes, so that it cannot hold up the others."""
    Ticket.objects.filter(pk=ticket_pk).update(next_breach_at=now + timedelta(minutes=5))
