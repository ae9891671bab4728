"""Mail that somebody has as files: .eml, .mbox, or .msg of Outlook. What a file is stands in its first bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from tickets import blobs
from tickets.mail import outlook
from tickets.mail.store import store
from tickets.models import InboundEmail, Mailbox

MAX_LINE = 16 * 1024 * 1024  # bytes; a line that is longer is read in pieces
_QUOTED_FROM = re.compile(rb">+From ")


@dataclass
class Imported:
    """What became of the mails of some files. `problems`: a sentence for each that could not be taken."""

    mails: list[InboundEmail] = field(default_factory=list)
    already: int = 0
    problems: list[str] = field(default_factory=list)


def take(file: IO[bytes], name: str, done: Imported, mailbox: Mailbox | None = None) -> None:
    """Stores every mail of a file, so that workers take it up, and notes it in `done`.

    A mail that the desk has is not stored again. OSError and DatabaseError mean our own trouble: what came before stays
    stored, and the file can be taken again.
    """
    number = 0
    try:
        for number, mail in enumerate(messages(file), 1):
            _store(mail, mailbox, done, f"{name}, {number}")
    except ValueError as error:
        done.problems.append(f"{name}: {error}")
        return
    if not number:
        done.problems.append(_("%(name)s: there is no mail in it.") % {"name": name})


def _store(mail: bytes, mailbox: Mailbox | None, done: Imported, where: str) -> None:
    before = InboundEmail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    try:
        row = store(
            mail,
            source=InboundEmail.Source.IMPORT,
            envelope_to=[mailbox.address] if mailbox else [],
            mailbox=mailbox,
        )
    except blobs.TooLarge:
        done.problems.append(_("%(where)s: the mail is larger than the desk stores.") % {"where": where})
        return
    if row.pk > before:
        done.mails.append(row)
    else:
        done.already += 1


def messages(file: IO[bytes]) -> Iterator[bytes]:
    """The raw mails of a file, one after the other. Raises ValueError for a .msg file that is damaged."""
    start = file.read(8)
    file.seek(0)
    if start == outlook.MAGIC:
        yield outlook.to_mail(file.read(2 * settings.MAX_MAIL))
    elif start.startswith(b"From "):
        yield from _of_mbox(file)
    else:
        raw = file.read(settings.MAX_STORED_MAIL + 1)
        if raw.strip():
            yield raw


def _of_mbox(file: IO[bytes]) -> Iterator[bytes]:
    """RFC 4155: a line "From ..." after an empty line begins a mail; in mails such lines have got a > (mboxrd)."""
    mail, was_empty = bytearray(), True
    while line := file.readline(MAX_LINE):
        if was_empty and line.startswith(b"From "):
            if mail.strip():
                yield _without_last_line(mail)
            mail.clear()
        elif len(mail) <= settings.MAX_STORED_MAIL:
            mail += line[1:] if _QUOTED_FROM.match(line) else line
        was_empty = line in {b"\n", b"\r\n"}
    if mail.strip():
        yield _without_last_line(mail)


def _without_last_line(mail: bytearray) -> bytes:
    """The empty line that ends each mail in a folder is not the mail's."""
    for end in (b"\r\n\r\n", b"\n\n"):
        if mail.endswith(end):
            return bytes(mail[: -len(end) // 2])
    return bytes(mail)
