from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from staff import drawn, lists
from staff.access import AgentRequest, agents_only, find_ticket
from tickets import articles, similar
from tickets.states import GLYPH, State


@require_safe
@agents_only
def solved(request: AgentRequest, number: str) -> HttpResponse:
    """Articles and solved tickets about the like: a piece of its page, loaded when asked for; without scripts a page
    of its own."""
    ticket = find_ticket(request.user, number)
    rows = [
        {
            "subject": one.subject, "number": one.number, "svg": drawn.glyph(GLYPH[State(one.state)]),
            "url": reverse("staff:ticket", args=[one.number]),
        }
        for one in similar.solved(ticket, request.user)
    ]  # fmt: skip
    language = get_language() or settings.LANGUAGE_CODE
    context = {"similar": rows, "number": number}
    context["articles"] = articles.suggest(request.user, ticket.subject, language)
    if not request.htmx:
        context["rail"] = lists.rail(request.user, "")
    response = render(request, "staff/_similar.html" if request.htmx else "staff/similar.html", context)
    patch_cache_control(response, private=True, no_cache=True)
    response["Vary"] = "HX-Request"
    return response
