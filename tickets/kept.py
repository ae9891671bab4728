"""Keeps how a target's clock ran: at the moment it is missed, and when it is met or given up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import F
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
    _write(ticket, met, now, is_met=True)


def give_up(ticket: Ticket, unmet: Sequence[Owed], now: datetime) -> None:
    """The same for what will not be met any more, since the ticket is closed without."""
    _write(ticket, unmet, now, is_met=False)


def keep_missed(ticket: Ticket, target: sla.Target) -> None:
    """Writes down how the clock of a target that was just missed ran until it was due: what happens to calendars and
    policies before it is met moves that no more."""
    if target.due:
        _write(ticket, [Owed(target.name, target.begin)], target.due, is_met=False)


def _write(ticket: Ticket, owed: Sequence[Owed], now: datetime, *, is_met: bool) -> None:
    policy = ticket.sla_policy
    if policy is None or not owed:
        return
    stops = until(stops_of(ticket), now)
    for name, begin in owed:
        if minutes := sla.minutes_of(policy, name, ticket.priority):
            manual = ticket.manual_due_at if name == "resolution" else None
            fields = {**_run(ticket, begin, minutes * 60, manual, stops, now), "is_met": is_met}
            missed = SlaRun.objects.filter(ticket=ticket, target=name, begun_at=begin, is_met=False).first()
            if missed and missed.due_at and missed.due_at <= now and promises(missed, fields):
                fields = {"is_met": is_met, "ended_at": now, "ran": missed.seconds + _over(ticket, missed, stops, now)}
            SlaRun.objects.update_or_create(ticket=ticket, target=name, begun_at=begin, defaults=fields)


def promises(missed: SlaRun, fields: Mapping[str, object]) -> bool:
    """Whether it is still the promise that was missed: the same policy and time."""
    return all(getattr(missed, name) == fields[name] for name in ("seconds", "policy_name"))


def _over(ticket: Ticket, missed: SlaRun, stops: Sequence[Stop], now: datetime) -> int:
    """Working time since it was due."""
    if ticket.sla_policy is None or missed.due_at is None:
        return 0
    calendar = sla.calendar_of(ticket.sla_policy, ticket.department)
    return working_between(calendar, missed.due_at, now, pauses=[stop[:3] for stop in stops])


def take_back(ticket: Ticket, since: datetime) -> None:
    """What was met since then was not; what had been missed before stays missed."""
    later = SlaRun.objects.filter(ticket=ticket, ended_at__gte=since)
    later.filter(due_at__lt=since).update(is_met=False, ended_at=F("due_at"), ran=F("seconds"))
    later.filter(ended_at__gte=since).delete()


def stops_of(ticket: Ticket) -> tuple[Stop, ...]:
    rows = SlaPause.objects.filter(ticket=ticket).order_by("started_at")
    return tuple(Stop(*row) for row in rows.values_list("started_at", "ended_at", "reason", "actor_name"))


def _run(
    ticket: Ticket, begin: datetime, seconds: int, manual: datetime | None, stops: Sequence[Stop], now: datetime
) -> dict[str, object]:
    policy = ticket.sla_policy
    assert policy is not None  # noqa: S101 - _write() asked
    hours, calendar = sla.hours_of(policy, ticket.department), sla.calendar_of(policy, ticket.department)
    names: dict[date, str] = {}
    if calendar.holidays:
        rows = Holiday.objects.filter(business_hours=hours, date__gte=begin.date())
        names = dict(rows.values_list("date", "name"))
    pauses = [stop[:3] for stop in stops]
    if manual:
        seconds = working_between(calendar, begin, manual, pauses=pauses)
    laid = lay_out(calendar, begin, seconds, stops=stops, holidays=names, now=now)
    return {
        "ended_at": now,
        "due_at": manual or laid.due,
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
