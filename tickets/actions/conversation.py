"""Replies, notes and what customers write."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import kept, merged, outbox, saving, sla
from tickets.actions import mentioning
from tickets.actions.addressing import addressed
from tickets.actions.door import opened
from tickets.actions.effects import LIST_FIELDS, bring_back, claim
from tickets.actions.intake import open_ticket
from tickets.actions.undo import as_it_was, undo_reply
from tickets.actions.waiting_replies import hold_scheduled
from tickets.actions.writing import Upload, draft, keep, write
from tickets.events import record
from tickets.models import SYSTEM, Desk, Message, Status, Ticket, User
from tickets.permissions import Actor, within_reopen_window
from tickets.recipients import Recipients
from tickets.refusals import Filtered, Invalid, OutdatedReply
from tickets.states import Source, State

USUAL = Recipients()


def reply(
    ticket: Ticket,
    *,
    by: Actor,
    body: str,
    html: str = "",
    attachments: Sequence[Upload] = (),
    status: Status | None = None,
    nonce: uuid.UUID | None = None,
    seen: int | None = None,
    source: str = Source.STAFF,
    may_undo: bool | None = None,
    recipients: Recipients = USUAL,
    **more: Any,
) -> Message:
    """An agent answers everybody who takes part, or the `recipients` given; the mails leave through the outbox.

    `seen` is the id of the newest message the writer saw: when a customer or colleague has written since,
    OutdatedReply is raised and nothing is sent. The same `nonce` again returns the message it wrote. `may_undo` lets
    the author take it back for a moment, in which no customer sees it: what is written in the workspace, unless told.
    `more` may give `origin` of an agent's mail.
    """
    if known := _written(nonce):
        return known
    try:
        with opened("reply", ticket, by) as (fresh, now):
            check_seen(fresh, seen, by)
            owed = kept.owed(fresh, kept.RESPONSES)
            before, (people, addresses) = as_it_was(fresh), addressed(fresh, recipients, by, now)
            message = write(
                fresh, Message.Kind.REPLY, by, body, now,
                source=source, attachments=attachments, html=html, nonce=nonce,
                recipients=addresses, leaves_at=_leaves_at(now, by, source, may_undo), **more,
            )  # fmt: skip
            _answer(fresh, by, now, status)
            kept.keep(fresh, owed, now)
            _mail(fresh, message, people, before)
            record(fresh, "replied", by=by, message=message)
    except IntegrityError:
        if known := _written(nonce):  # the same form, sent twice at once
            return known
        raise
    return message


def _mail(ticket: Ticket, message: Message, people: Iterable[User], before: dict[str, Any]) -> None:
    held: dict[str, Any] = {"not_before": message.leaves_at, "before": before} if message.leaves_at else {}
    for person in people:
        outbox.enqueue("reply", ticket, person, message=message, is_automatic=False, **held)


def _leaves_at(now: datetime, by: Actor, source: str, may_undo: bool | None) -> datetime | None:
    wanted = source == Source.STAFF if may_undo is None else may_undo
    seconds = Desk.current().undo_seconds if wanted and isinstance(by, User) else 0
    return now + timedelta(seconds=seconds) if seconds else None


def is_written(nonce: str) -> bool:
    """Whether the form that carries the nonce has been sent."""
    try:
        return _written(uuid.UUID(str(nonce))) is not None
    except ValueError:
        return False


def _written(nonce: uuid.UUID | None) -> Message | None:
    return Message.objects.filter(nonce=nonce).first() if nonce else None


def check_seen(ticket: Ticket, seen: int | None, by: Actor) -> None:
    """Raises OutdatedReply when a customer or colleague has written since the message `seen`."""
    if seen is None:
        return
    newer = ticket.messages.filter(pk__gt=seen, is_machine=False).exclude(kind=Message.Kind.NOTE)
    if newer.exclude(author=by.pk).exists():
        raise OutdatedReply(_("Something new was written meanwhile. Nothing was sent; read it and send again."))


def _answer(ticket: Ticket, by: Actor, now: datetime, status: Status | None) -> None:
    """What an agent's reply does to the ticket besides the message."""
    if Desk.current().claim_on_reply:
        claim(ticket, by)
    if ticket.state != State.IN_PROGRESS:
        ticket.begin_work()
    if status is not None:
        check_status(ticket, status)
        ticket.status = status
    ticket.first_response_at = ticket.first_response_at or now
    sla.follow_status(ticket, now, by)
    saving.update(ticket, "state", "status", "assignee", "first_response_at", *LIST_FIELDS, *sla.STAMPED)


def check_status(ticket: Ticket, status: Status) -> None:
    """Raises Invalid unless the status is switched on and belongs to the ticket's state."""
    if status.state != ticket.state or not status.is_enabled:
        raise Invalid(
            status=_("“%(status)s” does not belong to the state “%(state)s” that the ticket is in.")
            % {"status": status.label, "state": State(ticket.state).label}
        )


