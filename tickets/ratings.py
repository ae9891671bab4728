"""Whether the last closing of a ticket was rated, or a rating asked for."""

from __future__ import annotations

from tickets.models import Rating, Ticket


def was_asked(ticket: Ticket) -> bool:
    """Whether a rule asked the requester about this closing, or they said it already."""
    asked = ticket.events.filter(kind="rating_invited", data__round=ticket.reopen_count)
    return Rating.objects.filter(ticket=ticket, round=ticket.reopen_count).exists() or asked.exists()
