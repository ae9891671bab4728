"""Tickets, messages and events as the API answers them. Customers get what the portal shows them: no notes, no
internal events, no addresses of agents, nothing of how the desk works inside (those fields are null); so do agents
where they are a customer. No row ids for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tickets import fields as asked
from tickets import permissions, said
from tickets.events import EVENTS, sentence
from tickets.explanation import Explanation, Step, Target
from tickets.models import Attachment, Department, Message, Ticket, TicketEvent, User
from tickets.states import Priority

_JOINED = ("department", "requester", "assignee", "help_topic")
_FETCHED = ("status", "team", "merged_into")
_PRIORITIES = {priority.value: priority.name.lower() for priority in Priority}

Answer = dict[str, Any]


def with_related(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The tickets with all that an answer shows. Four joins, not six: planning those takes PostgreSQL several times
    as long as running them, and most tickets have neither a status nor a team."""
    return rows.select_related(*_JOINED).prefetch_related(*_FETCHED)


def works_here(person: User) -> bool:
    return person.is_agent or person.is_superuser


def tickets(rows: Sequence[Ticket], viewer: User) -> list[Answer]:
    inside = permissions.inside_of(viewer, rows)
    hidden = asked.hidden_keys() if any(row.fields and row.pk not in inside for row in rows) else frozenset()
    return [ticket(row, inside=row.pk in inside, hidden=hidden) for row in rows]


def ticket(row: Ticket, *, inside: bool, hidden: frozenset[str] | None = None) -> Answer:
    """Of a row read by `with_related`, else each relation is one more query. `inside`: for who reads the ticket as the
    desk does, see `permissions.is_inside`. `hidden` are the custom fields that customers do not see, if known."""
    topic = row.help_topic
    if hidden is None:
        hidden = asked.hidden_keys() if row.fields and not inside else frozenset()
    return {
        "number": row.number,
        "subject": row.subject,
        "state": str(row.state),
        "label": row.label if inside else row.customer_label,
        "help_topic": topic.slug if topic and (topic.is_public or inside) else None,
        "department": row.department.slug if row.department.is_public or inside else None,
        "assignee": _person(row.assignee, inside) if row.assignee else None,
        "requester": {"email": row.requester.email, "name": row.requester.name},
        "source": row.source,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "resolved_at": row.resolved_at,
        "closed_at": row.closed_at,
        "merged_into": row.merged_into.number if row.merged_into else None,
        "fields": row.fields if inside else {key: value for key, value in row.fields.items() if key not in hidden},
        **(_inside(row) if inside else _HIDDEN),
        "url": f"{settings.BASE_URL}/{'staff/' if inside else ''}tickets/{row.number}/",
    }


def _inside(row: Ticket) -> Answer:
    return {
        "status": row.status.slug if row.status else None,
        "priority": _PRIORITIES[row.priority],
        "team": row.team.name if row.team else None,
        "tags": row.tag_names,
        "archived_at": row.archived_at,
        "snoozed_until": row.snoozed_until,
        "first_response_at": row.first_response_at,
        "first_response_due_at": row.first_response_due_at,
        "next_response_due_at": row.next_response_due_at,
        "resolution_due_at": row.resolution_due_at,
        "due_at": row.due_at,
        "manual_due_at": row.manual_due_at,
    }


_HIDDEN = dict.fromkeys(
    (
        "status", "priority", "team", "tags", "archived_at", "first_response_at", "first_response_due_at",
        "next_response_due_at", "resolution_due_at", "due_at",
        "manual_due_at", "snoozed_until",
    )
)  # fmt: skip


def _person(person: User, inside: bool) -> Answer:
    if works_here(person) and not inside:
        return {"name": person.display_name}
    return {"email": person.email, "name": person.display_name}


def message(row: Message, *, inside: bool) -> Answer:
    """Needs the author joined and the attachments prefetched."""
    answer: Answer = {
        "kind": row.kind,
        "author": _person(row.author, inside) if row.author else {"name": row.author_name},
        "body": row.body,
        "html": row.html,
        "source": row.source,
        "created_at": row.created_at,
        "attachments": [_attachment(one, inside) for one in row.attachments.all()],
    }
    if inside:
        answer |= {"is_machine": row.is_machine, "recipients": row.recipients}
    return answer


def _attachment(row: Attachment, inside: bool) -> Answer:
    face = "staff/" if inside else ""
    return {
        "name": row.name,
        "size": row.size,
        "content_type": row.content_type,
        "url": f"{settings.BASE_URL}/{face}attachments/{row.key}/",
    }


def events(rows: Sequence[TicketEvent], *, inside: bool) -> list[Answer]:
    if not inside:
        _hide_departments(rows)
    return [event(row, inside=inside) for row in rows]


def _hide_departments(rows: Sequence[TicketEvent]) -> None:
    """Customers read no name of a department that is not public, also not where a sentence would tell it."""
    private = set(Department.objects.filter(is_public=False).values_list("name", flat=True))
    for row in rows:
        if row.kind in ("opened", "transferred"):
            row.data = {
                name: _("another department") if isinstance(said, str) and said in private else said
                for name, said in row.data.items()
            }


def event(row: TicketEvent, *, inside: bool) -> Answer:
    answer: Answer = {
        "kind": row.kind,
        "text": sentence(row),
        "actor": row.actor_name,
        "created_at": row.created_at,
    }
    if inside:
        answer["data"] = {
            name: said.told(value) if isinstance(value, str) else value
            for name, value in row.data.items()
            if not name.endswith("_id") and name not in _KEPT_ASIDE
        }
    return answer


# What only undoing needs.
_KEPT_ASIDE = ("changed", "kept", "before", "source_ids")


def sla(row: Ticket, told: Explanation | None) -> Answer:
    return {
        "number": row.number,
        "policy": told.policy if told else None,
        "chosen_by": told.reason if told else "",
        "calendar": told.calendar if told else None,
        "time_zone": told.zone if told else None,
        "as_if": told.as_if if told else False,
        "targets": [_target(target) for target in told.targets] if told else [],
    }


def _target(target: Target) -> Answer:
    return {
        "name": target.name,
        "state": target.state,
        "begin": target.begin,
        "seconds": target.seconds,
        "due_at": target.laid.due,
        "ran": target.laid.ran,
        "left": target.laid.left,
        "met_at": target.met_at,
        "warn_at": target.warn_at,
        "warned_at": target.warned_at,
        "breached_at": target.breached_at,
        "stored_due_at": target.kept_due or target.laid.due,
        "manual_due_at": target.manual_due,
        "levels": [level._asdict() for level in target.levels],
        "steps": [_step(step) for step in target.laid.steps],
    }


def _step(step: Step) -> Answer:
    return {
        "start": step.start,
        "end": step.end,
        "kind": step.kind,
        "seconds": step.seconds,
        "ran": step.ran,
        "text": step.text,
    }


PUBLIC_EVENTS = [kind for kind, row in EVENTS.items() if row.is_public]
