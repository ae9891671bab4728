"""What is said on a ticket, and what happened to it."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tickets import merged, permissions
from tickets.actions import conversation
from tickets.api import answers, lookups
from tickets.api.idempotency import idempotent
from tickets.api.inputs import NewMessage, NewReply
from tickets.api.pagination import OldestFirst
from tickets.api.shapes import EventShape, MessageShape, WrittenShape
from tickets.api.views.base import DeskView, read
from tickets.models import Message, Ticket
from tickets.states import Source


class WritingView(DeskView):
    outputs = {"POST": WrittenShape}
    created = ("POST",)

    def written(self, message: Message) -> Response:
        """The message with its ticket, which a message can change: state, assignee, deadlines."""
        ticket = answers.with_related(Ticket.objects.all()).get(pk=message.ticket_id)
        inside = permissions.is_inside(self.person, ticket)
        said = answers.message(message, inside=inside) | {"ticket": answers.ticket(ticket, inside=inside)}
        return Response(said, status=201)


class Messages(WritingView):
    inputs = {"POST": NewMessage}
    outputs = {"GET": MessageShape, "POST": WrittenShape}
    pagination_class = OldestFirst

    def get(self, request: Request, number: str) -> Response:
        """The conversation, oldest first. Internal notes and machine mail are shown to agents only."""
        ticket = self.ticket(number)
        inside = permissions.is_inside(self.person, ticket)
        rows = merged.messages(ticket) if inside else merged.readable(ticket, self.person)
        pages = OldestFirst()
        shown = rows.select_related("author").defer("search").prefetch_related("attachments")
        page = pages.paginate_queryset(shown, request, self)
        return pages.get_paginated_response([answers.message(row, inside=inside) for row in page or ()])

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """The customer writes: a resolved ticket is reopened, so is a closed one inside its reopen window; later the
        message opens a follow-up, and ticket in the answer is that. Needs a token of somebody taking part."""
        given = read(request, NewMessage)
        return self.written(
            conversation.receive(self.ticket(number), by=self.person, body=given["body"], source=Source.API)
        )


class Reply(WritingView):
    """An agent answers everybody who takes part, by mail. The first reply claims a ticket that nobody has."""

    inputs = {"POST": NewReply}

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(request, NewReply)
        ticket = self.ticket(number)
        permissions.require(self.person, "reply", ticket)
        status = lookups.status(given.get("status"))
        return self.written(
            conversation.reply(
                ticket, by=self.person, body=given["body"], status=status, source=Source.API, may_undo=given["may_undo"]
            )
        )


class Note(WritingView):
    """An internal note: customers never see it."""

    inputs = {"POST": NewMessage}

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        given = read(request, NewMessage)
        return self.written(conversation.note(self.ticket(number), by=self.person, body=given["body"]))


class Events(DeskView):
    outputs = {"GET": EventShape}
    pagination_class = OldestFirst

    def get(self, request: Request, number: str) -> Response:
        """What happened to the ticket, oldest first. Customers see the steps of the lifecycle only."""
        ticket = self.ticket(number)
        rows, inside = ticket.events.all(), permissions.is_inside(self.person, ticket)
        if not inside:
            rows = rows.filter(kind__in=answers.PUBLIC_EVENTS)
        pages = OldestFirst()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(answers.events(page or [], inside=inside))
