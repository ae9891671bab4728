"""Compares the driver's ledger with what the desk and the relay have. Every difference is a sentence."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.chaos.ledger import Accepted, Ledger, Mail, Reply
from tests.chaos.relay import canonical
from tickets import blobs
from tickets.models import Attachment, InboundEmail, Message, OutboundEmail, Ticket, TicketEvent

TOKEN = re.compile(r"\bchaos-\d+-\d+-\w+\b")
_SLACK = 1.0  # seconds between a relay's clock and ours, and for what lay in a socket
_TABLES = (InboundEmail, Message, OutboundEmail, Ticket, TicketEvent, Attachment)


@dataclass
class Marks:
    """How far the tables went, so that a round looks only at what it added. Empty: at everything."""

    rows: dict[Any, int] = field(default_factory=dict)
    accepted: int = 0

    @classmethod
    def now(cls, ledger: Ledger) -> Marks:
        newest = {table: table.objects.order_by("-pk").values_list("pk", flat=True).first() or 0 for table in _TABLES}
        return cls(newest, len(ledger.read_relay()))

    def since(self, table: Any) -> Any:
        return table.objects.filter(pk__gt=self.rows.get(table, 0))


@dataclass
class Found:
    wrong: list[str] = field(default_factory=list)
    mails_in: int = 0
    mails_out: int = 0
    doubled: int = 0  # in the window, where it is allowed


class Audit:
    def __init__(self, ledger: Ledger, marks: Marks, mails: list[Mail], replies: list[Reply]) -> None:
        self.ledger, self.marks, self.mails, self.replies = ledger, marks, mails, replies
        self.messages = self._by_token(marks.since(Message).select_related("ticket"), "body")
        self.tickets = self._by_token(marks.since(Ticket), "subject")
        self.events = Counter(marks.since(TicketEvent).values_list("ticket_id", "message_id", "kind"))
        self.files = defaultdict(list)
        for file in marks.since(Attachment):
            self.files[file.message_id].append(file)

    def run(self) -> Found:
        rows = list(self.marks.since(OutboundEmail))
        found = Found(mails_in=len(self.mails))
        found.wrong += self._stored()
        for mail in self.mails:
            found.wrong += self._mail(mail)
        for reply in self.replies:
            found.wrong += self._reply(reply)
        found.wrong += self._strangers()
        found.wrong += self._queued(rows)
        self._sent(rows, found)
        return found

    def _by_token(self, rows: Iterable[Any], column: str) -> dict[str, list[Any]]:
        found = defaultdict(list)
        for row in rows:
            token = TOKEN.search(getattr(row, column))
            found[token[0] if token else ""].append(row)
        return found

    # -- in --

    def _stored(self) -> Iterator[str]:
        rows = defaultdict(list)
        for row in self.marks.since(InboundEmail):
            rows[row.raw_sha256].append(row)
        for mail in self.mails:
            mine = rows.pop(mail.sha256, [])
            if len(mine) != 1:
                yield f"{mail.token}: {len(mine)} rows of incoming mail"
            for row in mine:
                if row.state != "applied":
                    yield f"{mail.token}: {row.state} {row.reason} {row.detail}"
                if not _is_whole(mail.sha256):
                    yield f"{mail.token}: the raw mail is damaged or gone"
        for digest in rows:
            yield f"mail {digest[:12]} was stored but never sent"

    def _mail(self, mail: Mail) -> Iterator[str]:
        messages, tickets = self.messages[mail.token], self.tickets[mail.token]
        if len(messages) != 1:
            yield f"{mail.token}: {len(messages)} messages" + ("" if messages else ", lost")
        if len(tickets) != (not mail.thread):
            yield f"{mail.token}: {len(tickets)} tickets"
        for message in messages:
            if mail.thread and mail.thread not in message.ticket.subject:
                yield f"{mail.token}: is on another ticket"
            yield from self._files(message, mail.token, mail.enclosed)
            happened = (message.ticket_id, message.pk if mail.thread else None, "received" if mail.thread else "opened")
            yield from self._happened(mail.token, happened)

    def _happened(self, token: str, what: tuple[Any, ...]) -> Iterator[str]:
        ticket, _message, kind = what
        times = self.events[what] if kind != "opened" else _opened(self.events, ticket)
        if times != 1:
            yield f"{token}: event {kind} {times} times"

    def _files(self, message: Message, token: str, enclosed: str) -> Iterator[str]:
        have = [(file.name, file.sha256) for file in self.files[message.pk]]
        if have != ([(f"{token}.bin", enclosed)] if enclosed else []):
            yield f"{token}: half a message, attachments are {have}"
        elif enclosed and not _is_whole(enclosed):
            yield f"{token}: the attachment is damaged or gone"

    def _reply(self, reply: Reply) -> Iterator[str]:
        messages = self.messages[reply.token]
        if len(messages) != 1:
            yield f"{reply.token}: {len(messages)} messages of the agent"
        for message in messages:
            enclosed = hashlib.sha256(reply.enclosed).hexdigest() if reply.enclosed else ""
            yield from self._files(message, reply.token, enclosed)
            yield from self._happened(reply.token, (message.ticket_id, message.pk, "replied"))

    def _strangers(self) -> Iterator[str]:
        known = {mail.token for mail in self.mails} | {reply.token for reply in self.replies}
        for what, rows in (("message", self.messages), ("ticket", self.tickets)):
            for token in set(rows) - known:
                yield from (f"{what} {row.pk} ({token}) belongs to nothing that was confirmed" for row in rows[token])
        for ticket in self.marks.since(Ticket).filter(messages=None):
            yield f"ticket {ticket.pk} has no message"

    # -- out --

    def _queued(self, rows: list[OutboundEmail]) -> Iterator[str]:
        """Every cause has its one mail, and there is none without."""
        have = Counter((row.kind, row.ticket_id if row.kind == "auto_response" else row.message_id) for row in rows)
        wanted: Counter[tuple[str, int]] = Counter()
        for mail in self.mails:
            for message in self.messages[mail.token]:
                kind, cause = ("received", message.pk) if mail.thread else ("auto_response", message.ticket_id)
                wanted[kind, cause] = 1
        for reply in self.replies:
            wanted.update(("reply", message.pk) for message in self.messages[reply.token])
        for kind, cause in (wanted - have) + (have - wanted):
            yield f"{kind} for {cause}: {have[kind, cause]} mails instead of {wanted[kind, cause]}"

    def _sent(self, rows: list[OutboundEmail], found: Found) -> None:
        copies = self.ledger.copies()
        for row in rows:
            mine = copies[row.rfc_message_id]
            if row.state != "sent" or not mine:
                found.wrong.append(f"{row}: {row.state}, accepted {len(mine)} times. {row.last_error}")
            elif {copy.sha256 for copy in mine} != {canonical(blobs.read(row.raw_sha256))}:
                found.wrong.append(f"{row}: other bytes than stored, or differing copies")
            found.mails_out += 1
            for first, second in pairwise(mine):
                found.doubled += 1
                if why := self._not_excused(row, first, second):
                    found.wrong.append(f"{row}: sent twice, {why}")
        ours = {row.rfc_message_id for row in rows}
        strange = {mail.message_id for mail in self.ledger.accepted[self.marks.accepted :]} - ours
        known = OutboundEmail.objects.filter(rfc_message_id__in=strange).values_list("rfc_message_id", flat=True)
        found.wrong += [f"the relay has {name}, which the desk never queued" for name in strange - set(known)]
        found.wrong += [f"the relay got {name} once more, long after" for name in known]

    def _not_excused(self, row: OutboundEmail, first: Accepted, second: Accepted) -> str:
        """A second copy is right only when something died between the relay's acceptance and our commit."""
        if not row.is_uncertain:
            return "not marked as uncertain"
        fitting = [
            trouble for trouble in self.ledger.troubles
            if trouble.window and first.at <= trouble.end + _SLACK and second.at >= trouble.begin - _SLACK
        ]  # fmt: skip
        if not fitting:
            return "while nothing was wrong"
        if any(first.at >= trouble.begin or not self._went_on(first, trouble.begin) for trouble in fitting):
            return ""
        return "although the desk went on after the first copy"

    def _went_on(self, copy: Accepted, until: float) -> bool:
        """The one worker sent another mail after this copy: so it had committed, or failed to, before the trouble."""
        return any(copy.at < other.at < until and other is not copy for other in self.ledger.accepted)


def _opened(events: Counter[tuple[Any, ...]], ticket: int) -> int:
    return sum(times for (row, _message, kind), times in events.items() if (row, kind) == (ticket, "opened"))


def _is_whole(sha256: str) -> bool:
    try:
        return hashlib.sha256(blobs.read(sha256)).hexdigest() == sha256
    except OSError:
        return False
