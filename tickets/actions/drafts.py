"""What agents are writing: kept at every pause, on the server, until it is sent or thrown away; or sent at its time."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import blobs, permissions, said
from tickets.actions import conversation, lifecycle
from tickets.actions.holding import leave
from tickets.actions.waiting_replies import changed, hold
from tickets.actions.writing import MAX_BODY, MAX_FILES, Upload, safe_name, seen
from tickets.events import record
from tickets.models import Draft, DraftFile, Message, Status, Ticket, User
from tickets.pushes import push
from tickets.recipients import Recipients
from tickets.refusals import Invalid, NotAllowed, OutdatedReply, Refused

log = logging.getLogger(__name__)

BATCH = 50
LONGEST_WAIT = timedelta(days=366)


@dataclass(frozen=True)
class Written:
    """What the composer holds."""

    body: str = ""
    html: str = ""
    recipients: dict[str, list[str]] = field(default_factory=dict)
    status: Status | None = None
    resolves: bool = False
    is_shared: bool = False
    seen: int = 0


class OutdatedDraft(Refused):
    """It was changed somewhere else since this page read it; `draft` is what stands there now."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        super().__init__(_("This draft was changed in another window. What you typed here is not kept there yet."))


def save(ticket: Ticket, *, by: User, kind: str, written: Written, version: int | None = None) -> Draft | None:
    """Keeps the text. One with neither text nor files is no draft: None. `version` is that of the draft the page knows,
    0 for none: OutdatedDraft when it is not the newest. A reply that waits for its time waits on."""
    _may(by, kind, ticket)
    if len(written.body) > MAX_BODY or len(written.html) > 4 * MAX_BODY:
        raise Invalid(body=_("This is too long."))
    with transaction.atomic():
        changed(by.pk)
        draft = _own(ticket, by, kind)
        if version is not None and version != (draft.version if draft else 0):
            if draft is None:
                version = None  # sent or thrown away elsewhere; what is typed on is a new one
            elif draft.body and (draft.body != written.body or draft.html != written.html):
                raise OutdatedDraft(draft)
        if draft is None and not written.body.strip():
            return None
        if draft and not written.body.strip() and not draft.files.exists():
            draft.delete()
            return None
        draft = draft or Draft(author=by, ticket=ticket, kind=kind, version=0)
        _fill(draft, written)
        draft.save()
    if draft.is_shared:
        push(f"ticket:{ticket.pk}", "draft", ticket=ticket.pk, by=by.pk)
    return draft


def _fill(draft: Draft, written: Written) -> None:
    draft.body, draft.html, draft.recipients = seen(written.body), written.html, written.recipients
    draft.status, draft.resolves, draft.is_shared = written.status, written.resolves, written.is_shared
    draft.seen, draft.changed_at = written.seen or draft.seen, timezone.now()
    draft.version += 1


def _own(ticket: Ticket, by: User, kind: str) -> Draft | None:
    """Whoever asks has it alone until the transaction ends, also when there is none yet: a text and a file arrive at
    the same time, and either may begin it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"draft {ticket.pk} {by.pk} {kind}"])
    return Draft.objects.select_for_update().filter(ticket=ticket, author=by, kind=kind).first()


def _may(by: User, kind: str, ticket: Ticket) -> None:
    if not permissions.can(by, kind, ticket):
        raise NotAllowed(_("You are not allowed to write here."))


def discard(ticket: Ticket, *, by: User, kind: str) -> None:
    rows = Draft.objects.filter(ticket=ticket, author=by, kind=kind)
    with transaction.atomic():
        _leave_files(draft__in=rows)
        if rows.delete()[0]:
            changed(by.pk)


def _leave_files(**of: Any) -> None:
    """Files that go with their draft; the bytes of those that were sent stay with the message."""
    leave(DraftFile.objects.filter(**of).values_list("sha256", flat=True))


def attach(ticket: Ticket, *, by: User, kind: str, upload: Upload, is_inline: bool = False) -> DraftFile:
    """Keeps a file for the message to come. Raises Invalid when it is too large or there are too many."""
    _may(by, kind, ticket)
    name = safe_name(upload.name)
    try:
        sha256, size = blobs.put(upload.content, longest=settings.MAX_ATTACHMENT)
    except blobs.TooLarge:
        words = {"name": name, "max": settings.MAX_ATTACHMENT // 1024 // 1024}
        raise Invalid(attachments=_("%(name)s is too large: %(max)d MB fit.") % words) from None
    with transaction.atomic():
        draft = _own(ticket, by, kind) or Draft.objects.create(ticket=ticket, author=by, kind=kind)
        if draft.files.count() >= MAX_FILES:
            raise Invalid(attachments=_("At most %(max)d files fit.") % {"max": MAX_FILES})
        return DraftFile.objects.create(
            draft=draft, name=name, size=size, sha256=sha256, content_type=upload.content_type[:120],
            is_inline=is_inline,
        )  # fmt: skip


def detach(key: uuid.UUID, *, by: User) -> None:
    with transaction.atomic():
        _leave_files(key=key, draft__author=by)
        DraftFile.objects.filter(key=key, draft__author=by).delete()


def uploads(draft: Draft | None) -> list[Upload]:
    """The draft's files as a message takes them; pictures only if they still stand in the text."""
    if draft is None:
        return []
    return [
        Upload(
            file.name, b"", file.content_type, content_id=file.content_id if file.is_inline else "",
            is_inline=file.is_inline, key=file.key, stored=(file.sha256, file.size),
        )
        for file in draft.files.all()
        if not file.is_inline or file.content_id in draft.html
    ]  # fmt: skip


