"""What of a mail's parts is its text, and what are files: chosen, limited, and unpacked where Outlook packed it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from tickets.mail import appointments, tnef
from tickets.mail.appointments import Appointment
from tickets.mail.filenames import clean_name
from tickets.mail.headers import one_line
from tickets.mail.html_text import html_to_text
from tickets.mail.mime import Limits, Part, Tree, split
from tickets.mail.rtf import rtf_to_text

LONG_HTML = 100_000
HTML_AS_FILE = "html kept as a file"
SHOWN_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_USUAL = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
_CALENDARS = {"text/calendar", "application/ics"}
_REPORTS = {"message/delivery-status", "message/disposition-notification", "message/feedback-report"}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
CID = re.compile(r"""cid:([^\s"'<>()]{1,300})""", re.IGNORECASE)
_BODY = re.compile(r"<body", re.IGNORECASE)
_WORDS = re.compile(r">\s*[^\s<&]")


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """A part that is not the body. `name` is clean; `content_type` is what the sender claims; `content_id` is bare.

    `inline` is a picture that the HTML shows: referred to by its Content-ID, and of a kind that is safe to show.
    """

    name: str
    content_type: str
    data: bytes = field(repr=False)
    content_id: str = ""
    inline: bool = False


@dataclass(slots=True)
class Chosen:
    """The body in its two forms, either may be empty, and everything else."""

    text: str = ""
    html: str = ""
    attachments: list[ParsedAttachment] = field(default_factory=list)
    appointments: tuple[Appointment, ...] = ()


def choose(tree: Tree, limits: Limits) -> Chosen:
    """Text, HTML and files of a message. What is too long to show becomes a file; `tree` notes what was done."""
    sorted_ = _Sorted()
    _sort([tree.root], "", False, sorted_.text, sorted_.html, sorted_)
    chosen = _texts(sorted_, limits, tree)
    if len(sorted_.others) > limits.attachments:
        tree.stop("too_many_attachments")
    others = sorted_.others[: limits.attachments]
    chosen.attachments[:0] = [_attachment(part, number) for number, part in enumerate(others, 1)]
    _unpack(chosen, limits, tree)
    chosen.appointments = _appointments(others)
    if not chosen.text and not chosen.html and not chosen.appointments:
        chosen.text = next((p.text(limits.text).text for p in others if p.content_type in _REPORTS), "").strip()
    chosen.attachments = _marked(chosen.attachments, chosen.html)[: limits.attachments]
    return chosen


@dataclass(slots=True)
class _Sorted:
    """Parts sorted as RFC 8621 (4.1.4) sorts them: two ways to show the body, and the rest."""

    text: list[Part] = field(default_factory=list)
    html: list[Part] = field(default_factory=list)
    others: list[Part] = field(default_factory=list)


def _sort(
    parts: list[Part], kind: str, alternative: bool, text: list[Part] | None, markup: list[Part] | None, body: _Sorted
) -> None:
    """RFC 8621's parseStructure; `None` for a list means that this branch no longer adds to it."""
    before = (len(text) if text is not None else -1, len(markup) if markup is not None else -1)
    for place, part in enumerate(parts):
        if part.maintype == "multipart":
            inner = part.content_type.partition("/")[2]
            _sort(part.children, inner, alternative or inner == "alternative", text, markup, body)
        elif not _is_body(part, place, kind):
            body.others.append(part)
        elif kind == "alternative":
            target = text if part.content_type == "text/plain" else markup
            (target if target is not None else body.others).append(part)
        else:
            if alternative:
                text, markup = (text, None) if part.content_type == "text/plain" else (None, markup)
            for target in [found for found in (text, markup) if found is not None]:
                target.append(part)
    if kind == "alternative" and text is not None and markup is not None:
        _share(text, markup, before)


def _share(text: list[Part], markup: list[Part], before: tuple[int, int]) -> None:
    """Where only one kind was offered, it serves as the other as well."""
    if len(text) == before[0] and len(markup) != before[1]:
        text.extend(markup[before[1] :])
    elif len(markup) == before[1] and len(text) != before[0]:
        markup.extend(text[before[0] :])


def _is_body(part: Part, place: int, kind: str) -> bool:
    if part.disposition == "attachment" or part.content_type not in ("text/plain", "text/html"):
        return False
    return place == 0 or (kind != "related" and not part.file_name)


def _texts(body: _Sorted, limits: Limits, tree: Tree) -> Chosen:
    """Plain text and HTML; parts too long for that are files as well. HTML without any words gives way to the text."""
    chosen, shown = Chosen(), dict[int, str]()
    too_long = False
    for part in {id(p): p for p in (*body.text, *body.html)}.values():
        is_html = part.content_type == "text/html"
        most = limits.html if is_html else limits.text
        found = part.text(most + 1)
        shown[id(part)] = found.text[:most]
        if found.lossy:
            tree.notes.append("characters lost")
        if len(found.text) > most:
            tree.notes.append(HTML_AS_FILE if is_html else "text too large")
            name = "message.html" if is_html else "message.txt"
            chosen.attachments.append(ParsedAttachment(name, part.content_type, part.payload()))
            too_long = too_long or is_html
    chosen.text = "\n".join(
        shown[id(p)] if p.content_type == "text/plain" else html_to_text(shown[id(p)]) for p in body.text
    ).strip("\n")[: limits.text]
    if not too_long and any(p.content_type == "text/html" for p in body.html):
        parts = [shown[id(p)] if p.content_type == "text/html" else _escaped(shown[id(p)]) for p in body.html]
        markup = "\n".join(parts)
        chosen.html = markup if not chosen.text or _says_something(markup) else ""
        chosen.text = chosen.text if chosen.text.strip() else html_to_text(markup)[: limits.text]
    return chosen


def _says_something(markup: str) -> bool:
    """Whether there are words or pictures. Long HTML is read through: what would take too long to clean for the page
    ends this process, which has a limit, and not the worker."""
    if len(markup) > LONG_HTML:
        return bool(html_to_text(markup).strip()) or "<img" in markup.lower()
    body = _BODY.search(markup)
    if _WORDS.search(markup, body.end() if body else 0) or "<img" in markup.lower():
        return True
    return bool(html_to_text(markup).strip())


def _escaped(text: str) -> str:
    return "<div>" + html.escape(text).replace("\n", "<br>\n") + "</div>"


def _attachment(part: Part, number: int) -> ParsedAttachment:
    data = part.payload()
    name = part.file_name
    if not name and part.content_type == "message/rfc822":
        subject = split(data, Limits(parts=1)).root.headers.get("subject")
        name = f"{subject[:100].replace('/', ' ')}.eml" if subject else ""
    content_id = one_line(part.headers.get("content-id")).strip("<> ")[:250]
    kind = _USUAL.get(part.content_type, part.content_type)
    return ParsedAttachment(clean_name(name, kind, number), kind, data, content_id)


def _unpack(chosen: Chosen, limits: Limits, tree: Tree) -> None:
    """Adds what winmail.dat holds; the packet itself stays. Its text counts where the mail has none."""
    for packet in [item for item in chosen.attachments if item.content_type in _TNEF or tnef.is_tnef(item.data)]:
        inside = tnef.read(packet.data)
        if inside.damaged:
            tree.notes.append("winmail.dat damaged")
        if not chosen.text and not chosen.html:
            _take_text(chosen, inside, limits, tree)
        for number, file in enumerate(inside.files, 1):
            kind = one_line(file.content_type).lower() or "application/octet-stream"
            name = clean_name(file.name, kind, number)
            chosen.attachments.append(ParsedAttachment(name, kind, file.data, one_line(file.content_id)[:250]))


def _take_text(chosen: Chosen, inside: tnef.Contents, limits: Limits, tree: Tree) -> None:
    chosen.html = inside.html if len(inside.html) <= limits.html else ""
    if inside.html and not chosen.html:
        tree.notes.append(HTML_AS_FILE)
        chosen.attachments.append(ParsedAttachment("message.html", "text/html", inside.html.encode("utf-8", "replace")))
    text = inside.text.strip() or html_to_text(inside.html[: limits.html])
    if not text and inside.rtf:
        text = rtf_to_text(inside.rtf)
        chosen.attachments.append(ParsedAttachment("message.rtf", "application/rtf", inside.rtf))
    chosen.text = text[: limits.text]


def _appointments(parts: list[Part]) -> tuple[Appointment, ...]:
    """Of the first calendar that has any: mailers send the same one twice, as a part and as a file."""
    calendars = (p for p in parts if p.content_type in _CALENDARS)
    found = (appointments.read(p.text(appointments.MAX_SIZE).text) for p in calendars)
    return next((several for several in found if several), ())


def _marked(files: list[ParsedAttachment], markup: str) -> list[ParsedAttachment]:
    """With `inline` set for the pictures that the HTML shows."""
    named = {unquote(match) for match in CID.findall(markup)}
    return [
        ParsedAttachment(file.name, file.content_type, file.data, file.content_id, True)
        if file.content_id in named and file.content_type in SHOWN_IMAGES
        else file
        for file in files
    ]
