"""People whom a mail had in copy."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import permissions
from tickets.actions import participants
from tickets.api.idempotency import idempotent
from tickets.api.inputs import Decision
from tickets.api.shapes import ProposedShape
from tickets.api.views.base import DeskView, read
from tickets.models import ProposedFollower
from tickets.refusals import NotAllowed


class Proposed(DeskView):
    outputs = {"GET": ProposedShape}
    many = True  # twenty at most: no pages

    def get(self, request: Request, number: str) -> Response:
        """Whom mails had in copy and nobody has decided about: for agents, and for the requester."""
        ticket = self.ticket(number)
        if not (ticket.requester_id == self.person.pk or permissions.is_inside(self.person, ticket)):
            raise NotAllowed(_("Only the requester can add people here."))
        return Response([_shown(row) for row in participants.waiting(ticket)])


class DecideProposed(DeskView):
    inputs = {"POST": Decision}
    outputs = {"POST": ProposedShape}

    @idempotent
    def post(self, request: Request, number: str, pk: int) -> Response:
        """Lets one of them take part from now on, or not. Decided twice, the first decision stands."""
        ticket, given = self.ticket(number), read(request, Decision)
        row = get_object_or_404(ticket.proposed_followers, pk=pk)
        participants.decide(ticket, row.pk, accept=given["accept"], by=self.person)
        return Response(_shown(row))


def _shown(row: ProposedFollower) -> dict[str, object]:
    return {"id": row.pk, "address": row.address, "name": row.name}
