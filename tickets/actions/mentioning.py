"""Colleagues mentioned in a note: they are told, they follow from then on, and it stands in their list."""

from __future__ import annotations

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from tickets import mentions
from tickets.events import record
from tickets.mentions import Person
from tickets.models import Follower, Mention, Message, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid
from tickets.states import Source

MOST = 20
_ASKED = {Source.STAFF, Source.API}


def heed(ticket: Ticket, message: Message, by: Actor) -> list[Person]:
    """Finds whom the note mentions and writes the places into it. Raises Invalid when that is somebody who cannot see
    the ticket, or one of several; where nobody is there to be asked, as with mail, such words stay words."""
    if "@" not in message.body:
        return []
    agents = [Person(*row) for row in User.objects.agents().values_list("pk", "name", "email")]
    meant = mentions.read(message.body, agents, message.folded)
    pks = {person.pk for one in meant for person in one.people}
    inside = set(mentions.colleagues(ticket).filter(pk__in=pks).values_list("pk", flat=True)) if pks else set()
    told: dict[int, Person] = {}
    for one in meant:
        there = [person for person in one.people if person.pk in inside]
        if len(there) == 1:
            told[there[0].pk] = there[0]
            message.mentions.append([one.start, one.end, there[0].pk])
        elif isinstance(by, User) and message.source in _ASKED:
            raise Invalid(body=_refusal(message.body[one.start : one.end], there, one.people))
    told.pop(by.pk or 0, None)
    if len(told) > MOST:
        raise Invalid(body=_("At most %(max)d people can be mentioned at once.") % {"max": MOST})
    return list(told.values())


def _refusal(word: str, there: list[Person], meant: tuple[Person, ...]) -> str:
    if there:
        people = get_text_list([f"{one.display_name} ({one.email})" for one in there[:5]], _("or"))
        return _("“%(word)s” could be %(people)s. Write the whole name or the e-mail address.") % {
            "word": word, "people": people,
        }  # fmt: skip
    name = meant[0].display_name
    return _(
        "%(name)s cannot see this ticket. The note was not added; your text is still here. Let them in first "
        "(assign, transfer, or add them), or write the name without @."
    ) % {"name": name}


def tell(ticket: Ticket, message: Message, people: list[Person], *, by: Actor) -> None:
    if not people:
        return
    rows = [Mention(ticket=ticket, user_id=one.pk, created_at=message.created_at) for one in people]
    Mention.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "ticket"], update_fields=["created_at"]
    )
    watching = [Follower(ticket=ticket, user_id=one.pk) for one in people if one.pk != ticket.requester_id]
    Follower.objects.bulk_create(watching, ignore_conflicts=True)
    names = ", ".join(one.display_name for one in people)
    record(ticket, "mentioned", by=by, message=message, people=names, agent_ids=[one.pk for one in people])
