from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from tickets.explanation import Explanation, Level, Target, exact, explain, without_middle
from tickets.models import BusinessHours, SlaPolicy, Ticket

Row = TypeVar("Row", bound=Model)


class Command(BaseCommand):
    help = "Tells why a ticket's deadlines are where they are: stretches of time that add up to each target."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", help="the ticket's number")
        parser.add_argument("--policy", help="as if this SLA policy held")
        parser.add_argument("--calendar", help="as if these business hours held")

    def handle(self, *args: Any, number: str, policy: str | None, calendar: str | None, **options: Any) -> None:
        ticket = Ticket.objects.filter(number=number.lstrip("#")).first()
        if ticket is None:
            raise CommandError(f"There is no ticket {number}.")
        told = explain(ticket, policy=named(SlaPolicy, policy), hours=named(BusinessHours, calendar))
        if told is None:
            raise CommandError(f"No SLA clock runs for ticket {number}: no policy applies to it.")
        for line in lines(ticket, without_middle(told)):
            self.stdout.write(line)


def named(model: type[Row], name: str | None) -> Row | None:
    """The row with this name, in any case; CommandError names those that exist."""
    if name is None:
        return None
    rows = model._default_manager.all()
    found = rows.filter(name=name).first() or rows.filter(name__iexact=name).first()
    if found is None:
        names = ", ".join(map(str, rows[:20])) or "none"
        raise CommandError(f"{model._meta.verbose_name} “{name}” does not exist. There is: {names}.")
    return found


def lines(ticket: Ticket, told: Explanation) -> Iterator[str]:
    zone = zoneinfo.ZoneInfo(told.zone)
    as_if = " (as if)" if told.as_if else ""
    reason = f" (by {told.reason})" if told.reason else ""
    yield f"Ticket {ticket.number}, policy {told.policy}{reason}, calendar {told.calendar} ({told.zone}){as_if}"
    for target in told.targets:
        yield ""
        yield from _target(target, zone)


def _target(target: Target, zone: zoneinfo.ZoneInfo) -> Iterator[str]:
    laid = target.laid
    yield f"{target.label}: {exact(target.seconds)} from {_at(target.begin, zone)}: {target.sentence}"
    for step in laid.steps:
        counted = exact(step.ran) if step.ran else "-"
        when = f"{_at(step.start, zone)} to {_at(step.end, zone)}"
        yield f"  {when}  {exact(step.seconds):>16} {counted:>16}  {step.text}"
    yield f"  counted {exact(laid.ran)}" + (f", left {exact(laid.left)}" if laid.left else "")
    moments = {
        "due": laid.due,
        "set by hand, which wins:": target.manual_due,
        "warning": target.warn_at,
        "warned": target.warned_at,
        "overdue since": target.breached_at,
        "met": target.met_at,
        "on the ticket stands another moment": target.kept_due,
    }
    yield from (f"  {name} {_at(moment, zone)}" for name, moment in moments.items() if moment)
    yield from (_level(level, zone) for level in target.levels)


def _level(level: Level, zone: zoneinfo.ZoneInfo) -> str:
    planned = _at(level.planned_at, zone) if level.planned_at else "not while paused"
    done = "skipped, too late" if level.is_skipped else "done" if level.fired_at else ""
    when = f", {done} {_at(level.fired_at, zone)}" if level.fired_at else ""
    return f"  {level.text}: {planned}{when}"


def _at(moment: datetime, zone: zoneinfo.ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
