"""Rules, to be read by programs: what there is, what rules did on a ticket and why; and macros, to be run by them."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import permissions
from tickets.actions import macros
from tickets.api import inputs, rule_answers
from tickets.api import rule_shapes as shapes
from tickets.api.idempotency import idempotent
from tickets.api.pagination import OldestFirst
from tickets.api.shapes import TicketShape
from tickets.api.views.base import DeskView, read
from tickets.models import ApiToken, Rule, Ticket
from tickets.refusals import Invalid, NotAllowed


class Rules(DeskView):
    scope = ApiToken.Scope.ADMIN
    outputs = {"GET": shapes.RuleShape}
    pagination_class = OldestFirst

    def get(self, request: Request) -> Response:
        """All rules of the desk, told in words too, in the order in which they were made; `kind` and `position` say in
        which they are asked. Admins only."""
        _admins(self)
        pages = OldestFirst()
        rows = pages.paginate_queryset(Rule.objects.select_related("owner"), request, self)
        return pages.get_paginated_response(rule_answers.rules(rows or ()))


class OneRule(DeskView):
    scope = ApiToken.Scope.ADMIN
    outputs = {"GET": shapes.RuleDetailShape}

    def get(self, request: Request, pk: int) -> Response:
        """One rule with its versions, the newest first. Admins only."""
        _admins(self)
        return Response(rule_answers.rule_with_versions(_rule(pk)))


class RulesOfTicket(DeskView):
    outputs = {"GET": shapes.RulesOfTicketShape}

    def get(self, request: Request, number: str) -> Response:
        """What rules did on the ticket, the newest first, and what came of each rule when it was asked last. With
        `rule`, a rule's id: every moment at which it could have acted, and why it did or did not. Agents only."""
        ticket = self.ticket(number)
        if not permissions.is_inside(self.person, ticket):
            raise NotAllowed(_("Rules are the desk's own business."))
        if wanted := request.query_params.get("rule"):
            if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 10):
                raise Invalid(rule=_("This is not the id of a rule."))
            return Response(rule_answers.why(ticket, _rule(int(wanted))))
        return Response(rule_answers.of_ticket(ticket))


class Macros(DeskView):
    outputs = {"GET": shapes.MacrosShape}

    def get(self, request: Request, number: str) -> Response:
        """The macros that fit the ticket now. Agents only."""
        ticket = _ticket_for_macros(self, number)
        return Response({"macros": rule_answers.macros(macros.macros_for(ticket, self.person))})


class Macro(DeskView):
    inputs = {"POST": inputs.RunMacro}
    outputs = {"GET": shapes.MacroPreviewShape, "POST": TicketShape}

    def get(self, request: Request, number: str, pk: int) -> Response:
        """What running the macro would do to the ticket now; nothing is done."""
        ticket = _ticket_for_macros(self, number)
        macro = _macro(pk)
        return Response(rule_answers.preview(macro, macros.preview_macro(ticket, by=self.person, macro=macro)))

    @idempotent
    def post(self, request: Request, number: str, pk: int) -> Response:
        """Does all that the macro says as the token's person, or nothing. A `body` replaces the text of its reply."""
        given, ticket = read(request, inputs.RunMacro), _ticket_for_macros(self, number)
        macros.run_macro(ticket, by=self.person, macro=_macro(pk), body=given.get("body"))
        return self.answer(self.ticket(number))


def _admins(view: DeskView) -> None:
    if not view.person.is_superuser:
        raise NotAllowed(_("Only admins read rules."))


def _rule(pk: int) -> Rule:
    row = Rule.objects.select_related("owner").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _macro(pk: int) -> Rule:
    row = Rule.objects.active().filter(pk=pk, kind=Rule.Kind.MACRO).first()
    if row is None:
        raise Http404
    return row


def _ticket_for_macros(view: DeskView, number: str) -> Ticket:
    ticket = view.ticket(number)
    permissions.require(view.person, "follow", ticket)
    return ticket
