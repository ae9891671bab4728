"""One mail on its way in: what is known of it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models.functions import Upper

from tickets.actions import people
from tickets.compiled import Compiled
from tickets.mail import authentication, contents, identity, threads
from tickets.mail.addresses import Address
from tickets.mail.authentication import Verdict
from tickets.mail.headers import Headers
from tickets.mail.parse import ParsedEmail
from tickets.models import InboundEmail, Mailbox, Message, Ticket, User

State = InboundEmail.State

_person = Compiled(lambda address: User.objects.filter(email=address).order_by())
_proved = Compiled(
    lambda address: (
        EmailAddress.objects.annotate(upper=Upper("email"))
        .filter(upper=Upper(address), verified=True)
        .select_related("user")[:1]
    )
)


@dataclass(frozen=True)
class Outcome:
    state: InboundEmail.State
    reason: str = ""
    ticket: Ticket | None = None
    message: Message | None = None
    detail: str = ""


@dataclass(frozen=True)
class Letter:
    """The row, what was read from it, who wrote it as far as known, to which mailbox, and what our own mail server
    says of the writer. `writer` is whom the mail speaks for; `sender` that person, if the desk knows one."""

    row: InboundEmail
    parsed: ParsedEmail
    writer: Address | None
    sender: User | None
    mailbox: Mailbox | None
    match: threads.Match | None
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def thread(self) -> threads.Match | None:
        """The ticket that a person's words may go to. Who knows an address and a number can forge both, so a subject
        is enough only for a proved sender; and an old mail is answered by a new ticket that points to the old one."""
        match = self.match
        if match is None or match.is_old:
            return None
        return match if match.by != "subject" or self.verdict.is_verified else None

    @property
    def hint(self) -> Ticket | None:
        """The ticket a new one may point to: the one that the mail names, if the sender takes part in it."""
        if self.match is None or self.sender is None or self.verdict.value == authentication.FAILED:
            return None
        return self.match.ticket if threads.takes_part(self.sender, self.match.ticket) else None

    @property
    def is_released(self) -> bool:
        """Whether an agent has looked at it and let it in."""
        return self.row.released_by_id is not None

    @property
    def is_imported(self) -> bool:
        """Whether somebody brought it in as a file: it may be old, and nobody waits for an answer now."""
        return self.row.source == InboundEmail.Source.IMPORT

    @property
    def may_auto_reply(self) -> bool:
        if self.is_imported:
            return False
        return self.parsed.may_auto_reply and not self.is_released and self.verdict.value != authentication.FAILED

    def author(self) -> User:
        """The sender, made known to the desk when new. A name that pretends to be another address is not taken."""
        if self.sender or self.writer is None:
            return self.sender or people.find_or_create(self.row.sender)
        name = "" if identity.flags_of(self.writer) else self.writer.name
        return people.create(self.writer.key, name)

    def message(self, said: contents.Contents) -> dict[str, Any]:
        """The message as keyword arguments of the actions."""
        origin = identity.origin(self.writer, self.verdict, self.row.flags)
        if named := told_headers(self.parsed.headers):
            origin["headers"] = named
        if self.parsed.security:
            origin["security"] = self.parsed.security
        return {**said.message, "origin": origin}


# What only mail servers tell each other; rules do not ask it, and it is the longest.
_TRACES = ("received", "dkim-", "arc-", "authentication-results", "x-ms-", "x-google-", "x-gm-", "x-microsoft-")
_MOST_HEADERS, _LONGEST_VALUE, _LONGEST_HEADERS = 40, 300, 4000


def told_headers(headers: Headers) -> dict[str, list[str]]:
    """The header fields that rules can ask about, by lower-case name, within limits."""
    found: dict[str, list[str]] = {}
    room = _LONGEST_HEADERS
    for name in dict.fromkeys(name for name, _value in headers if not name.startswith(_TRACES)):
        values = [value[:_LONGEST_VALUE] for value in headers.all(name)[:5]]
        room -= len(name) + sum(map(len, values))
        if room < 0 or len(found) == _MOST_HEADERS:
            break
        found[name] = values
    return found


def read(row: InboundEmail, parsed: ParsedEmail) -> Letter:
    """Everything that is known of the mail; `row` has its mailbox already, and is told sender, verdict and flags."""
    mailbox, writer = row.mailbox, _writer(row.mailbox, parsed)
    if writer:
        row.sender = writer.key[:320]
    sender = known(row.sender)
    match = threads.find(parsed, row.envelope_to, sender, mailbox)
    verdict = _verdict(row, parsed, writer)
    row.verdict = InboundEmail.Verdict(verdict.value)
    row.flags = (identity.flags_of(writer) if writer else []) + ["html_as_file"] * parsed.html_is_file
    return Letter(row, parsed, writer, sender, mailbox, match, _with_token(verdict, match, sender))


def known(address: str) -> User | None:
    """The person who has this address, or has proved another one of theirs to be it."""
    found = _person.first(address)
    if found or not address:
        return found
    other = _proved.first(address)
    return other.user if other else None


def _writer(mailbox: Mailbox | None, parsed: ParsedEmail) -> Address | None:
    """The author; the person who filled in the form where the mailbox only gets a web form's mail."""
    if mailbox and mailbox.is_form_relay and len(parsed.reply_to) == 1:
        return parsed.reply_to[0]
    return parsed.from_


def _verdict(row: InboundEmail, parsed: ParsedEmail, writer: Address | None) -> Verdict:
    """Of a form's mail the server can only say that the form sent it, nothing of the person; and in a file anybody may
    have written what our server seems to say."""
    mailbox = row.mailbox
    if writer is None or writer is not parsed.from_:
        return Verdict()
    names = (mailbox.authserv_id if mailbox else "") or settings.MAIL_AUTHSERV_ID
    trust = authentication.trusted(names, mailbox.authserv_hops if mailbox else 0)
    verdict = authentication.judge(parsed.headers, writer.email, trust)
    return Verdict() if verdict.is_verified and row.source == InboundEmail.Source.IMPORT else verdict


def _is(person: User, pk: int | None) -> bool:
    """Whether this key is the person's, or of somebody who turned out to be them."""
    return person.pk == pk or (pk is not None and User.objects.filter(pk=pk, merged_into=person).exists())


def _with_token(verdict: Verdict, match: threads.Match | None, sender: User | None) -> Verdict:
    """Who answers from the very address that the signed reply address was sent to is proved by it, too: for customers,
    to whom `Letter.sender` of the token only lends what the mailbox owner could read anyway."""
    proved = match and sender and match.role == "participant" and not match.is_old and _is(sender, match.person_id)
    if proved and verdict.value == authentication.UNKNOWN and sender and not sender.is_agent:
        return replace(verdict, value=authentication.VERIFIED, said="reply address")
    return verdict
