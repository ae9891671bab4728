"""The list pane as the templates take it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from staff import arranging, columns
from staff.places import name_of, url_of
from staff.rail import rail
from staff.rows import rows
from tickets import worklists
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
def queue_for(user: User, slug: str) -> Queue | None:
    """The queue of that name if there is one for this user."""
    queue = queries.QUEUES.get(slug)
    if queue:
        return queue if user.is_superuser or not queue.for_admins else None
    if not slug.startswith("d-") or "\0" in slug:
        return None
    department = queries.departments_of(user).filter(slug=slug[2:]).first()
    return queries.queue_of(department) if department else None


def rail(user: User, active: str, *, fresh: bool = False) -> dict[str, Any]:
    """The views with their counts; `active` is the slug of the open one or the name of a desk page. `fresh`: something
    was just done, so nothing remembered will do."""
    departments = list(queries.departments_of(user))
    counts = _counts(user, departments, fresh)
    queues = [queue for queue in queries.QUEUES.values() if user.is_superuser or not queue.for_admins]
    desk = [
        ("ticket_new", _("New ticket"), reverse("staff:ticket_new")),
        ("canned", _("Canned responses"), reverse("staff:canned")),
        ("articles", _("Articles"), reverse("staff:articles")),
        ("mail", _("Mail log"), reverse("staff:mail")),
    ]
    if user.is_superuser:
        desk.append(("forms", _("Forms"), reverse("staff:forms")))
        desk.append(("rules", _("Rules"), reverse("staff:rules")))
        desk.append(("settings", _("Settings"), reverse("admin:index")))
    return {
        "views": drawn.rail_links(_link(queue, counts, active) for queue in queues),
        "departments": drawn.rail_links(
            _link(queries.queue_of(department), counts, active) for department in departments
        ),
        "desk": drawn.rail_links({"label": label, "url": url, "active": name == active} for name, label, url in desk),
    }


def _counts(user: User, departments: list[Department], fresh: bool) -> dict[str, int]:
    """Small numbers are counted each time; where there are many, nobody sees a few seconds of difference."""
    key = f"rail:{user.pk}"
    known = None if fresh else cache.get(key)
    if known is not None and all(f"d-{department.slug}" in known for department in departments):
        return known
    counts = queries.counts(user, departments)
    if max(counts.values()) > EXACT:
        cache.set(key, counts, REMEMBERED)
    return counts


def _link(queue: Queue, counts: dict[str, int], active: str) -> dict[str, Any]:
    count = counts.get(queue.slug, 0)
    return {
        "label": queue.label,
        "url": view_url(queue.slug),
        "count": f"{queries.COUNT_CAP - 1}+" if count >= queries.COUNT_CAP else str(count or ""),
        "active": queue.slug == active,
        "alarm": queue.slug == "due-soon" and counts.get("overdue", 0) > 0,
    }


def view_url(slug: str, **cursor: str) -> str:
    query = urlencode({name: value for name, value in cursor.items() if value})
    return reverse("staff:view", args=[slug]) + (f"?{query}" if query else "")


def pane(user: User, queue: Queue, place: dict[str, str], selected: int | None = None) -> dict[str, Any]:
    """The list pane's context. `place` is where in the list: {"after": cursor} or {"before": cursor}, or empty."""
    page = queries.page(queue, user, **place)
    back = urlencode({"view": queue.slug, **place})
    return {
        "view": {
            "slug": queue.slug,
            "label": queue.label,
            "url": view_url(queue.slug, **place),
            "order_label": _ORDER.get(queue.key, ""),
            "filters": [],
        },
        "rows": rows(user, page.rows, back, selected),
        "previous_url": view_url(queue.slug, before=page.before) if page.before else "",
        "next_url": view_url(queue.slug, after=page.after) if page.after else "",
    }


def search_pane(user: User, text: str, place: Mapping[str, str], selected: int | None = None) -> dict[str, Any]:
    """The list pane with what a search found; `place` may hold "after", the id of the last row seen."""
    context: dict[str, Any] = {
        "view": {"slug": "", "label": _("Search"), "url": search_url(q=text), "order_label": _("Newest first")},
        "query": text,
        "rows": "",
        "table": None,
        "previous_url": url_of(worklist, **how, before=page.before) if page.before else "",
        "next_url": url_of(worklist, **how, after=page.after) if page.after else "",
    }
    groups = arranging.group_labels(worklist.group, getattr(page, "groups", []))
    if is_table:
        context["table"] = columns.table(user, worklist, page.rows, groups, back, place)
    else:
        context["rows"] = rows(user, page.rows, back, selected, groups)
    return context


__all__ = ["pane", "rail"]
