"""To whom a reply goes: the usual people, or the addresses that its writer gave instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tickets.models import Mailbox, Ticket, User
from tickets.refusals import Invalid

MOST = 20


@dataclass(frozen=True)
class Recipients:
    """Addresses. None where the writer left it to the ticket: the requester, everybody in copy."""

    to: Sequence[str] | None = None
    cc: Sequence[str] | None = None
    bcc: Sequence[str] = field(default_factory=tuple)


def read(text: str, name: str) -> list[str]:
    """Addresses separated by commas, semicolons or lines, with or without names; lower case, each once. Raises Invalid
    with the field's `name`."""
    pairs = getaddresses([re.sub("[;،\n]", ",", text)])
    found = list(dict.fromkeys(address.strip().lower() for _name, address in pairs if address.strip()))
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise Invalid(**{name: _("“%(address)s” is not an e-mail address.") % {"address": address[:80]}}) from None
    if len(found) > MOST:
        raise Invalid(**{name: _("At most %(max)d addresses fit.") % {"max": MOST}})
    return found


def usual_copies(ticket: Ticket) -> list[User]:
    """Everybody besides the requester who gets the replies; agents who follow read them in the workspace."""
    others = User.objects.filter(followed__ticket=ticket, is_agent=False, is_active=True).exclude(muted__ticket=ticket)
    return list(others.exclude(pk=ticket.requester_id))


def people(addresses: Iterable[str]) -> list[User]:
    """Those who have the addresses, strangers as people without a row."""
    wanted = list(addresses)
    known = {person.email: person for person in User.objects.filter(email__in=wanted)} if wanted else {}
    return [known.get(address) or User(email=address) for address in wanted]


def refuse_own(addresses: Iterable[str], name: str) -> None:
    """Mail to the desk's own mailboxes would come back as a ticket. Raises Invalid."""
    wanted = list(addresses)
    own = set(Mailbox.objects.order_by().values_list("address", flat=True)) if wanted else set()
    for address in wanted:
        if address in own:
            raise Invalid(**{name: _("%(address)s is an address of this desk.") % {"address": address}})
