"""Choosing a canned response while writing: a list for the composer's picker, and a page for who has no scripts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import lists, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from tickets import canned, permissions
from tickets.refusals import NotAllowed
from tickets.sizes import size


@require_safe
@agents_only
def pick(request: AgentRequest, number: str) -> HttpResponse:
    """What the agent may insert on this ticket: as a page, or as JSON for who asks for that."""
    ticket = find_ticket(request.user, number)
    if not permissions.can(request.user, "note", ticket) and not permissions.can(request.user, "reply", ticket):
        raise NotAllowed(_("You are not allowed to write here."))
    query = request.GET.get("q", "")[:100]
    rows = [_told(one) for one in canned.filled(canned.offered(ticket, request.user, query), ticket, request.user)]
    kind = "note" if request.GET.get("for") == "note" else "reply"
    if request.headers.get("Accept", "").startswith("application/json"):
        response: HttpResponse = JsonResponse({"responses": rows})
    else:
        for row in rows:
            row["url"] = f"{reverse('staff:ticket', args=[number])}?canned={row['id']}&for={kind}"
        context = {"ticket": sidebar.head(ticket), "rows": rows, "query": query, "kind": kind}
        context["rail"] = lists.rail(request.user, "")
        response = render(request, "staff/canned_pick.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _told(one: canned.Filled) -> dict[str, Any]:
    response = one.response
    return {
        "id": response.pk,
        "title": response.title,
        "shortcut": response.shortcut,
        "folder": response.folder.path if response.folder else "",
        "language": one.language,
        "text": one.text,
        "problem": one.problem,
        "files": [{"key": str(file.key), "name": file.name, "size": size(file.size)} for file in one.attachments],
    }
