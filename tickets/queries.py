"""The few reads longer than a queryset method: pages of a queue, the counts beside them, a ticket's timeline.

A page costs what its rows cost: columns of the ticket only, in the order of an index, found by key and never by offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets import search
from tickets.compiled import Compiled
from tickets.models import Department, Mention, Permission, Status, Ticket, TicketEvent, User, Viewed
from tickets.models.ticket import TicketQuerySet
from tickets.search import Mistake
from tickets.states import ACTIVE, State

PAGE = 50
COUNT_CAP = 1000
SOON = timedelta(hours=24)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Row(NamedTuple):
    """What a list shows of a ticket; the names are the ticket's columns."""

    id: int
    number: str
    subject: str
    state: str
    status_id: int | None
    priority: int
    requester_id: int
    requester_name: str
    last_message_at: datetime
    last_message_by: str
    last_message_kind: str
    last_message_preview: str
    waiting_since: datetime | None
    tag_names: list[str]
    sla_started_at: datetime | None
    first_response_at: datetime | None
    first_response_due_at: datetime | None
    first_response_warned_at: datetime | None
    next_response_warned_at: datetime | None
    resolution_warned_at: datetime | None
    due_at: datetime | None
    auto_close_at: datetime | None
    closed_at: datetime | None
    deleted_at: datetime | None
    snoozed_until: datetime | None
    assignee_id: int | None


@dataclass(frozen=True)
class Queue:
    """A list that agents work through. `key` is the column it is ordered by, an index away; `select` gives the rows
    that the user may see."""

    slug: str
    label: Any
    key: str
    select: Callable[[User], TicketQuerySet]
    newest_first: bool = True
    is_counted: bool = False
    department_id: int | None = None
    for_admins: bool = False


def work_of(user: User) -> TicketQuerySet:
    """Every ticket that an agent may open in the workspace, those merely followed too. Where they are merely the
    requester they are a customer like others, and the notes about them stay closed."""
    return Ticket.objects.inside(user)


def _mine(user: User) -> TicketQuerySet:
    return Ticket.objects.awake().filter(assignee=user)


def _unassigned(user: User) -> TicketQuerySet:
    return Ticket.objects.awake().worked_by(user).filter(assignee__isnull=True)


def _mentioned(user: User) -> TicketQuerySet:
    """Also what they merely follow: who is mentioned does."""
    return Ticket.objects.awake().inside(user).filter(pk__in=Mention.objects.tickets_of(user.pk))


def _due_soon(user: User) -> TicketQuerySet:
    return Ticket.objects.awake().worked_by(user).filter(due_at__lte=timezone.now() + SOON)


def _waiting(user: User) -> TicketQuerySet:
    waiting = list(Status.objects.filter(ends_on_customer_message=True).values_list("pk", flat=True))
    return Ticket.objects.kept().worked_by(user).filter(status__in=waiting, snoozed_until__isnull=True)


def _all_open(user: User) -> TicketQuerySet:
    return Ticket.objects.awake().worked_by(user)


def _snoozed(user: User) -> TicketQuerySet:
    return Ticket.objects.active().worked_by(user).filter(snoozed_until__isnull=False)


def _resolved(user: User) -> TicketQuerySet:
    return Ticket.objects.kept().worked_by(user).filter(state=State.RESOLVED)


def _closed(user: User) -> TicketQuerySet:
    return Ticket.objects.kept().worked_by(user).filter(state=State.CLOSED, archived_at__isnull=True)


def _archived(user: User) -> TicketQuerySet:
    return Ticket.objects.kept().worked_by(user).filter(archived_at__isnull=False)


def _trash(user: User) -> TicketQuerySet:
    return Ticket.objects.worked_by(user).filter(deleted_at__isnull=False)


