"""Queues mail. The row is written in the caller's transaction, so the mail exists exactly when its cause does."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from tickets import saving, signing
from tickets.compiled import Compiled
from tickets.models import Department, Mailbox, Message, OutboundEmail, Ticket, TicketEvent, User
from tickets.tasks import deliver

_AFTER_REPLIES = timedelta(seconds=1)
_default_mailbox = Compiled(lambda: Mailbox.objects.filter(is_default=True, is_enabled=True)[:1])


def enqueue(
    kind: str,
    ticket: Ticket | None,
    person: User,
    *,
    message: Message | None = None,
    event: TicketEvent | None = None,
    is_automatic: bool = True,
    address: str = "",
    leaves_from: Mailbox | None = None,
    nudge: bool = True,
    not_before: datetime | None = None,
    **context: Any,
) -> int | None:
    """One mail to one person, at most once per cause. Returns its key, None when this cause has queued it already.

    `kind` names the template under templates/mail/. `address` overrides the person's own, `leaves_from` the one
    that the ticket's mail leaves from. `context` must be JSON.
    Unless `nudge` is off, a worker is told after the commit, or at `not_before`.
    """
    row = OutboundEmail(
        kind=kind, ticket=ticket, message=message, event=event, is_automatic=is_automatic,
        user=person if person.pk else None,  # a stranger who asked about an account is nobody's row
        mailbox=leaves_from or sender_for(ticket.department if ticket else None), context=context,
        recipient=address or person.email, recipient_name=person.name,
    )  # fmt: skip
    if not_before:
        row.next_attempt_at = not_before
    row.rfc_message_id = signing.message_id(
        signing.key(), secrets.randbits(63), ticket.pk if ticket else 0, domain_of(row.mailbox)
    )
    if not saving.inserted(row):
        return None
    if nudge or not_before:
        wait = (not_before - timezone.now()).total_seconds() if not_before else 0
        # not a partial: Django names a failed hook by __qualname__, which partials lack
        transaction.on_commit(lambda: deliver.apply_async((row.pk,), countdown=max(wait, 0) or None), robust=True)
    return row.pk


def held_until(ticket: Ticket) -> datetime | None:
    """When the replies on this ticket that can still be taken back will have left; None when there are none."""
    rows = OutboundEmail.objects.filter(
        ticket=ticket, kind="reply", state=OutboundEmail.State.QUEUED, attempt=0, next_attempt_at__gt=timezone.now()
    )
    last = rows.aggregate(last=Max("next_attempt_at"))["last"]
    return last + _AFTER_REPLIES if last else None


def sender_for(department: Department | None) -> Mailbox | None:
    """The mailbox that mail of this department leaves from; None means the address in the settings."""
    if department and department.mailbox_id and department.mailbox and department.mailbox.is_enabled:
        return department.mailbox
    return _default_mailbox.first()


def domain_of(mailbox: Mailbox | None) -> str:
    return (mailbox.address.rpartition("@")[2] if mailbox else settings.MAIL_DOMAIN).lower()
