"""What the requester thinks of how a ticket was solved."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import permissions
from tickets.actions import rating
from tickets.api import inputs, shapes
from tickets.api.idempotency import idempotent
from tickets.api.views.base import DeskView, read
from tickets.models import Ticket
from tickets.refusals import NotAllowed


class Rate(DeskView):
    inputs = {"POST": inputs.Opinion}
    outputs = {"GET": shapes.RatingsShape, "POST": shapes.RatingsShape}

    def get(self, request: Request, number: str) -> Response:
        """The ratings, newest first: one for each time that the ticket was closed. For its requester and agents."""
        ticket = self.ticket(number)
        if ticket.requester_id != self.person.pk and not permissions.is_inside(self.person, ticket):
            raise NotAllowed(_("Only the requester and agents read this."))
        return self.ratings(ticket)

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Rates a closed ticket from 1 (very bad) to 5 (very good); rating again changes it. Needs a token of the
        requester."""
        given, ticket = read(request, inputs.Opinion), self.ticket(number)
        rating.rate(ticket, by=self.person, **given)
        return self.ratings(ticket)

    def ratings(self, ticket: Ticket) -> Response:
        rows = ticket.ratings.values("round", "score", "comment", "rated_at").order_by("-round")[:100]
        return Response({"ratings": list(rows)})
