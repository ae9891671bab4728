"""Where a mail goes that may come in: onto its ticket, as what its writer is there, or onto a new one."""

from __future__ import annotations

from django.db import connection

from tickets import limits
from tickets.actions import conversation, lifecycle
from tickets.mail import contents
from tickets.mail.letter import Letter, Outcome, State
from tickets.models import InboundEmail, Ticket, User
from tickets.permissions import is_participant, within_reopen_window
from tickets.states import Source

NEW_TICKETS = [(10, 10 * limits.MINUTE), (30, limits.HOUR), (100, limits.DAY)]
MESSAGES = [(30, 10 * limits.MINUTE), (90, limits.HOUR), (300, limits.DAY)]


def machine_mail(letter: Letter) -> Outcome:
    """Kept with its ticket, if one is found; it never opens, reopens or answers anything."""
    if letter.match is None or (letter.parsed.from_ is None and letter.sender is None):
        return Outcome(State.SUSPENDED, "auto_mailer")
    said = contents.read(letter.parsed)
    message = conversation.attach_machine_mail(letter.match.ticket, sender=letter.author(), **said.message)
    return Outcome(State.APPLIED, letter.parsed.machine_reason[:40], letter.match.ticket, message)


def persons_mail(letter: Letter) -> Outcome:
    said = contents.read(letter.parsed)
    if earlier := _earlier_copy(letter, said.body):
        return Outcome(State.REJECTED, "duplicate", earlier.ticket)
    if letter.thread is None:
        return new_ticket(letter, said)
    ticket, sender = letter.thread.ticket, letter.sender
    if sender and _speaks(sender, ticket):
        if limits.hit(f"mail-on:{sender.email}", MESSAGES) or _floods(letter, ticket):
            return Outcome(State.SUSPENDED, "too_many")
        message = conversation.receive(
            ticket, by=sender, source=Source.EMAIL, auto_response=letter.parsed.may_auto_reply, **said.message
        )
        return Outcome(State.APPLIED, letter.thread.by, message.ticket, message)
    message = conversation.attach_unverified(ticket, sender=letter.author(), **said.message)
    return Outcome(State.APPLIED, "unverified", ticket, message)


def _floods(letter: Letter, ticket: Ticket) -> bool:
    """Mail on a ticket that is over opens a new one, and so counts as one."""
    opens_another = ticket.is_closed and not within_reopen_window(ticket)
    return opens_another and bool(limits.hit(f"mail-new:{letter.row.sender}", NEW_TICKETS))


def _speaks(sender: User, ticket: Ticket) -> bool:
    """Whether the sender's mail is part of the public conversation. An agent's address proves no agent."""
    return is_participant(sender, ticket) and (not sender.is_agent or ticket.requester_id == sender.pk)


def _earlier_copy(letter: Letter, body: str) -> InboundEmail | None:
    """The same mail, delivered before by another way or twice. A Message-ID alone proves nothing: the author and the
    text have to be the same, and the ticket too if it names one."""
    row = letter.row
    if letter.parsed.message_id_made:
        return None
    with connection.cursor() as cursor:  # two copies at the same moment come here one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [row.rfc_message_id])
    earlier = InboundEmail.objects.filter(
        rfc_message_id=row.rfc_message_id, sender=row.sender, state=State.APPLIED, message__body=body
    )
    if letter.thread:
        earlier = earlier.filter(ticket=letter.thread.ticket)
    return earlier.select_related("ticket").exclude(pk=row.pk).first()


def new_ticket(letter: Letter, said: contents.Contents) -> Outcome:
    if limits.hit(f"mail-new:{letter.row.sender}", NEW_TICKETS):
        return Outcome(State.SUSPENDED, "too_many")
    requester, box = letter.author(), letter.mailbox
    ticket = lifecycle.open_ticket(
        by=requester, requester=requester, subject=said.subject, source=Source.EMAIL,
        department=box.department if box else None, help_topic=box.help_topic if box else None,
        auto_response=letter.parsed.may_auto_reply, follow_up_of=letter.match.ticket if letter.match else None,
        **said.message,
    )  # fmt: skip
    return Outcome(State.APPLIED, "new", ticket, ticket.messages.get())
