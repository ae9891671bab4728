"""A ticket on paper: a plain page that the browser prints, or saves as a PDF."""

from __future__ import annotations

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from staff import sidebar, thread
from staff.access import AgentRequest, agents_only, find_ticket
from staff.times import Clock
from staff.views.ticket import here

MOST = 1000  # messages


@require_safe
@agents_only
def page(request: AgentRequest, number: str) -> HttpResponse:
    """Everything that was written. Internal notes only when `notes` asks for them, so that a page handed on by mistake
    tells nothing."""
    ticket, has_notes = find_ticket(request.user, number), "notes" in request.GET
    context = {
        **sidebar.context(ticket, request.user),
        "timeline": thread.on_paper(ticket, request.user, get_token(request), most=MOST, has_notes=has_notes),
        "has_notes": has_notes,
        "back": here(request),
        "opened": Clock(request.user).at(ticket.created_at),
    }
    response = render(request, "staff/print.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response
