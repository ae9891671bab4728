"""Tickets that are merged: which one stands for them, and what its thread holds then."""

from __future__ import annotations

from tickets.models import Message, Ticket, User
from tickets.models.message import MessageQuerySet

_DEEPEST = 50


def target_of(ticket: Ticket) -> Ticket:
    """The ticket that is worked on instead of a merged one; a ticket that is not merged stands for itself."""
    for _step in range(_DEEPEST):
        if ticket.merged_into_id is None:
            break
        ticket = Ticket.objects.get(pk=ticket.merged_into_id)
    return ticket


def chain(ticket: Ticket) -> list[int]:
    """Ids of the ticket and of all that it was merged into, one after the other."""
    found = [ticket.pk]
    following = ticket.merged_into_id
    while following is not None and len(found) < _DEEPEST:
        found.append(following)
        following = Ticket.objects.filter(pk=following).values_list("merged_into", flat=True).first()
    return found


def sources(ticket: Ticket) -> list[int]:
    """Ids of the tickets that were merged into this one, also by way of others; those in the trash left out."""
    found: list[int] = []
    level = [ticket.pk] if ticket.merged_count else []
    while level and len(found) < 1000:
        rows = Ticket.objects.kept().filter(merged_into__in=level).order_by("pk").values_list("pk", "merged_count")
        level = []
        for pk, count in rows:
            found.append(pk)
            if count:
                level.append(pk)
    return found


def messages(ticket: Ticket) -> MessageQuerySet:
    """The whole thread as agents read it."""
    if not ticket.merged_count:
        return ticket.messages.all()  # type: ignore[return-value]
    return Message.objects.filter(ticket__in=[ticket.pk, *sources(ticket)])


def readable(ticket: Ticket, person: User) -> MessageQuerySet:
    """The thread as customers read it: of a merged ticket only who takes part there reads what was written there."""
    if not ticket.merged_count:
        return ticket.messages.read_by(person)
    theirs = Ticket.objects.filter(pk__in=sources(ticket)).visible_to(person).values("pk")
    both = Message.objects.filter(ticket=ticket.pk) | Message.objects.filter(ticket__in=theirs)
    return both.read_by(person)
