"""Data for tests, made through the same actions that the desk uses."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from tests import people
from tickets.actions import articles, assignment, conversation, lifecycle
from tickets.models import (
    SYSTEM,
    Article,
    BusinessHours,
    Category,
    Department,
    HelpTopic,
    Mailbox,
    SlaPolicy,
    Ticket,
    User,
)
from tickets.states import State

_count = itertools.count(1)


def department(name: str = "", **fields: Any) -> Department:
    number = next(_count)
    return Department.objects.create(name=name or f"Department {number}", slug=f"department-{number}", **fields)


def help_topic(department: Department, name: str = "", **fields: Any) -> HelpTopic:
    number = next(_count)
    fields.setdefault("slug", f"topic-{number}")
    return HelpTopic.objects.create(name=name or f"Topic {number}", department=department, **fields)


def mailbox(department: Department, **fields: Any) -> Mailbox:
    number = next(_count)
    fields.setdefault("name", f"Mailbox {number}")
    fields.setdefault("address", f"support{number}@desk.example")
    return Mailbox.objects.create(department=department, **fields)


def sla_policy(first: int = 60, resolution: int = 480, **fields: Any) -> SlaPolicy:
    """Targets in minutes."""
    fields.setdefault("name", f"Policy {next(_count)}")
    return SlaPolicy.objects.create(first_response_minutes=first, resolution_minutes=resolution, **fields)


def business_hours(zone: str = "UTC", **fields: Any) -> BusinessHours:
    """Monday to Friday, 9 to 17."""
    fields.setdefault("name", f"Hours {next(_count)}")
    hours = BusinessHours.objects.create(zone=zone, **fields)
    for weekday in range(5):
        hours.ranges.create(weekday=weekday, opens="09:00", closes="17:00")
    return hours


def ticket(requester: User | None = None, department: Department | None = None, **fields: Any) -> Ticket:
    fields.setdefault("subject", f"Printer {next(_count)} is on fire")
    fields.setdefault("body", "It burns. Please come.")
    fields.setdefault("source", "web")
    requester = requester or people.customer()
    return lifecycle.open_ticket(
        by=fields.pop("by", SYSTEM),
        requester=requester,
        department=department or globals()["department"](),
        **fields,
    )


def ticket_in(state: str, agent: User, **fields: Any) -> Ticket:
    """A ticket brought into `state` by the verbs that lead there; `agent` needs every permission."""
    made = ticket(**fields)
    if state == State.OPEN:
        return assignment.assign(made, by=agent, agent=agent)
    if state == State.IN_PROGRESS:
        conversation.reply(made, by=agent, body="Looking into it.")
    if state == State.RESOLVED:
        return lifecycle.resolve(made, by=agent)
    if state in (State.CLOSED, State.REOPENED):
        made = lifecycle.close(made, by=agent)
    if state == State.REOPENED:
        return lifecycle.reopen(made, by=agent)
    return Ticket.objects.get(pk=made.pk)


def age(ticket: Ticket, **delta: int) -> Ticket:
    """Moves every moment of the ticket into the past, as if `delta` (timedelta words) had gone by."""
    step = timedelta(**delta)
    row = Ticket.objects.filter(pk=ticket.pk)
    names = [field.name for field in Ticket._meta.fields if field.name.endswith(("_at", "_since", "_until"))]
    values = row.values(*names).get()
    row.update(**{name: value - step for name, value in values.items() if value is not None})
    for related in (ticket.messages, ticket.events):
        for one in related.all():
            related.filter(pk=one.pk).update(created_at=one.created_at - step)
    for done in ticket.sla_fired.all():
        ticket.sla_fired.filter(pk=done.pk).update(begun_at=done.begun_at - step, planned_at=done.planned_at - step)
    for pause in ticket.sla_pauses.all():
        ended = pause.ended_at - step if pause.ended_at else None
        ticket.sla_pauses.filter(pk=pause.pk).update(started_at=pause.started_at - step, ended_at=ended)
    return Ticket.objects.get(pk=ticket.pk)


def category(name: str = "", **fields: Any) -> Category:
    number = next(_count)
    return Category.objects.create(name=name or f"Shelf {number}", slug=f"shelf-{number}", **fields)


def article(
    title: str = "", html: str = "", *, audience: str = "public", language: str = "en", **fields: Any
) -> Article:
    """An article in one language, published for everybody unless told otherwise."""
    number, writer = next(_count), fields.pop("by", None) or people.admin()
    shelf = fields.pop("category", None) or category()
    made = articles.create(
        by=writer, category=shelf, language=language, title=title or f"Article {number}",
        html=html or f"<p>What to do about matter {number}.</p>", summary=fields.pop("summary", ""),
    )  # fmt: skip
    return articles.place(made, by=writer, category=shelf, audience=audience, **fields)
