"""The lists that agents work through: the desk's own, those of departments, saved views, and searches. One shape for
all of them, so that a list pane, bulk work, counts and "next ticket" need not know which it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.translation import gettext as _

from tickets import listing, queries, search
from tickets.compiled import Compiled
from tickets.listing import GROUPS, Listed, TooSlow, bounded, order_of
from tickets.models import SavedView, User
from tickets.models.ticket import TicketQuerySet
from tickets.queries import COUNT_CAP, Page, Queue
from tickets.search import Mistake
from tickets.search_grammar import quoted
from tickets.search_names import Scope

COUNTED_VIEWS = 60  # counts of so many saved views stand in the rail; the rest show none
_COUNT_PATIENCE = 800  # milliseconds
# What the desk's own lists say in the search language; tests hold that both find the same.
QUERIES = {
    "my-open": "is:open is:awake assignee:me",
    "unassigned": "is:unassigned is:awake",
    "mentions": "is:open is:awake is:mentioned",
    "due-soon": "is:open is:awake due:<=24h",
    "waiting": "is:waiting is:awake",
    "all-open": "is:open is:awake",
    "snoozed": "is:open is:snoozed",
    "resolved": "is:resolved",
    "closed": "is:closed",
    "archived": "is:archived",
}
_ORDER_OF = {"last_message_at": "latest", "due_at": "due", "closed_at": "closed", "snoozed_until": "snoozed"}


_in_reach: Compiled[SavedView] = Compiled(lambda agent: SavedView.objects.in_reach_of(agent))


class Shelf:
    """One person's saved views, and the names that their queries use; each read once for a page."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.views = _in_reach.all(user.pk) if user.is_agent or user.is_superuser else []

    @cached_property
    def scope(self) -> Scope:
        return search.scope_of([view.query for view in self.views], by=self.user)


@dataclass(frozen=True)
class Worklist:
    """`slug` is empty for a search. `mistakes`: the query cannot be trusted, nothing is shown of a saved view then."""

    slug: str
    label: str
    query: str
    select: Callable[[User], TicketQuerySet]
    order: str = "latest"
    group: str = ""
    columns: tuple[str, ...] = ()
    is_table: bool = False
    queue: Queue | None = None
    view: SavedView | None = None
    mistakes: tuple[Mistake, ...] = field(default=())
    shelf: Shelf | None = field(default=None, compare=False)

    def arranged(self, *, order: str = "", group: str = "") -> Worklist:
        """The same tickets in another order; unknown words change nothing. `group` "-" is none."""
        chosen = order if order_of(order) else self.order
        grouped = "" if group == "-" else group if group in GROUPS else self.group
        return self if (chosen, grouped) == (self.order, self.group) else replace(self, order=chosen, group=grouped)


def find(user: User, slug: str) -> Worklist | None:
    """The list of that name if there is one for this person."""
    queue = queue_for(user, slug)
    if queue:
        return of_queue(queue)
    shelf = Shelf(user) if slug else None
    view = next((one for one in shelf.views if one.slug == slug), None) if shelf else None
    return of_view(view, user, shelf) if view else None


def queue_for(user: User, slug: str) -> Queue | None:
    queue = queries.QUEUES.get(slug)
    if queue:
        return queue if user.is_superuser or not queue.for_admins else None
    if not slug.startswith("d-") or "\0" in slug:
        return None
    department = queries.departments_of(user).filter(slug=slug[2:]).first()
    return queries.queue_of(department) if department else None


def of_queue(queue: Queue) -> Worklist:
    query = QUERIES.get(queue.slug, "")
    if queue.slug.startswith("d-"):
        query = f"is:open is:awake department:{quoted(queue.slug[2:])}"
    return Worklist(queue.slug, str(queue.label), query, queue.select, _ORDER_OF.get(queue.key, ""), queue=queue)


def of_view(view: SavedView, user: User, shelf: Shelf | None = None) -> Worklist:
    found = search.find(view.query, by=user, scope=shelf.scope if shelf else None)
    mistakes = (*found.mistakes, *found.missing)
    return Worklist(
        view.slug,
        view.name,
        view.query,
        lambda user: found.tickets.none() if mistakes else found.tickets,
        view.order if order_of(view.order) else "latest",
        view.group if view.group in GROUPS else "",
        tuple(view.columns),
        view.is_table,
        view=view,
        mistakes=mistakes,
        shelf=shelf,
    )


def of_query(text: str, user: User) -> Worklist:
    """What a search finds, newest first; of a wrong query what was understood."""
    found = search.find(text, by=user)
    return Worklist(
        "",
        _("Search"),
        text,
        lambda user: found.tickets if text.strip() else found.tickets.none(),
        "newest",
        mistakes=(*found.mistakes, *found.missing),
    )


def page(worklist: Worklist, user: User, *, after: str = "", before: str = "", size: int | None = None) -> Page:
    """Raises TooSlow. The desk's own lists in their own order take the way that indexes were made for."""
    queue = worklist.queue
    if queue and not worklist.group and worklist.order == _ORDER_OF.get(queue.key, ""):
        return queries.page(queue, user, after=after, before=before, **({"size": size} if size else {}))
    tickets, size = worklist.select(user), size or queries.PAGE
    return listing.page(tickets, worklist.order, worklist.group, after=after, before=before, size=size)


def ids(worklist: Worklist, user: User, *, most: int) -> list[int]:
    """Ids of its tickets in its order, `most` at most. Raises TooSlow."""
    columns = listing.columns_of(worklist.order, "")
    tickets = listing.arranged(worklist.select(user), columns, worklist.order, "")
    rows = tickets.order_by(*(listing.ordering(*column, backwards=False) for column in columns))
    with bounded(10 * listing.PATIENCE):
        return list(rows.values_list("pk", flat=True)[:most])


def counts(
    user: User, views: Iterable[SavedView], *, cap: int = COUNT_CAP, scope: Scope | None = None
) -> dict[str, int]:
    """How many tickets stand in each view, by slug; one statement, bounded in number and time. A view with words is
    not counted: its cost cannot be told beforehand. Neither is one whose query is wrong. `scope`: see `Shelf`."""
    slugs: list[str] = []
    parts: list[str] = []
    params: list[Any] = []
    counted = list(views)[:COUNTED_VIEWS]
    scope = scope or search.scope_of([view.query for view in counted], by=user)
    for view in counted:
        if sql := _countable(search.parse(view.query, by=user, scope=scope), user):
            slugs.append(view.slug)
            parts.append(f"(SELECT count(*) FROM ({sql[0]} LIMIT {cap:d}) AS counted)")  # noqa: S608 - our own words
            params += sql[1]
    if not parts:
        return {}
    try:
        with bounded(_COUNT_PATIENCE), connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", params)
            return dict(zip(slugs, cursor.fetchone(), strict=True))
    except TooSlow:
        return {}


def _countable(parsed: search.Parsed, user: User) -> tuple[str, tuple[Any, ...]] | None:
    if parsed.mistakes or parsed.missing or parsed.words:
        return None
    try:
        return search.tickets_of(parsed, by=user).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return None


__all__ = ["Listed", "TooSlow", "Worklist", "counts", "find", "ids", "of_query", "of_queue", "of_view", "page"]
