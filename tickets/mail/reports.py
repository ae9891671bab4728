"""What a report about our mail says, per recipient. Pure: from a parsed mail to facts, nothing looked up.

The fields of RFC 3464 come first, wherever they stand; then what the report says to people. A report without either
is about the recipient of the mail that it returns.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tickets.mail import bounce_json, bounce_reasons, bounce_text
from tickets.mail.bounce_reasons import Reason
from tickets.mail.charsets import clean, decode
from tickets.mail.mime import Limits, split
from tickets.mail.parse import ParsedAttachment, ParsedEmail

_READ = 64 * 1024
_SAID_MOST = 4000  # characters about one recipient
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_RETURNED_TYPES = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers")
_FIELD = re.compile(
    r"^[ \t]*(final-recipient|original-recipient|x-actual-recipient|action|status|diagnostic-code|remote-mta"
    r"|x-powermta-bouncecategory)"
    r"[ \t]*:[ \t]*(.*(?:\n[ \t]+(?![A-Za-z-]{3,40}:).*){0,40})",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(bounce_text.ADDRESS)
_COMPLAINED = re.compile(r"^(?:original-rcpt-to|removal-recipient)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_CODE = re.compile(r"(?<![\d.\[#=-])([245][0-5]\d)(?=[ \-:,#.]|$)(?!\.\d)", re.MULTILINE)
_REPLY = re.compile(r"(?<![\d.\[])([245][0-5]\d)[ \-](?:[ \t]*#?([245]\.\d{1,3}\.\d{1,3}))")
_IN_REPLY = re.compile(
    r"in reply to (?:the )?(RCPT|MAIL|DATA|end of DATA|EHLO|HELO)|after (RCPT|MAIL|end of data|DATA|pipelined DATA)"
    r"|\[(RCPT|MAIL)_|\bour (RCPT|MAIL|DATA)|following (RCPT|MAIL|DATA)|in (RCPT|MAIL|DATA) (?:TO|FROM)|for (RCPT"
    r"|MAIL|DATA|TEXT) command"
    r"|does not like (recipient)|(?:SMTP command)\s+(RCPT|MAIL|DATA)|failed after (I sent the message)",
    re.IGNORECASE,
)
_TRANSCRIPT = re.compile(
    r"^[ \t]*>>> (RCPT|MAIL|DATA|EHLO|HELO|RSET|QUIT)\b.*\n[ \t]*<<< ([45].*)", re.IGNORECASE | re.M
)
_SAID = re.compile(r"^[ \t]*<<< ([45]\d\d[ -].*(?:\n[ \t]*<<< [45]\d\d[ -].*){0,10})", re.MULTILINE)
_QUOTED = re.compile(r"(?:\bsaid|\]):\s{0,20}([45]\d\d[ -](?:.*\n?){1,12})")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address and what became of the mail to it.

    `action` is RFC 3464's word in lower case, or "failed"; `status` such as 5.1.1 (RFC 3463) and `code` such as 550
    are empty when nobody said them; `command` is what the server refused: RCPT, MAIL, DATA or empty.
    """

    address: str
    action: str = "failed"
    status: str = ""
    code: str = ""
    diagnostic: str = ""
    remote: str = ""
    command: str = ""
    reason: Reason = Reason.UNKNOWN

    @property
    def is_failure(self) -> bool:
        return self.action in ("failed", "expired", "error", "")

    @property
    def is_hard(self) -> bool:
        """Whether trying again cannot help. What a server calls temporary never counts; 4.0.0 alone is not a word of
        the server, but what some senders write when there was none to ask."""
        is_temporary = self.code.startswith("4") or (self.status.startswith("4.") and self.status != "4.0.0")
        return self.reason in bounce_reasons.HARD and not is_temporary

    @property
    def is_policy(self) -> bool:
        """The receiver objects to us or to what we wrote, and the recipient has nothing to do with it."""
        return self.reason in bounce_reasons.POLICY

    def __str__(self) -> str:
        return (self.diagnostic or self.status or str(self.reason))[:300]


@dataclass(slots=True)
class _Group:
    """The fields of one recipient as they stand in the report."""

    fields: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        for name in ("final-recipient", "original-recipient", "x-actual-recipient"):
            value = self.fields.get(name, "")
            if found := _ADDRESS.search(value.rpartition(";")[2]):
                return found[0].lower()
        return ""

    @property
    def action(self) -> str:
        return (self.fields.get("action", "").lower().split() or [""])[0].strip("();,")

    @property
    def status(self) -> str:
        found = _STATUS.search(self.fields.get("status", ""))
        return found[0] if found else ""

    @property
    def diagnostic(self) -> str:
        value = self.fields.get("diagnostic-code", "")
        kind, semicolon, rest = value.partition(";")
        return _joined(rest if semicolon and re.fullmatch(r"[\w-]{1,30}", kind.strip()) else value)


def read(parsed: ParsedEmail) -> tuple[Recipient, ...]:
    """Who did not get the mail and why, the addresses in lower case. Empty for mail that is no delivery report."""
    if not parsed.is_bounce:
        return ()
    report = bounce_text.explanation(_readable(parsed))
    groups = list(_groups(parsed))
    by_address = {group.address: group for group in groups if group.address}
    if not by_address:
        return _by_text(parsed, report, groups)
    chosen = dict(itertools.islice(by_address.items(), bounce_text.MOST_RECIPIENTS))
    words = {item.address: item.said for item in bounce_text.named(report, chosen)}
    return tuple(_recipient(address, words.get(address, report), group) for address, group in chosen.items())


