"""Who takes part besides the requester and with which role, and who the requester is. Agents decide; while the
ticket is open its requester too says who else takes part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils.translation import gettext as _

from tickets import permissions, sla
from tickets.actions import people
from tickets.actions.door import opened
from tickets.actions.effects import match_policy
from tickets.actions.participants import may_decide_as_requester
from tickets.actions.writing import seen
from tickets.events import record
from tickets.models import Follower, Mailbox, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid, NotAllowed

MOST = 50
Role = Follower.Role


def add(
    ticket: Ticket, *, by: Actor, email: str, name: str = "", role: str = Role.REPLY, sees_all: bool = True
) -> User:
    """Lets a person take part: they get the replies by mail, and write on the ticket if their role says so. Without
    `sees_all` what was written before stays hidden from them. Who takes part already gets the role."""
    with _deciding(ticket, by) as (fresh, now):
        _check_role(role)
        person = _person(email, name)
        if person.pk == fresh.requester_id:
            raise Invalid(email=_("%(who)s is the requester.") % {"who": person.display_name})
        if by.pk == fresh.requester_id and (person.is_agent or person.is_superuser):
            raise Invalid(email=_("This person cannot be added here."))  # who follows inside reads notes
        if fresh.followers.count() >= MOST:
            raise Invalid(email=_("At most %(max)d people fit.") % {"max": MOST})
        row, added = Follower.objects.get_or_create(
            ticket=fresh, user=person, defaults={"role": role, "sees_from": None if sees_all else now}
        )
        if added:
            record(fresh, "followed", by=by, person=f"{person.display_name} <{person.email}>", person_id=person.pk)
        else:
            _set_role(fresh, row, role, by)
    return person


def set_role(ticket: Ticket, *, by: Actor, person: User, role: str) -> Ticket:
    with _deciding(ticket, by) as (fresh, _now):
        _check_role(role)
        row = fresh.followers.select_for_update(of=("self",)).filter(user=person).first()
        if row is None:
            raise Invalid(email=_("%(who)s does not take part any more.") % {"who": person.display_name})
        _set_role(fresh, row, role, by)
    return fresh


def remove(ticket: Ticket, *, by: Actor, person: User) -> Ticket:
    """From now on they neither get nor see anything of it. Gone already, nothing happens."""
    with _deciding(ticket, by) as (fresh, _now):
        row = fresh.followers.filter(user=person).first()
        if row is not None:
            since = row.sees_from.isoformat() if row.sees_from else None
            kept = {"role": row.role, "sees_from": since}
            row.delete()
            record(fresh, "unfollowed", by=by, person=person.display_name, person_id=person.pk, kept=kept)
    return fresh


def describe_requester(ticket: Ticket, *, by: Actor, notes: str, before: str) -> Ticket:
    """Keeps what agents know of the requester, shown on all their tickets. `before` is what the writer began with:
    when a colleague has changed it since, Invalid is raised and nothing is written over."""
    with opened("note", ticket, by) as (fresh, _now):
        person = User.objects.select_for_update().get(pk=fresh.requester_id)
        if not _is_same(person.notes, before):
            raise Invalid(notes=_("A colleague has changed these notes meanwhile. They read now: %(notes)s") % {
                "notes": person.notes,
            })  # fmt: skip
        if not _is_same(person.notes, notes):
            person.notes = seen(notes).strip()
            person.save(update_fields=["notes"])
            record(fresh, "requester_described", by=by)
    return fresh


def _is_same(one: str, other: str) -> bool:
    """But for what forms do to line ends."""
    return one.split() == other.split()


def change_requester(ticket: Ticket, *, by: Actor, email: str, name: str = "", keep: bool = False) -> Ticket:
    """Makes somebody else the requester: they read the whole conversation and get the replies. `keep` lets the one
    until now go on taking part. The clock goes on; another policy may fit."""
    with opened("triage", ticket, by) as (fresh, _now):
        person, old = _person(email, name), fresh.requester
        if person.pk == old.pk:
            raise Invalid(email=_("%(who)s is the requester.") % {"who": person.display_name})
        fresh.requester, fresh.requester_name = person, person.display_name
        fresh.followers.filter(user=person).delete()
        kept_id = _keep(fresh, old) if keep else None
        match_policy(fresh, by)
        fresh.save(update_fields=["requester", "requester_name", "updated_at", *sla.STAMPED])
        record(fresh, "requester_changed", by=by, kept_id=kept_id, old=_words(old), new=_words(person))
    return fresh


def _keep(ticket: Ticket, person: User) -> int | None:
    row, added = Follower.objects.get_or_create(ticket=ticket, user=person)
    return row.pk if added else None


@contextmanager
def _deciding(ticket: Ticket, by: Actor) -> Iterator[tuple[Ticket, datetime]]:
    own = by.pk is not None and ticket.requester_id == by.pk
    with opened("receive" if own else "follow", ticket, by) as (fresh, now):
        if not (may_decide_as_requester(fresh, by) if own else permissions.can(by, "reply", fresh)):
            raise NotAllowed(_("You are not allowed to decide who takes part in this ticket."))
        yield fresh, now


def _set_role(ticket: Ticket, row: Follower, role: str, by: Actor) -> None:
    if row.role == role:
        return
    old, row.role = row.role, role
    row.save(update_fields=["role"])
    label = Role(role).label
    record(ticket, "role_changed", by=by, person=row.user.display_name, role=label, person_id=row.user_id, old=old)


def _check_role(role: str) -> None:
    if role not in Role.values:
        raise Invalid(role=_("There is no such role."))


def _person(email: str, name: str) -> User:
    address = people.check_email(email)
    if Mailbox.objects.filter(address__iexact=address).exists():
        raise Invalid(email=_("This is an address of the desk itself."))
    return people.find_or_create(address, name)


def _words(person: User) -> str:
    return person.display_name if person.display_name == person.email else f"{person.display_name} <{person.email}>"
