"""Choosing an article to link to while writing: a list for the composer's picker, and a page for who has no scripts."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import article_choice, lists, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from tickets import article_links, permissions
from tickets.refusals import NotAllowed


@require_safe
@agents_only
def pick(request: AgentRequest, number: str) -> HttpResponse:
    """What the reader of the text may read: as a page, or as JSON for who asks for that."""
    ticket = find_ticket(request.user, number)
    if not permissions.can(request.user, "note", ticket) and not permissions.can(request.user, "reply", ticket):
        raise NotAllowed(_("You are not allowed to write here."))
    query = request.GET.get("q", "").replace("\0", "")[:100]
    kind = "note" if request.GET.get("for") == "note" else "reply"
    reader, language = article_choice.reader(ticket, request.user, kind), article_choice.language(ticket, kind)
    found = article_links.offered(ticket, reader, query, language)
    if request.headers.get("Accept", "").startswith("application/json"):
        rows = [
            {
                "title": one.title, "text": one.text, "html": one.html, "files": [],
                "shown": f"{one.about}\n\n{one.url}".strip(),
            }
            for one in found
        ]  # fmt: skip
        response: HttpResponse = JsonResponse({"articles": rows})
    else:
        base = reverse("staff:ticket", args=[number])
        rows = [{"title": one.title, "about": one.about, "url": f"{base}?article={one.pk}&for={kind}"} for one in found]
        context = {"ticket": sidebar.head(ticket), "rows": rows, "query": query, "kind": kind}
        context["rail"] = lists.rail(request.user, "")
        response = render(request, "staff/article_pick.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response