QUEUES: dict[str, Queue] = {
    queue.slug: queue
    for queue in (
        Queue("my-open", _("My open"), "last_message_at", _mine, is_counted=True),
        Queue("unassigned", _("Unassigned"), "last_message_at", _unassigned, is_counted=True),
        Queue("mentions", _("Mentions"), "last_message_at", _mentioned, is_counted=True),
        Queue("due-soon", _("Due soon"), "due_at", _due_soon, newest_first=False, is_counted=True),
        Queue("waiting", _("Waiting on customer"), "last_message_at", _waiting, is_counted=True),
        Queue("all-open", _("All open"), "last_message_at", _all_open, is_counted=True),
        Queue("snoozed", _("Snoozed"), "snoozed_until", _snoozed, newest_first=False, is_counted=True),
        Queue("resolved", _("Resolved"), "last_message_at", _resolved),
        Queue("closed", _("Closed"), "closed_at", _closed),
        Queue("archived", _("Archived"), "closed_at", _archived),
        Queue("trash", _("Trash"), "deleted_at", _trash, for_admins=True),
    )
}


def queue_of(department: Department) -> Queue:
    """The open tickets of one department; only for users who may view it, see `departments_of`."""

    def select(user: User) -> TicketQuerySet:
        return Ticket.objects.awake().filter(department=department.pk)

    return Queue(
        f"d-{department.slug}", department.name, "last_message_at", select, is_counted=True, department_id=department.pk
    )


_departments: Compiled[tuple[int, str, str]] = Compiled(lambda: Department.objects.values_list("pk", "name", "slug"))


def names_of_departments(user: User) -> list[Department]:
    """As `departments_of`, for pages that show them each time: only names and short names are there to read."""
    return [
        Department(pk=pk, name=name, slug=slug)
        for pk, name, slug in _departments.all()
        if user.is_superuser or Permission.VIEW in user.grants.get(pk, ())
    ]


def departments_of(user: User) -> QuerySet[Department]:
    """Departments whose tickets the user may view, by name."""
    rows = Department.objects.only("name", "slug")
    if user.is_superuser:
        return rows
    return rows.filter(pk__in=[pk for pk, granted in user.grants.items() if Permission.VIEW in granted])


# Pages


@dataclass(frozen=True)
class Page:
    """Rows in the queue's order. `before` and `after` are cursors for the neighbouring pages, empty at the ends."""

    rows: list[Row]
    before: str = ""
    after: str = ""


def page(queue: Queue, user: User, *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """The first page of the queue, or the one after or before a cursor; a cursor that makes no sense is ignored."""
    backwards = bool(before)
    at = read_cursor(before or after)
    rows = queue.select(user)
    descending = queue.newest_first != (backwards and at is not None)
    if at is not None:
        rows = rows.filter(_beyond(queue.key, *at, descending=descending))
    sign = "-" if descending else ""
    ordered = rows.order_by(f"{sign}{queue.key}", f"{sign}id").values_list(*Row._fields)
    found = [Row._make(one) for one in ordered[: size + 1]]
    more, found = len(found) > size, found[:size]
    if backwards and at is not None:
        found.reverse()
    if not found:
        return Page([])
    has_newer, has_older = (more, True) if backwards and at else (at is not None, more)
    return Page(
        found,
        before=cursor(getattr(found[0], queue.key), found[0].id) if has_newer else "",
        after=cursor(getattr(found[-1], queue.key), found[-1].id) if has_older else "",
    )


def row(ticket: Ticket) -> Row:
    """The list row of a ticket that is at hand."""
    return Row(*(getattr(ticket, name) for name in Row._fields))


def search_page(text: str, user: User, *, after: str = "", size: int = PAGE) -> tuple[Page, list[Mistake]]:
    """What the query finds, newest first, and what of it was not understood. `after` is the id of the last one seen."""
    found = search.find(text, by=user)
    tickets = search.after(found.tickets, int(after) if after.isdecimal() and len(after) < 19 else None)
    rows = [Row._make(one) for one in tickets.values_list(*Row._fields)[: size + 1]]
    return Page(rows[:size], after=str(rows[size - 1].id) if len(rows) > size else ""), found.mistakes


def cursor(moment: datetime, pk: int) -> str:
    """A place in a list ordered by a moment: microseconds since 1970 and the id."""
    return f"{(moment - EPOCH) // _MICROSECOND}-{pk}"


def read_cursor(text: str) -> tuple[datetime, int] | None:
    micros, _dash, pk = text.partition("-")
    if not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit()) or len(text) > 36:
        return None
    if len(micros) > 17 or len(pk) > 18:
        return None
    return EPOCH + int(micros) * _MICROSECOND, int(pk)


