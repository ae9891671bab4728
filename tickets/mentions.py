"""Who is meant by @name in a note: colleagues who read the ticket from inside, by full name, first name or address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from tickets.models import Follower, Membership, Permission, Team, Ticket, User

READ = 50  # so many signs of one note are looked at
OFFERED = 8
_SIGN = re.compile(r"(?:^|(?<=[\s(]))@(?=\w)")
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_WORD = re.compile(r"\S{1,200}")
_AFTER = ".,;:!?)]}'\"…"


@dataclass(frozen=True)
class Person:
    pk: int
    name: str
    email: str

    @property
    def display_name(self) -> str:
        return self.name or self.email


@dataclass(frozen=True)
class Meant:
    """`people` could all be meant by the text from `start` to `end`."""

    start: int
    end: int
    people: tuple[Person, ...]


def colleagues(ticket: Ticket) -> QuerySet[User]:
    """The agents for whom the ticket is one of `Ticket.objects.inside`; nobody but admins for one in the trash."""
    rows = Q(is_superuser=True)
    if ticket.deleted_at is None:
        works = Membership.objects.filter(
            department=ticket.department_id, role__permissions__contains=[Permission.VIEW]
        )
        follows = Follower.objects.filter(ticket=ticket.pk).exclude(user=ticket.requester_id)
        rows |= Q(pk=ticket.assignee_id) | Q(pk__in=works.values("user")) | Q(pk__in=follows.values("user"))
        if ticket.team_id:
            team = Team.members.through.objects.filter(team=ticket.team_id, team__is_enabled=True)
            rows |= Q(pk__in=team.values("user"))
    return User.objects.agents().filter(rows)


def offered(ticket: Ticket, user: User, typed: str) -> list[tuple[User, str]]:
    """A few colleagues whose name or address begins so, each with what is written to mention them: their name, or
    their address where two have the same name."""
    rows = colleagues(ticket).exclude(pk=user.pk)
    for word in typed.replace("\0", "").split()[:4]:
        rows = rows.filter(Q(name__istartswith=word) | Q(name__icontains=f" {word}") | Q(email__istartswith=word))
    people = list(rows.only("name", "email")[:OFFERED])
    same = User.objects.agents().filter(name__in=[one.name for one in people if one.name]).order_by()
    twice = set(same.values("name").annotate(count=Count("pk")).filter(count__gt=1).values_list("name", flat=True))
    return [(one, one.name if one.name and one.name not in twice else one.email) for one in people]


def read(text: str, people: Iterable[Person], without: Sequence[Sequence[int]] = ()) -> list[Meant]:
    """Where the text speaks to whom; words that are nobody's name stay words. `without`: ranges that do not count."""
    known, found = _Known(people), []
    for count, sign in enumerate(_SIGN.finditer(text)):
        if count >= READ:
            break
        if any(start <= sign.start() < end for start, end in without):
            continue
        if meant := known.at(text, sign.start()):
            found.append(meant)
    return found


class _Known:
    def __init__(self, people: Iterable[Person]) -> None:
        self.by_address: dict[str, list[Person]] = {}
        self.by_word: dict[str, list[Person]] = {}
        for person in people:
            self.by_address.setdefault(person.email.lower(), []).append(person)
            words = {word.lower() for word in (*person.name.split()[:1], person.email.partition("@")[0])}
            for word in words:
                self.by_word.setdefault(word, []).append(person)

    def at(self, text: str, start: int) -> Meant | None:
        address = _ADDRESS.match(text, start + 1)
        if address:
            people = self.by_address.get(address[0].lower(), [])
            return Meant(start, address.end(), tuple(people)) if people else None
        for word in _shorter(_WORD.match(text, start + 1)):
            if people := self.by_word.get(word.lower(), []):
                return _longest(text, start, people) or Meant(start, start + 1 + len(word), tuple(people))
        return None


def _shorter(match: re.Match[str] | None) -> Iterator[str]:
    """The word, and the word without the punctuation after it."""
    word = match[0] if match else ""
    yield word
    while word and word[-1] in _AFTER:
        word = word[:-1]
        yield word


def _longest(text: str, start: int, people: Sequence[Person]) -> Meant | None:
    """Those whose whole name stands there; of several names the longest."""
    ends: dict[int, list[Person]] = {}
    for person in people:
        name = r"\s+".join(map(re.escape, person.name.split()))
        if name and (match := re.compile(rf"{name}(?!\w)", re.IGNORECASE).match(text, start + 1)):
            ends.setdefault(match.end(), []).append(person)
    return Meant(start, max(ends), tuple(ends[max(ends)])) if ends else None
