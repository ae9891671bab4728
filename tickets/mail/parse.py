"""Raw message bytes to `ParsedEmail`. Pure and total: the same bytes give the same result and nothing raises."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tickets.mail import addresses
from tickets.mail.addresses import Address
from tickets.mail.appointments import Appointment
from tickets.mail.body import HTML_AS_FILE, Chosen, ParsedAttachment, choose
from tickets.mail.headers import Headers, message_ids, one_line
from tickets.mail.html_text import Page, clean_html, marked_text
from tickets.mail.machine import INSTANCE_HEADER, Verdict, judge, look_inside
from tickets.mail.mime import Limits, Part, split

SUBJECT_LENGTH = 1000
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_SECURE = {
    "multipart/signed": "signed",
    "multipart/encrypted": "encrypted",
    "application/pkcs7-mime": "encrypted",
    "application/x-pkcs7-mime": "encrypted",
}


@dataclass(frozen=True, slots=True)
class AuthHints:
    """What the headers say about authenticity, nothing of it verified here. `results` are topmost first."""

    results: tuple[str, ...] = ()
    return_path: str = ""
    dkim_signed: bool = False


@dataclass(frozen=True, slots=True)
class ParsedEmail:
    """One mail, read. A non-empty `problem` is the reason code to suspend it with.

    Codes: too_large, headers_too_large, too_deep, too_many_parts, too_many_attachments, malformed, no_from,
    bad_from, several_from, parser_failed. Message-IDs keep their angle brackets. `text` has LF line ends and
    comes from the HTML when there is no plain part; a bounce may have no `from_` without being a problem. `html` is
    clean (`html_text.clean_html`), its pictures are named by `cid:`; `page` is its text with what is marked there.
    """

    message_id: str
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    subject: str = ""
    from_: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[Address, ...] = ()
    date: datetime | None = None
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    page: Page = field(default_factory=Page, repr=False)
    attachments: tuple[ParsedAttachment, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    headers: Headers = field(default_factory=Headers, repr=False)
    problem: str = ""
    notes: tuple[str, ...] = ()
    machine: Verdict = field(default_factory=Verdict)
    auth: AuthHints = field(default_factory=AuthHints)
    security: str = ""
    is_own: bool = False
    message_id_made: bool = False

    @property
    def html_is_file(self) -> bool:
        """Whether there is HTML that is too large, or takes too long to read; it is among the attachments."""
        return HTML_AS_FILE in self.notes

    @property
    def is_machine(self) -> bool:
        return self.machine.is_machine

    @property
    def machine_reason(self) -> str:
        return self.machine.reason

    @property
    def may_auto_reply(self) -> bool:
        return self.machine.may_auto_reply and not self.is_own

    @property
    def is_bounce(self) -> bool:
        return self.machine.is_bounce


def parse(
    raw: bytes,
    *,
    domain: str = "localhost",
    own_mark: str = "",
    limits: Limits | None = None,
    sha256: str = "",
    problem: str = "",
) -> ParsedEmail:
    """Read a raw message. `domain` completes a made Message-ID, `own_mark` is this instance's header mark.

    A `problem` known beforehand becomes that of the result; then only the headers are read, `raw` may end with them,
    and `sha256` is that of the whole mail. Raises MemoryError and nothing else.
    """
    limits = limits or Limits()
    try:
        return _parse(raw, domain, own_mark, limits, sha256, problem)
    except MemoryError:
        raise
    except Exception as error:
        made = _made_id(raw, domain, sha256)
        return ParsedEmail(made, problem=problem or "parser_failed", notes=(type(error).__name__,))


def _parse(raw: bytes, domain: str, own_mark: str, limits: Limits, sha256: str, problem: str) -> ParsedEmail:
    problem = problem or ("too_large" if len(raw) > limits.size else "")
    tree = split(raw[: limits.header_bytes] if problem else raw, limits)
    tree.problem = problem or tree.problem
    headers = tree.root.headers
    sender, sender_problem = _sender(headers)
    is_read = not problem and tree.problem != "headers_too_large"
    body = choose(tree, limits) if is_read else Chosen()
    own_id = message_ids(headers.raw("message-id"))[:1]
    subject = headers.get("subject")[:SUBJECT_LENGTH]
    verdict = _verdict(tree.root, sender, subject, body.text, body.attachments)
    if not headers.fields or not raw.strip():
        tree.stop("malformed")
    return ParsedEmail(
        message_id=own_id[0] if own_id else _made_id(raw, domain, sha256),
        message_id_made=not own_id,
        in_reply_to=tuple(message_ids(headers.raw("in-reply-to"))[: limits.references]),
        references=_nearest(message_ids(headers.raw("references")), limits.references),
        subject=subject,
        from_=sender,
        reply_to=_people(headers, ("reply-to",), limits),
        to=_people(headers, ("to",), limits),
        cc=_people(headers, ("cc",), limits),
        delivered_to=_people(headers, _ENVELOPE, limits),
        date=_date(headers.get("date")),
        text=body.text,
        html=clean_html(body.html, with_cid=True) if body.html else "",
        page=marked_text(body.html) if body.html else Page(),
        attachments=tuple(body.attachments),
        appointments=body.appointments,
        headers=headers,
        problem=tree.problem or ("" if verdict.is_bounce else sender_problem),
        notes=tuple(dict.fromkeys(tree.notes)),
        machine=verdict,
        auth=_auth(headers),
        security=_security(tree.root) or _armoured(body.text),
        is_own=bool(own_mark) and own_mark in headers.all(INSTANCE_HEADER.lower()),
    )


def _made_id(raw: bytes, domain: str, sha256: str) -> str:
    return f"<{(sha256 or hashlib.sha256(raw).hexdigest())[:20]}.intake@{domain}>"


def _sender(headers: Headers) -> tuple[Address | None, str]:
    """The one author, or the reason why there is none: identity must not depend on which of two a program picks."""
    values = headers.raw("from")
    if not values or not b"".join(values).strip():
        return None, "no_from"
    found = addresses.read(values, limit=2)
    if len(values) > 1 or len(found) > 1:
        return None, "several_from"
    return (found[0], "") if found else (None, "bad_from")


def _people(headers: Headers, names: tuple[str, ...], limits: Limits) -> tuple[Address, ...]:
    values = [value for name in names for value in headers.raw(name)]
    unique = {address.key: address for address in reversed(addresses.read(values, limits.recipients))}
    return tuple(reversed(unique.values()))


def _nearest(ids: list[str], most: int) -> tuple[str, ...]:
    """The first id names the thread, the last ones its nearest parents."""
    return tuple(ids if len(ids) <= most else ids[:1] + ids[1 - most :])


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value[:200])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def _verdict(
    root: Part, sender: Address | None, subject: str, text: str, attachments: list[ParsedAttachment]
) -> Verdict:
    author = sender.email if sender else ""
    verdict = judge(root.headers, author, subject, root.content_type, root.params.get("report-type", ""))
    parts = ((part.content_type, part.data) for part in attachments)
    return look_inside(verdict, root.headers, author, subject, text, parts)


def _auth(headers: Headers) -> AuthHints:
    path = one_line(headers.get("return-path"))[:320]
    return AuthHints(tuple(headers.all("authentication-results")[:10]), path, "dkim-signature" in headers)


def _security(part: Part) -> str:
    if part.content_type.endswith("pkcs7-mime") and part.params.get("smime-type", "").startswith("signed"):
        return "signed"
    own = _SECURE.get(part.content_type, "")
    return own or next((found for child in part.children if (found := _security(child))), "")


def _armoured(text: str) -> str:
    """PGP inside the text. It proves nothing here and is left as it is."""
    if "-----BEGIN PGP " not in text[:20_000]:
        return ""
    return "encrypted" if "-----BEGIN PGP MESSAGE-----" in text[:20_000] else "signed"
