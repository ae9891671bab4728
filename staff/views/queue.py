from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.places import find, place
from tickets import preferences
from tickets.worklists import Worklist

DEFAULT = "my-open"


@require_safe
@agents_only
def home(request: AgentRequest) -> HttpResponse:
    """The view that the person begins with."""
    slug = preferences.of(request.user).default_view
    return redirect("staff:view", slug if slug and find(request.user, {"view": slug}) else DEFAULT)


@require_safe
@agents_only
def view(request: AgentRequest, slug: str) -> HttpResponse:
    worklist = find(request.user, {**request.GET.dict(), "q": "", "view": slug})
    if worklist is None:
        raise Http404
    return show(request, worklist)


def show(request: AgentRequest, worklist: Worklist) -> HttpResponse:
    """The list, with nothing open beside it."""
    context = {
        "rail": lists.rail(request.user, worklist.slug, shelf=worklist.shelf),
        **lists.pane(request.user, worklist, place(request.GET)),
    }
    response = render(request, "staff/_live_list.html" if "X-Live" in request.headers else "staff/queue.html", context)
    patch_cache_control(response, private=True, no_cache=True)
    return response
