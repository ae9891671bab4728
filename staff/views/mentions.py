"""Whom one may mention in a note: for the picker of the composer. Without scripts the name is typed."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff.access import AgentRequest, agents_only, find_ticket
from tickets import mentions, permissions
from tickets.refusals import NotAllowed


@require_safe
@agents_only
def people(request: AgentRequest, number: str) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    if not permissions.can(request.user, "note", ticket):
        raise NotAllowed(_("You are not allowed to write here."))
    found = mentions.offered(ticket, request.user, request.GET.get("q", "")[:100])
    rows = [
        {"name": one.display_name, "hint": "" if one.display_name == one.email else one.email, "text": text}
        for one, text in found
    ]
    response = JsonResponse({"people": rows})
    patch_cache_control(response, private=True, no_store=True)
    return response
