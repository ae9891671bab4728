"""What an open page asks for when it heard that something happened: only the pieces that may have changed."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe

from staff import buttons, related, sidebar, thread, verbs
from staff.access import AgentRequest, agents_only, find_ticket
from staff.views.ticket import here
from tickets import permissions, presence, queries
from tickets.models.people import hue, initials

_TAB = re.compile(r"[a-z0-9]{1,32}\Z")
_MOST_CARDS = 20


@require_safe
@agents_only
def ticket(request: AgentRequest, number: str) -> HttpResponse:
    """What is new in an open ticket since `message` and `event`, the newest that its page shows; `cards` are messages
    to be drawn again. Header and context column come along."""
    found = find_ticket(request.user, number)
    message, event = _number(request, "message"), _number(request, "event")
    cards = [int(part) for part in request.GET.get("cards", "").split(",") if part.isdecimal() and len(part) < 19]
    context: dict[str, Any] = sidebar.context(found, request.user)
    context |= thread.news(found, request.user, get_token(request), message, event, cards[:_MOST_CARDS])
    may = verbs.possible(found, request.user)
    offered = verbs.offered(found, may, request.user, is_follower=context["is_follower"], back=here(request))
    context |= {
        "verbs": buttons.drawn(offered, found.number, get_token(request)),
        "panels": {verb["verb"]: verb["verb"] for verb in offered if verb["panel"]},
        "may": dict.fromkeys(may, True),
        "may_write_articles": permissions.can_write_articles(request.user),
        **related.context(found, request.user, may),
    }
    response = render(request, "staff/_live_ticket.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


@require_POST
@agents_only
def present(request: AgentRequest) -> HttpResponse:
    """An open page says what its agent does: `tab`, `ticket` (a number, empty for a list), `doing`. The answer names
    the colleagues, and what each of them does on this ticket."""
    tab, doing, number = (request.POST.get(name, "") for name in ("tab", "doing", "ticket"))
    if not _TAB.match(tab):
        return HttpResponse(status=400)
    if doing not in presence.DOING:
        presence.leave(request.user, tab)
        return JsonResponse({"colleagues": [], "here": []})
    pk = _ticket_id(request, number)
    signs = presence.show(request.user, tab, pk, doing)
    colleagues = {sign.user: _person(sign) for sign in signs if sign.user != request.user.pk}
    here_now = [
        {**colleagues[sign.user], "doing": sign.doing}
        for sign in signs
        if sign.user in colleagues and sign.ticket == pk
    ]
    return JsonResponse({"colleagues": list(colleagues.values()), "here": here_now if pk else []})


def _ticket_id(request: AgentRequest, number: str) -> int:
    """0 for a ticket that the person may not know of, as for none."""
    if not number or len(number) > 24 or "\0" in number:
        return 0
    return queries.work_of(request.user).filter(number=number).values_list("pk", flat=True).first() or 0


def _person(sign: presence.Sign) -> dict[str, Any]:
    return {"user": sign.user, "name": sign.name, "initials": initials(sign.name), "hue": hue(sign.user)}
