"""People whom a mail has in copy: proposed first, taking part only when somebody of the desk says so."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tickets import permissions
from tickets.actions import people
from tickets.actions.door import opened
from tickets.compiled import Compiled
from tickets.events import record
from tickets.models import Follower, Mailbox, ProposedFollower, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import NotAllowed

MOST = 20
_own = Compiled(lambda: Mailbox.objects.order_by().values_list("address"))


def propose(ticket: Ticket, others: Iterable[tuple[str, str]], *, by: User) -> None:
    """Remembers up to 20 of the (address, name) pairs for the ticket. They get nothing, now or later, unless accepted;
    addresses of the desk, the requester and who takes part already are left out."""
    wanted = {address: name for address, name in others if address not in (ticket.requester.email, by.email)}
    own = {_bare(address) for (address,) in _own.all()} if wanted else set()
    wanted = {address: name for address, name in wanted.items() if _bare(address) not in own and len(address) <= 254}
    if not wanted:
        return
    known = ticket.proposed_followers.count()
    inside = set(ticket.followers.filter(user__email__in=wanted).values_list("user__email", flat=True))
    rows = [
        ProposedFollower(ticket=ticket, address=address, name=people.clean_name(name), proposed_by=by)
        for address, name in wanted.items()
        if address not in inside
    ]
    ProposedFollower.objects.bulk_create(rows[: max(0, MOST - known)], ignore_conflicts=True)


def decide(ticket: Ticket, pk: int, *, accept: bool, by: Actor) -> str:
    """Takes a proposed person in, or not: agents who may answer can, and the requester while the ticket is open. Who
    comes in gets replies and sees the conversation from this moment on, nothing of what was written before. Decided
    twice, the first decision stands. Returns the address."""
    own = by.pk is not None and ticket.requester_id == by.pk
    with opened("receive" if own else "follow", ticket, by) as (fresh, now):
        if not (may_decide_as_requester(fresh, by) if own else permissions.can(by, "reply", fresh)):
            raise NotAllowed(_("You are not allowed to add people to this ticket."))
        row = fresh.proposed_followers.select_for_update(of=("self",)).filter(pk=pk).first()
        if row is None or row.accepted is not None:
            return row.address if row else ""
        row.accepted, row.decided_by = accept, by if isinstance(by, User) else None
        row.save(update_fields=["accepted", "decided_by"])
        if not accept:
            record(fresh, "proposal_declined", by=by, address=row.address)
            return row.address
        person = people.find_or_create(row.address, row.name)
        _row, added = Follower.objects.get_or_create(ticket=fresh, user=person, defaults={"sees_from": now})
        if added:
            record(fresh, "followed", by=by, person=f"{person.display_name} <{person.email}>", person_id=person.pk)
        return row.address


def may_decide_as_requester(ticket: Ticket, by: Actor) -> bool:
    return ticket.requester_id == by.pk and not (ticket.is_closed or ticket.is_archived)


def waiting(ticket: Ticket | int) -> QuerySet[ProposedFollower]:
    """Whom nobody has decided about yet."""
    return ProposedFollower.objects.filter(ticket=ticket, accepted__isnull=True)


def _bare(address: str) -> str:
    """Without the part after a plus sign, in which the desk's own addresses differ."""
    local, _at, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
