"""How a list of tickets is ordered, grouped and paged, by key and never by offset: tables of what there is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Case, F, IntegerField, OrderBy, Q, QuerySet, Value, When
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.models import Field, Ticket
from tickets.models.forms import FieldKind
from tickets.queries import EPOCH, PAGE, Page, Row
from tickets.search_filters import NOTHING
from tickets.states import State

Column = tuple[str, bool]  # name, descending
FIELD = "field."
_ANSWER = "answer"  # the custom field that a list is ordered by
_NULLABLE = {_ANSWER, "due_at", "waiting_since", "closed_at", "snoozed_until", "assignee_id", "team_id"}
_MICROSECOND = timedelta(microseconds=1)
PATIENCE = 3000  # milliseconds that one list may cost the database


@dataclass(frozen=True)
class Order:
    """`columns` are in the order of an index where there is one; the id always follows."""

    label: Any
    columns: tuple[Column, ...]

    @property
    def is_descending(self) -> bool:
        return self.columns[-1][1]


@dataclass(frozen=True)
class Group:
    label: Any
    column: Column
    extra: dict[str, Any] = field(default_factory=dict)


ORDERS: dict[str, Order] = {
    "latest": Order(_("Latest message first"), (("last_message_at", True),)),
    "quiet": Order(_("Oldest message first"), (("last_message_at", False),)),
    "newest": Order(_("Newest ticket first"), (("id", True),)),
    "oldest": Order(_("Oldest ticket first"), (("id", False),)),
    "due": Order(_("Next deadline first"), (("due_at", False),)),
    "priority": Order(_("Highest priority first"), (("priority", True), ("last_message_at", True))),
    "waiting": Order(_("Longest waiting first"), (("waiting_since", False),)),
    "snoozed": Order(_("Wakes up first"), (("snoozed_until", False),)),
    "updated": Order(_("Latest change first"), (("updated_at", True),)),
    "closed": Order(_("Latest closed first"), (("closed_at", True),)),
    "requester": Order(_("Requester, A to Z"), (("requester_name", False),)),
}
_RANK = {state.value: place for place, state in enumerate(State)}
GROUPS: dict[str, Group] = {
    "state": Group(
        _("State"),
        ("state_rank", False),
        {"state_rank": Case(*[When(state=s, then=Value(n)) for s, n in _RANK.items()], output_field=IntegerField())},
    ),
    "priority": Group(_("Priority"), ("priority", True)),
    "assignee": Group(_("Assignee"), ("assignee_id", False)),
    "team": Group(_("Team"), ("team_id", False)),
    "department": Group(_("Department"), ("department_id", False)),
}


# What has an order that people expect; several choices and files have none.
_SORTED = {
    FieldKind.TEXT, FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATE_TIME, FieldKind.CHOICE, FieldKind.CHECKBOX,
    FieldKind.EMAIL, FieldKind.PHONE, FieldKind.URL, FieldKind.USER,
}  # fmt: skip


def field_orders() -> dict[str, str]:
    """Names of the orders by custom fields, with their labels."""
    rows = Field.objects.filter(kind__in=_SORTED).values_list("key", "label")
    return {FIELD + key: gettext("%(field)s, A to Z") % {"field": label} for key, label in rows}


def order_of(name: str) -> Order | None:
    """The order of that name; those by custom fields compare the answers as they are kept, numbers as numbers."""
    if not name.startswith(FIELD):
        return ORDERS.get(name)
    found = Field.objects.filter(key=name.removeprefix(FIELD), kind__in=_SORTED).first() if "\0" not in name else None
    if found is None:
        return None
    label = gettext("%(field)s, A to Z") % {"field": found.label}
    return Order(label, ((_ANSWER, False),))


class TooSlow(Exception):
    """The database was stopped, because the list would have cost too much."""


@dataclass(frozen=True)
class Listed(Page):
    """`groups` has the value of the group's column for each row."""

    groups: list[Any] = field(default_factory=list)


@contextmanager
def bounded(milliseconds: int = PATIENCE) -> Iterator[None]:
    """Statements inside are stopped after that long: TooSlow."""
    is_nested = connection.in_atomic_block  # then the limit would outlive us
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {milliseconds:d}")
            yield
            if is_nested:
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") == "57014":  # query_canceled
            raise TooSlow from error
        raise