def refusal(address: str, code: int, said: str) -> Recipient:
    """What our relay said when it refused this recipient, in the same terms."""
    status = _status(said, "")
    reason = bounce_reasons.reason_of(_evidence(said[:_SAID_MOST]), status, str(code), "RCPT")
    return Recipient(address, "failed", status, str(code), _joined(said)[:1000], "", "RCPT", reason)


def complaint(parsed: ParsedEmail) -> tuple[str, ...]:
    """Addresses that a feedback report (RFC 5965) is about; empty for every other mail."""
    if parsed.machine.kind != "feedback":
        return ()
    found: list[str] = []
    for part in parsed.attachments:
        if part.content_type == "message/feedback-report":
            found += _ADDRESS.findall(" ".join(_COMPLAINED.findall(_text(part))))
    if not found:
        found = _returned_to(parsed)
    return tuple(dict.fromkeys(address.lower() for address in found))[: bounce_text.MOST_RECIPIENTS]


def _readable(parsed: ParsedEmail) -> str:
    more = [_text(part) for part in parsed.attachments if part.content_type in ("text/plain", "text/html")]
    return "\n".join([parsed.text, *more])


def _text(part: ParsedAttachment) -> str:
    return clean(decode(part.data[:_READ]).text).replace("\r\n", "\n").replace("\r", "\n")


def _groups(parsed: ParsedEmail) -> Iterator[_Group]:
    """Groups of fields from the machine's part of the report, or from the text where there is no such part."""
    texts = [_text(part) for part in parsed.attachments if part.content_type in _STATUS_TYPES]
    if not texts and (rows := bounce_json.fields(parsed.text)):
        yield from (_Group(row) for row in rows)
        return
    for text in texts or [_readable(parsed)[:_READ]]:
        group = _Group()
        for name, value in _FIELD.findall(text):
            name = name.lower()
            if name in group.fields:  # the next recipient's, whichever field that program begins with
                yield group
                group = _Group()
            group.fields[name] = value.strip()
        if group.fields:
            yield group


def _by_text(parsed: ParsedEmail, report: str, groups: list[_Group]) -> tuple[Recipient, ...]:
    """A report in words; what fields there are speak for everybody it names."""
    shared = groups[0] if groups else _Group()
    sure = _ADDRESS.findall(" ".join(parsed.headers.all("x-failed-recipients")))
    strangers = [person.key for person in (*parsed.to, *parsed.delivered_to)]
    if parsed.from_:
        strangers.append(parsed.from_.key)
    found = bounce_text.named(report, sure, strangers)
    if not found:
        found = [bounce_text.Named(address.lower(), report) for address in _returned_to(parsed)[:1]]
    return tuple(_recipient(item.address, item.said, shared) for item in found)


def _recipient(address: str, said: str, group: _Group) -> Recipient:
    diagnostic, said = group.diagnostic[:_SAID_MOST], said[:_SAID_MOST]
    words = diagnostic if len(diagnostic) > 8 else f"{diagnostic}\n{_server_words(said)}"
    status, code = _status(words, group.status), _code(words)
    command = _command(said, diagnostic)
    evidence = f"{_evidence(words)} {group.fields.get('x-powermta-bouncecategory', '')}"
    reason = bounce_reasons.reason_of(evidence, status, code, command, group.action)
    return Recipient(
        address, group.action or "failed", status, code, _joined(words)[:1000], _remote(group), command, reason
    )


def _evidence(words: str) -> str:
    """What the server said, without addresses and what links point to: their words are not about the failure."""
    text = re.sub(r"<?" + bounce_text.ADDRESS + r">?", "<>", _joined(words))
    return re.sub(r"(https?://[^\s/]+(?:/support)?)\S*", r"\1", text)


def _server_words(said: str) -> str:
    """The server's reply where the report quotes one, else all that was said."""
    quoted = _SAID.search(said) or _QUOTED.search(said)
    return quoted[1].replace("<<< ", "") if quoted else said


def _command(said: str, diagnostic: str) -> str:
    found = _IN_REPLY.search(_joined(diagnostic)) or _IN_REPLY.search(_joined(said))
    if found:
        word = next(group for group in found.groups() if group).upper()
        return {"RECIPIENT": "RCPT"}.get(word, word if word in ("RCPT", "MAIL", "EHLO", "HELO") else "DATA")
    heard = _TRANSCRIPT.search(said)
    return heard[1].upper() if heard else ""


def _status(words: str, given: str) -> str:
    """The status in the server's words, if it says more than the field does."""
    spoken = [found[0] for found in _STATUS.finditer(words) if found[1] in "45"]
    exact = [status for status in spoken if not status.endswith(".0.0")]
    return (exact or [given] if given else exact or spoken or [""])[0]


def _code(words: str) -> str:
    reply = _REPLY.search(words) or _CODE.search(words)
    return reply[1] if reply else ""


def _remote(group: _Group) -> str:
    return group.fields.get("remote-mta", "").rpartition(";")[2].split("(")[0].strip()[:255]


def _returned_to(parsed: ParsedEmail) -> list[str]:
    """Whom the mail that came back was written to."""
    for part in parsed.attachments:
        if part.content_type in _RETURNED_TYPES:
            headers = split(part.data[:_READ], Limits(parts=1)).root.headers
            if found := _ADDRESS.findall(headers.get("x-hmxmroriginalrecipient") or headers.get("to")):
                return found
    text = _readable(parsed)[:_READ]
    lines = re.findall(r"^[ \t>]{0,8}to:[ \t]*(.*)$", text, re.IGNORECASE | re.MULTILINE)
    return _ADDRESS.findall(" ".join(lines[:1]))


def _joined(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
