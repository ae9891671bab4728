"""What a mail says, in the form the actions take it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tickets.actions.writing import MAX_BODY, Upload, check_text
from tickets.mail.html_text import clean_html
from tickets.mail.parse import ParsedEmail
from tickets.mail.visible import fold
from tickets.refusals import Invalid

_SHOWN_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@dataclass(frozen=True)
class Contents:
    """`folded` are the [start, end] ranges of `body` that are quoted or signature; `html` is clean."""

    subject: str
    body: str
    html: str = ""
    folded: list[list[int]] = field(default_factory=list)
    attachments: list[Upload] = field(default_factory=list)

    @property
    def visible(self) -> str:
        """What the writer wrote himself: the body without its folded ranges."""
        text, position = "", 0
        for start, end in [*self.folded, [len(self.body), len(self.body)]]:
            text += self.body[position:start]
            position = end
        return text.strip()

    @property
    def message(self) -> dict[str, Any]:
        """The message as keyword arguments of the actions."""
        return {"body": self.body, "html": self.html, "folded": self.folded, "attachments": self.attachments}


def read(parsed: ParsedEmail) -> Contents:
    uploads = [
        Upload(part.name, part.data, part.content_type, part.content_id, part.inline) for part in parsed.attachments
    ]
    body = _text("body", parsed.text)
    if len(body) > MAX_BODY:
        uploads.append(Upload("message.txt", body.encode(), "text/plain"))
        body = body[:MAX_BODY].rstrip()
    if not body and not uploads:
        body = _("(This mail has no text.)")
    return Contents(
        subject=_text("subject", parsed.subject)[:255].strip() or _("(no subject)"),
        body=body,
        html=clean_html(parsed.html, _image_addresses(parsed.html, uploads)) if parsed.html else "",
        folded=[[start, end] for start, end, visible in fold(body) if not visible],
        attachments=uploads,
    )


def _text(name: str, text: str) -> str:
    """As the actions will store it, so that the folded ranges fit; empty when nothing is left."""
    try:
        return check_text(name, text, len(text) * 2 + 1)
    except Invalid:
        return ""


def _image_addresses(html: str, uploads: list[Upload]) -> dict[str, str]:
    """Content-ID to address, for pictures that the HTML shows and a browser cannot mistake for something else."""
    shown = [upload for upload in uploads if upload.content_id and upload.content_type in _SHOWN_IMAGES]
    return {
        upload.content_id: reverse("portal:attachment", args=[upload.key])
        for upload in shown
        if f"cid:{upload.content_id}" in html
    }