def page(
    tickets: QuerySet[Ticket], order: str, group: str = "", *, after: str = "", before: str = "", size: int = PAGE
) -> Listed:
    """The first page in that order, or the one after or before a cursor; a cursor that makes no sense is ignored."""
    columns = columns_of(order, group)
    names = [name for name, _descending in columns]
    at = read_cursor(before or after, names)
    backwards = bool(before) and at is not None
    grouped = GROUPS.get(group)
    rows = arranged(tickets, columns, order, group).order_by(
        *(ordering(*column, backwards=backwards) for column in columns)
    )
    if at is not None:
        rows = rows.filter(_past(columns, at, backwards=backwards))
    with bounded():
        found = list(rows.values_list(*Row._fields, *names)[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Listed([])
    width = len(Row._fields)
    has_before, has_after = (more, True) if backwards else (at is not None, more)
    return Listed(
        [Row._make(one[:width]) for one in found],
        before=cursor(found[0][width:]) if has_before else "",
        after=cursor(found[-1][width:]) if has_after else "",
        groups=[one[width] for one in found] if grouped else [],
    )


def arranged(tickets: QuerySet[Ticket], columns: Sequence[Column], order: str, group: str) -> QuerySet[Ticket]:
    """The tickets with what `columns` name beyond the ticket's own."""
    extra = dict(GROUPS[group].extra) if group in GROUPS else {}
    if any(name == _ANSWER for name, _descending in columns):
        extra[_ANSWER] = KeyTransform(order.removeprefix(FIELD), "fields")
    return tickets.annotate(**extra) if extra else tickets


def columns_of(order: str, group: str) -> list[Column]:
    chosen = order_of(order) or ORDERS["latest"]
    columns = [*([GROUPS[group].column] if group in GROUPS else []), *chosen.columns]
    unique = dict(reversed(columns))
    kept = [(name, unique[name]) for name in dict.fromkeys(name for name, _descending in columns)]
    return kept if "id" in unique else [*kept, ("id", chosen.is_descending)]


def ordering(name: str, descending: bool, *, backwards: bool) -> OrderBy | str:
    """Tickets without a value come last, whichever way the rest goes."""
    goes_down = descending != backwards
    if name not in _NULLABLE:
        return f"-{name}" if goes_down else name
    ends: dict[str, Any] = {"nulls_first": True} if backwards else {"nulls_last": True}
    return F(name).desc(**ends) if goes_down else F(name).asc(**ends)


def _past(columns: Sequence[Column], values: Sequence[Any], *, backwards: bool) -> Q:
    """Beyond the place in the list. The first condition is what an index can start from."""
    past, same = Q(NOTHING), Q()
    for (name, descending), value in zip(columns, values, strict=True):
        past |= same & _further(name, value, goes_down=descending != backwards, backwards=backwards)
        same &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    name, descending = columns[0]
    if name in _NULLABLE or values[0] is None:
        return past
    return Q(**{f"{name}__{'lte' if descending != backwards else 'gte'}": values[0]}) & past


def _further(name: str, value: Any, *, goes_down: bool, backwards: bool) -> Q:
    if value is None:
        return Q(**{f"{name}__isnull": False}) if backwards else Q(NOTHING)
    further = Q(**{f"{name}__{'lt' if goes_down else 'gt'}": value})
    return further | Q(**{f"{name}__isnull": True}) if name in _NULLABLE and not backwards else further


def cursor(values: Sequence[Any]) -> str:
    plain = [(value - EPOCH) // _MICROSECOND if isinstance(value, datetime) else value for value in values]
    return (
        base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode())
        .decode()
        .rstrip("=")
    )


def read_cursor(text: str, names: Sequence[str]) -> list[Any] | None:
    """The values of the columns at a place in the list; None for what no list of ours has given."""
    if not text or len(text) > 3000:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(values, list) or len(values) != len(names):
            return None
        return [_read(name, value) for name, value in zip(names, values, strict=True)]
    except (ValueError, OverflowError, RecursionError):
        return None


def _read(name: str, value: Any) -> Any:
    if value is None and name in _NULLABLE:
        return None
    if name == _ANSWER:
        if isinstance(value, str | int | float) and "\0" not in str(value):
            return value
    elif name == "requester_name":
        if isinstance(value, str) and "\0" not in value:
            return value
    elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62:
        if name.endswith(("_at", "_since", "_until")):
            return EPOCH + value * _MICROSECOND
        return value
    raise ValueError(name)
