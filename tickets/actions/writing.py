"""How a message gets onto a ticket: checked, stored, and shown in the list row. Used by the verbs, not by faces."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tickets import blobs, saving
from tickets.models import Attachment, Message, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid

MAX_BODY = 1_000_000  # characters; a mail's text may be long, a form's limit is the form's
MAX_FILES = 100

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Upload:
    """A file that somebody gave. `content` is its bytes, or chunks of them; `name` is only shown, never a path;
    `key` will name it in addresses. `stored` are hash and size where the blob store has the bytes already."""

    name: str
    content: bytes | Iterable[bytes]
    content_type: str = "application/octet-stream"
    content_id: str = ""
    is_inline: bool = False
    key: uuid.UUID = field(default_factory=uuid.uuid4)
    stored: tuple[str, int] | None = None


def seen(text: str) -> str:
    """`text` without what PostgreSQL cannot hold or a reader cannot see; lines end in LF."""
    text = _SURROGATES.sub("�", text).replace("\r\n", "\n")
    return _UNSEEN.sub("", text.replace("\r", "\n"))


def check_text(field: str, text: str, longest: int) -> str:
    """`text` without what `seen` leaves out and without white space around; raises Invalid when empty or too long."""
    text = seen(text).strip()
    if field == "subject":
        text = " ".join(text.split())
    if not text:
        raise Invalid(**{field: _("Please write something here.")})
    if len(text) > longest:
        raise Invalid(
            **{field: _("This is too long: %(has)d characters, %(max)d fit.") % {"has": len(text), "max": longest}}
        )
    return text


def safe_name(name: str) -> str:
    """A file name fit to be shown and to be put into a header: no path, no controls, at most 200 bytes."""
    name = unicodedata.normalize("NFC", _SURROGATES.sub("", name)).replace("\\", "/").rpartition("/")[2]
    name = re.sub(r"[\x00-\x1f\x7f\"<>|:*?\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", "", name).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    while len(name.encode()) > 200 and stem:
        stem = stem[:-1]
        name = f"{stem}{dot}{suffix[:20]}"
    return name.encode()[:200].decode(errors="ignore") or "file"


def write(
    ticket: Ticket,
    kind: str,
    author: Actor,
    body: str,
    now: datetime,
    *,
    attachments: Sequence[Upload] = (),
    **more: Any,
) -> Message:
    """Inserts the message with its files and shows it in the list row. The caller saves the ticket.

    `more` must give source and may give html, folded, is_machine, recipients, nonce. Raises Invalid.
    """
    return keep(draft(ticket, kind, author, body, now, attachments=attachments, **more), attachments)


def draft(
    ticket: Ticket,
    kind: str,
    author: Actor,
    body: str,
    now: datetime,
    *,
    attachments: Sequence[Upload] = (),
    **more: Any,
) -> Message:
    """The message checked and shown in the list row, not yet inserted; `keep` does that. As for `write`."""
    if len(attachments) > MAX_FILES:
        raise Invalid(attachments=_("At most %(max)d files fit.") % {"max": MAX_FILES})
    body = "" if attachments and not body.strip() else check_text("body", body, MAX_BODY)
    message = Message(
        ticket=ticket, kind=kind, body=body, created_at=now,
        author=author if isinstance(author, User) else None, author_name=author.display_name, **more,
    )  # fmt: skip
    if not message.is_machine:
        show_in_list(ticket, message)
    return message


def keep(message: Message, attachments: Sequence[Upload]) -> Message:
    saving.insert(message)
    if attachments:
        Attachment.objects.bulk_create([_attachment(message, upload) for upload in attachments])
    return message


def _attachment(message: Message, upload: Upload) -> Attachment:
    name, longest = safe_name(upload.name), settings.MAX_ATTACHMENT
    try:
        sha256, size = upload.stored or blobs.put(upload.content, longest=longest)
    except blobs.TooLarge:
        words = {"name": name, "max": longest // 1024 // 1024}
        raise Invalid(attachments=_("%(name)s is too large: %(max)d MB fit.") % words) from None
    return Attachment(
        message=message, key=upload.key, name=name, size=size, sha256=sha256,
        content_type=upload.content_type[:120], content_id=upload.content_id[:250], is_inline=upload.is_inline,
    )  # fmt: skip


def show_in_list(ticket: Ticket, message: Message) -> None:
    """Writes the message into the ticket's list columns; notes count but never surface to customers through them."""
    ticket.message_count += 1
    if message.kind == Message.Kind.NOTE:
        return
    ticket.last_message_at = message.created_at
    ticket.last_message_by = message.author_name
    ticket.last_message_kind = message.kind
    ticket.last_message_preview = preview(message)
    if message.kind == Message.Kind.CUSTOMER:
        ticket.waiting_since = ticket.waiting_since or message.created_at
    else:
        ticket.waiting_since = None


def preview(message: Message) -> str:
    """The beginning of what the writer wrote himself, on one line, at most 160 characters."""
    text, position = "", 0
    for start, end in [*message.folded, [len(message.body), len(message.body)]]:
        text += message.body[position:start]
        position = end
        if len(text) > 1000:
            break
    line = " ".join(text[:1000].split())
    return line if len(line) <= 160 else line[:159] + "…"
