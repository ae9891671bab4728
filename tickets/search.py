"""Query text -> tickets, newest first. One language for the staff search box and for `?q=` of the API.

Words must all occur, each in a message or in number, subject and requester's name; `"two words"` is a phrase, `pri*` a
beginning, `-word` excludes. Filters are listed in docs/api.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from tickets.models import Message, Ticket, User
from tickets.search_filters import FilterError, condition, misspelt
from tickets.search_filters import names as filter_names

LONGEST = 500  # characters
MOST_WORDS = 12
# Up to so many hits a word counts as rare: they are fetched from the index and put in order. More common words are
# looked for by walking the tickets from the newest on, which ends soon just because they are common.
RARE = 2000

_PART = re.compile(r'(?=\S)(?P<minus>-?)(?:(?P<key>[A-Za-z_]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))')
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Mistake:
    """What was not understood: `position` is the offset in the text, `text` a sentence for the person."""

    position: int
    text: str


@dataclass(frozen=True)
class Word:
    text: str
    negated: bool = False

    @property
    def is_prefix(self) -> bool:
        return self.text.endswith("*")

    @property
    def query(self) -> SearchQuery:
        bare = self.text.rstrip("*")
        quoted = "'" + bare.replace("\\", "\\\\").replace("'", "''") + "'" + (":*" if self.is_prefix else "")
        if bare.isdecimal():  # the parser reads HD-123456 as "hd" and minus 123456
            quoted += " | '-" + quoted[1:]
        return SearchQuery(quoted, config="simple", search_type="raw")


@dataclass
class Parsed:
    where: Q = field(default_factory=Q)
    words: list[Word] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    wants_archived: bool = False


@dataclass(frozen=True)
class Found:
    """`tickets` is a lazy queryset, newest first: slice it or page it by id. What was not understood is left out of
    the search and named in `mistakes`."""

    tickets: QuerySet[Ticket]
    mistakes: list[Mistake]


def find(text: str, *, by: User) -> Found:
    """The tickets that `by` may know of and that match; notes and machine mail are searched for agents only.

    An agent's words and filters look where the agent reads everything: what is found tells what stands there. Archived
    tickets are found by `is:archived` alone, tickets in the trash never.
    """
    parsed = parse(text, by=by)
    tickets = Ticket.objects.inside(by) if by.is_agent and text.strip() else Ticket.objects.visible_to(by)
    tickets = tickets.kept().filter(parsed.where, archived_at__isnull=not parsed.wants_archived)
    return Found(_with_words(tickets, parsed.words, by).order_by("-id"), parsed.mistakes)


def parse(text: str, *, by: User) -> Parsed:
    """Reads the query without asking the database."""
    parsed = Parsed()
    if len(text) > LONGEST:
        parsed.mistakes.append(Mistake(LONGEST, _("This is too long: %(max)d characters fit.") % {"max": LONGEST}))
        text = text[:LONGEST]
    for part in _PART.finditer(_UNSEEN.sub(" ", text)):
        try:
            _read(part, parsed, by)
        except FilterError as error:
            parsed.mistakes.append(Mistake(part.start(), str(error)))
    return parsed


def _read(part: re.Match[str], parsed: Parsed, by: User) -> None:
    key, negated = (part["key"] or "").lower(), bool(part["minus"])
    value = part["quoted"] if part["quoted"] is not None else part["plain"]
    if key in filter_names(by):
        if key == "is" and value.lower() == "archived" and not negated:
            parsed.wants_archived = True
            return
        where = condition(key, value.strip(), by)
        parsed.where &= ~where if negated else where
        return
    if key and (meant := misspelt(key, by)):
        raise FilterError(_("There is no filter “%(key)s”. Did you mean “%(meant)s”?") % {"key": key, "meant": meant})
    _add_word(f"{part['key']}:{value}" if key else value, negated, parsed)


def _add_word(text: str, negated: bool, parsed: Parsed) -> None:
    text = text.strip().lstrip("#")
    if not any(sign.isalnum() for sign in text):
        return
    if len(parsed.words) >= MOST_WORDS:
        raise FilterError(_("Too many words: %(max)d fit.") % {"max": MOST_WORDS})
    parsed.words.append(Word(text, negated))


def _with_words(tickets: QuerySet[Ticket], words: list[Word], by: User) -> QuerySet[Ticket]:
    rarest = _rarest(words, by)
    hits = _hits(rarest) if rarest else None
    if hits is not None:
        tickets = tickets.filter(pk__in=hits)
    for number, word in enumerate(words):
        if word == rarest and hits is not None:
            continue
        name = f"hit_{number}"
        where = Q(search=word.query) | Q(**{name: True})
        tickets = tickets.alias(**{name: _in_messages(word, by)}).filter(~where if word.negated else where)
    return tickets


def _in_messages(word: Word, by: User) -> Coalesce:
    """Asked per ticket. Not EXISTS: PostgreSQL would fetch every hit of the word into a hash first."""
    messages = Message.objects.visible_to(by).filter(ticket=OuterRef("pk"), search=word.query).order_by()
    return Coalesce(Subquery(messages.values_list(Value(True))[:1]), False)


def _rarest(words: list[Word], by: User) -> Word | None:
    """The word to begin with; None when all are common or when the person's own tickets are few anyway."""
    if not by.is_agent and not by.is_superuser:
        return None
    guesses = [(_guess(word), number) for number, word in enumerate(words) if not word.negated]
    fewest, number = min(guesses, default=(RARE + 1, 0))
    return words[number] if fewest <= RARE else None


def _guess(word: Word) -> int:
    """How many messages the statistics expect: costs one planning, reads nothing. For beginnings they are too rough."""
    if word.is_prefix:
        return RARE
    plan = Message.objects.filter(search=word.query).order_by().explain(format="json")
    return int(json.loads(plan)[0]["Plan"]["Plan Rows"])


def _hits(word: Word) -> set[int] | None:
    """Ids of the tickets where the word occurs, also where the person may not see it; None when there are too many."""
    hits: set[int] = set()
    for rows in _capped(word):
        if len(rows) > RARE:
            return None
        hits.update(rows)
    return hits


def _capped(word: Word) -> Iterator[list[int]]:
    messages = Message.objects.filter(search=word.query).order_by()
    yield list(messages.values_list("ticket_id", flat=True)[: RARE + 1])
    yield list(Ticket.objects.filter(search=word.query).order_by().values_list("pk", flat=True)[: RARE + 1])


def after(tickets: QuerySet[Ticket], pk: int | None) -> QuerySet[Ticket]:
    """The page that follows the ticket `pk` in the order of `find`."""
    return tickets if pk is None else tickets.filter(pk__lt=pk)
