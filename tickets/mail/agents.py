"""Agents who answer by mail. An agent's address in From proves nothing: it takes the signed address of a notice that
went to that very agent, our mail server's word that the sender is real, and access to the ticket as it is now."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tickets import limits, outbox, permissions
from tickets.actions import conversation
from tickets.mail import contents, own_links, threads
from tickets.mail.letter import Letter, Outcome, State
from tickets.models import Message, Ticket, User
from tickets.refusals import Refused
from tickets.states import Source

NOTICES = [(1, 10 * limits.MINUTE), (3, limits.HOUR), (10, limits.DAY)]
_VERBS = {"agent": "reply", "note": "note"}


def answer(letter: Letter, said: contents.Contents) -> Outcome | None:
    """How an agent's mail ends that names a ticket, or poses as an answer of ours; None when it is like others'."""
    sender, match = letter.sender, letter.match
    if sender is None or not (sender.is_agent or sender.is_superuser) or letter.is_released:
        return None
    if match is None:
        claims = threads.claims_to_answer(letter.parsed, letter.row.envelope_to)
        return Outcome(State.SUSPENDED, "unauthenticated_email_update") if claims else None
    if match.role in _VERBS and match.person_id == sender.pk:
        return _with_token(letter, said, sender, match)
    if match.ticket.requester_id == sender.pk or match.by == "subject":
        return None
    return Outcome(State.SUSPENDED, "unauthenticated_email_update", match.ticket)


def is_own_notice_answered(letter: Letter) -> bool:
    """Whether the mail answers a notice to an agent; from a machine that is the agent's own vacation note."""
    return bool(letter.match and letter.match.role in _VERBS)


def _with_token(letter: Letter, said: contents.Contents, agent: User, match: threads.Match) -> Outcome:
    verb, ticket = _VERBS[match.role], match.ticket
    why = _obstacle(letter, agent, verb, match)
    if why:
        _tell(agent, ticket, why)
        return Outcome(State.SUSPENDED, "unauthenticated_email_update", ticket, detail=why)
    try:
        with transaction.atomic():
            message = _write(letter, said, agent, ticket, verb)
    except Refused as error:
        _tell(agent, ticket, str(error))
        return Outcome(State.SUSPENDED, "refused", ticket, detail=str(error))
    kind = "agent_note" if message.kind == Message.Kind.NOTE else "agent_reply"
    return Outcome(State.APPLIED, kind, ticket, message)


def _obstacle(letter: Letter, agent: User, verb: str, match: threads.Match) -> str:
    if not agent.is_active or not Ticket.objects.visible_to(agent).filter(pk=match.ticket.pk).exists():
        return _("You no longer have access to this ticket.")
    if not permissions.can(agent, verb, match.ticket):
        return _("You are not allowed to do this on this ticket.")
    if match.is_old:
        return _("The mail you answered is too old.")
    if not letter.verdict.is_verified:
        return _("Our mail server could not verify that the mail comes from you.")
    return ""


def _write(letter: Letter, said: contents.Contents, agent: User, ticket: Ticket, verb: str) -> Message:
    """Only what the agent wrote goes to the customer, as plain text: the notice that it quotes is not for them."""
    body, more = said.visible, {"source": Source.EMAIL, "origin": letter.message(said)["origin"]}
    if verb == "reply" and not _quotes_notice(body):
        return conversation.reply(ticket, by=agent, body=body, attachments=said.attachments, **more)
    return conversation.note(ticket, by=agent, body=body, attachments=said.attachments, **more)


def _quotes_notice(text: str) -> bool:
    """Whether words of a notice are left in the text, between the lines of an answer for example: then it is a note,
    and the agent can send it from the workspace."""
    return f"{settings.BASE_URL}/staff/" in text or own_links.is_masked(text)


def _tell(agent: User, ticket: Ticket, why: str) -> None:
    """Who writes in the agent's name without being it makes at most a few such mails, and has no word in them."""
    if agent.is_active and not limits.hit(f"mail-refused:{agent.pk}", NOTICES):
        outbox.enqueue("mail_refused", None, agent, number=ticket.number, why=why)