def schedule(ticket: Ticket, *, by: User, written: Written, send_at: datetime) -> Draft:
    """The reply leaves by itself at that time, unless the customer writes first. Raises Invalid."""
    now = timezone.now()
    if not now < send_at <= now + LONGEST_WAIT:
        raise Invalid(send_at=_("Choose a time from now on, within a year."))
    with transaction.atomic():
        permissions.require(by, "reply", ticket)
        draft = save(ticket, by=by, kind="reply", written=written)
        if draft is None:
            raise Invalid(body=_("Please write something here."))
        draft.send_at, draft.held_reason = send_at, ""
        draft.save(update_fields=["send_at", "held_reason"])
        record(ticket, "reply_scheduled", by=by, when=send_at.isoformat(timespec="minutes"))
    return draft


def unschedule(draft: Draft, *, by: User) -> bool:
    """The text stays a draft; False when it has left by now."""
    with transaction.atomic():
        found = Draft.objects.select_for_update().filter(pk=draft.pk, author=by, send_at__isnull=False).first()
        if found is None:
            return False
        found.send_at = None
        found.version += 1
        found.save(update_fields=["send_at", "version"])
        record(found.ticket, "schedule_cancelled", by=by)
    return True


def send_due() -> None:
    """Sends the replies whose time has come, each in a transaction of its own; what cannot be sent is held."""
    for pk in list(
        Draft.objects.filter(send_at__lte=timezone.now()).order_by("send_at").values_list("pk", flat=True)[:BATCH]
    ):
        try:
            _send(pk)
        except Exception:
            log.exception("Scheduled reply %s", pk)
            _hold(pk, said.keep(gettext_lazy("Something went wrong when it was sent.")))


def _send(pk: int) -> None:
    try:
        with transaction.atomic():
            draft = _due(pk)
            if draft is None:
                return
            reply(draft)
    except OutdatedReply:
        _hold(pk, said.keep(gettext_lazy("Somebody has written meanwhile.")))
    except Refused as refusal:
        _hold(pk, str(refusal))


def _due(pk: int) -> Draft | None:
    rows = Draft.objects.select_for_update(of=("self",), skip_locked=True).select_related("author", "ticket", "status")
    return rows.filter(pk=pk, send_at__lte=timezone.now()).first()


def reply(draft: Draft) -> Message:
    """Sends what the draft holds and removes it."""
    message = conversation.reply(
        draft.ticket, by=draft.author, body=draft.body, html=draft.html, attachments=uploads(draft),
        status=draft.status, seen=draft.seen or None, recipients=recipients(draft.recipients), may_undo=False,
    )  # fmt: skip
    if draft.resolves:
        lifecycle.resolve(draft.ticket, by=draft.author)
    changed(draft.author_id)
    _leave_files(draft=draft)
    draft.delete()
    return message


def recipients(given: dict[str, Any]) -> Recipients:
    return Recipients(given.get("to"), given.get("cc"), given.get("bcc") or ())


def _hold(pk: int, why: str) -> None:
    with transaction.atomic():
        draft = _due(pk)
        if draft is not None:
            hold(draft, timezone.now(), why)
