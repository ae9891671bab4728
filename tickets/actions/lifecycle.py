"""From intake to the archive: the verbs that move a ticket through its states."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import permissions, sla
from tickets.actions.door import opened
from tickets.actions.writing import Upload, check_text, write
from tickets.events import record
from tickets.models import SYSTEM, Department, Desk, HelpTopic, Message, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid, NotAllowed
from tickets.states import Priority, Source, State

_TRIES = 20


def open_ticket(
    *,
    by: Actor,
    requester: User,
    subject: str,
    body: str,
    source: str,
    help_topic: HelpTopic | None = None,
    department: Department | None = None,
    priority: int | None = None,
    attachments: Sequence[Upload] = (),
    nonce: uuid.UUID | None = None,
    follow_up_of: Ticket | None = None,
    auto_response: bool = True,
    **message: Any,
) -> Ticket:
    """Opens a ticket with its first message, routed by help topic, its SLA clock running.

    `by` is the requester, an agent on their behalf or SYSTEM. The same `nonce` again returns the ticket it opened.
    `message` may give `html`, `folded`, `is_machine` as for `conversation.receive`. Raises Invalid, NotAllowed.
    """
    subject = check_text("subject", subject, 255)
    if nonce and (known := Ticket.objects.filter(nonce=nonce).first()):
        return known
    ticket = Ticket(
        subject=subject, source=source, requester=requester, requester_name=requester.display_name,
        nonce=nonce, follow_up_of=follow_up_of, **_route(help_topic, department, priority),
    )  # fmt: skip
    if by != requester and not permissions.can_open_for(by, ticket.department_id):
        raise NotAllowed(_("You are not allowed to open tickets for others in this department."))
    try:
        return _open(ticket, by, requester, body, source, attachments, auto_response, message)
    except IntegrityError:
        if nonce and (known := Ticket.objects.filter(nonce=nonce).first()):  # the other of two equal posts won
            return known
        raise


@transaction.atomic
def _open(
    ticket: Ticket, by: Actor, requester: User, body: str, source: str, attachments: Sequence[Upload],
    auto_response: bool, message: dict[str, Any],
) -> Ticket:  # fmt: skip
    now = timezone.now()
    ticket.created_at = ticket.updated_at = now
    sla.start(ticket, now)
    _insert_with_number(ticket)
    first = write(
        ticket, Message.Kind.CUSTOMER, requester, body, now, source=source, attachments=attachments, **message
    )
    ticket.save(update_fields=LIST_FIELDS)
    record(
        ticket, "opened", by=by, message=first,
        source=str(Source(source).label), department=ticket.department.name, auto_response=auto_response,
    )  # fmt: skip
    if ticket.assignee_id or ticket.team_id:
        _hand_over_at_intake(ticket)
    return ticket


LIST_FIELDS = (
    "last_message_at", "last_message_by", "last_message_kind", "last_message_preview", "message_count",
    "waiting_since", "updated_at",
)  # fmt: skip


def _route(topic: HelpTopic | None, department: Department | None, priority: int | None) -> dict[str, Any]:
    """Help topic decides; what the caller names explicitly wins over it."""
    department = department or (topic.department if topic else None) or default_department()
    if priority is None:
        priority = topic.priority if topic else Priority.NORMAL
    routed: dict[str, Any] = {"department": department, "help_topic": topic, "priority": priority}
    if topic and topic.department_id == department.pk:
        assignee = topic.assignee
        routed["assignee"] = assignee if assignee and assignee.is_active and assignee.is_available else None
        routed["team"] = topic.team
    return routed


def default_department() -> Department:
    """Where a request goes that names nothing. Raises Invalid while the desk has no department at all."""
    department = Desk.current().default_department or Department.objects.order_by("pk").first()
    if department is None:
        raise Invalid(department=_("This desk has no department yet. An admin has to add one first."))
    return department


def _hand_over_at_intake(ticket: Ticket) -> None:
    """A topic that names an agent or a team takes the ticket up at once."""
    ticket.take_up()
    ticket.save(update_fields=["state", "status", "updated_at"])
    if ticket.assignee:
        record(ticket, "assigned", by=SYSTEM, agent=ticket.assignee.display_name, agent_id=ticket.assignee_id)
    elif ticket.team:
        record(ticket, "team_changed", by=SYSTEM, team=ticket.team.name, team_id=ticket.team_id)


def _insert_with_number(ticket: Ticket) -> None:
    """Inserts under a free random number; the unique index decides, a taken number is drawn again."""
    pattern = Desk.current().number_format
    for attempt in range(_TRIES):
        ticket.number = draw_number(pattern + "#" * (attempt // 5))
        if Ticket.objects.filter(number=ticket.number).exists():
            continue
        try:
            with transaction.atomic():
                ticket.save(force_insert=True)
            return
        except IntegrityError as error:
            if "number" not in str(error):
                raise
    raise RuntimeError("no free ticket number: make the number format longer")


def draw_number(pattern: str) -> str:
    """`pattern` with each # replaced by a random digit, the first of them never 0."""
    digits = iter([str(secrets.randbelow(9) + 1)] + [str(secrets.randbelow(10)) for _ in pattern])
    return "".join(next(digits) if sign == "#" else sign for sign in pattern)


def start(ticket: Ticket, *, by: Actor) -> Ticket:
    """An agent starts work, and claims the ticket when nobody has it."""
    with opened("start", ticket, by) as (fresh, now):
        claim(fresh, by)
        fresh.begin_work()
        sla.follow_status(fresh, now)
        fresh.save(update_fields=["state", "status", "assignee", "updated_at", *sla.STAMPED])
        record(fresh, "started", by=by)
    return fresh


