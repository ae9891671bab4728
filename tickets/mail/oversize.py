"""Tells somebody whose mail was too large to be read that nobody has read it, and what to do."""

from __future__ import annotations

from tickets import limits, outbox
from tickets.mail import automatic
from tickets.mail.letter import Letter
from tickets.mail.mime import Limits
from tickets.models import User

NOTICES = [(1, limits.DAY)]
_MB = 1024 * 1024


def tell(letter: Letter) -> None:
    """Queues one notice a day to the writer, if automatic mail may go there; for a mail that no rule keeps back."""
    writer, person, box = letter.writer, letter.sender, letter.mailbox
    if writer is None or not letter.may_auto_reply or (person and not person.takes_automatic_mail):
        return
    if box and box.automatic_paused_at:
        return
    address = writer.key
    if limits.hit(f"mail-too-large:{address}", NOTICES) or automatic.wait_without_ticket(address):
        return
    outbox.enqueue(
        "mail_too_large", None, person or User(email=address), address=address, leaves_from=box,
        to=box.address if box else "", size=-(-letter.row.raw_size // _MB), most=Limits().size // _MB,
    )  # fmt: skip
