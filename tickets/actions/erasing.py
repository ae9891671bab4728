"""Forgetting who somebody was. They ask, an admin carries it out or says why not.

The person stays as a number, so that tickets, figures and the audit log stay whole: name and addresses are replaced
wherever the desk wrote them, also in events. What was written in tickets stays: it is the company's record of its work,
and goes with the ticket. Original mails stay as long as their ticket.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import outbox, reading
from tickets.actions import data_exports
from tickets.events import record
from tickets.models import (
    ApiToken,
    DataExport,
    ErasureRequest,
    Follower,
    InboundEmail,
    Limit,
    MailWording,
    Message,
    OutboundEmail,
    ProposedFollower,
    Ticket,
    TicketEvent,
    User,
)
from tickets.permissions import Actor
from tickets.refusals import Invalid, NotAllowed

State = ErasureRequest.State


def ask(*, by: User, reason: str = "") -> ErasureRequest:
    """Records the wish; asked again, it is the same one. Raises Invalid for people who work here."""
    if by.is_agent or by.is_superuser:
        raise Invalid(reason=_("You work here. Ask an admin to end your account first."))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        row, made = ErasureRequest.objects.get_or_create(
            user=by, state=State.WAITING, defaults={"reason": reason[:500]}
        )
        if made:
            _tell_admins(row)
    return row


def _tell_admins(row: ErasureRequest) -> None:
    for admin in User.objects.filter(is_superuser=True, is_active=True)[:20]:
        with reading.read_by(admin):
            subject = _("%(person)s wants to be forgotten") % {"person": row.user}
            text = _("Carry it out or say why not: Administration, Requests to be forgotten.")
        outbox.enqueue("account", None, admin, subject=subject, text=text)


def withdraw(*, by: User) -> None:
    _waiting(by).update(state=State.WITHDRAWN, decided_at=timezone.now())


def refuse(row: ErasureRequest, *, by: User, answer: str) -> None:
    """Says no, with the reason, which is mailed to the person. Decided already, nothing happens."""
    _check(by)
    if not answer.strip():
        raise Invalid(answer=_("Say why not: the person reads it."))
    with transaction.atomic():
        if not _decide(row, State.REFUSED, by, answer):
            return
        with reading.read_by(row.user):
            subject = _("We cannot forget you yet")
        reason, letter = answer.strip(), MailWording.Kind.NOT_ERASED.value
        outbox.enqueue("account", None, row.user, subject=subject, text=reason, letter=letter, given={"reason": reason})


@transaction.atomic
def carry_out(row: ErasureRequest, *, by: User) -> None:
    _check(by)
    if _decide(row, State.DONE, by, ""):
        erase(row.user, by=by)
        ErasureRequest.objects.filter(user=row.user).update(reason="")


@transaction.atomic
def erase(person: User, *, by: Actor) -> None:
    """Replaces who somebody was by a number, everywhere, for good. Raises Invalid for people who work here."""
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.is_agent or person.is_superuser:
        raise Invalid(person=_("%(who)s is an agent or admin here. Take that right away first.") % {"who": person})
    name = f"Erased person {person.pk}"
    addresses = {person.email, *EmailAddress.objects.filter(user=person).values_list("email", flat=True)}
    words = {word for word in (*addresses, person.name, person.phone) if word}
    _forget_in_tickets(person, name, words, by)
    _forget_in_mail(person, name, addresses)
    for copy in DataExport.objects.filter(user=person):
        data_exports.forget(copy)
    for model in (EmailAddress, Authenticator, ApiToken, Follower):
        model._default_manager.filter(user=person).delete()
    ProposedFollower.objects.filter(address__in=addresses).delete()
    for address in addresses:
        Limit.objects.filter(key__contains=address).delete()
    LogEntry.objects.filter(content_type__model="user", object_id=str(person.pk)).update(object_repr=name)
    User.objects.filter(merged_into=person).update(name="", phone="", notes="")
    _waiting(person).update(state=State.DONE, decided_at=timezone.now(), reason="")
    _forget(person, name)


def _forget(person: User, name: str) -> None:
    person.name, person.email, person.phone, person.notes, person.signature = name, _address(person), "", "", ""
    person.organization, person.is_active, person.time_zone = None, False, ""
    person.set_unusable_password()
    person.save()


def _forget_in_tickets(person: User, name: str, words: Collection[str], by: Actor) -> None:
    tickets = Ticket.objects.filter(Q(requester=person) | Q(messages__author=person) | Q(followers__user=person))
    pks = list(tickets.distinct().values_list("pk", flat=True))
    Ticket.objects.filter(requester=person).update(requester_name=name)
    Message.objects.filter(author=person).update(author_name=name)
    named = Q(ticket__in=pks, actor_name__in=words)  # what the desk did in their name
    TicketEvent.objects.filter(Q(actor=person) | named).update(actor_name=name)
    for event in TicketEvent.objects.filter(ticket__in=pks).exclude(data={}).iterator(chunk_size=500):
        cleaned = _without(event.data, words, name)
        if cleaned != event.data:
            TicketEvent.objects.filter(pk=event.pk).update(data=cleaned)
    for message in Message.objects.filter(ticket__in=pks).only("pk", "recipients", "origin").iterator(chunk_size=500):
        cleaned = {part: _without(getattr(message, part), words, name) for part in ("recipients", "origin")}
        Message.objects.filter(pk=message.pk).update(**cleaned)
    for ticket in Ticket.objects.filter(pk__in=pks).iterator(chunk_size=500):
        record(ticket, "person_erased", by=by, who=name, person_id=person.pk)


def _forget_in_mail(person: User, name: str, addresses: Collection[str]) -> None:
    sent = OutboundEmail.objects.filter(Q(user=person) | Q(recipient__in=addresses))
    sent.filter(state__in=[OutboundEmail.State.QUEUED, OutboundEmail.State.RETRY]).update(
        state=OutboundEmail.State.CANCELLED, next_attempt_at=None
    )
    sent.update(recipient=_address(person), recipient_name=name, context={}, last_error="")
    for place in ("sender", "envelope_from"):
        InboundEmail.objects.filter(**{f"{place}__in": addresses}).update(**{place: _address(person)})


def _without(value: Any, words: Collection[str], name: str) -> Any:
    """The same JSON with the pseudonym in place of each of the words."""
    if isinstance(value, dict):
        return {key: _without(one, words, name) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, words, name) for one in value]
    if isinstance(value, str):
        for word in sorted(words, key=len, reverse=True):
            value = value.replace(word, name)
    return value


def _address(person: User) -> str:
    return f"erased-{person.pk}@invalid"


def _waiting(person: User) -> Any:
    return ErasureRequest.objects.filter(user=person, state=State.WAITING)


def _check(by: User) -> None:
    if not by.is_superuser:
        raise NotAllowed(_("Only admins decide about this."))


def _decide(row: ErasureRequest, state: str, by: User, answer: str) -> bool:
    waiting = ErasureRequest.objects.filter(pk=row.pk, state=State.WAITING)
    return bool(waiting.update(state=state, decided_by=by, decided_at=timezone.now(), answer=answer.strip()[:500]))
