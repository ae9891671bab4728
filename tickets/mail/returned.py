"""Machine mail about mail of ours: failed deliveries, complaints, receipts, and answers to our return address."""

from __future__ import annotations

from dataclasses import replace

from tickets.mail import bounces, placing, threads
from tickets.mail.letter import Letter, Outcome, State
from tickets.mail.parse import ParsedEmail
from tickets.models import InboundEmail, Ticket


def outcome(row: InboundEmail, parsed: ParsedEmail) -> Outcome | None:
    """How a report ends, its consequences drawn; None when it is none, or proves nothing and so is like other mail."""
    kind = parsed.machine.kind
    if kind not in ("bounce", "feedback", "receipt"):
        return None
    ours = bounces.original(parsed, row.envelope_to)
    if kind == "receipt":  # RFC 8098: that somebody opened a mail is nobody's business
        return Outcome(State.APPLIED, "receipt", ours.ticket if ours else None)
    if ours is None:
        return None
    if kind == "bounce":
        bounces.returned(ours, parsed)
    else:
        bounces.complained(ours)
    if ours.ticket is None or ours.user is None:
        return Outcome(State.SUSPENDED, "auto_delivery_failure")
    return placing.machine_mail(Letter(row, parsed, parsed.from_, ours.user, row.mailbox, _match(ours.ticket)))


def found(letter: Letter) -> Letter:
    """The letter with the ticket it is about: vacation notes go to the return address (RFC 3834), and some name nothing
    else."""
    if letter.match is None and letter.parsed.is_machine:
        ours = bounces.original(letter.parsed, letter.row.envelope_to)
        if ours and ours.ticket and not ours.ticket.deleted_at:
            role = "note" if ours.user and ours.user.is_agent else ""
            return replace(letter, match=replace(_match(ours.ticket), role=role))
    return letter


def _match(ticket: Ticket) -> threads.Match:
    return threads.Match(ticket, "message_id")
