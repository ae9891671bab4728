"""The list columns of a ticket, written anew from the messages that its thread holds now."""

from __future__ import annotations

from datetime import datetime

from tickets import merged
from tickets.actions.writing import show_in_list
from tickets.models import Message, Ticket


def recount(ticket: Ticket, now: datetime) -> None:
    """Sets the columns, `waiting_since` among them: the first message that nobody has answered. Saves nothing."""
    left = merged.messages(ticket).exclude(is_machine=True)
    public = left.exclude(kind=Message.Kind.NOTE)
    if newest := public.order_by("-pk").first():
        show_in_list(ticket, newest)
    answered = public.filter(kind=Message.Kind.REPLY).order_by("-pk").values_list("pk", flat=True).first() or 0
    asked = public.filter(kind=Message.Kind.CUSTOMER, pk__gt=answered).order_by("pk").first()
    ticket.waiting_since = asked.created_at if asked and ticket.is_active else None
    ticket.message_count, ticket.updated_at = left.count(), now