def _beyond(key: str, moment: datetime, pk: int, *, descending: bool) -> Q:
    """Past the place in the list. The first condition is what the index can start from."""
    word, same = ("lt", "lte") if descending else ("gt", "gte")
    past = Q(**{f"{key}__{word}": moment}) | Q(**{key: moment, f"id__{word}": pk})
    return Q(**{f"{key}__{same}": moment}) & past


# Counts

_ACTIVE = f"state IN ({', '.join(repr(state.value) for state in ACTIVE)}) AND deleted_at IS NULL"
_OPEN = f"{_ACTIVE} AND snoozed_until IS NULL"
_COUNTED = {
    "unassigned": f"{_OPEN} AND assignee_id IS NULL",
    "due-soon": f"{_OPEN} AND due_at <= %s",
    "overdue": f"{_OPEN} AND due_at <= %s",
    "waiting": "status_id IN (SELECT id FROM tickets_status WHERE ends_on_customer_message) AND snoozed_until IS NULL",
    "all-open": _OPEN,
    "snoozed": f"{_ACTIVE} AND snoozed_until IS NOT NULL",
}


def counts(user: User, departments: Iterable[Department] = (), *, cap: int = COUNT_CAP) -> dict[str, int]:
    """How many tickets wait in each counted queue, by slug, and "overdue"; one statement. Nothing is counted beyond
    `cap`, so a count equal to it means "or more"."""
    now = timezone.now()
    visible, visible_params = Ticket.objects.kept().worked_by(user).values("pk").order_by().query.sql_with_params()
    moments = {"due-soon": [now + SOON], "overdue": [now]}
    names, parts, params = [], [], []
    for slug, condition in _COUNTED.items():
        names.append(slug)
        parts.append(f"{visible} AND {condition}")
        params += [*visible_params, *moments.get(slug, ())]
    mentions, mention_params = _mentioned(user).values("pk").order_by().query.sql_with_params()
    names.append("mentions")
    parts.append(mentions)
    params += mention_params
    # Who may see these is settled by what they select, so the index alone answers.
    for slug, column, value in _own(user, departments):
        names.append(slug)
        parts.append(f"SELECT 1 FROM tickets_ticket WHERE {_OPEN} AND {column} = %s")  # noqa: S608 - our own words
        params.append(value)
    capped = ", ".join(f"(SELECT count(*) FROM ({part} LIMIT {cap:d}) AS counted)" for part in parts)  # noqa: S608
    with connection.cursor() as db:
        db.execute(f"SELECT {capped}", params)
        return dict(zip(names, db.fetchone(), strict=True))


def _own(user: User, departments: Iterable[Department]) -> list[tuple[str, str, int]]:
    return [("my-open", "assignee_id", user.pk)] + [
        (f"d-{department.slug}", "department_id", department.pk) for department in departments
    ]


# An agent's own way


def recently_viewed(user: User, most: int = 10) -> list[tuple[str, str, str]]:
    """Number, subject and state of the tickets that the agent had open, the latest first."""
    seen = Viewed.objects.filter(user=user, ticket__in=work_of(user)).order_by("-at")
    return list(seen.values_list("ticket__number", "ticket__subject", "ticket__state")[:most])


def day_of(user: User, midnight: datetime) -> dict[str, int]:
    """How often the agent did what since their midnight."""
    done = TicketEvent.objects.filter(actor=user, created_at__gte=midnight, kind__in=_OF_THE_DAY).order_by()
    counted = dict(done.values_list("kind").annotate(count=Count("pk")))
    return {kind: counted.get(kind, 0) for kind in _OF_THE_DAY}


_OF_THE_DAY = ("replied", "noted", "resolved", "closed", "assigned")
