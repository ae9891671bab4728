"""Answers of third parties whom an agent has asked about a ticket: internal notes, whoever wrote them."""

from __future__ import annotations

from tickets import limits
from tickets.actions import side_conversations
from tickets.mail import contents
from tickets.mail.letter import Letter, Outcome, State
from tickets.models import SideConversation

_MOST = [(30, limits.HOUR), (100, limits.DAY)]


def answer(letter: Letter, said: contents.Contents) -> Outcome | None:
    """How a mail ends that came to the address of a side conversation; None for every other mail."""
    match = letter.match
    if match is None or match.role != "side" or match.person_id is None:
        return None
    side = SideConversation.objects.filter(pk=match.person_id).first()
    if side is None or match.is_old:
        return None
    if not (letter.is_released or letter.is_imported) and limits.hit(f"mail-side:{side.pk}", _MOST):
        return Outcome(State.SUSPENDED, "too_many")  # each of them is a notice to agents
    name = letter.writer.name or letter.writer.email if letter.writer else letter.row.sender
    given = letter.message(said)
    message = side_conversations.attach_answer(side, match.ticket, name=name, **given)
    return Outcome(State.APPLIED, "side", match.ticket, message)
