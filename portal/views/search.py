from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import presenters
from portal.access import network, own_tickets
from portal.views.knowledge import find
from tickets import articles, limits
from tickets.models import KnowledgeUse, Message, Ticket, User
from tickets.states import State

LONGEST = 200
_MOST = 50
_FEW = 3
_MOST_WORDS = 12
_COUNTED = [(240, limits.HOUR)]
_WORD = re.compile(r"\w{4,40}")


@require_safe
@never_cache
def search(request: HttpRequest) -> HttpResponse:
    """Articles, and own tickets by number, subject or what was written in them; a number alone finds its ticket."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    if len(text) > LONGEST:
        raise BadRequest("search text too long")
    context = {"query": text, "tickets": []}
    if text:
        context["found"] = find(request, text)
    if text and request.user.is_authenticated:
        found = (
            matching(request.user, text, own_tickets(request.user))
            .select_related("status")
            .order_by("-last_message_at", "-id")
        )
        context["tickets"] = presenters.rows(found[:_MOST])
    return render(request, "portal/search.html", context)


@require_safe
@never_cache
def similar(request: HttpRequest) -> HttpResponse:
    """A piece of a page: articles that may answer a subject, and the person's own open tickets that it reminds of."""
    words = _WORD.findall(request.GET.get("subject", "")[:255].lower())[:_MOST_WORDS]
    context: dict[str, Any] = {"tickets": [], "articles": _answers(request, " ".join(words))}
    if words and request.user.is_authenticated:
        query = SearchQuery(" | ".join(f"'{word}':*" for word in words), config="simple", search_type="raw")
        found = own_tickets(request.user).exclude(state=State.CLOSED).filter(search=query).select_related("status")
        context["tickets"] = presenters.rows(found.order_by("-last_message_at", "-id")[:_FEW])
    return render(request, "portal/_similar.html", context)


def _answers(request: HttpRequest, words: str) -> list[articles.Found]:
    found = articles.suggest(request.user, words, get_language() or settings.LANGUAGE_CODE, _FEW) if words else []
    for one in found if limits.hit(f"kb:suggested:{network(request)}", _COUNTED) == 0 else []:
        articles.count_use(KnowledgeUse.Kind.SUGGESTED, article=one.article)
    return found


def matching(user: User, text: str, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Those of the rows that have the number or subject, or in which it was written."""
    query = SearchQuery(text, config="simple", search_type="websearch")
    said = Message.objects.read_by(user).filter(search=query, ticket__in=rows.values("pk")).values("ticket")
    return rows.filter(Q(search=query) | Q(number=text.lstrip("#").upper()) | Q(pk__in=said))
