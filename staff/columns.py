"""The list as a table: which columns there are, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import drawn
from staff.places import url_of
from staff.rows import Presenter
from tickets.listing import field_orders
from tickets.models import Field, Ticket
from tickets.queries import Row
from tickets.states import Source
from tickets.worklists import Worklist

FIELD = "field."
DEFAULT = ("requester", "state", "priority", "assignee", "due", "tags", "activity")
_PLAIN = {"number", "requester", "state", "priority", "due", "tags"}  # what they hold says what it is
Cell = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Column:
    """`order` is what the list is sorted by when its head is chosen. `cell` gives HTML. `reads` is what it shows beyond
    what every list reads of a ticket; a table without such columns costs no more than the list."""

    label: Any
    cell: Cell
    order: str = ""
    is_number: bool = False
    reads: str = ""


def _more(label: Any, reads: str, cell: Cell | None = None, order: str = "", *, is_number: bool = False) -> Column:
    return Column(label, cell or _text(reads), order, is_number, reads)


def _text(name: str) -> Cell:
    return lambda one: escape(str(one[name] or ""))


def _time(name: str) -> Cell:
    return lambda one: drawn.time(one["clock"].ago(one[name]), one[name].isoformat()) if one[name] else ""


COLUMNS: dict[str, Column] = {
    "number": Column(gettext_lazy("Number"), _text("number"), "newest"),
    "requester": Column(gettext_lazy("Requester"), _text("requester"), "requester"),
    "organization": _more(gettext_lazy("Organization"), "requester__organization__name"),
    "state": Column(gettext_lazy("Status"), lambda one: one["status_html"]),
    "priority": Column(gettext_lazy("Priority"), lambda one: one["priority_html"], "priority"),
    "assignee": Column(gettext_lazy("Assignee"), _text("assignee_name")),
    "team": _more(gettext_lazy("Team"), "team__name"),
    "department": _more(gettext_lazy("Department"), "department__name"),
    "topic": _more(gettext_lazy("Help topic"), "help_topic__name"),
    "tags": Column(gettext_lazy("Tags"), lambda one: one["tags_html"]),
    "due": Column(gettext_lazy("Deadline"), lambda one: one["due_html"], "due"),
    "activity": Column(gettext_lazy("Latest message"), lambda one: drawn.time(one["when"], one["when_iso"]), "latest"),
    "created": _more(gettext_lazy("Opened"), "created_at", _time("created_at"), "newest"),
    "updated": _more(gettext_lazy("Changed"), "updated_at", _time("updated_at"), "updated"),
    "source": _more(gettext_lazy("Came by"), "source", lambda one: escape(str(Source(one["source"]).label))),
    "messages": _more(gettext_lazy("Messages"), "message_count", is_number=True),
}


def known() -> list[tuple[str, str]]:
    """Key and label of every column, the desk's custom fields too."""
    fields = [(FIELD + field.key, field.label) for field in Field.objects.only("key", "label")]
    return [(key, str(column.label)) for key, column in COLUMNS.items()] + fields


def chosen(keys: Sequence[str]) -> dict[str, Column]:
    """The columns of a view; what is not there any more is passed over."""
    wanted = [key for key in keys if key in COLUMNS or key.startswith(FIELD)] or list(DEFAULT)
    named = [key[len(FIELD) :] for key in wanted if key.startswith(FIELD)]
    labels = dict(Field.objects.filter(key__in=named).values_list("key", "label")) if named else {}
    sorted_by = field_orders() if named else {}
    found = {}
    for key in wanted:
        if key in COLUMNS:
            found[key] = COLUMNS[key]
        elif (name := key[len(FIELD) :]) in labels:
            found[key] = _more(labels[name], "fields", _field(name), key if key in sorted_by else "")
    return found


def _field(name: str) -> Cell:
    def cell(one: dict[str, Any]) -> str:
        value = (one["fields"] or {}).get(name, "")
        if isinstance(value, bool):
            return escape(_("yes") if value else _("no"))
        return escape(", ".join(map(str, value)) if isinstance(value, list) else str(value))

    return cell


def table(
    worklist: Worklist, rows: Sequence[Row], presenter: Presenter, groups: Sequence[str], place: dict[str, str]
) -> dict[str, Any]:
    """`head`: label, url, is_sorted; `body` as HTML."""
    columns = chosen(worklist.columns)
    kept = {name: value for name, value in place.items() if name not in {"after", "before", "sort"}}
    head = [
        {
            "label": column.label,
            "url": url_of(worklist, **kept, sort=column.order) if column.order else "",
            "is_sorted": column.order == worklist.order and bool(column.order),
        }
        for column in columns.values()
    ]
    return {"head": head, "body": _body(rows, presenter, groups, columns)}


def _body(rows: Sequence[Row], presenter: Presenter, groups: Sequence[str], columns: dict[str, Column]) -> SafeString:
    more = _beyond(rows, {column.reads for column in columns.values() if column.reads})
    words = {"waits": escape(_("Waits for an answer")), "choose": escape(_("Select"))}
    html = []
    for place, row in enumerate(rows):
        if groups and (place == 0 or groups[place] != groups[place - 1]):
            html.append(f'<tr class="trow-group"><th colspan="{len(columns) + 2}">{escape(groups[place])}</th></tr>')
        html.append(_row(presenter.present(row) | presenter.cells(row) | more.get(row.id, {}), columns, words))
    return mark_safe("".join(html))  # noqa: S308 - escaped above


def _beyond(rows: Sequence[Row], names: set[str]) -> dict[int, dict[str, Any]]:
    if not rows or not names:
        return {}
    found = Ticket.objects.filter(pk__in=[row.id for row in rows]).order_by().values("pk", *sorted(names))
    return {one["pk"]: one for one in found}


def _label(key: str, column: Column) -> str:
    """For phones, where a row is a card without a head."""
    return "" if key in _PLAIN else f' data-label="{escape(str(column.label))}"'


def _row(one: dict[str, Any], columns: dict[str, Column], words: dict[str, str]) -> str:
    unread = f'<bdi class="visually-hidden">{words["waits"]}: </bdi>' if one["unread"] else ""
    cells = "".join(
        f"<td{' class=table__number' if column.is_number else ''}{_label(key, column)}>{column.cell(one)}</td>"
        for key, column in columns.items()
    )
    return (
        f'<tr class="trow{" trow--unread" if one["unread"] else ""}" id="row-{one["id"]}">'
        f'<td class="trow__check">{drawn.checkbox(one, words)}</td><td class="trow__subject">'
        f'<a class="row__subject" dir="auto" href="{escape(one["url"])}">{unread}{escape(one["subject"])}</a></td>'
        f"{cells}</tr>\n"
    )
