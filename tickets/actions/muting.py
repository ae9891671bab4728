"""Notices that somebody does not want any more. Whoever holds the signed link of a notice may decide that, without
signing in: it takes mail away from its own reader and gives nothing."""

from __future__ import annotations

from django.db import transaction

from tickets.events import record
from tickets.models import Muted, Ticket, User


@transaction.atomic
def mute(ticket: Ticket, person: User) -> None:
    """No more notices about this ticket for this person. Safe to call again."""
    Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    _row, is_new = Muted.objects.get_or_create(ticket=ticket, user=person)
    if is_new:
        record(ticket, "muted", by=person)


@transaction.atomic
def unmute(ticket: Ticket, person: User) -> None:
    """The notices come again."""
    Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    if Muted.objects.filter(ticket=ticket, user=person).delete()[0]:
        record(ticket, "unmuted", by=person)
