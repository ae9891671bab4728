"""Taking a reply back before its mails have left."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import kept, permissions, sla
from tickets.actions.effects import LIST_FIELDS
from tickets.actions.writing import show_in_list
from tickets.events import record
from tickets.models import Message, OutboundEmail, Ticket, TicketEvent, User
from tickets.refusals import NotAllowed, TooLate

# What a reply, and resolving with it, may change; message counts and previews are read from the messages again.
_FIELDS = (
    "state", "status_id", "assignee_id", "team_id", "first_response_at", "resolved_at", "auto_close_at",
    "waiting_since", "snoozed_until",
)  # fmt: skip
_WITH_IT = {"resolved"}


def as_it_was(ticket: Ticket) -> dict[str, Any]:
    """What `undo_reply` brings back, as JSON."""
    found = {name: getattr(ticket, name) for name in _FIELDS}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}


def undo_reply(message: Message, *, by: User, among: Collection[int] = ()) -> TicketEvent:
    """Takes back a reply that has not left yet; only its author can. The ticket is as it was before, unless somebody
    has done something to it since. The event's data hold the `text`; files stay on the ticket as a note. `among`: keys
    of events that are taken back together with it.

    Raises NotAllowed, or TooLate when a mail of it is under way.
    """
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).select_related("department").get(pk=message.ticket_id)
        if message.author_id != by.pk or not permissions.can(by, "reply", ticket):
            raise NotAllowed(_("Only who wrote a reply can take it back."))
        now = timezone.now()
        mails = list(OutboundEmail.objects.select_for_update().filter(message=message.pk, kind="reply").order_by("pk"))
        if not can_undo(mails, now):
            raise TooLate(_("The reply has left already and cannot be taken back."))
        _withdraw(ticket, message, mails, by, now, among)
        kept: dict[str, Any] = {"text": message.body, **({"html": message.html} if message.html else {})}
        return record(ticket, "reply_undone", by=by, **kept)


def can_undo(mails: list[OutboundEmail], now: datetime) -> bool:
    """Whether all mails of a reply still wait for the end of the undo window."""
    untouched = (
        mail.next_attempt_at for mail in mails if mail.state == OutboundEmail.State.QUEUED and not mail.attempt
    )
    held = [moment for moment in untouched if moment and moment > now]
    return bool(mails) and len(held) == len(mails)


def _withdraw(
    ticket: Ticket, message: Message, mails: list[OutboundEmail], by: User, now: datetime, among: Collection[int]
) -> None:
    later = TicketEvent.objects.filter(ticket=ticket, created_at__gte=message.created_at).exclude(message=message.pk)
    later = later.exclude(pk__in=among)
    kinds = list(later.values_list("kind", "actor"))
    before = next((mail.context["before"] for mail in mails if mail.context.get("before")), None)
    held = Q(message=message.pk)
    if before and all(kind in _WITH_IT and actor == by.pk for kind, actor in kinds):
        _restore(ticket, before)
        held |= Q(event__in=later)
    elif ticket.first_response_at == message.created_at:
        Ticket.objects.filter(pk=ticket.pk).update(first_response_at=None)
    OutboundEmail.objects.filter(held, state=OutboundEmail.State.QUEUED).update(
        state=OutboundEmail.State.CANCELLED, next_attempt_at=None
    )
    kept.take_back(ticket, message.created_at)
    _remove(Message.objects.get(pk=message.pk))
    fresh = Ticket.objects.select_related("department", "help_topic", "status", "sla_policy").get(pk=ticket.pk)
    _recount(fresh, now)
    sla.follow_status(fresh, now, by)
    fresh.save(update_fields=[*LIST_FIELDS, *sla.STAMPED])


def _restore(ticket: Ticket, before: dict[str, Any]) -> None:
    fields: dict[str, Any] = {field.attname: field for field in Ticket._meta.concrete_fields}
    values = {name: fields[name].to_python(value) for name, value in before.items()}
    Ticket.objects.filter(pk=ticket.pk).update(**values)


def _remove(message: Message) -> None:
    if not message.attachments.exists():
        message.delete()
        return
    message.kind, message.body = Message.Kind.NOTE, _("Files of a reply that was taken back.")
    message.html, message.folded, message.recipients, message.nonce = "", [], {}, None
    message.save(update_fields=["kind", "body", "html", "folded", "recipients", "nonce"])


def _recount(ticket: Ticket, now: datetime) -> None:
    """Writes the list columns from the messages that are left."""
    waiting, left = ticket.waiting_since, ticket.messages.exclude(is_machine=True)
    newest = left.exclude(kind=Message.Kind.NOTE).order_by("-pk").first()
    if newest:
        show_in_list(ticket, newest)
    ticket.message_count, ticket.waiting_since, ticket.updated_at = left.count(), waiting, now
