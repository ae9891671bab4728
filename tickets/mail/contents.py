"""What a mail says, in the form the actions take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from itertools import pairwise
from typing import Any

from django.db.models.functions import Left
from django.urls import reverse
from django.utils.translation import gettext as _

from tickets.actions.writing import MAX_BODY, Upload, check_text, seen
from tickets.mail.appointments import Appointment
from tickets.mail.body import SHOWN_IMAGES
from tickets.mail.inert import with_pictures
from tickets.mail.lines import Mark
from tickets.mail.own_links import masked
from tickets.mail.parse import ParsedEmail
from tickets.mail.signatures import Writer
from tickets.mail.visible import fold
from tickets.models import Message, User
from tickets.refusals import Invalid
from tickets.states import Source

_EARLIER_MAILS = 5
_EARLIER_CHARACTERS = 8000


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


def read(parsed: ParsedEmail, sender: User | None = None) -> Contents:
    """What a reader may see: our own links and signed addresses in what is quoted are for the one who got them.

    `sender`, where known, helps to tell a signature: it stands in that person's earlier mails as well."""
    uploads = [
        Upload(part.name, part.data, part.content_type, part.content_id, part.inline) for part in parsed.attachments
    ]
    body, marks = _body(parsed)
    body, html = masked(body), masked(parsed.html)
    if dates := _text("body", "\n\n".join(_in_words(item) for item in parsed.appointments)):
        above = f"{dates}\n\n"
        body = (above + body).rstrip()
        marks = [Mark(mark.kind, mark.start + len(above), mark.end + len(above)) for mark in marks]
        html = html and "<p>" + escape(dates).replace("\n", "<br>") + "</p>" + html
    if len(body) > MAX_BODY:
        uploads.append(Upload("message.txt", body.encode(), "text/plain"))
        body = body[:MAX_BODY].rstrip()
    if not body and parsed.html_is_file:
        body = _("(The text of this mail is too large or complex to be shown. It is attached as a file.)")
    if not body and not uploads:
        body = _("(This mail has no text.)")
    ranges = fold(body, marks=marks, writer=_writer(parsed, sender), subject=parsed.subject)
    return Contents(
        subject=_text("subject", parsed.subject)[:255].strip() or _("(no subject)"),
        body=body,
        html=with_pictures(html, _image_addresses(uploads)) if html else "",
        folded=[[start, end] for start, end, visible in ranges if not visible],
        attachments=uploads,
    )


def _body(parsed: ParsedEmail) -> tuple[str, list[Mark]]:
    """The text of the HTML, if it has any, since mail programs mark there what they quote; else the plain text."""
    page = parsed.page
    if page.is_rough or not (body := _text("body", page.text)):
        return _text("body", parsed.text), []
    marks = [mark for mark in page.marks if 0 <= mark.start <= mark.end <= len(page.text)]
    cuts = sorted({0, len(page.text), *(place for mark in marks for place in (mark.start, mark.end))})
    places = {0: 0}
    for start, end in pairwise(cuts):
        places[end] = places[start] + len(seen(page.text[start:end]))
    lead = places[len(page.text)] - len(seen(page.text).lstrip())
    return body, [Mark(mark.kind, *(max(0, places[place] - lead) for place in mark[1:])) for mark in marks]


def _writer(parsed: ParsedEmail, sender: User | None) -> Writer:
    name = parsed.from_.name if parsed.from_ and not parsed.from_.misleading else ""

    @cache
    def earlier() -> Sequence[str]:
        if sender is None:
            return ()
        mails = Message.objects.filter(author=sender, source=Source.EMAIL)
        start = Left("body", _EARLIER_CHARACTERS)
        return list(mails.order_by("-id").values_list(start, flat=True)[:_EARLIER_MAILS])

    return Writer(name, earlier)


def _text(name: str, text: str) -> str:
    """As the actions will store it, so that the folded ranges fit; empty when nothing is left."""
    try:
        return check_text(name, text, len(text) * 2 + 1)
    except Invalid:
        return ""


def _in_words(item: Appointment) -> str:
    """An appointment as lines to be read; nothing in it is accepted, followed or taken for HTML."""
    kinds = {"cancel": _("Cancelled appointment"), "reply": _("Answer to an invitation"), "request": _("Invitation")}
    kind = kinds.get("cancel" if item.is_cancelled else item.method, _("Appointment"))
    when = f"{item.start} – {item.end}" if item.end and item.end != item.start else item.start
    if item.repeats:
        when = _("%(when)s, repeats %(how)s") % {"when": when, "how": item.repeats}
    people = list(dict.fromkeys(person for person in (item.organizer, *item.people) if person))
    lines = [(kind, item.summary), (_("When"), when), (_("Where"), item.place), (_("Who"), ", ".join(people))]
    return "\n".join(f"{label}: {words}" for label, words in lines if words)


def _image_addresses(uploads: list[Upload]) -> dict[str, str]:
    """Content-ID to address, for the pictures that may be shown inside the HTML."""
    return {
        upload.content_id: reverse("portal:attachment", args=[upload.key])
        for upload in uploads
        if upload.is_inline and upload.content_type in SHOWN_IMAGES
    }
