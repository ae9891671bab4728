from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from tickets import queries

_ABSURD = 4000  # characters; from search.LONGEST on the page says that it is too long


@require_safe
@agents_only
def search(request: AgentRequest) -> HttpResponse:
    """What is found, newest first; a ticket's number typed exactly goes straight to it."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    if len(text) > _ABSURD:
        raise BadRequest
    number = text.removeprefix("#")
    may_be_number = len(number) <= 24 and any(sign.isdecimal() for sign in number)
    if may_be_number and queries.work_of(request.user).filter(number=number).exists():
        return redirect("staff:ticket", number)
    context = {"rail": lists.rail(request.user, ""), **lists.search_pane(request.user, text, request.GET)}
    response = render(request, "staff/_live_list.html" if "X-Live" in request.headers else "staff/queue.html", context)
    patch_cache_control(response, private=True, no_cache=True)
    return response
