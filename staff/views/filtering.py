"""The filter as a form, and what completes a search box while it is typed in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.view_forms import FilterForm
from tickets import search_completion
from tickets.search import LONGEST


@require_safe
@agents_only
def filter_form(request: AgentRequest) -> HttpResponse:
    """With `go` in the address it leads on: to the tickets, or into a view. Else the form shows the query `q`."""
    form = FilterForm(request.user, request.GET if "go" in request.GET else None, initial=_initial(request))
    if form.is_bound and form.is_valid():
        return _lead_on(request, form.query)
    context: dict[str, Any] = {
        "rail": lists.rail(request.user, ""),
        "form": form,
        "view_slug": request.GET.get("view", ""),
        "query": request.GET.get("q", ""),
    }
    return render(request, "staff/filter.html", context)


def _initial(request: AgentRequest) -> dict[str, Any]:
    return FilterForm.initial_of(request.GET.get("q", "")[:LONGEST].replace("\0", ""))


def _lead_on(request: AgentRequest, query: str) -> HttpResponse:
    go, slug = request.GET["go"], request.GET.get("view", "")
    if go == "save":
        keeps = slug and slug.replace("-", "").replace("_", "").isalnum() and slug.isascii()
        target = reverse("staff:view_change", args=[slug]) if keeps else reverse("staff:view_new")
    else:
        target = reverse("staff:search")
    return redirect(f"{target}?{urlencode({'q': query})}")


@require_safe
@agents_only
def complete(request: AgentRequest) -> HttpResponse:
    """Proposals for the word before the caret (`at`), as the options of a list box."""
    text, at = (
        request.GET.get("q", request.GET.get("query", ""))[:LONGEST].replace("\0", " "),
        request.GET.get("at", ""),
    )
    place = int(at) if at.isascii() and at.isdigit() and len(at) < 5 else len(text)
    found = search_completion.propose(text, place, by=request.user)
    return render(request, "staff/_complete.html", {"proposals": found})
