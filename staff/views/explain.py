"""Why rules did or did not act on a ticket: a piece beside it, and a page of its own."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from staff import lists, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from staff.rules import explained
from staff.times import Clock
from staff.views.ticket import here
from tickets.models import Rule


@require_safe
@agents_only
def why(request: AgentRequest, number: str) -> HttpResponse:
    ticket, clock = find_ticket(request.user, number), Clock(request.user)
    if request.htmx and request.htmx.target == "rules-why" and not request.htmx.history_restore_request:
        context: dict[str, Any] = {"told": explained.panel(ticket, clock)}
        response = render(request, "staff/rules/_why.html", context)
    else:
        context = {
            "rail": lists.rail(request.user, ""), "ticket": sidebar.head(ticket), "back": here(request),
            "url": request.path, "may_edit": request.user.is_superuser, **_told(request, ticket, clock),
        }  # fmt: skip
        response = render(request, "staff/rules/why.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _told(request: AgentRequest, ticket: Any, clock: Clock) -> dict[str, Any]:
    rules = list(Rule.objects.only("pk", "name", "kind")[: explained.MOST_RULES])
    wanted = request.GET.get("rule", "")
    chosen = Rule.objects.filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 10 else None
    context: dict[str, Any] = {"rules": [(rule.pk, rule.name, rule == chosen) for rule in rules], "chosen": chosen}
    if chosen:
        return {**context, "answers": explained.of_rule(ticket, chosen, clock)}
    return {**context, **explained.overview(ticket, clock)}
