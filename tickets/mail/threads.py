"""Which ticket a mail belongs to. What a stranger cannot know (a customer's Message-ID) counts only for people who take
part in the ticket, what only we can write (signed addresses and Message-IDs) for everybody. A number in the subject,
which anybody can write, is a hint: see `inbound`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tickets import signing
from tickets.mail.addresses import Address
from tickets.mail.parse import ParsedEmail
from tickets.models import InboundEmail, Mailbox, Ticket, User

MOST_IDS = 50
_TAG = re.compile(r"\[#([A-Za-z0-9-]{1,24})\]")


@dataclass(frozen=True)
class Match:
    """`by` is how the ticket was found: address, message_id, reference or subject. `person_id` is whom the signed
    reply address was made for."""

    ticket: Ticket
    by: str
    person_id: int | None = None


def find(parsed: ParsedEmail, envelope_to: list[str], sender: User | None, mailbox: Mailbox | None) -> Match | None:
    """The ticket, by the first rule that finds one. Tickets in the trash are found by none."""
    return (
        _by_reply_address(parsed, envelope_to)
        or _by_own_message_id(parsed)
        or _by_known_message_id(parsed, sender, mailbox)
        or _by_subject(parsed, sender)
    )


def recipients(parsed: ParsedEmail, envelope_to: list[str]) -> Iterator[str]:
    """Where the mail was sent to, the envelope first: it says where it really went."""
    yield from envelope_to
    people: tuple[Address, ...] = (*parsed.delivered_to, *parsed.to, *parsed.cc)
    yield from (person.key for person in people)


def ids(parsed: ParsedEmail) -> list[str]:
    """Message-IDs the mail answers, the nearest first."""
    return list(dict.fromkeys((*parsed.in_reply_to, *reversed(parsed.references))))[:MOST_IDS]


def takes_part(person: User, ticket: Ticket) -> bool:
    return ticket.requester_id == person.pk or ticket.followers.filter(user=person).exists()


def _by_reply_address(parsed: ParsedEmail, envelope_to: list[str]) -> Match | None:
    keys = signing.keys()
    for address in recipients(parsed, envelope_to):
        if (named := signing.read_reply_address(keys, address)) and (ticket := _kept(named[0])):
            return Match(ticket, "address", named[1])
    return None


def _by_own_message_id(parsed: ParsedEmail) -> Match | None:
    keys = signing.keys()
    for message_id in ids(parsed):
        if (named := signing.read_message_id(keys, message_id)) and (ticket := _kept(named[1])):
            return Match(ticket, "message_id")
    return None


def _by_known_message_id(parsed: ParsedEmail, sender: User | None, mailbox: Mailbox | None) -> Match | None:
    wanted = ids(parsed)
    if sender is None or not wanted:
        return None
    known = InboundEmail.objects.filter(
        rfc_message_id__in=wanted, mailbox=mailbox, state=InboundEmail.State.APPLIED, ticket__deleted_at__isnull=True
    ).select_related("ticket")
    for row in sorted(known, key=lambda row: wanted.index(row.rfc_message_id)):
        if row.ticket and takes_part(sender, row.ticket):
            return Match(row.ticket, "reference")
    return None


def _by_subject(parsed: ParsedEmail, sender: User | None) -> Match | None:
    tag = _TAG.search(parsed.subject)
    if sender is None or tag is None:
        return None
    ticket = Ticket.objects.kept().filter(number=tag[1]).first()
    return Match(ticket, "subject") if ticket and takes_part(sender, ticket) else None


def _kept(pk: int) -> Ticket | None:
    return Ticket.objects.kept().filter(pk=pk).first() if pk and pk < 1 << 63 else None
