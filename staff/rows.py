"""Rows of tickets in words and as HTML. Everything is formatted here, once, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from django.db.models import CharField, F, Value
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from staff import drafts, drawn
from staff.times import Clock, span
from tickets.models import Department, Status, Team, User
from tickets.queries import Row
from tickets.states import GLYPH, Priority, State

_PRIORITY_KIND: dict[int, str] = {Priority.LOW: "neutral", Priority.HIGH: "warn", Priority.EMERGENCY: "danger"}
SHOWN_TAGS = 3


def rows(found: Sequence[Row], presenter: Presenter, groups: Sequence[str] = ()) -> SafeString:
    """Rows as HTML, empty when there are none. `presenter` was made for them. `groups` has the heading that each row
    stands under."""
    words = {"waits": escape(_("Waits for an answer")), "choose": escape(_("Select"))}
    html = [drawn.row(presenter.present(one), words) for one in found]
    for place, group in enumerate(groups):
        if place == 0 or group != groups[place - 1]:
            html[place] = drawn.group_head(group) + html[place]
    return mark_safe("".join(html))  # noqa: S308 - escaped there


def _named(found: Sequence[Row], user: User, group: str, grouped: Sequence[Any]) -> dict[str, dict[int, Any]]:
    """What the rows have only ids of, in one statement: label and colour of the desk's own statuses, the agents who
    are assigned (the reader costs nothing), and the teams or departments that they are grouped by."""
    sources: list[tuple[str, Any, set[int], tuple[Any, Any]]] = [
        ("status", Status.objects, {row.status_id for row in found if row.status_id}, ("label", F("colour"))),
        (
            "person",
            User.objects,
            {row.assignee_id for row in found if row.assignee_id} - {user.pk},
            ("name", F("email")),
        ),
        ("team", Team.objects, set(grouped) - {None} if group == "team" else set(), ("name", Value(""))),
        ("department", Department.objects, set(grouped) if group == "department" else set(), ("name", Value(""))),
    ]
    parts = [
        rows.filter(pk__in=pks).order_by().values_list(Value(kind, CharField()), "pk", *columns)
        for kind, rows, pks, columns in sources
        if pks
    ]
    named: dict[str, dict[int, Any]] = {"status": {}, "person": {user.pk: user}, "team": {}, "department": {}}
    for kind, pk, name, more in parts[0].union(*parts[1:], all=True) if parts else ():
        if kind == "person":
            named[kind][pk] = User(pk=pk, name=name, email=more)
        else:
            named[kind][pk] = (name, more) if kind == "status" else name
    return named


class Presenter:
    """Says what rows show, in words. `back` is the query that names the list, so that a ticket opens beside it;
    `grouped` are the values that the rows are grouped by, if they are."""

    def __init__(
        self,
        user: User,
        back: str,
        selected: int | None,
        found: Sequence[Row],
        group: str = "",
        grouped: Sequence[Any] = (),
    ) -> None:
        self.names = _named(found, user, group, grouped)
        self.people, statuses = self.names["person"], self.names["status"]
        self.user, self.selected = user, selected
        self.clock = Clock(user)
        self.suffix = f"/?{back}" if back else "/"
        self.base = reverse("staff:ticket", args=["-"])[:-2]
        self.statuses = statuses
        self.drafts = drafts.previews(user)
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
            **self._preview(row),
            "when": self.clock.ago(row.last_message_at),
            "when_iso": row.last_message_at.isoformat(),
            "unread": row.waiting_since is not None and row.last_message_kind == "customer",
            "chips": self.chips(row),
            "assignee": self.people.get(row.assignee_id or 0),
        }

    def cells(self, row: Row) -> dict[str, Any]:
        """What only a table shows, as HTML or text."""
        label, glyph = self.states[row.state]
        status = self.statuses.get(row.status_id or 0)
        deadline = self.deadline(row)
        person = self.people.get(row.assignee_id or 0)
        return {
            "clock": self.clock,
            "status_html": drawn.chip(*status) if status else f"{drawn.glyph(glyph, tinted=True)} {escape(label)}",
            "priority_html": escape(self.priorities[row.priority]),
            "tags_html": "".join(drawn.chip(tag, "neutral") for tag in row.tag_names[:SHOWN_TAGS]),
            "due_html": drawn.chip(*deadline) if deadline else "",
            "assignee_name": person.display_name if person else "",
        }

    def _preview(self, row: Row) -> dict[str, Any]:
        if draft := self.drafts.get(row.id):
            return {"preview": draft, "preview_who": _("Draft"), "is_draft": True}
        return {"preview": row.last_message_preview, "preview_who": self._who(row), "is_draft": False}

    def _who(self, row: Row) -> str:
        if row.last_message_kind != "reply":
            return "" if row.last_message_by == row.requester_name else row.last_message_by
        return self.you if row.last_message_by == self.user.display_name else row.last_message_by.split(" ")[0]

    def chips(self, row: Row) -> list[str]:
        chips = []
        if row.snoozed_until:
            chips.append(drawn.chip(self.clock.wakes(row.snoozed_until), "neutral", "snoozed"))
        if deadline := self.deadline(row):
            chips.append(drawn.chip(*deadline))
        if kind := _PRIORITY_KIND.get(row.priority):
            chips.append(drawn.chip(self.priorities[row.priority], kind, f"priority-{row.priority}"))
        if row.state == State.REOPENED:
            chips.append(drawn.chip(self.states[row.state][0], "info"))
        if status := self.statuses.get(row.status_id or 0):
            chips.append(drawn.chip(*status))
        return chips + [drawn.chip(tag, "neutral") for tag in row.tag_names[:SHOWN_TAGS]]

    def deadline(self, row: Row) -> tuple[str, str] | None:
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
