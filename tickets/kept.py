"""Keeps how a target's clock ran, at the moment it is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from tickets import sla
from tickets.clock import working_between
from tickets.laying import Laid, Step, Stop, lay_out, until
from tickets.models import Holiday, SlaPause, SlaRun, Ticket

RESPONSES = ("first_response", "next_response")


class Owed(NamedTuple):
    """A live target, and when its clock began."""

    name: str
    begin: datetime


def owed(ticket: Ticket, names: Iterable[str] = sla.LABELS) -> list[Owed]:
    """What is promised now; to be asked before the deed that may meet it."""
    if ticket.sla_policy is None or not ticket.is_active:
        return []
    return [Owed(name, begin) for name in names if (begin := sla.begin_of(ticket, name))]


def keep(ticket: Ticket, met: Sequence[Owed], now: datetime) -> None:
    """Writes down how the clocks of what was met `now` have run. Twice is once."""
    policy = ticket.sla_policy
    if policy is None or not met:
        return
    stops = until(stops_of(ticket), now)
    for name, begin in met:
        if minutes := sla.minutes_of(policy, name, ticket.priority):
            fields = _run(ticket, begin, minutes * 60, stops, now)
            SlaRun.objects.update_or_create(ticket=ticket, target=name, begun_at=begin, defaults=fields)


def stops_of(ticket: Ticket) -> tuple[Stop, ...]:
    rows = SlaPause.objects.filter(ticket=ticket).order_by("started_at")
    return tuple(Stop(*row) for row in rows.values_list("started_at", "ended_at", "reason", "actor_name"))


def _run(ticket: Ticket, begin: datetime, seconds: int, stops: Sequence[Stop], now: datetime) -> dict[str, object]:
    policy = ticket.sla_policy
    assert policy is not None  # noqa: S101 - keep() asked
    hours, calendar = policy.business_hours, sla.calendar_of(policy)
    names: dict[date, str] = {}
    if calendar.holidays:
        rows = Holiday.objects.filter(business_hours=hours, date__gte=begin.date())
        names = dict(rows.values_list("date", "name"))
    laid = lay_out(calendar, begin, seconds, stops=stops, holidays=names, now=now)
    pauses = [stop[:3] for stop in stops]
    return {
        "ended_at": now,
        "due_at": laid.due,
        "seconds": seconds,
        "ran": working_between(calendar, begin, now, pauses=pauses),
        "policy_name": policy.name,
        "calendar_name": hours.name if hours else _("Day and night"),
        "calendar_digest": calendar.digest,
        "steps": [_said(step) for step in laid.steps],
    }


def _said(step: Step) -> list[object]:
    return [step.start.isoformat(), step.end.isoformat(), step.kind, step.seconds, step.ran, step.what, step.by]


def laid_of(run: SlaRun) -> Laid:
    """The story as it was kept."""
    steps = tuple(Step(datetime.fromisoformat(row[0]), datetime.fromisoformat(row[1]), *row[2:]) for row in run.steps)
    ran = sum(step.ran for step in steps)
    return Laid(run.due_at, steps, ran, run.seconds - ran)
