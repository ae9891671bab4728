"""Asking a third party about a ticket by mail. What is written there stands on the ticket among the internal notes; the
customer neither gets nor sees any of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import outbox
from tickets.actions import people
from tickets.actions.door import opened
from tickets.actions.effects import LIST_FIELDS
from tickets.actions.writing import Upload, check_text, draft, keep, write
from tickets.events import record
from tickets.models import SYSTEM, Attachment, Mailbox, Message, SideConversation, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid
from tickets.states import Source

MOST = 50


def start(
    ticket: Ticket,
    *,
    by: Actor,
    to: str,
    body: str,
    subject: str = "",
    name: str = "",
    forward: Message | None = None,
    attachments: Sequence[Upload] = (),
    nonce: uuid.UUID | None = None,
) -> SideConversation:
    """Writes to somebody who takes no part in the ticket. `forward` is a message of the ticket that is quoted below,
    its files go with it. The same `nonce` again returns the conversation that it began."""
    if nonce and (known := Message.objects.filter(nonce=nonce).first()) and known.side:
        return known.side
    with opened("side", ticket, by) as (fresh, now):
        address = _third_party(fresh, to)
        if fresh.side_count >= MOST:
            raise Invalid(to=_("At most %(max)d such conversations fit.") % {"max": MOST})
        side = SideConversation.objects.create(
            ticket=fresh, address=address, name=people.clean_name(name),
            subject=check_text("subject", subject.strip() or fresh.subject, 255),
            started_by=by if isinstance(by, User) else None,
        )  # fmt: skip
        fresh.side_count += 1
        fresh.save(update_fields=["side_count", "updated_at"])
        _send(fresh, side, by, _with_quote(body, forward), now, attachments, nonce, forward)
    return side


def say(
    side: SideConversation, *, by: Actor, body: str, attachments: Sequence[Upload] = (), nonce: uuid.UUID | None = None
) -> Message:
    """One more mail in a conversation that has begun."""
    if nonce and (known := Message.objects.filter(nonce=nonce).first()):
        return known
    with opened("side", side.ticket, by) as (fresh, now):
        return _send(fresh, side, by, body, now, attachments, nonce)


@transaction.atomic
def attach_answer(
    side: SideConversation, ticket: Ticket, *, name: str, body: str, attachments: Sequence[Upload] = (), **more: Any
) -> Message:
    """Keeps what the third party answered, as a note. The ticket's state and clock stay as they are, whoever wrote."""
    fresh = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    fresh.updated_at = now = timezone.now()
    message = draft(
        fresh, Message.Kind.NOTE, SYSTEM, body, now, source=Source.EMAIL, attachments=attachments, side=side, **more
    )
    message.author_name = name[:200] or side.name or side.address
    keep(message, attachments)
    fresh.save(update_fields=LIST_FIELDS)
    data = {"address": message.author_name, "subject": side.subject}
    record(fresh, "side_answered", by=SYSTEM, name=message.author_name, message=message, **data)
    return message


def _send(
    ticket: Ticket, side: SideConversation, by: Actor, body: str, now: datetime, attachments: Sequence[Upload],
    nonce: uuid.UUID | None, forward: Message | None = None,
) -> Message:  # fmt: skip
    message = write(
        ticket, Message.Kind.NOTE, by, body, now, source=Source.STAFF, attachments=attachments, side=side, nonce=nonce,
        recipients={"to": [side.address], "cc": []},
    )  # fmt: skip
    if forward is not None:
        Attachment.objects.bulk_create([_copy(file, message) for file in forward.attachments.all()])
    ticket.save(update_fields=LIST_FIELDS)
    third = User(email=side.address, name=side.name)
    outbox.enqueue("side", ticket, third, message=message, is_automatic=False, side_id=side.pk, subject=side.subject)
    record(ticket, "side_started", by=by, message=message, address=side.address, subject=side.subject)
    return message


def _third_party(ticket: Ticket, to: str) -> str:
    address = people.check_email(to)
    inside = ticket.followers.filter(user__email=address).exists() or ticket.requester.email == address
    if inside:
        raise Invalid(to=_("%(address)s takes part in this ticket: write a reply.") % {"address": address})
    if Mailbox.objects.filter(address__iexact=address).exists():
        raise Invalid(to=_("This is an address of the desk itself."))
    return address


def _with_quote(body: str, forward: Message | None) -> str:
    if forward is None:
        return body
    head = _("%(who)s wrote:") % {"who": forward.author_name}
    quoted = "\n".join(f"> {line}" for line in forward.body.splitlines())
    return f"{body.strip()}\n\n{head}\n{quoted}"


def _copy(file: Attachment, message: Message) -> Attachment:
    return Attachment(
        message=message, name=file.name, content_type=file.content_type, size=file.size, sha256=file.sha256,
        content_id=file.content_id, is_inline=file.is_inline,
    )  # fmt: skip