def note(
    ticket: Ticket,
    *,
    by: Actor,
    body: str,
    attachments: Sequence[Upload] = (),
    nonce: uuid.UUID | None = None,
    source: str = Source.STAFF,
    **more: Any,
) -> Message:
    """An internal note: customers never see it, in no list, mail, search or export. Colleagues named with @ are told,
    see `mentioning`."""
    if known := _written(nonce):
        return known
    try:
        with opened("note", ticket, by) as (fresh, now):
            message = draft(
                fresh, Message.Kind.NOTE, by, body, now, source=source, attachments=attachments, nonce=nonce, **more
            )
            people = mentioning.heed(fresh, message, by)
            keep(message, attachments)
            fresh.save(update_fields=LIST_FIELDS)
            record(fresh, "noted", by=by, message=message)
            mentioning.tell(fresh, message, people, by=by)
    except IntegrityError:
        if known := _written(nonce):
            return known
        raise
    return message


def receive(
    ticket: Ticket,
    *,
    by: User,
    body: str,
    source: str,
    attachments: Sequence[Upload] = (),
    nonce: uuid.UUID | None = None,
    auto_response: bool = True,
    is_released: bool = False,
    **more: Any,
) -> Message:
    """A customer writes. On a resolved ticket, or a closed one inside its reopen window, that reopens it; on any
    other closed or archived ticket a linked follow-up is opened, and the message returned lies on that. What is
    written on a merged ticket lies on the one that it was merged into.

    `more` may give `html` and `folded`. The same `nonce` again returns the message it wrote. `auto_response` off keeps
    a follow-up from being confirmed by mail; filters do not refuse one that `is_released`.
    """
    if known := _written(nonce):
        return known
    try:
        with opened("receive", ticket, by) as (fresh, now):
            if fresh.merged_into_id:
                return receive(
                    merged.target_of(fresh), by=by, body=body, source=source, attachments=attachments, nonce=nonce,
                    auto_response=auto_response, is_released=is_released, **more,
                )  # fmt: skip
            if fresh.is_closed and not within_reopen_window(fresh):
                more |= {"nonce": nonce, "auto_response": auto_response, "is_released": is_released}
                return _follow_up(fresh, by, body, source, attachments, more)
            message = write(
                fresh, Message.Kind.CUSTOMER, by, body, now,
                source=source, attachments=attachments, nonce=nonce, **more,
            )  # fmt: skip
            _heard(fresh, by, now, message)
    except Filtered as refusal:
        refusal.sifted.write_down(None)  # what was written before is undone
        raise
    except IntegrityError:
        if known := _written(nonce):
            return known
        raise
    return message


def _heard(ticket: Ticket, by: User, now: datetime, message: Message) -> None:
    if ticket.state in (State.RESOLVED, State.CLOSED):
        bring_back(ticket, by, now)
        record(ticket, "reopened", by=by, reason="")
    elif ticket.is_asleep or (ticket.status and ticket.status.ends_on_customer_message):
        ticket.snoozed_until = None
        if ticket.status and ticket.status.ends_on_customer_message:
            ticket.status = None
        sla.follow_status(ticket, now, by)
    else:
        sla.stamp(ticket)
    saving.update(ticket, "status", "snoozed_until", *LIST_FIELDS, *sla.STAMPED)
    hold_scheduled(ticket, now)
    record(ticket, "received", by=by, message=message)


def _follow_up(
    ticket: Ticket, by: User, body: str, source: str, attachments: Sequence[Upload], more: dict[str, Any]
) -> Message:
    nonce = more["nonce"]
    if nonce and (known := Ticket.objects.filter(nonce=nonce, follow_up_of=ticket).first()):
        return known.messages.earliest("pk")  # the same form, sent twice
    follow_up = open_ticket(
        by=SYSTEM, requester=by, subject=ticket.subject, body=body, source=source, attachments=attachments,
        help_topic=ticket.help_topic, department=ticket.department, priority=ticket.priority, follow_up_of=ticket,
        **more,
    )  # fmt: skip
    record(ticket, "follow_up", by=by, number=follow_up.number)
    return follow_up.messages.get()


@transaction.atomic
def attach_machine_mail(
    ticket: Ticket, *, sender: User, body: str, attachments: Sequence[Upload] = (), **more: Any
) -> Message:
    """Keeps a bounce or an automatic answer on its ticket. It reopens nothing, answers nothing, stops no clock and is
    not a customer message; only agents see it."""
    fresh = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    message = write(
        fresh, Message.Kind.CUSTOMER, sender, body or "…", timezone.now(), source=Source.EMAIL, attachments=attachments,
        is_machine=True, **more,
    )  # fmt: skip
    record(fresh, "machine_mail", by=SYSTEM, message=message, sender=sender.email)
    return message


@transaction.atomic
def attach_unverified(
    ticket: Ticket, *, sender: User, body: str, attachments: Sequence[Upload] = (), **more: Any
) -> Message:
    """Keeps mail that names this ticket but comes from somebody who takes no part in it: as an internal note, so that
    an agent decides. Customers never see it, nobody is answered, and the state stays."""
    fresh = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    fresh.updated_at = now = timezone.now()
    message = write(fresh, Message.Kind.NOTE, sender, body, now, source=Source.EMAIL, attachments=attachments, **more)
    fresh.save(update_fields=LIST_FIELDS)
    record(fresh, "unverified", by=sender, message=message)
    return message


def uploads(files: Iterable[Any]) -> list[Upload]:
    """Django's uploaded files as the actions take them."""
    return [
        Upload(file.name or "file", file.chunks(), file.content_type or "application/octet-stream") for file in files
    ]


__all__ = [
    "Upload", "attach_machine_mail", "attach_unverified", "check_seen", "check_status", "is_written", "note",
    "receive", "reply", "undo_reply", "uploads",
]  # fmt: skip
