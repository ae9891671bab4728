from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from staff.access import AgentRequest, agents_only
from staff.places import find
from staff.views.queue import show
from tickets import queries, worklists

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
    worklist = find(request.user, {**request.GET.dict(), "q": text}) or worklists.of_query("", request.user)
    return show(request, worklist)
