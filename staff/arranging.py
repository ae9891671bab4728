"""The head of the list pane: its query as chips, its orders and groupings as links, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from staff.places import name_of, url_of
from tickets import search_grammar as grammar
from tickets.actions import views
from tickets.listing import GROUPS, ORDERS, order_of
from tickets.models import User
from tickets.search_grammar import Both
from tickets.states import Priority, State
from tickets.worklists import Worklist


def head(user: User, worklist: Worklist, place: dict[str, str], *, is_table: bool) -> dict[str, Any]:
    """What templates/staff/_list.html reads of `view`."""
    order = order_of(worklist.order)
    return {
        "slug": worklist.slug,
        "label": worklist.label,
        "url": url_of(worklist, **place),
        "order_label": order.label if order else "",
        "chips": _chips(worklist),
        "filter_url": f"{reverse('staff:filter')}?{urlencode({'q': worklist.query})}" if worklist.query else "",
        "orders": _choices(worklist, place, "sort", ORDERS, worklist.order),
        "groups": _choices(worklist, place, "group", {"-": None, **GROUPS}, worklist.group or "-"),
        "is_table": is_table,
        "layout_url": url_of(worklist, **{**place, "as": "list" if is_table else "table"}),
        "edit_url": _edit_url(user, worklist),
        "export_url": f"{reverse('staff:export')}?{urlencode({**name_of(worklist), 'sort': worklist.order})}",
        "save_url": _save_url(worklist, is_table),
        "name": name_of(worklist),
        "place": {name: value for name, value in place.items() if name not in {"after", "before"}},
        "mistakes": mistakes(worklist) if worklist.view else [],
    }


def _chips(worklist: Worklist) -> list[dict[str, str]]:
    """The parts of the query; the address of each is the search without it."""
    tree = grammar.read(worklist.query)[0]
    parts = tree.nodes if isinstance(tree, Both) else (tree,)
    return [
        {"text": grammar.write(part), "url": f"{reverse('staff:search')}?{urlencode({'q': _without(parts, number)})}"}
        for number, part in enumerate(parts)
    ]


def _without(parts: Sequence[grammar.Node], number: int) -> str:
    return grammar.write(Both(tuple(part for place, part in enumerate(parts) if place != number)))


def _choices(worklist: Worklist, place: dict[str, str], name: str, table: dict[str, Any], now: str) -> list[Any]:
    kept = {key: value for key, value in place.items() if key not in {"after", "before", name}}
    return [
        {
            "label": one.label if one else _("No grouping"),
            "url": url_of(worklist, **kept, **{name: key}),
            "is_chosen": key == now,
        }
        for key, one in table.items()
    ]


def _edit_url(user: User, worklist: Worklist) -> str:
    """Where the view is changed, if that is for this person."""
    view = worklist.view
    if view is None or not (view.owner_id == user.pk or (user.is_superuser and not view.is_personal)):
        return ""
    return reverse("staff:view_change", args=[view.slug])


def _save_url(worklist: Worklist, is_table: bool) -> str:
    given = {"q": worklist.query, "sort": worklist.order, "group": worklist.group, "as": "table" if is_table else ""}
    kept = {name: value for name, value in given.items() if value}
    return f"{reverse('staff:view_new')}?{urlencode(kept)}" if worklist.query else ""


def mistakes(worklist: Worklist) -> list[str]:
    return [views.place(mistake) for mistake in worklist.mistakes]


def group_labels(group: str, values: Sequence[Any], named: Mapping[str, Mapping[int, Any]]) -> list[str]:
    """The heading for each row. `named`: what a Presenter found out for them."""
    if not group or not values:
        return []
    names = _names(group, named)
    none = {"assignee": _("Nobody assigned"), "team": _("No team")}.get(group, "–")
    return [names.get(value, none) if value is not None else none for value in values]


def _names(group: str, named: Mapping[str, Mapping[int, Any]]) -> dict[Any, str]:
    if group == "state":
        return {place: str(state.label) for place, state in enumerate(State)}
    if group == "priority":
        return {priority.value: str(priority.label) for priority in Priority}
    if group == "assignee":
        return {pk: person.display_name for pk, person in named["person"].items()}
    return dict(named[group])
