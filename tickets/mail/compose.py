"""Outgoing messages as bytes. The same input gives the same bytes, so every attempt sends an identical mail."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from tickets.mail.addresses import Address, is_address
from tickets.mail.filenames import clean_name
from tickets.mail.machine import INSTANCE_HEADER

MAX_LINE = 998
KEPT_REFERENCES = 20
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ATEXT_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,500}>\Z")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}\Z")
_ENCODED_BYTES = 45


class UnsafeHeader(ValueError):
    """A header value holds a line break, NUL or other control, or is not what its field allows."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file to send along; with a `content_id` it is an image shown inside the HTML."""

    name: str
    content_type: str
    data: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything a mail consists of. Message-IDs carry their angle brackets; `date` must know its time zone.

    `automatic` is empty for what a person wrote, else the Auto-Submitted word (auto-replied, auto-generated).
    """

    from_: Address
    to: Sequence[Address]
    subject: str
    text: str
    date: datetime
    message_id: str
    html: str = ""
    cc: Sequence[Address] = ()
    reply_to: Address | None = None
    in_reply_to: str = ""
    references: Sequence[str] = ()
    enclosures: Sequence[Enclosure] = ()
    automatic: str = ""
    instance_mark: str = ""
    unsubscribe: str = ""


def compose(draft: Draft) -> bytes:
    """RFC 5322 bytes with CRLF lines of at most 998 octets, all ASCII. Raises UnsafeHeader on a bad header value."""
    part = _content(draft)
    lines = [f"{name}: {value}" for name, value in _headers(draft)]
    return _ascii("\r\n".join([*lines, "MIME-Version: 1.0", ""])) + part


def _headers(draft: Draft) -> list[tuple[str, str]]:
    if draft.automatic not in ("", "auto-replied", "auto-generated"):
        raise UnsafeHeader("Auto-Submitted must be auto-replied or auto-generated.")
    if draft.date.tzinfo is None:
        raise UnsafeHeader("The date of a mail needs a time zone.")
    if not draft.to:
        raise UnsafeHeader("A mail needs a recipient.")
    references = list(dict.fromkeys(_id(item) for item in draft.references))
    if len(references) > KEPT_REFERENCES + 1:
        references = references[:1] + references[-KEPT_REFERENCES:]
    found = [
        ("From", _mailbox(draft.from_)),
        ("To", _mailboxes(draft.to)),
        ("Cc", _mailboxes(draft.cc)),
        ("Reply-To", _mailbox(draft.reply_to) if draft.reply_to else ""),
        ("Subject", _text(draft.subject)),
        ("Date", format_datetime(draft.date)),
        ("Message-ID", _id(draft.message_id)),
        ("In-Reply-To", _id(draft.in_reply_to) if draft.in_reply_to else ""),
        ("References", "\r\n ".join(references)),
        ("Auto-Submitted", draft.automatic),
        ("X-Auto-Response-Suppress", "All" if draft.automatic else ""),
        (INSTANCE_HEADER, _token(draft.instance_mark)),
        *_unsubscribe(draft.unsubscribe),
    ]
    return [(name, value) for name, value in found if value or name == "Subject"]


def _unsubscribe(url: str) -> list[tuple[str, str]]:
    if not url:
        return []
    if not re.fullmatch(r"https?://[\x21-\x3b\x3d\x3f-\x7e]{1,900}", url):
        raise UnsafeHeader("The unsubscribe address must be a plain http(s) address.")
    return [("List-Unsubscribe", f"<{url}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]


def _safe(value: str) -> str:
    if _CONTROL.search(value):
        raise UnsafeHeader("A header value must not contain line breaks or control characters.")
    return value


def _id(value: str) -> str:
    if not _ID.match(value):
        raise UnsafeHeader("A Message-ID must be printable ASCII in angle brackets.")
    return value


def _token(value: str) -> str:
    if value and not re.fullmatch(r"[\x21-\x7e]{1,200}", value):
        raise UnsafeHeader("A header mark must be one printable ASCII word.")
    return value


def _mailboxes(people: Sequence[Address]) -> str:
    return ",\r\n ".join(_mailbox(person) for person in people)


def _mailbox(person: Address) -> str:
    """One mailbox whatever the name holds: quoted when plain, encoded when not, never a second address."""
    name, email = _safe(person.name).strip(), _safe(person.email)
    if not is_address(email):
        raise UnsafeHeader("A recipient is not a valid address.")
    local, _, domain = email.rpartition("@")
    try:
        spec = f"{local}@{domain.encode('idna').decode('ascii') if not domain.isascii() else domain}"
        spec.encode("ascii")
    except UnicodeError as error:
        raise UnsafeHeader("An address with non-ASCII characters cannot be sent to.") from error
    if not name:
        return spec
    if not name.isascii() or len(name) > 60 or "=?" in name:
        return f"{_encoded(name)}\r\n <{spec}>"
    if _ATEXT_PHRASE.match(name):
        return f"{name} <{spec}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{spec}>'


def _text(value: str) -> str:
    """Unstructured text: as it is when short ASCII, else encoded words on lines of their own."""
    value = _safe(value).strip()
    if value.isascii() and len(value) <= 70 and "=?" not in value:
        return value
    return _encoded(value)


def _encoded(value: str) -> str:
    """RFC 2047 words of whole characters, at most 75 octets each."""
    words, held = [], b""
    for char in value:
        data = char.encode("utf-8", "replace")
        if len(held) + len(data) > _ENCODED_BYTES:
            words.append(held)
            held = b""
        held += data
    words.append(held)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words)


def _content(draft: Draft) -> bytes:
    shown = [item for item in draft.enclosures if item.content_id and draft.html]
    files = [item for item in draft.enclosures if item not in shown]
    part = _leaf("text/plain", draft.text)
    if draft.html:
        markup = _leaf("text/html", draft.html)
        if shown:
            markup = _multipart(draft, "related", [markup, *(_file(item, "inline") for item in shown)])
        part = _multipart(draft, "alternative", [part, markup])
    if files:
        part = _multipart(draft, "mixed", [part, *(_file(item, "attachment") for item in files)])
    return part


def _multipart(draft: Draft, kind: str, parts: list[bytes]) -> bytes:
    """`=_` cannot occur in quoted-printable or base64, so the boundary cannot occur in a part."""
    boundary = f"=_{hashlib.sha256(f'{kind} {draft.message_id}'.encode()).hexdigest()[:32]}"
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    body = b"".join(_ascii(f"--{boundary}\r\n") + part + b"\r\n" for part in parts)
    return _ascii(head) + body + _ascii(f"--{boundary}--\r\n")


def _leaf(content_type: str, text: str) -> bytes:
    """A text part; quoted-printable for mostly ASCII, base64 for the rest, so that no server has to touch it."""
    data = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").encode("utf-8", "replace")
    if sum(byte > 0x7F for byte in data) * 4 > len(data):
        encoding, body = "base64", _base64(data.replace(b"\n", b"\r\n"))
    else:
        encoding, body = "quoted-printable", _quoted_printable(data)
    head = f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return _ascii(head) + body


def _quoted_printable(data: bytes) -> bytes:
    encoded = binascii.b2a_qp(data, istext=True).replace(b"\r\n", b"\n")
    lines = [b"=46rom " + line[5:] if line.startswith(b"From ") else line for line in encoded.split(b"\n")]
    return b"\r\n".join(b"=2E" + line[1:] if line == b"." else line for line in lines)


def _base64(data: bytes) -> bytes:
    encoded = base64.b64encode(data)
    return b"\r\n".join(encoded[place : place + 76] for place in range(0, len(encoded), 76))


def _file(item: Enclosure, disposition: str) -> bytes:
    content_type = item.content_type.lower()
    if not _TYPE.match(content_type) or content_type.startswith(("multipart/", "message/")):
        content_type = "application/octet-stream"
    name = clean_name(item.name, content_type)
    fallback = re.sub(r'[^ -~]|["\\]', "_", name)
    lines = [
        f"Content-Type: {content_type}",
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: {disposition};\r\n filename="{fallback}"',
    ]
    if fallback != name:
        lines[-1] += f";\r\n filename*=utf-8''{quote(name, safe='')}"
    if item.content_id:
        lines.append(f"Content-ID: {_id('<' + item.content_id.strip('<>') + '>')}")
    return _ascii("\r\n".join(lines) + "\r\n\r\n") + _base64(item.data)


def _ascii(text: str) -> bytes:
    return text.encode("ascii")
