"""One mail on its way in: what is known of it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.actions import people
from tickets.mail import threads
from tickets.mail.parse import ParsedEmail
from tickets.models import InboundEmail, Mailbox, Message, Ticket, User

State = InboundEmail.State


@dataclass(frozen=True)
class Outcome:
    state: InboundEmail.State
    reason: str = ""
    ticket: Ticket | None = None
    message: Message | None = None
    detail: str = ""


@dataclass(frozen=True)
class Letter:
    """One mail on its way in: the row, what was read from it, who wrote it as far as known, and to which mailbox."""

    row: InboundEmail
    parsed: ParsedEmail
    sender: User | None
    mailbox: Mailbox | None
    match: threads.Match | None

    @property
    def thread(self) -> threads.Match | None:
        """The ticket that a person's words may go to. Who knows an address and a number can forge both, so a subject
        alone is not enough: it makes a new ticket that points to the one named."""
        return self.match if self.match and self.match.by != "subject" else None

    def author(self) -> User:
        """The sender, made known to the desk when new. A name that pretends to be another address is not taken."""
        if self.sender or self.parsed.from_ is None:
            return self.sender or people.find_or_create(self.row.sender)
        name = "" if self.parsed.from_.misleading else self.parsed.from_.name
        return people.find_or_create(self.parsed.from_.key, name)
