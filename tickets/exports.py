"""Lists as CSV for spreadsheets: which columns there are, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from tickets.field_values import words
from tickets.models import Field, Ticket
from tickets.models.forms import Audience
from tickets.states import CUSTOMER_WORDING, Priority, Source, State

FIELD = "field."
MARK = "\ufeff"  # without it some spreadsheets read UTF-8 as something else
_AT_ONCE = 500
# Also the wide forms, which some spreadsheets read alike; white space before them does not help.
_FORMULA = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"-?\d+([.,]\d+)*")

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """`reads` are names of the ticket's columns; `text` makes the cell of them."""

    label: Any
    reads: tuple[str, ...]
    text: Callable[[Row], Any]


def _plain(label: Any, name: str) -> Column:
    return Column(label, (name,), lambda row: row[name])


def _moment(label: Any, name: str) -> Column:
    return Column(label, (name,), lambda row: _time(row[name]))


def _time(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


COLUMNS: dict[str, Column] = {
    "number": _plain(gettext_lazy("Number"), "number"),
    "subject": _plain(gettext_lazy("Subject"), "subject"),
    "requester": _plain(gettext_lazy("Requester"), "requester_name"),
    "email": _plain(gettext_lazy("E-mail address"), "requester__email"),
    "organization": _plain(gettext_lazy("Organization"), "requester__organization__name"),
    "state": Column(
        gettext_lazy("Status"),
        ("state", "status__label"),
        lambda row: row["status__label"] or State(row["state"]).label,
    ),
    "priority": Column(gettext_lazy("Priority"), ("priority",), lambda row: Priority(row["priority"]).label),
    "assignee": _plain(gettext_lazy("Assignee"), "assignee__name"),
    "team": _plain(gettext_lazy("Team"), "team__name"),
    "department": _plain(gettext_lazy("Department"), "department__name"),
    "topic": _plain(gettext_lazy("Help topic"), "help_topic__name"),
    "tags": Column(gettext_lazy("Tags"), ("tag_names",), lambda row: ", ".join(row["tag_names"])),
    "due": _moment(gettext_lazy("Deadline"), "due_at"),
    "activity": _moment(gettext_lazy("Latest message"), "last_message_at"),
    "created": _moment(gettext_lazy("Opened"), "created_at"),
    "updated": _moment(gettext_lazy("Changed"), "updated_at"),
    "answered": _moment(gettext_lazy("First answer"), "first_response_at"),
    "closed": _moment(gettext_lazy("Closed"), "closed_at"),
    "source": Column(gettext_lazy("Came by"), ("source",), lambda row: Source(row["source"]).label),
    "messages": _plain(gettext_lazy("Messages"), "message_count"),
}
_FOR_CUSTOMERS = {
    "number": COLUMNS["number"],
    "subject": COLUMNS["subject"],
    "requester": COLUMNS["requester"],
    "state": Column(
        gettext_lazy("Status"), ("state", "status__customer_label"),
        lambda row: row["status__customer_label"] or CUSTOMER_WORDING[State(row["state"])],
    ),
    "created": COLUMNS["created"],
    "closed": COLUMNS["closed"],
}  # fmt: skip


def for_agents(keys: Sequence[str] = ()) -> dict[str, Column]:
    """The columns named, after number and subject; all of them, custom fields too, where none is."""
    wanted = ["number", "subject", *keys] if keys else [*COLUMNS, *_keys(Field.objects.all())]
    fields = _fields(Field.objects.filter(key__in=[key.removeprefix(FIELD) for key in wanted if key.startswith(FIELD)]))
    every = COLUMNS | fields
    return {key: every[key] for key in dict.fromkeys(wanted) if key in every}


def for_customers() -> dict[str, Column]:
    """What customers see of tickets, with the answers that they may read."""
    return _FOR_CUSTOMERS | _fields(Field.objects.exclude(audience=Audience.AGENTS))


def _keys(fields: Iterable[Field]) -> list[str]:
    return [FIELD + field.key for field in fields]


def _fields(rows: Iterable[Field]) -> dict[str, Column]:
    fields = list(rows)
    labels = [field.label for field in fields]
    return {
        FIELD + field.key: Column(
            field.label if labels.count(field.label) == 1 else f"{field.label} ({field.key})",
            ("fields",),
            _answer(field),
        )
        for field in fields
    }


def _answer(field: Field) -> Callable[[Row], Any]:
    item = {"kind": field.kind, "choices": field.choices}

    def text(row: Row) -> Any:
        value = row["fields"].get(field.key)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if is_number else words(item, value)

    return text


def lines(
    scope: QuerySet[Ticket], ids: Sequence[int], columns: Mapping[str, Column], zone: tzinfo | None = None
) -> Iterator[str]:
    """The table, a piece at a time, in the language of now. `scope` is asked again for every piece: who loses sight of
    a ticket meanwhile does not get it."""
    return _pieces(scope, ids, columns, zone or timezone.get_current_timezone(), get_language() or "en")


def _pieces(
    scope: QuerySet[Ticket], ids: Sequence[int], columns: Mapping[str, Column], zone: tzinfo, language: str
) -> Iterator[str]:
    with override(language):
        head = MARK + line([column.label for column in columns.values()])
    yield head
    reads = {name for column in columns.values() for name in column.reads}
    for start in range(0, len(ids), _AT_ONCE):
        piece = ids[start : start + _AT_ONCE]
        found = {row["pk"]: row for row in scope.filter(pk__in=piece).order_by().values("pk", *reads)}
        with timezone.override(zone), override(language):
            text = "".join(line([each.text(found[pk]) for each in columns.values()]) for pk in piece if pk in found)
        yield text


def line(cells: Iterable[Any]) -> str:
    """Every cell in quotes: a spreadsheet that parts cells at other signs finds none."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([inert(cell) for cell in cells])
    return out.getvalue()


def inert(cell: Any) -> str:
    """The cell as text that is never run; numbers stay numbers."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def file_name(label: str) -> str:
    """What a browser calls the file."""
    stem = re.sub(r"[^\w-]+", "-", label).strip("-").lower()[:60]
    stem = stem or _("tickets")
    return f"{stem}-{timezone.localdate():%Y-%m-%d}.csv"
