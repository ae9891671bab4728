"""The rail and the list pane as the templates take them. Everything is formatted here, once, in plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import drawn
from staff.times import Clock, span
from tickets import queries
from tickets.models import Department, Status, User
from tickets.queries import Queue, Row
from tickets.states import GLYPH, Priority, State

_ORDER = {
    "last_message_at": gettext_lazy("Latest first"),
    "due_at": gettext_lazy("Deadline ↑"),
    "closed_at": gettext_lazy("Latest first"),
    "snoozed_until": gettext_lazy("Next to wake ↑"),
}
_PRIORITY_KIND: dict[int, str] = {Priority.LOW: "neutral", Priority.HIGH: "warn", Priority.EMERGENCY: "danger"}
SHOWN_TAGS = 3
EXACT = 200
REMEMBERED = 10  # seconds


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
    }
    if text:
        after = place.get("after", "")
        page, mistakes = queries.search_page(text, user, after=after)
        back = urlencode({"q": text, **({"after": after} if after else {})})
        context["rows"] = rows(user, page.rows, back, selected)
        context["mistakes"] = [mistake.text for mistake in mistakes]
        context["next_url"] = search_url(q=text, after=page.after) if page.after else ""
    return context


def search_url(**query: str) -> str:
    return f"{reverse('staff:search')}?{urlencode(query)}"


def rows(user: User, found: Sequence[Row], back: str, selected: int | None = None) -> SafeString:
    """Rows as HTML, empty when there are none. `back` is the query that names the list, so that a ticket opens beside
    it."""
    if not found:
        return SafeString()
    presenter, waits = _Rows(user, back, selected, _statuses(found)), escape(_("Waits for an answer"))
    return mark_safe("".join(drawn.row(presenter.present(one), waits) for one in found))  # noqa: S308 - escaped there


def _statuses(found: Sequence[Row]) -> dict[int, tuple[str, str]]:
    """Label and colour of the desk's own statuses that the rows have."""
    used = {row.status_id for row in found if row.status_id}
    rows = Status.objects.filter(pk__in=used).order_by().values_list("pk", "label", "colour")
    return {pk: (label, colour) for pk, label, colour in rows} if used else {}


class _Rows:
    def __init__(self, user: User, back: str, selected: int | None, statuses: dict[int, tuple[str, str]]) -> None:
        self.user, self.selected = user, selected
        self.clock = Clock(user)
        self.suffix = f"/?{back}" if back else "/"
        self.base = reverse("staff:ticket", args=["-"])[:-2]
        self.statuses = statuses
        self.states = {state.value: (str(state.label), GLYPH[state]) for state in State}
        self.priorities = {priority.value: str(priority.label) for priority in Priority}
        self.you = _("You")

    def present(self, row: Row) -> dict[str, Any]:
        label, glyph = self.states[row.state]
        return {
            "id": row.id,
            "number": row.number,
            "url": f"{self.base}{row.number}{self.suffix}",
            "selected": row.id == self.selected,
            "state_label": label,
            "glyph": glyph,
            "requester": row.requester_name,
            "subject": row.subject,
            "preview": row.last_message_preview,
            "preview_who": self._who(row),
            "when": self.clock.ago(row.last_message_at),
            "when_iso": row.last_message_at.isoformat(),
            "unread": row.waiting_since is not None and row.last_message_kind == "customer",
            "chips": self._chips(row),
        }

    def _who(self, row: Row) -> str:
        if row.last_message_kind != "reply":
            return "" if row.last_message_by == row.requester_name else row.last_message_by
        return self.you if row.last_message_by == self.user.display_name else row.last_message_by.split(" ")[0]

    def _chips(self, row: Row) -> list[str]:
        chips = []
        if row.snoozed_until:
            chips.append(drawn.chip(self.clock.wakes(row.snoozed_until), "neutral", "snoozed"))
        if deadline := self._deadline(row):
            chips.append(drawn.chip(*deadline))
        if kind := _PRIORITY_KIND.get(row.priority):
            chips.append(drawn.chip(self.priorities[row.priority], kind, f"priority-{row.priority}"))
        if row.state == State.REOPENED:
            chips.append(drawn.chip(self.states[row.state][0], "info"))
        if status := self.statuses.get(row.status_id or 0):
            chips.append(drawn.chip(*status))
        return chips + [drawn.chip(tag, "neutral") for tag in row.tag_names[:SHOWN_TAGS]]

    def _deadline(self, row: Row) -> tuple[str, str] | None:
        """The one deadline that matters now, in words, with its colour."""
        if row.due_at:
            if row.due_at < self.clock.now:
                return self.clock.due(row.due_at), "danger"
            warned = row.resolution_warned_at or row.next_response_warned_at
            warned = warned or (row.first_response_warned_at and not row.first_response_at)
            return self.clock.due(row.due_at), "warn" if warned else "neutral"
        if row.state == State.RESOLVED and row.auto_close_at:
            return self.clock.closes(row.auto_close_at), "ok"
        begin, met, due = row.sla_started_at, row.first_response_at, row.first_response_due_at
        if row.state != State.CLOSED and begin and met and due and begin <= met <= due:
            return _("Met in %(span)s") % {"span": span(met - begin)}, "ok"
        return None
