"""The list pane as the templates take it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from staff import arranging, columns
from staff.places import name_of, url_of
from staff.rail import rail
from staff.rows import Presenter, rows
from tickets import worklists
from tickets.actions import bulk_verbs
from tickets.models import User
from tickets.queries import Page
from tickets.worklists import TooSlow, Worklist


def pane(user: User, worklist: Worklist, place: dict[str, str], selected: int | None = None) -> dict[str, Any]:
    """The list pane's context. `place`: see PLACE."""
    is_table = selected is None and (place.get("as") or ("table" if worklist.is_table else "list")) == "table"
    try:
        page = worklists.page(worklist, user, after=place.get("after", ""), before=place.get("before", ""))
    except TooSlow:
        page, slow = Page([]), True
    else:
        slow = False
    how = {name: value for name, value in place.items() if name not in {"after", "before"}}
    back = urlencode({**name_of(worklist), **place})
    context = {
        "view": arranging.head(user, worklist, place, is_table=is_table),
        "query": worklist.query if not worklist.slug else "",
        "mistakes": [] if worklist.view else arranging.mistakes(worklist),
        "is_slow": slow,
        "bulk": _bulk(user),
        "rows": "",
        "table": None,
        "previous_url": url_of(worklist, **how, before=page.before) if page.before else "",
        "next_url": url_of(worklist, **how, after=page.after) if page.after else "",
    }
    grouped = getattr(page, "groups", [])
    presenter = Presenter(user, back, selected, page.rows, worklist.group, grouped)
    groups = arranging.group_labels(worklist.group, grouped, presenter.names)
    if is_table:
        context["table"] = columns.table(worklist, page.rows, presenter, groups, place)
    else:
        context["rows"] = rows(page.rows, presenter, groups)
    return context


def _bulk(user: User) -> dict[str, Any]:
    """What can be done to the chosen rows: buttons, and the rest in a menu."""
    verbs = bulk_verbs.offered(user).items()
    return {
        "primary": [(name, verb) for name, verb in verbs if verb.is_primary],
        "more": [(name, verb) for name, verb in verbs if not verb.is_primary],
    }


__all__ = ["pane", "rail"]
