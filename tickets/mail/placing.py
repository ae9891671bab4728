"""Where a mail goes that may come in: onto its ticket, as what its writer is there, or onto a new one."""

from __future__ import annotations

from django.db import connection

from tickets import fields, limits
from tickets.actions import conversation, lifecycle, participants
from tickets.compiled import Compiled
from tickets.mail import agents, authentication, contents, sides, threads
from tickets.mail.letter import Letter, Outcome, State
from tickets.models import InboundEmail, Message, Ticket, User
from tickets.permissions import may_speak, within_reopen_window
from tickets.states import Source

NEW_TICKETS = [(10, 10 * limits.MINUTE), (30, limits.HOUR), (100, limits.DAY)]
MESSAGES = [(30, 10 * limits.MINUTE), (90, limits.HOUR), (300, limits.DAY)]

_same_id = Compiled(
    lambda message_id, pk: (
        InboundEmail.objects.filter(rfc_message_id=message_id, state=State.APPLIED)
        .exclude(pk=pk)
        .select_related("ticket", "message")
        .order_by("pk")[:20]
    )
)


def machine_mail(letter: Letter) -> Outcome:
    """Kept with its ticket, if one is found; it never opens, reopens or answers anything."""
    if agents.is_own_notice_answered(letter):
        return Outcome(State.REJECTED, "agent_auto_reply", letter.match.ticket if letter.match else None)
    if letter.match is None or (letter.writer is None and letter.sender is None):
        return Outcome(State.SUSPENDED, "auto_mailer")
    said = contents.read(letter.parsed, letter.sender)
    message = conversation.attach_machine_mail(letter.match.ticket, sender=letter.author(), **letter.message(said))
    return Outcome(State.APPLIED, letter.parsed.machine_reason[:40], letter.match.ticket, message)


def persons_mail(letter: Letter) -> Outcome:
    said = contents.read(letter.parsed, letter.sender)
    if earlier := _earlier_copy(letter, said):
        return Outcome(State.REJECTED, "duplicate", earlier.ticket)
    if outcome := sides.answer(letter, said) or agents.answer(letter, said):
        return outcome
    if letter.thread is None:
        return new_ticket(letter, said)
    ticket, sender = letter.thread.ticket, letter.sender
    if sender and _speaks(letter, sender, ticket):
        allowed = _count(letter, ticket)
        if allowed.wait:
            return Outcome(State.SUSPENDED, "too_many")
        message = conversation.receive(
            ticket, by=sender, source=Source.EMAIL, auto_response=letter.may_auto_reply and allowed.is_first,
            is_released=letter.is_released, **letter.message(said),
        )  # fmt: skip
        return _applied(letter, letter.thread.by, message.ticket, message)
    if not (letter.is_released or letter.is_imported) and limits.hit(f"mail-unproved:{ticket.pk}", NEW_TICKETS):
        return Outcome(State.SUSPENDED, "too_many")  # each of them is a notice to agents
    message = conversation.attach_unverified(ticket, sender=letter.author(), **letter.message(said))
    return Outcome(State.APPLIED, "unverified", ticket, message)


def _applied(letter: Letter, reason: str, ticket: Ticket, message: Message) -> Outcome:
    """Whoever else the mail went to is proposed to take part; nobody is in who was merely written there."""
    if letter.verdict.value != authentication.FAILED and not letter.is_released:
        others = [(one.key, one.name) for one in (*letter.parsed.to, *letter.parsed.cc)]
        participants.propose(ticket, others, by=letter.sender or ticket.requester)
    match = letter.match
    also = threads.numbers(match.others) if match and match.others else ""
    return Outcome(State.APPLIED, reason, ticket, message, detail=also)


def _count(letter: Letter, ticket: Ticket | None) -> limits.Hits:
    """Counts the mail against what one sender may do. `is_first` of those that open a ticket are acknowledged: whoever
    writes ten at once, or in somebody's name, makes us write one. Releases and imports are an agent's doing and not
    counted."""
    if letter.is_released or letter.is_imported:
        return limits.Hits(0, is_first=False)
    if ticket is not None and (wait := limits.hit(f"mail-on:{letter.row.sender}", MESSAGES)):
        return limits.Hits(wait, is_first=False)
    # Mail on a ticket that is over opens another one.
    if ticket is None or (ticket.is_closed and not within_reopen_window(ticket)):
        return limits.count(f"mail-new:{letter.row.sender}", NEW_TICKETS)
    return limits.Hits(0, is_first=True)


def _speaks(letter: Letter, sender: User, ticket: Ticket) -> bool:
    """Whether the sender's mail is part of the public conversation: a proof that failed makes it none, and an agent's
    address proves no agent."""
    if letter.verdict.value == authentication.FAILED or not sender.is_active:
        return False
    return may_speak(sender, ticket) and (not sender.is_agent or ticket.requester_id == sender.pk)


def _earlier_copy(letter: Letter, said: contents.Contents) -> InboundEmail | None:
    """The same mail, delivered before by another way or twice. A Message-ID alone proves nothing: the author and the
    text have to be the same, and the ticket too if it names one. Of an agent's mail only the visible text was kept.
    With other content it is another mail, marked."""
    row = letter.row
    if letter.parsed.message_id_made:
        return None
    with connection.cursor() as cursor:  # two copies at the same moment come here one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [row.rfc_message_id])
    earlier = _same_id.all(row.rfc_message_id, row.pk)
    for one in earlier:
        is_same = one.sender == row.sender and one.message is not None and one.message.body in (said.body, said.visible)
        if is_same and (letter.thread is None or one.ticket_id == letter.thread.ticket.pk):
            return one
    if earlier:
        row.flags = [*row.flags, "message_id_reuse"]
    return None


def new_ticket(letter: Letter, said: contents.Contents) -> Outcome:
    allowed = _count(letter, None)
    if allowed.wait:
        return Outcome(State.SUSPENDED, "too_many")
    requester, box = letter.author(), letter.mailbox
    topic = box.help_topic if box else None
    form = fields.form_for(topic)
    ticket = lifecycle.open_ticket(
        by=requester, requester=requester, subject=said.subject, source=Source.EMAIL,
        department=box.department if box else None, help_topic=topic, form=form,
        fields=fields.in_text(form.items, said.visible) if form else None, complete=False,
        auto_response=letter.may_auto_reply and allowed.is_first, follow_up_of=letter.hint,
        is_released=letter.is_released, **letter.message(said),
    )  # fmt: skip
    return _applied(letter, "new", ticket, ticket.first_message)