def claim(ticket: Ticket, by: Actor) -> None:
    """Makes the agent the assignee of a ticket that has none. Sets only the field."""
    if ticket.assignee_id is None and isinstance(by, User) and by.is_agent:
        ticket.assignee = by


def resolve(ticket: Ticket, *, by: Actor, body: str = "", nonce: uuid.UUID | None = None) -> Ticket:
    """The solution is given; the requester is asked to confirm. `body`, if any, is sent as a reply with it."""
    from tickets.actions.conversation import reply

    with transaction.atomic():
        if body.strip():
            reply(ticket, by=by, body=body, nonce=nonce)
        with opened("resolve", ticket, by) as (fresh, now):
            claim(fresh, by)
            fresh.settle(now)
            fresh.auto_close_at = now + timedelta(days=fresh.department.auto_close_days)
            _meet_first_response(fresh, now)
            _stop_clock(fresh, now)
            _save_state(fresh, "assignee", "first_response_at")
            record(fresh, "resolved", by=by)
    return fresh


def confirm(ticket: Ticket, *, by: Actor) -> Ticket:
    """The requester says that it is solved."""
    with opened("confirm", ticket, by) as (fresh, now):
        fresh.shut(now)
        _stop_clock(fresh, now)
        _save_state(fresh)
        record(fresh, "confirmed", by=by)
    return fresh


def close(ticket: Ticket, *, by: Actor) -> Ticket:
    """Closes without waiting for the customer; read-only from here on."""
    with opened("close", ticket, by) as (fresh, now):
        _close(fresh, now)
        record(fresh, "closed", by=by)
    return fresh


def close_quiet(ticket: Ticket) -> Ticket | None:
    """Closes a resolved ticket whose quiet days are over; None when that is no longer true. Safe to run twice."""
    with opened("close", ticket, SYSTEM) as (fresh, now):
        if fresh.state != State.RESOLVED or fresh.auto_close_at is None or fresh.auto_close_at > now:
            return None
        _close(fresh, now)
        record(fresh, "closed_quiet", by=SYSTEM, days=fresh.department.auto_close_days)
    return fresh


def _close(ticket: Ticket, now: datetime) -> None:
    ticket.shut(now)
    _stop_clock(ticket, now)
    _save_state(ticket)


def reopen(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """Brings a resolved or closed ticket back to its last assignee, the SLA clock starting anew."""
    with opened("reopen", ticket, by) as (fresh, now):
        bring_back(fresh, by, now)
        record(fresh, "reopened", by=by, reason=reason)
    return fresh


def bring_back(ticket: Ticket, by: Actor, now: datetime) -> None:
    """The reopening itself, inside somebody's open door: state, assignee, clock, saved. Records nothing."""
    ticket.come_back(now)
    ticket.assignee = _still_there(ticket)
    ticket.waiting_since = now
    sla.start(ticket, now)
    _save_state(ticket, "assignee", "team", *sla.STAMPED)


def _still_there(ticket: Ticket) -> User | None:
    """The last assignee if still at work, else whom the help topic names."""
    last, topic = ticket.assignee, ticket.help_topic
    for agent in (last, topic.assignee if topic else None):
        if agent and agent.is_active and agent.is_agent and agent.is_available:
            return agent
    return None


def archive(ticket: Ticket, *, by: Actor) -> Ticket:
    """Takes a closed ticket out of the views; found again by `is:archived`."""
    with opened("archive", ticket, by) as (fresh, now):
        fresh.archived_at = now
        fresh.save(update_fields=["archived_at", "updated_at"])
        record(fresh, "archived", by=by)
    return fresh


def unarchive(ticket: Ticket, *, by: Actor) -> Ticket:
    with opened("unarchive", ticket, by) as (fresh, _now):
        fresh.archived_at = None
        fresh.save(update_fields=["archived_at", "updated_at"])
        record(fresh, "unarchived", by=by)
    return fresh


def trash(ticket: Ticket, *, by: Actor) -> Ticket:
    """Out of everybody's sight; erased for good after the days set for the desk. For spam and erasure only."""
    with opened("trash", ticket, by) as (fresh, now):
        fresh.deleted_at = now
        sla.stamp(fresh)
        fresh.save(update_fields=["deleted_at", "updated_at", *sla.STAMPED])
        record(fresh, "trashed", by=by)
    return fresh


def restore(ticket: Ticket, *, by: Actor) -> Ticket:
    with opened("restore", ticket, by) as (fresh, _now):
        fresh.deleted_at = None
        sla.stamp(fresh)
        fresh.save(update_fields=["deleted_at", "updated_at", *sla.STAMPED])
        record(fresh, "restored", by=by)
    return fresh


def _meet_first_response(ticket: Ticket, now: datetime) -> None:
    ticket.first_response_at = ticket.first_response_at or now


def _stop_clock(ticket: Ticket, now: datetime) -> None:
    sla.resume(ticket, now)
    sla.stamp(ticket)


def _save_state(ticket: Ticket, *more: str) -> None:
    ticket.save(
        update_fields=[
            "state",
            "status",
            "resolved_at",
            "closed_at",
            "reopened_at",
            "archived_at",
            "reopen_count",
            "auto_close_at",
            "waiting_since",
            "updated_at",
            "due_at",
            "next_breach_at",
            *more,
        ]  # fmt: skip
    )
