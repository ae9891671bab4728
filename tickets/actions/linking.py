"""Links between tickets: relates to, duplicates, blocks, parent and child; each is seen from both ends."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.actions.door import opened
from tickets.actions.locks import lock
from tickets.events import record
from tickets.models import Ticket, TicketLink, User
from tickets.permissions import Actor
from tickets.refusals import Invalid

Kind = TicketLink.Kind
MOST = 100
_DEEPEST = 50


class Relation(NamedTuple):
    """What a ticket is to another; `is_reverse`: the row is read from its other end. `back` is the word over there."""

    kind: str
    label: Any
    back: str
    is_reverse: bool = False


RELATIONS: dict[str, Relation] = {
    "relates": Relation(Kind.RELATES, gettext_lazy("relates to"), "relates"),
    "duplicates": Relation(Kind.DUPLICATES, gettext_lazy("duplicates"), "duplicated_by"),
    "duplicated_by": Relation(Kind.DUPLICATES, gettext_lazy("is duplicated by"), "duplicates", is_reverse=True),
    "blocks": Relation(Kind.BLOCKS, gettext_lazy("blocks"), "blocked_by"),
    "blocked_by": Relation(Kind.BLOCKS, gettext_lazy("is blocked by"), "blocks", is_reverse=True),
    "parent_of": Relation(Kind.PARENT, gettext_lazy("is the parent of"), "child_of"),
    "child_of": Relation(Kind.PARENT, gettext_lazy("is a child of"), "parent_of", is_reverse=True),
}


def relation_of(row: TicketLink, ticket_pk: int) -> str:
    """The word for the link as seen from one of its ends."""
    is_reverse = row.kind != Kind.RELATES and row.other_id == ticket_pk
    return next(
        name for name, one in RELATIONS.items() if (one.kind, one.is_reverse) == (row.kind, is_reverse)
    )  # fmt: skip


def link(ticket: Ticket, *, by: Actor, other: Ticket, relation: str) -> Ticket:
    """Links two tickets; both tell of it. Linked so already, nothing changes. Raises Invalid for a circle, a second
    parent or a ticket that the person may not see."""
    meant = RELATIONS.get(relation)
    if meant is None:
        raise Invalid(relation=_("There is no such relation."))
    with transaction.atomic():
        lock([ticket, other])
        with opened("link", ticket, by) as (fresh, _now):
            there = _check(fresh, other, by)
            first, second = (there, fresh) if meant.is_reverse else (fresh, there)
            if meant.kind == Kind.RELATES and first.pk > second.pk:
                first, second = second, first
            _check_order(meant.kind, first, second)
            author = by if isinstance(by, User) else None
            _row, is_new = TicketLink.objects.get_or_create(
                ticket=first, other=second, kind=meant.kind, defaults={"created_by": author}
            )
            if is_new:
                _tell("linked", fresh, there, relation, by)
    return fresh


def unlink(ticket: Ticket, *, by: Actor, other: Ticket, relation: str) -> Ticket:
    """Takes one link off, whichever end it is asked from. What is gone already stays so."""
    meant = RELATIONS[relation]
    with transaction.atomic():
        lock([ticket, other])
        with opened("link", ticket, by) as (fresh, _now):
            ends = {(fresh.pk, other.pk), (other.pk, fresh.pk)} if meant.kind == Kind.RELATES else {
                (other.pk, fresh.pk) if meant.is_reverse else (fresh.pk, other.pk)
            }  # fmt: skip
            rows = TicketLink.objects.filter(kind=meant.kind, ticket__in=[a for a, _b in ends])
            gone = sum(rows.filter(ticket=a, other=b).delete()[0] for a, b in ends)
            if gone:
                _tell("unlinked", fresh, Ticket.objects.get(pk=other.pk), relation, by)
    return fresh


def of(ticket: Ticket, viewer: User) -> list[tuple[str, Ticket]]:
    """(relation, other ticket) of a ticket's links; those to tickets that the viewer may not see are left out."""
    if not ticket.link_count:
        return []
    rows = list(TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket))[:MOST])
    ids = {row.other_id if row.ticket_id == ticket.pk else row.ticket_id for row in rows}
    seen = Ticket.objects.inside(viewer).filter(pk__in=ids).only("number", "subject", "state").in_bulk()
    found = [
        (relation_of(row, ticket.pk), seen.get(row.other_id if row.ticket_id == ticket.pk else row.ticket_id))
        for row in rows
    ]
    return [(relation, other) for relation, other in found if other is not None]


def _check(ticket: Ticket, other: Ticket, by: Actor) -> Ticket:
    if ticket.pk == other.pk:
        raise Invalid(number=_("A ticket cannot be linked to itself."))
    rows = Ticket.objects.kept().filter(pk=other.pk)
    there = (rows & Ticket.objects.inside(by)).first() if isinstance(by, User) else rows.first()
    if there is None:
        raise Invalid(number=_("There is no ticket #%(number)s that you can see.") % {"number": other.number})
    if ticket.link_count >= MOST or there.link_count >= MOST:
        raise Invalid(number=_("At most %(max)d links fit.") % {"max": MOST})
    return there


def _check_order(kind: str, first: Ticket, second: Ticket) -> None:
    """Who blocks or is the parent of whom must not lead in a circle; a child has one parent."""
    if kind not in (Kind.BLOCKS, Kind.PARENT):
        return
    above, seen = [first.pk], {first.pk}
    for _step in range(_DEEPEST):
        above = list(TicketLink.objects.filter(kind=kind, other__in=above).values_list("ticket", flat=True))
        if second.pk in above:
            raise Invalid(number=_("That would be a circle: #%(number)s is above already.") % {"number": second.number})
        above = [pk for pk in above if pk not in seen]
        seen.update(above)
        if not above:
            break
    parents = TicketLink.objects.filter(kind=Kind.PARENT, other=second).exclude(ticket=first)
    if kind == Kind.PARENT and (parent := parents.select_related("ticket").first()):
        words = {"number": second.number, "parent": parent.ticket.number}
        raise Invalid(number=_("#%(number)s is a child of #%(parent)s already.") % words)


def _tell(kind: str, ticket: Ticket, other: Ticket, relation: str, by: Actor) -> None:
    for one, another, word in ((ticket, other, relation), (other, ticket, RELATIONS[relation].back)):
        count = TicketLink.objects.filter(Q(ticket=one) | Q(other=one)).count()
        Ticket.objects.filter(pk=one.pk).update(link_count=count)
        one.link_count = count
        label = RELATIONS[word].label
        record(one, kind, by=by, word=word, other_id=another.pk, relation=label, number=another.number)
