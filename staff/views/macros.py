"""Macros on the ticket page: choose one, see what it would do, change its reply, run it."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import lists, macros, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import Mark
from staff.views.ticket import back_to, here
from staff.views.verbs import refused
from tickets import permissions
from tickets.actions.macros import run_macro
from tickets.models import Rule, Ticket
from tickets.refusals import NotAllowed, Refused


@require_safe
@agents_only
def index(request: AgentRequest, number: str) -> HttpResponse:
    """The macros that fit this ticket: for its menu, as a page, or as JSON for the palette."""
    ticket = _find(request, number)
    rows = macros.offered(ticket, request.user)
    if request.headers.get("Accept", "").startswith("application/json"):
        return _private(JsonResponse({"macros": rows}))
    return _show(request, ticket, "macros", {"rows": rows})


@agents_only
def macro(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """What one macro would do, or does."""
    ticket = _find(request, number)
    rule = get_object_or_404(Rule.objects.active(), pk=pk, kind=Rule.Kind.MACRO)
    if request.method == "POST":
        try:
            run_macro(
                ticket, by=request.user, macro=rule, body=request.POST.get("body"),
                nonce=Mark(uuid.UUID).clean(request.POST.get("nonce")),
            )  # fmt: skip
        except NotAllowed:
            raise
        except Refused as refusal:
            return refused(request, number, refusal)
        return back_to(request, ticket, _("“%(macro)s” is done.") % {"macro": rule.name})
    told = macros.preview(ticket, request.user, rule)
    if request.headers.get("Accept", "").startswith("application/json"):
        return _private(JsonResponse(told))
    return _show(request, ticket, "macro", {"macro": told, "nonce": uuid.uuid4()})


def _find(request: AgentRequest, number: str) -> Ticket:
    ticket = find_ticket(request.user, number)
    if not permissions.can(request.user, "follow", ticket):
        raise NotAllowed(_("You are not allowed to do this."))
    return ticket


def _show(request: AgentRequest, ticket: Ticket, name: str, context: dict[str, object]) -> HttpResponse:
    context |= {"ticket": sidebar.head(ticket), "back": here(request), "url": request.get_full_path()}
    if request.htmx:
        return _private(render(request, f"staff/_{name}.html", context))
    context |= {"rail": lists.rail(request.user, ""), "piece": f"staff/_{name}.html"}
    return _private(render(request, "staff/macros.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request", "Accept"])
    patch_cache_control(response, private=True, no_store=True)
    return response
