"""Tickets: the list, opening one, one, changing its fields."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import permissions, search
from tickets.actions import assignment, fields, intake, people, triage
from tickets.api import answers, lookups
from tickets.api.idempotency import idempotent
from tickets.api.inputs import NewTicket, TicketChange
from tickets.api.pagination import NewestFirst
from tickets.api.shapes import TicketDetailShape, TicketShape
from tickets.api.views.base import DeskView, read
from tickets.models import Ticket, User
from tickets.refusals import Filtered, Invalid, NotAllowed
from tickets.states import Source


class Tickets(DeskView):
    inputs = {"POST": NewTicket}
    outputs = {"GET": TicketShape, "POST": TicketShape}
    created = ("POST",)
    pagination_class = NewestFirst

    def get(self, request: Request) -> Response:
        """The tickets that the token's person may see, newest first; q searches them."""
        found = search.find(request.query_params.get("q", ""), by=self.person)
        if found.mistakes:
            raise Invalid(q=" ".join(mistake.text for mistake in found.mistakes))
        pages = NewestFirst()
        rows = pages.paginate_queryset(answers.with_related(found.tickets), request, self)
        return pages.get_paginated_response(answers.tickets(rows or [], self.person))

    @idempotent
    def post(self, request: Request) -> Response:
        """Opens a ticket: routed by help topic, its SLA clock running, the requester told by mail."""
        given = read(request, NewTicket)
        try:
            with transaction.atomic():  # a requester who was not known is not kept when the ticket is refused
                ticket = _open(self.person, **given)
        except Filtered as refusal:
            refusal.sifted.write_down(None)
            raise
        return Response(answers.ticket(ticket, inside=permissions.is_inside(self.person, ticket)), status=201)


def _open(by: User, *, subject: str, body: str, **given: Any) -> Ticket:
    return intake.open_ticket(
        by=by,
        help_topic=lookups.help_topic(given.get("help_topic"), by),
        department=lookups.department(given.get("department"), by),
        priority=lookups.priority(given.get("priority"), by),
        requester=_requester(by, given.get("requester")),
        subject=subject,
        body=body,
        source=Source.API,
        fields=given.get("fields", {}),
    )


def _requester(by: User, given: dict[str, str] | None) -> User:
    if given is None or given["email"].lower() == by.email:
        return by
    if not permissions.can_open_for(by, None):
        raise NotAllowed(_("You are not allowed to open tickets for others."))
    return people.find_or_create(given["email"], given.get("name", ""))


class OneTicket(DeskView):
    inputs = {"PATCH": TicketChange}
    outputs = {"GET": TicketDetailShape, "PATCH": TicketShape}

    def get(self, request: Request, number: str) -> Response:
        """One ticket, and what may be done with it now."""
        ticket = answers.with_related(Ticket.objects.kept().visible_to(self.person)).get(number=number)
        allowed = permissions.verbs(self.person, ticket)
        inside = permissions.is_inside(self.person, ticket)
        return Response(answers.ticket(ticket, inside=inside) | {"allowed": allowed})

    def patch(self, request: Request, number: str) -> Response:
        """Changes what is sent and leaves the rest: all of it, or nothing when one part is refused. A department or
        help topic transfers the ticket, last of all."""
        given = read(request, TicketChange, partial=True)
        ticket = self.ticket(number)
        inside = permissions.is_inside(self.person, ticket)
        with transaction.atomic():
            _change(ticket, self.person, given)
        # After a transfer it may be out of the person's sight; the answer is what they did.
        changed = answers.with_related(Ticket.objects.all()).get(pk=ticket.pk)
        return Response(answers.ticket(changed, inside=inside))


def _change(ticket: Ticket, by: User, given: dict[str, Any]) -> None:
    if "subject" in given:
        triage.set_subject(ticket, by=by, subject=given["subject"])
    if "priority" in given:
        triage.set_priority(ticket, by=by, priority=_priority(given["priority"], ticket, by))
    if "status" in given:
        permissions.require(by, "triage", ticket)
        triage.set_status(ticket, by=by, status=lookups.status(given["status"]))
    if "manual_due_at" in given:
        triage.set_due(ticket, by=by, due=given["manual_due_at"])
    if "tags" in given:
        triage.set_tags(ticket, by=by, tags=given["tags"])
    if "fields" in given:
        fields.set_fields(ticket, by=by, fields=given["fields"])
    if "department" in given or "help_topic" in given:
        _transfer(ticket, by, given)


def _priority(word: str, ticket: Ticket, by: User) -> int:
    permissions.require(by, "triage", ticket)
    return lookups.priority(word, by) or ticket.priority


def _transfer(ticket: Ticket, by: User, given: dict[str, Any]) -> None:
    permissions.require(by, "transfer", ticket)
    topic = lookups.help_topic(given.get("help_topic"), by)
    department = lookups.department(given.get("department"), by)
    if department is None:
        department = topic.department if topic else ticket.department
    if topic and topic.department_id != department.pk:
        raise Invalid(help_topic=_("This help topic belongs to another department."))
    assignment.transfer(ticket, by=by, department=department, help_topic=topic)
