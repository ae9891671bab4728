"""Putting a ticket off: it leaves the open views until a moment, or until the customer writes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import sla
from tickets.actions.door import opened
from tickets.events import record
from tickets.models import SYSTEM, Ticket
from tickets.permissions import Actor
from tickets.refusals import Invalid

log = logging.getLogger(__name__)

_FARTHEST = timedelta(days=366)
_BATCH = 200


def snooze(ticket: Ticket, *, by: Actor, until: datetime) -> Ticket:
    """Puts the ticket off until a moment within a year; a customer's message, resolving it or giving it to somebody
    else wakes it before. Snoozed once more, the last moment counts. Raises Invalid."""
    with opened("snooze", ticket, by) as (fresh, now):
        if not now < until <= now + _FARTHEST:
            raise Invalid(until=_("A ticket can sleep until a moment in the future, a year from now at most."))
        if fresh.snoozed_until == until:
            return fresh
        fresh.snoozed_until = until
        sla.follow_status(fresh, now, by)
        fresh.save(update_fields=["snoozed_until", "updated_at", *sla.STAMPED])
        record(fresh, "snoozed", by=by, until=f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return fresh


def wake(ticket: Ticket, *, by: Actor) -> Ticket:
    """Brings a ticket that sleeps back into the open views; one that is awake stays as it is."""
    with opened("wake", ticket, by) as (fresh, now):
        if fresh.is_asleep:
            _wake(fresh, now, by)
            record(fresh, "woken", by=by)
    return fresh


def sweep_snoozed() -> int:
    """Wakes the tickets whose time has come; returns how many were looked at. Safe to run twice."""
    due = Ticket.objects.filter(snoozed_until__lte=timezone.now()).order_by("snoozed_until", "pk")
    pks = list(due.values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        try:
            _wake_in_time(Ticket.objects.get(pk=pk))
        except Ticket.DoesNotExist:
            continue
        except Exception:
            log.exception("ticket %s could not be woken", pk)
            Ticket.objects.filter(pk=pk).update(snoozed_until=timezone.now() + timedelta(minutes=5))
    return len(pks)


def _wake_in_time(ticket: Ticket) -> None:
    with opened("wake", ticket, SYSTEM) as (fresh, now):
        if fresh.snoozed_until is not None and fresh.snoozed_until <= now:
            _wake(fresh, now, SYSTEM)
            record(fresh, "woken_by_time", by=SYSTEM)


def _wake(ticket: Ticket, now: datetime, by: Actor) -> None:
    ticket.snoozed_until = None
    sla.follow_status(ticket, now, by)
    ticket.save(update_fields=["snoozed_until", "updated_at", *sla.STAMPED])
