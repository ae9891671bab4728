"""What is true of a ticket, as plain JSON: collected once, kept with what rules made of it. What costs a query is read
only when a rule asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils import translation

from tickets import ratings, sla
from tickets.automation.fields import ANCHORS, CUSTOM, HEADER, field
from tickets.clock import ALWAYS, is_open
from tickets.models import (
    BusinessHours,
    Message,
    Rating,
    Ticket,
    TicketEvent,
    User,
)

LONGEST_TEXT = 100_000
KEPT_TEXT = 2_000
UNTOLD = {"asked", "forms", "task_count", "open_tasks", "is_own", "clock_goes_on"}
"""What plans go by, but neither change for anybody to see nor are kept."""
_MOMENTS = {**ANCHORS, "since_first_response": "first_response_at", "since_reopened": "reopened_at"}
_WHOLE_MINUTE = 60.0
_OF_MESSAGE = {"message", "mail", "files"}


def reads_message(keys: Iterable[str]) -> bool:
    """Whether any of these fields is one of the message."""
    return any((known := field(key)) is not None and known.group in _OF_MESSAGE for key in keys)


def collect(
    ticket: Ticket,
    keys: Iterable[str],
    *,
    now: datetime,
    event: TicketEvent | None = None,
    message: Message | None = None,
    hours: Iterable[int] = (),
) -> dict[str, Any]:
    """The facts of the ticket's own row, and of the fields in `keys` whatever else they need. `hours` are the business
    hours that conditions name (0: those of the ticket's SLA policy)."""
    groups = {known.group for key in keys if (known := field(key))}
    facts = _ticket(ticket, now)
    if "custom" in groups:
        facts |= {f"{CUSTOM}{key}": value for key, value in (ticket.fields or {}).items()}
    if groups & {"requester", "organization"}:
        facts |= _requester(ticket.requester, "organization" in groups)
    if event is not None:
        facts |= _event(event, "rating" in keys)
    if groups & _OF_MESSAGE and event is not None:
        message = event.message if event.message_id else None
    if groups & _OF_MESSAGE and message is not None:
        facts |= _message(message, "files" in groups and event is not None)
    if "asked" in groups:
        facts["was_asked_to_rate"] = _was_asked(ticket)
    if "counts" in groups:
        facts |= _counts(ticket)
    if "requester_counts" in groups:
        facts |= _requester_counts(ticket, now)
    if "hours" in groups:
        facts |= _hours(ticket, hours, now)
    return facts


def _ticket(ticket: Ticket, now: datetime) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "number": ticket.number,
        "state": str(ticket.state),
        "status": ticket.status_id,
        "priority": ticket.priority,
        "source": str(ticket.source),
        "department": ticket.department_id,
        "help_topic": ticket.help_topic_id,
        "team": ticket.team_id,
        "assignee": ticket.assignee_id,
        "sla_policy": ticket.sla_policy_id,
        "tags": list(ticket.tag_names),
        "subject": ticket.subject,
        "is_follow_up": ticket.follow_up_of_id is not None,
        "is_archived": ticket.archived_at is not None,
        "is_snoozed": bool(ticket.snoozed_until and ticket.snoozed_until > now),
        "is_overdue": bool(ticket.due_at and ticket.due_at < now and ticket.is_active),
        "has_manual_due": ticket.manual_due_at is not None,
        "message_count": ticket.message_count,
        "reopen_count": ticket.reopen_count,
    }
    for key, column in _MOMENTS.items():
        facts[key] = minutes_since(getattr(ticket, column), now)
    return facts


def minutes_since(moment: datetime | None, now: datetime) -> float | None:
    return (now - moment).total_seconds() / _WHOLE_MINUTE if moment else None


def _requester(person: User, with_organization: bool) -> dict[str, Any]:
    facts = {
        "requester": person.pk,
        "requester_email": person.email,
        "requester_domain": person.email.rpartition("@")[2],
        "requester_name": person.name,
        "requester_phone": person.phone,
        "requester_is_agent": person.is_agent,
        "language": person.language,
        "organization": person.organization_id,
    }
    if with_organization:
        facts["organization_name"] = person.organization.name if person.organization else ""
    return facts


