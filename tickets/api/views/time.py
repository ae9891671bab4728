"""Why a ticket is due when it is."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import permissions
from tickets.api import answers, lookups
from tickets.api.shapes import SlaShape
from tickets.api.views.base import DeskView
from tickets.explanation import explain
from tickets.models import Ticket
from tickets.refusals import NotAllowed


class Sla(DeskView):
    outputs = {"GET": SlaShape}

    def get(self, request: Request, number: str) -> Response:
        """Each target with the stretches of time that lead to its due moment: the sum of ran plus left is seconds.
        Agents only. Without a policy there are no targets."""
        ticket = Ticket.objects.kept().visible_to(self.person).select_related("sla_policy__business_hours")
        row = ticket.get(number=number)
        if not permissions.is_inside(self.person, row):
            raise NotAllowed(_("Deadlines are the desk's own business."))
        policy = lookups.sla_policy(request.query_params.get("policy"))
        hours = lookups.business_hours(request.query_params.get("calendar"))
        return Response(answers.sla(row, explain(row, policy=policy, hours=hours)))
