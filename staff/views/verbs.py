"""What agents do to a ticket. Each view calls the one action behind its verb and shows the ticket as it is then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from staff.access import AgentRequest, agents_only, find_ticket
from staff.views.ticket import back_to, here, show
from tickets.actions import assignment, lifecycle, merging, snoozing, triage
from tickets.models import Ticket
from tickets.refusals import IllegalTransition, NotAllowed, Refused, TooLate
from tickets.states import State

Act = Callable[[Ticket, AgentRequest], object]


def _follow(ticket: Ticket, request: AgentRequest) -> object:
    return triage.follow(ticket, by=request.user, person=request.user)


def _take(ticket: Ticket, request: AgentRequest) -> object:
    """Sent twice it is one deed."""
    if ticket.assignee_id == request.user.pk and ticket.state not in (State.NEW, State.REOPENED):
        return ticket
    return assignment.assign(ticket, by=request.user, agent=request.user)


def _unfollow(ticket: Ticket, request: AgentRequest) -> object:
    return triage.unfollow(ticket, by=request.user, person=request.user)


# name in the address -> the action, and what the notice says afterwards
ACTS: dict[str, tuple[Act, Any]] = {
    "take": (_take, _("It is yours.")),
    "start": (lambda ticket, request: lifecycle.start(ticket, by=request.user), _("You are working on it.")),
    "resolve": (lambda ticket, request: lifecycle.resolve(ticket, by=request.user), _("Resolved.")),
    "close": (lambda ticket, request: lifecycle.close(ticket, by=request.user), _("Closed.")),
    "reopen": (lambda ticket, request: lifecycle.reopen(ticket, by=request.user), _("Reopened.")),
    "wake": (lambda ticket, request: snoozing.wake(ticket, by=request.user), _("Awake again.")),
    "unmerge": (lambda ticket, request: merging.unmerge(ticket, by=request.user), _("Taken apart again.")),
    "archive": (lambda ticket, request: lifecycle.archive(ticket, by=request.user), _("Archived.")),
    "unarchive": (lambda ticket, request: lifecycle.unarchive(ticket, by=request.user), _("Taken from the archive.")),
    "trash": (lambda ticket, request: lifecycle.trash(ticket, by=request.user), _("Put into the trash.")),
    "restore": (lambda ticket, request: lifecycle.restore(ticket, by=request.user), _("Taken from the trash.")),
    "follow": (_follow, _("You follow this ticket.")),
    "unfollow": (_unfollow, _("You no longer follow this ticket.")),
    "revoke-links": (
        lambda ticket, request: triage.revoke_links(ticket, by=request.user),
        _("Earlier e-mail links no longer work."),
    ),
}


def to_ticket(request: HttpRequest, number: str) -> HttpResponse:
    """A verb's address opened like a page, after a reload for example."""
    return redirect(reverse("staff:ticket", args=[number]) + here(request))


@agents_only
def verb(request: AgentRequest, number: str, name: str) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    act, notice = ACTS[name]
    try:
        act(ticket, request)
    except NotAllowed:
        raise
    except Refused as refusal:
        return refused(request, number, refusal)
    return back_to(request, ticket, notice)


def refused(request: AgentRequest, number: str, refusal: Refused) -> HttpResponse:
    """The ticket as it is by now, and why nothing was done."""
    fresh = find_ticket(request.user, number)
    return show(request, fresh, refusals=[str(refusal)], status=status_of(refusal))


def status_of(refusal: Refused) -> int:
    return 409 if isinstance(refusal, (IllegalTransition, TooLate)) else 400
