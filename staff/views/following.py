"""Where the agent goes after sending a reply: stays, the next ticket of the list, or the list; each as they like."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from staff.access import AgentRequest
from staff.places import place, url_of
from staff.views.ticket import back_to, beside, here
from tickets import preferences, worklists
from tickets.models import Preferences, Ticket
from tickets.worklists import TooSlow


def after_sending(request: AgentRequest, ticket: Ticket, text: Any, following: str) -> HttpResponse:
    """`following` is the number that `next_of` found before the reply was sent, which may have moved the ticket."""
    wants = preferences.of(request.user).after_send
    if wants == Preferences.AfterSend.STAY or (wants == Preferences.AfterSend.NEXT and not following):
        return back_to(request, ticket, text)
    messages.success(request, text)
    if wants == Preferences.AfterSend.NEXT:
        return redirect(reverse("staff:ticket", args=[following]) + here(request))
    where = url_of(beside(request), **place(request.GET))
    if request.htmx:  # the list is beside the ticket, but nothing stays open
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    return redirect(where)


def next_of(request: AgentRequest, ticket: Ticket) -> str:
    """The number of the ticket under this one in the list beside it; empty at its end, and for who does not ask."""
    if preferences.of(request.user).after_send != Preferences.AfterSend.NEXT:
        return ""
    try:
        rows = worklists.page(beside(request), request.user, **_part(request)).rows
    except TooSlow:
        return ""
    numbers = [row.number for row in rows]
    at = numbers.index(ticket.number) + 1 if ticket.number in numbers else 0
    return next((number for number in numbers[at:] if number != ticket.number), "")


def _part(request: AgentRequest) -> dict[str, str]:
    return {name: value for name, value in place(request.GET).items() if name in {"after", "before"}}
