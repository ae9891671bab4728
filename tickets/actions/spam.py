"""What is spam goes into the trash, and its sender is kept out if wanted."""

from __future__ import annotations

from django.db import transaction

from tickets import sla
from tickets.actions import blocking
from tickets.actions.door import opened
from tickets.events import record
from tickets.models import Ticket, User


def mark_as_spam(ticket: Ticket, *, by: User, block: bool = False) -> Ticket:
    """Puts the ticket into the trash. With `block` further mail of its requester is kept back. Raises NotAllowed."""
    with transaction.atomic(), opened("spam", ticket, by) as (fresh, now):
        if block:
            blocking.block(fresh.requester.email, by=by)
        fresh.deleted_at, fresh.snoozed_until = now, None
        sla.stamp(fresh)
        fresh.save(update_fields=["deleted_at", "snoozed_until", "updated_at", *sla.STAMPED])
        record(fresh, "spam", by=by, blocked=fresh.requester.email if block else "")
    return fresh
