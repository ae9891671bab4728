"""Query text -> tickets, newest first. One language for the search box, saved views, bulk work and `?q=` of the API.

Words must all occur, each in a message or in number, subject and requester's name; `"two words"` is a phrase, `pri*` a
beginning, `-word` excludes; AND, OR, NOT and parentheses join. Filters are listed in docs/workspace.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from tickets import search_grammar as grammar
from tickets.models import Message, Ticket, User
from tickets.models.ticket import TicketQuerySet
from tickets.search_filters import NOTHING, condition, is_known, misspelt
from tickets.search_grammar import Both, Either, Mistake, Node, Not, Term
from tickets.search_moments import FilterError, Missing
from tickets.search_names import Scope

LONGEST = 500  # characters
MOST_WORDS = 12
# Up to so many hits a word counts as rare: they are fetched from the index and put in order. More common words are
# looked for by walking the tickets from the newest on, which ends soon just because they are common.
RARE = 2000

_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


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
    """`where` holds all of the query but what is known of words only when the index was asked, see `_bound`."""

    where: Q = field(default_factory=Q)
    node: Node = field(default_factory=Both)
    words: list[Word] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    missing: list[Mistake] = field(default_factory=list)
    wants_archived: bool = False


@dataclass(frozen=True)
class Found:
    """`tickets` is a lazy queryset, newest first: slice it or page it by id. What was not understood is left out of
    the search and named in `mistakes`; what names something that is not there finds nothing and stands in `missing`."""

    tickets: TicketQuerySet
    mistakes: list[Mistake]
    missing: list[Mistake]


def find(text: str, *, by: User, scope: Scope | None = None) -> Found:
    """The tickets that `by` may know of and that match; notes and machine mail are searched for agents only.

    An agent's words and filters look where the agent reads everything: what is found tells what stands there. Archived
    tickets are found by `is:archived` alone, tickets in the trash never. `scope`: see `parse`.
    """
    parsed = parse(text, by=by, scope=scope)
    rows = tickets_of(parsed, by=by, is_empty=not text.strip())
    if (by.is_agent or by.is_superuser) and (hits := _bound(parsed.node)) is not None:
        rows = rows.filter(pk__in=hits)
    return Found(rows.order_by("-id"), parsed.mistakes, parsed.missing)


def tickets_of(parsed: Parsed, *, by: User, is_empty: bool = False) -> TicketQuerySet:
    """The rows of a query that was read, in no order, without help from the index of words."""
    rows = Ticket.objects.inside(by) if by.is_agent and not is_empty else Ticket.objects.visible_to(by)
    rows = rows.kept().filter(parsed.where)
    return rows if parsed.wants_archived else rows.filter(archived_at__isnull=True)


def parse(text: str, *, by: User, scope: Scope | None = None) -> Parsed:
    """Reads the query; the database is asked only for the names that it uses, and not even for these when `scope` has
    them already, see `scope_of`."""
    parsed = Parsed()
    node, wrong = _tree(text)
    _Reading(parsed, scope or Scope(by, grammar.terms(node))).read(node)
    parsed.mistakes = sorted(parsed.mistakes + wrong, key=lambda mistake: mistake.position)
    if len(text) > LONGEST:
        too_long = _("This is too long: %(max)d characters fit.") % {"max": LONGEST}
        parsed.mistakes.insert(0, Mistake(LONGEST, too_long))
    return parsed


def scope_of(texts: Iterable[str], *, by: User) -> Scope:
    """The names of several queries, to be looked up together."""
    return Scope(by, [term for text in texts for term in grammar.terms(_tree(text)[0])])


def _tree(text: str) -> tuple[Node, list[Mistake]]:
    return grammar.read(_UNSEEN.sub(" ", text[:LONGEST]))


class _Reading:
    def __init__(self, parsed: Parsed, scope: Scope) -> None:
        self.parsed, self.scope = parsed, scope

    def read(self, node: Node) -> None:
        """Keeps the part of the tree that was understood, and its condition."""
        kept = self.understood(node, negated=False)
        self.parsed.node, self.parsed.where = kept or (Both(), Q())

    def understood(self, node: Node, *, negated: bool) -> tuple[Node, Q] | None:
        if isinstance(node, Term):
            return self.term(node, negated=negated)
        if isinstance(node, Not):
            inner = self.understood(node.node, negated=not negated)
            return (Not(inner[0]), ~inner[1]) if inner else None
        parts = [part for one in node.nodes if (part := self.understood(one, negated=negated))]
        if not parts:
            return None
        where = parts[0][1]
        for _node, more in parts[1:]:
            where = where & more if isinstance(node, Both) else where | more
        return type(node)(tuple(part for part, _where in parts)), where

    def term(self, term: Term, *, negated: bool) -> tuple[Node, Q] | None:
        key = term.key.lower()
        try:
            if is_known(key, self.scope.by):
                return term, self.filter(key, term, negated=negated)
            if key and (meant := misspelt(key, self.scope.by)):
                raise FilterError(
                    _("There is no filter “%(key)s”. Did you mean “%(meant)s”?") % {"key": key, "meant": meant}
                )
            return self.word(term, negated=negated)
        except FilterError as error:
            self.parsed.mistakes.append(Mistake(term.position, str(error)))
            return None

    def filter(self, key: str, term: Term, *, negated: bool) -> Q:
        where = Q(NOTHING)
        for value in term.values:
            if key == "is" and value.lower() == "archived" and not negated:
                self.parsed.wants_archived = True
            try:
                where |= condition(key, value, self.scope)
            except Missing as error:
                self.parsed.missing.append(Mistake(term.position, str(error)))
        return where

    def word(self, term: Term, *, negated: bool) -> tuple[Node, Q] | None:
        text = (f"{term.key}:{','.join(term.values)}" if term.key else term.values[0]).strip().lstrip("#")
        if not any(sign.isalnum() for sign in text):
            return None
        if len(self.parsed.words) >= MOST_WORDS:
            raise FilterError(_("Too many words: %(max)d fit.") % {"max": MOST_WORDS})
        word = Word(text, negated)
        self.parsed.words.append(word)
        return Term("", (text,), term.position, term.end), Q(search=word.query) | Q(_in_messages(word, self.scope.by))


def _in_messages(word: Word, by: User) -> Coalesce:
    """Asked per ticket. Not EXISTS: PostgreSQL would fetch every hit of the word into a hash first."""
    messages = Message.objects.visible_to(by).filter(ticket=OuterRef("pk"), search=word.query).order_by()
    return Coalesce(Subquery(messages.values_list(Value(True))[:1]), False)


def _bound(node: Node) -> set[int] | None:
    """Ids among which everything lies that the words of the tree find; None when they are common, so that walking the
    tickets is faster, or when there are none."""
    if isinstance(node, Both):
        return _bound_of_all(node)
    if isinstance(node, Term) and not node.key:
        return _hits(word) if guess(word := Word(node.values[0])) <= RARE else None
    if isinstance(node, Either):
        found: set[int] = set()
        for one in node.nodes:
            hits = _bound(one)
            if hits is None or len(found) > RARE:
                return None
            found |= hits
        return found
    return None


def _bound_of_all(node: Both) -> set[int] | None:
    """That of the rarest word, else of a group of words."""
    words = [Word(one.values[0]) for one in node.nodes if isinstance(one, Term) and not one.key]
    guesses = [(guess(word), number) for number, word in enumerate(words)]
    fewest, number = min(guesses, default=(RARE + 1, 0))
    if fewest <= RARE:
        return _hits(words[number])
    groups = (_bound(one) for one in node.nodes if isinstance(one, (Both, Either)))
    return next((hits for hits in groups if hits is not None), None)


def guess(word: Word) -> int:
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
