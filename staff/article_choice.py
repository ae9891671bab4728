"""Articles for the composer: who is to read them, and the one that a page's address names."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import get_language

from staff.access import AgentRequest
from tickets import article_links
from tickets.models import Ticket, User


def reader(ticket: Ticket, user: User, kind: str) -> User:
    """A reply is read by the customer, a note by colleagues, who read what its writer reads."""
    return user if kind == "note" else ticket.requester


def language(ticket: Ticket, kind: str) -> str:
    theirs = ticket.requester.language if kind == "reply" else ""
    return theirs or get_language() or settings.LANGUAGE_CODE


def added(request: AgentRequest, ticket: Ticket, kind: str, before: dict[str, Any]) -> dict[str, Any]:
    """The form's initial values with a link to the article that the address names below the text: how a page without
    scripts puts one in."""
    given = request.GET.get("article", "")
    if not given.isdecimal() or len(given) > 18 or kind != ("note" if request.GET.get("for") == "note" else "reply"):
        return before
    link = article_links.chosen(int(given), reader(ticket, request.user, kind), language(ticket, kind))
    if link is None:
        raise Http404
    text = f"{before.get('body', '')}\n\n{link.text}".strip()
    html = f"{before['html']}<p>{link.html}</p>" if before.get("html") else ""
    return before | {"body": text, "html": html}
