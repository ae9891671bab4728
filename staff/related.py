"""What hangs on a ticket, as its context column shows it: tasks, links, mergers, third parties."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse

from staff import drawn
from staff.times import Clock
from tickets.actions import linking
from tickets.models import Task, Ticket, User
from tickets.states import GLYPH, State


def context(ticket: Ticket, user: User, may: set[str]) -> dict[str, Any]:
    """Each part asks one query, and none on a ticket that has nothing of it."""
    merged = _merged(ticket, user)
    return {
        "tasks": _tasks(ticket, Clock(user)) if ticket.task_count else [],
        "links": _links(ticket, user) if ticket.link_count else [],
        "merged_here": [one for one in merged if not one["is_target"]],
        "merged_into": next((one for one in merged if one["is_target"]), None),
        "sides": _sides(ticket) if ticket.side_count else [],
    }


def _url(ticket: Ticket, name: str, *args: Any) -> str:
    return reverse(f"staff:{name}", args=[ticket.number, *args])


def _tasks(ticket: Ticket, clock: Clock) -> list[dict[str, Any]]:
    rows = ticket.tasks.select_related("assignee").only(
        "ticket", "title", "due_at", "done_at", "assignee__name", "assignee__email"
    )
    return [_task(ticket, row, clock) for row in rows]


def _task(ticket: Ticket, row: Task, clock: Clock) -> dict[str, Any]:
    is_late = row.due_at is not None and row.done_at is None and row.due_at < clock.now
    return {
        "title": row.title,
        "done": row.done_at is not None,
        "who": row.assignee.display_name if row.assignee else "",
        "due": clock.at(row.due_at) if row.due_at else "",
        "is_late": is_late,
        "toggle_url": _url(ticket, "task_done", row.pk),
        "edit_url": _url(ticket, "task_edit", row.pk),
        "up_url": _url(ticket, "task_up", row.pk),
        "remove_url": _url(ticket, "task_remove", row.pk),
    }


def _links(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    return [
        {
            "word": linking.RELATIONS[relation].label,
            "relation": relation,
            **_other(other.number, other.subject, other.state),
            "remove_url": _url(ticket, "unlink", other.number),
        }
        for relation, other in linking.of(ticket, user)
    ]


def _other(number: str, subject: str, state: str) -> dict[str, Any]:
    return {
        "number": number,
        "subject": subject,
        "svg": drawn.glyph(GLYPH[State(state)]),
        "state_label": str(State(state).label),
        "url": reverse("staff:ticket", args=[number]),
    }


def _merged(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    if not (ticket.merged_count or ticket.merged_into_id):
        return []
    rows = Ticket.objects.kept().filter(Q(merged_into=ticket.pk) | Q(pk=ticket.merged_into_id)).order_by("pk")
    seen = set(Ticket.objects.inside(user).filter(pk__in=rows.values("pk")).values_list("pk", flat=True))
    return [
        {
            **_other(number, subject, state),
            "is_target": pk == ticket.merged_into_id,
            "is_seen": pk in seen,
            "unmerge_url": reverse("staff:unmerge", args=[ticket.number if pk == ticket.merged_into_id else number]),
        }
        for pk, number, subject, state in rows.values_list("pk", "number", "subject", "state")
    ]


def _sides(ticket: Ticket) -> list[dict[str, Any]]:
    rows = ticket.side_conversations.values_list("pk", "address", "name", "subject")
    return [
        {"who": name or address, "subject": subject, "url": _url(ticket, "side_message", pk)}
        for pk, address, name, subject in rows
    ]
