"""A .msg file of Outlook as the mail it was: its pieces put together again, for it keeps no raw bytes ([MS-OXMSG])."""

from __future__ import annotations

import hashlib
from email.encoders import encode_base64
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import encode_rfc2231, format_datetime, formataddr, parseaddr
from typing import Any

from tickets.mail import rtf

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RTF = 0x1009
# Made anew, because the parts are.
_OF_THE_PARTS = ("content-", "mime-version")


def to_mail(content: bytes) -> bytes:
    """The mail as bytes. Raises ValueError for what is no .msg file, or a damaged one."""
    from oxmsg import Message  # only imports need it

    try:
        made = _mail(Message.load(content), hashlib.sha256(content).hexdigest()[:32])
        return made.as_bytes(policy=compat32.clone(linesep="\r\n", max_line_length=None))
    except Exception as error:  # a damaged file can break its reader anywhere
        raise ValueError(f"not a .msg file that can be read: {type(error).__name__}") from error


def _mail(found: Any, mark: str) -> MIMEMultipart:
    """`mark` makes the boundaries: the same file gives the same bytes each time."""
    mail = MIMEMultipart("mixed", f"{mark}-1")
    for name, value in _headers(found):
        mail[name] = value if value.isascii() else Header(value, "utf-8").encode()
    mail.attach(_body(found, f"{mark}-2"))
    for file in found.attachments:
        if file.file_bytes is not None:
            mail.attach(_attachment(file))
    return mail


def _headers(found: Any) -> list[tuple[str, str]]:
    """Those it came with; a mail that was never sent has none but its properties."""
    kept = [
        (name, " ".join(str(value).split()))
        for name, value in found._message_headers.items()
        if not name.lower().startswith(_OF_THE_PARTS)
    ]
    have = {name.lower() for name, _value in kept}
    known = {"From": formataddr(parseaddr(found.sender or "")), "To": _recipients(found), "Subject": found.subject}
    if found.sent_date:
        known["Date"] = format_datetime(found.sent_date)
    return kept + [
        (name, " ".join(value.split())) for name, value in known.items() if value and name.lower() not in have
    ]


def _recipients(found: Any) -> str:
    return ", ".join(one.email_address for one in found.recipients if one.email_address)


def _body(found: Any, boundary: str) -> MIMEBase:
    text, html = found.body, found.html_body
    if text is None and html is None:
        packed = found.properties.binary_prop_value(_RTF)
        text = rtf.rtf_to_text(rtf.decompress(packed)) if packed else ""
    parts = [MIMEText(words, kind, "utf-8") for words, kind in ((text, "plain"), (html, "html")) if words is not None]
    return parts[0] if len(parts) == 1 else MIMEMultipart("alternative", boundary, parts)


def _attachment(file: Any) -> MIMEBase:
    kind, _, subtype = (file.mime_type or "").partition("/")
    # a mail or a multipart would be read as such; here it is a file
    is_leaf = subtype and kind.lower() not in {"multipart", "message"}
    part = MIMEBase(kind if is_leaf else "application", subtype if is_leaf else "octet-stream")
    part.set_payload(file.file_bytes)
    encode_base64(part)
    name = " ".join((file.file_name or "attachment").split())
    part["Content-Disposition"] = f"attachment; filename*={encode_rfc2231(name, 'utf-8')}"
    return part
