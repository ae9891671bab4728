from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest, agents_only

DEFAULT = "my-open"


@require_safe
@agents_only
def home(request: HttpRequest) -> HttpResponse:
    return redirect("staff:view", DEFAULT)


@require_safe
@agents_only
def view(request: AgentRequest, slug: str) -> HttpResponse:
    queue = lists.queue_for(request.user, slug)
    if queue is None:
        raise Http404
    context = {
        "rail": lists.rail(request.user, slug),
        **lists.pane(request.user, queue, place(request)),
    }
    response = render(request, "staff/_live_list.html" if "X-Live" in request.headers else "staff/queue.html", context)
    patch_cache_control(response, private=True, no_cache=True)
    return response


def place(request: HttpRequest) -> dict[str, str]:
    """Where in the list the reader is: after or before a row, or nowhere in particular."""
    for name in ("after", "before"):
        if cursor := request.GET.get(name):
            return {name: cursor}
    return {}
