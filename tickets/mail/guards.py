"""What keeps a mail out although it can be read: each rule has a reason code. An agent's release passes all."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from tickets.mail.letter import Letter, Outcome, State
from tickets.models import BlockedSender, Mailbox

_IS_BLOCKED = f"SELECT EXISTS (SELECT 1 FROM {BlockedSender._meta.db_table} WHERE pattern = ANY(%s))"  # noqa: S608


def kept_back(letter: Letter, own: Mapping[str, Mailbox]) -> Outcome | None:
    """The outcome of a mail that may not come in; None when it may. `own` are the desk's addresses."""
    if letter.is_released:
        return None
    if is_blocked(letter.row.sender):
        return Outcome(State.SUSPENDED, "blocklisted")
    if letter.verdict.is_refused:
        return Outcome(State.SUSPENDED, "failed_email_authentication", detail=letter.verdict.said)
    if letter.parsed.is_machine and not is_forms_mail(letter):
        return None
    if letter.row.sender in own:
        return Outcome(State.SUSPENDED, "from_support_address")
    if letter.sender and not letter.sender.is_active:
        return Outcome(State.SUSPENDED, "sender_disabled")
    return None


def is_blocked(address: str) -> bool:
    """Whether the address, its domain, or a domain above it is blocked."""
    if not address:
        return False
    labels = address.rpartition("@")[2].split(".")
    domains = [f"@{'.'.join(labels[place:])}" for place in range(min(len(labels), 20))]
    with connection.cursor() as cursor:
        cursor.execute(_IS_BLOCKED, [[address, *domains]])
        return cursor.fetchone()[0]


def is_forms_mail(letter: Letter) -> bool:
    """Whether a web form sent it: what the form's own mail looks like says nothing about the person."""
    return letter.writer is not letter.parsed.from_
