"""One message that is another matter becomes a ticket of its own."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import sla
from tickets.actions import linking
from tickets.actions.door import opened
from tickets.actions.intake import open_ticket
from tickets.events import record
from tickets.models import SYSTEM, Attachment, Message, OutboundEmail, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid


def split(message: Message, *, by: Actor, subject: str = "") -> Ticket:
    """Opens a ticket with what a customer wrote: same department and topic, the writer as requester, the files by their
    hash. The message stays where it is; both tickets tell of each other. Nobody is written to. Split off once before,
    the ticket of that time is returned. Raises Invalid for what is not a customer's message."""
    with transaction.atomic(), opened("split", message.ticket, by) as (fresh, _now):
        if message.kind != Message.Kind.CUSTOMER or message.is_machine:
            raise Invalid(message=_("Only what a customer wrote can be split off."))
        if known := _known(fresh, message):
            return known
        made = open_ticket(
            by=SYSTEM, requester=message.author or fresh.requester, subject=subject.strip() or fresh.subject,
            body=message.body or "…", html=message.html, folded=message.folded, source=message.source,
            department=fresh.department, help_topic=fresh.help_topic, priority=fresh.priority, auto_response=False,
            origin=message.origin,
        )  # fmt: skip
        copy = made.first_message
        Attachment.objects.bulk_create([_same(file, copy) for file in message.attachments.all()])
        linking.link(fresh, by=SYSTEM, other=made, relation="relates")
        record(made, "split_from", by=by, number=fresh.number)
        record(fresh, "split", by=by, message=message, number=made.number, made_id=made.pk)
    return made


def undo_split(ticket: Ticket, *, by: User, made: Ticket) -> bool:
    """Puts what was split off into the trash and takes off the link; nothing that was written is lost. False when
    somebody has done something with it, or something was written there."""
    with opened("split", made, by) as (fresh, now):
        done_since = fresh.events.filter(actor__isnull=False).exclude(kind="split_from")
        if done_since.exists() or fresh.messages.count() > 1:
            return False
        linking.unlink(ticket, by=SYSTEM, other=fresh, relation="relates")
        OutboundEmail.objects.filter(ticket=fresh, state=OutboundEmail.State.QUEUED).update(
            state=OutboundEmail.State.CANCELLED, next_attempt_at=None
        )
        fresh.deleted_at = now
        sla.stamp(fresh)
        fresh.save(update_fields=["deleted_at", "updated_at", *sla.STAMPED])
        record(fresh, "trashed", by=by)
    return True


def _known(ticket: Ticket, message: Message) -> Ticket | None:
    earlier = ticket.events.filter(kind="split", message=message).order_by("-pk").first()
    return Ticket.objects.kept().filter(pk=earlier.data["made_id"]).first() if earlier else None


def _same(file: Attachment, message: Message) -> Attachment:
    return Attachment(
        message=message, name=file.name, content_type=file.content_type, size=file.size, sha256=file.sha256,
        content_id=file.content_id, is_inline=file.is_inline,
    )  # fmt: skip
