"""The rail: the desk's lists, saved views, departments, pages; with counts that cost little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import gettext as _

from staff import drawn
from tickets import queries, reports, worklists
from tickets.models import Department, SavedView, User
from tickets.queries import Queue
from tickets.worklists import Shelf

EXACT = 200
REMEMBERED = 10  # seconds
VIEWS_REMEMBERED = 30


def rail(user: User, active: str, *, fresh: bool = False, shelf: Shelf | None = None) -> dict[str, Any]:
    """The views with their counts; `active` is the slug of the open one or the name of a desk page. `fresh`: something
    was just done, so nothing remembered will do. `shelf` has the saved views, if they were read already."""
    departments = queries.names_of_departments(user)
    counts = _counts(user, departments, fresh)
    queues = [queue for queue in queries.QUEUES.values() if user.is_superuser or not queue.for_admins]
    shelf = shelf or Shelf(user)
    return {
        "active": active,
        "views": drawn.rail_links(_link(queue, counts, active) for queue in queues),
        "saved": drawn.rail_links(_saved(shelf.views, _view_counts(shelf, fresh), active)),
        "departments": drawn.rail_links(
            _link(queries.queue_of(department), counts, active) for department in departments
        ),
        "desk": drawn.rail_links(
            {"label": label, "url": url, "active": name == active, "slug": name} for name, label, url in _desk(user)
        ),
    }


def _desk(user: User) -> list[tuple[str, Any, str]]:
    desk = [
        ("ticket_new", _("New ticket"), reverse("staff:ticket_new")),
        ("views", _("Views"), reverse("staff:views")),
        ("canned", _("Canned responses"), reverse("staff:canned")),
        ("articles", _("Articles"), reverse("staff:articles")),
        ("scheduled", _("Scheduled replies"), reverse("staff:scheduled")),
        ("mail", _("Mail log"), reverse("staff:mail")),
    ]
    if reports.may_read(user):
        desk.append(("reports", _("Reports"), reverse("staff:reports")))
    if user.is_superuser:
        desk.append(("forms", _("Forms"), reverse("staff:forms")))
        desk.append(("rules", _("Rules"), reverse("staff:rules")))
        desk.append(("settings", _("Settings"), reverse("admin:index")))
    return desk


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


def _view_counts(shelf: Shelf, fresh: bool) -> dict[str, int]:
    """Counted for all views at once, again when one was changed, when something was done, or after half a minute."""
    user, saved = shelf.user, shelf.views
    if not saved:
        return {}
    state = max(view.updated_at for view in saved), len(saved)
    key = f"rail-views:{user.pk}"
    known = None if fresh else cache.get(key)
    if known is not None and known[0] == state:
        return known[1]
    counts = worklists.counts(user, saved, scope=shelf.scope)
    cache.set(key, (state, counts), VIEWS_REMEMBERED)
    return counts


def _saved(views: Sequence[SavedView], counts: dict[str, int], active: str) -> list[dict[str, Any]]:
    return [
        {
            "label": view.name,
            "slug": view.slug,
            "url": reverse("staff:view", args=[view.slug]),
            "count": shown(counts.get(view.slug, 0)),
            "active": view.slug == active,
        }
        for view in views
    ]


def _link(queue: Queue, counts: dict[str, int], active: str) -> dict[str, Any]:
    return {
        "label": queue.label,
        "slug": queue.slug,
        "url": reverse("staff:view", args=[queue.slug]),
        "count": shown(counts.get(queue.slug, 0)),
        "active": queue.slug == active,
        "alarm": queue.slug == "due-soon" and counts.get("overdue", 0) > 0,
    }


def shown(count: int) -> str:
    """The number as it stands in the rail; empty for none."""
    return f"{queries.COUNT_CAP - 1}+" if count >= queries.COUNT_CAP else str(count or "")
