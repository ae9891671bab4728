"""Which ticket a mail belongs to. What a stranger cannot know (a customer's Message-ID) counts only for people who take
part in the ticket, what only we can write (signed addresses and Message-IDs) for everybody. A number in the subject,
which anybody can write, counts for those whose address our mail server has proved; else it is a hint, see `Letter`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import merged, signing
from tickets.mail.addresses import Address
from tickets.mail.parse import ParsedEmail
from tickets.models import Desk, InboundEmail, Mailbox, OutboundEmail, Ticket, User

MOST_IDS = 50
_TAG = re.compile(r"\[#([A-Za-z0-9-]{1,24})\]")
_TOKEN = re.compile(r"[a-z2-7]{30,64}", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """`by` is how the ticket was found: address, message_id, reference or subject. `person_id` and `role` are whom
    the signed reply address was made for and what they answer as; for the role `side` it is the conversation's id.
    `is_old`: what names the ticket is too old to be answered by mail. `others` are ids of further tickets that the mail
    names with our signature."""

    ticket: Ticket
    by: str
    person_id: int | None = None
    role: str = ""
    is_old: bool = False
    others: tuple[int, ...] = ()


def find(parsed: ParsedEmail, envelope_to: list[str], sender: User | None, mailbox: Mailbox | None) -> Match | None:
    """The ticket, by the first rule that finds one; for a merged one that which it was merged into. Tickets in the
    trash are found by none."""
    named = _signed(parsed, envelope_to)
    found = (
        _by_reply_address(named)
        or _by_own_message_id(named)
        or _by_known_message_id(parsed, sender, mailbox)
        or _by_subject(parsed, sender)
    )
    if found is None or found.ticket.merged_into_id is None:
        return found
    return replace(found, ticket=merged.target_of(found.ticket))


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


def claims_to_answer(parsed: ParsedEmail, envelope_to: list[str]) -> bool:
    """Whether it poses as an answer to mail of this desk, with a valid signature or without."""
    own = {
        settings.MAIL_DOMAIN,
        *(box.rpartition("@")[2].lower() for box in Mailbox.objects.values_list("address", flat=True)),
    }
    signs = [message_id.strip("<>").lower() for message_id in ids(parsed) if signing.looks_like_ours(message_id)]
    signs += [
        address
        for address in recipients(parsed, envelope_to)
        if _TOKEN.fullmatch(address.rpartition("@")[0].partition("+")[2])
    ]
    return any(sign.rpartition("@")[2] in own for sign in signs)


def numbers(pks: Iterable[int]) -> str:
    """In words, which other tickets a mail names; empty when none of them exists."""
    found = Ticket.objects.kept().filter(pk__in=[pk for pk in pks if pk < 1 << 63]).values_list("number", flat=True)
    named = ", ".join(f"#{number}" for number in found)
    return _("Also names: %(tickets)s") % {"tickets": named} if named else ""


@dataclass(frozen=True)
class _Signed:
    """What a mail carries that we once signed: reply addresses, and (Message-ID, ticket id) of our mails."""

    addresses: list[signing.ReplyAddress]
    message_ids: list[tuple[str, int]]

    def others(self, ticket: Ticket) -> tuple[int, ...]:
        found = [*(one.ticket_id for one in self.addresses), *(pk for _id, pk in self.message_ids)]
        return tuple(pk for pk in dict.fromkeys(found) if pk and pk != ticket.pk)


def _signed(parsed: ParsedEmail, envelope_to: list[str]) -> _Signed:
    keys = signing.keys()
    tokens = (signing.read_reply_address(keys, address) for address in recipients(parsed, envelope_to))
    answered = ((message_id, signing.read_message_id(keys, message_id)) for message_id in ids(parsed))
    return _Signed([one for one in tokens if one], [(message_id, said[1]) for message_id, said in answered if said])


def _by_reply_address(named: _Signed) -> Match | None:
    for one in named.addresses:
        if ticket := _kept(one.ticket_id):
            return Match(
                ticket, "address", one.user_id, one.role, is_old=_is_old(one.made), others=named.others(ticket)
            )
    return None


def _by_own_message_id(named: _Signed) -> Match | None:
    for message_id, ticket_id in named.message_ids:
        if ticket := _kept(ticket_id):
            row = OutboundEmail.objects.filter(rfc_message_id=message_id).only("created_at", "kind", "context").first()
            old = row is not None and _is_old(row.created_at.date())
            side = {"person_id": row.context["side_id"], "role": "side"} if row and row.kind == "side" else {}
            return Match(ticket, "message_id", is_old=old, others=named.others(ticket), **side)
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
            return Match(row.ticket, "reference", is_old=_is_old(row.received_at.date()))
    return None


def _by_subject(parsed: ParsedEmail, sender: User | None) -> Match | None:
    tag = _TAG.search(parsed.subject)
    if sender is None or tag is None:
        return None
    ticket = Ticket.objects.kept().filter(number=tag[1]).first()
    return Match(ticket, "subject") if ticket and takes_part(sender, ticket) else None


def _is_old(made: date) -> bool:
    """A reply address knows its week only, so it may be answered up to six days longer."""
    return made + timedelta(days=Desk.current().reply_by_mail_days + 7) < timezone.now().date()


def _kept(pk: int) -> Ticket | None:
    return Ticket.objects.kept().filter(pk=pk).first() if pk and pk < 1 << 63 else None
