"""Who gets a reply, and who takes part from then on because an agent put them in copy."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tickets.actions.people import find_or_create
from tickets.events import record
from tickets.models import Follower, Ticket, User
from tickets.permissions import Actor
from tickets.recipients import Recipients, people, refuse_own, usual_copies
from tickets.refusals import Invalid


def addressed(ticket: Ticket, given: Recipients, by: Actor, now: datetime) -> tuple[list[User], dict[str, list[str]]]:
    """The people who get a mail each, and the addresses to be kept with the message. Whom the writer put in copy
    follows from now on, and sees nothing older; whom he put in blind copy is named to nobody but agents."""
    to = [ticket.requester] if given.to is None else people(given.to)
    cc = usual_copies(ticket) if given.cc is None else _in_copy(ticket, given, by, now)
    refuse_own(given.to or (), "to")
    refuse_own(given.bcc, "bcc")
    bcc = people(given.bcc)
    if not (to or cc or bcc):
        raise Invalid(to=_("Name at least one address."))
    addresses = {"to": [person.email for person in to], "cc": [person.email for person in cc]}
    if bcc:
        addresses["bcc"] = [person.email for person in bcc]
    return list({person.email: person for person in (*bcc, *cc, *to)}.values()), addresses


def _in_copy(ticket: Ticket, given: Recipients, by: Actor, now: datetime) -> list[User]:
    addresses = list(given.cc or ())
    refuse_own(addresses, "cc")
    found = [find_or_create(address, "") for address in addresses]
    inside = set(Follower.objects.filter(ticket=ticket, user__in=found).values_list("user_id", flat=True))
    for person in found:
        if person.pk not in inside and person.pk != ticket.requester_id and not person.is_agent:
            Follower.objects.create(ticket=ticket, user=person, sees_from=now)
            record(ticket, "followed", by=by, person=f"{person.display_name} <{person.email}>")
    return found