def _event(event: TicketEvent, with_rating: bool) -> dict[str, Any]:
    actor = event.actor if event.actor_id else None
    facts = {
        "event": event.kind,
        "changes": event.changes or {},
        "actor": ("agent" if actor.is_agent else "customer") if actor else "desk",
        "agent": actor.pk if actor and actor.is_agent else None,
        "is_by_rule": event.cause is not None,
    }
    if event.kind in ("sla_warning", "sla_breach"):
        with translation.override(None):  # as the event keeps it
            targets = {str(label): key for key, label in sla.LABELS.items()}
        facts["sla_target"] = targets.get(event.data.get("target", ""))
    if with_rating:
        last = Rating.objects.filter(ticket=event.ticket_id).order_by("-rated_at").first()
        facts["rating"] = last.score if last else None
    return facts


def _message(message: Message, with_files: bool) -> dict[str, Any]:
    origin = message.origin or {}
    facts = {
        "body": message.body[:LONGEST_TEXT],
        "message_source": str(message.source),
        "mail_verdict": origin.get("verdict"),
        "mail_to": [*origin.get("headers", {}).get("to", []), *origin.get("headers", {}).get("cc", [])],
        **{f"{HEADER}{name}": values for name, values in origin.get("headers", {}).items()},
    }
    if with_files:
        facts["files"] = message.attachments.count()
    return facts


def _was_asked(ticket: Ticket) -> bool:
    """About this closing, or the one to come."""
    return ticket.pk is not None and ratings.was_asked(ticket)


def _counts(ticket: Ticket) -> dict[str, Any]:
    if ticket.pk is None:
        return {"customer_messages": 0, "agent_replies": 0}
    kinds = Message.Kind
    return Message.objects.filter(ticket=ticket, is_machine=False).aggregate(
        customer_messages=Count("pk", filter=Q(kind=kinds.CUSTOMER)),
        agent_replies=Count("pk", filter=Q(kind=kinds.REPLY, author__isnull=False)),
    )


def _requester_counts(ticket: Ticket, now: datetime) -> dict[str, Any]:
    rows = Ticket.objects.kept().filter(requester=ticket.requester_id).exclude(pk=ticket.pk)
    return {
        "requester_open": rows.active().count(),
        "requester_day": rows.filter(created_at__gt=now - timedelta(days=1)).order_by().count(),
    }


def _hours(ticket: Ticket, hours: Iterable[int], now: datetime) -> dict[str, Any]:
    policy, department = ticket.sla_policy, ticket.department
    if policy:
        own = sla.calendar_of(policy, department)
    else:
        own = sla.calendar(department.business_hours_id) if department.business_hours_id else ALWAYS
    inside = [0] if is_open(own, now) else []
    return {"working_time": inside + _open(hours, now), "weekday": now.astimezone(ZoneInfo(own.zone)).weekday()}


def hours_facts(hours: Iterable[int], now: datetime) -> dict[str, Any]:
    """The facts of working time that are the same for every ticket: which of these business hours are open."""
    return {"working_time": _open(hours, now)}


def _open(hours: Iterable[int], now: datetime) -> list[int]:
    found = []
    for pk in sorted(set(hours) - {0}):
        try:
            if is_open(sla.calendar(pk), now):
                found.append(pk)
        except BusinessHours.DoesNotExist:  # gone: the rule that names it is about to be switched off
            continue
    return found


def kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as they are written down: without most of a long text, which its message still has, and without the
    forms, which their versions still have."""
    facts = {name: value for name, value in facts.items() if name not in UNTOLD}
    body = facts.get("body")
    if isinstance(body, str) and len(body) > KEPT_TEXT:
        return {**facts, "body": body[:KEPT_TEXT], "body_is_cut": True}
    return facts


def cut(results: Any) -> Any:
    """The tree without most of a long text."""
    if isinstance(results, list):
        return [cut(one) for one in results]
    if not isinstance(results, dict):
        return results
    found = {name: cut(value) if name in ("all", "any", "not") else value for name, value in results.items()}
    if isinstance(found.get("fact"), str):
        found["fact"] = found["fact"][:KEPT_TEXT]
    return found
