"""The small forms behind a ticket's buttons: assign, status, priority, tags, transfer.

The page loads one into its menu when that opens; without scripts its address is a page of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from staff import sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import AssignForm, DueForm, PriorityForm, StatusForm, TagsForm, TicketPanel, TransferForm
from staff.times import zone_of
from staff.verbs import BUTTONS
from staff.views.ticket import back_to, here
from staff.views.verbs import refused
from tickets import permissions
from tickets.actions import assignment, triage
from tickets.models import Team, Ticket, User
from tickets.refusals import Invalid, NotAllowed, Refused
from tickets.states import State

FORMS: dict[str, type[TicketPanel]] = {
    "assign": AssignForm,
    "status": StatusForm,
    "priority": PriorityForm,
    "due": DueForm,
    "tags": TagsForm,
    "transfer": TransferForm,
}


@agents_only
def panel(request: AgentRequest, number: str, name: str) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    needs = BUTTONS[name].needs
    if not permissions.can(request.user, needs, ticket):
        raise NotAllowed(_("You are not allowed to do this."))
    form_class = FORMS[name]
    if request.method != "POST":
        return _show(request, ticket, name, form_class(ticket, request.user))
    form = form_class(ticket, request.user, request.POST)
    try:
        permissions.require(request.user, needs, ticket)
        if form.is_valid():
            return back_to(request, ticket, _apply(name, ticket, request.user, form.cleaned_data))
    except NotAllowed:
        raise
    except Invalid as refusal:
        form.refuse(refusal)
    except Refused as refusal:
        return refused(request, number, refusal)
    return _show(request, ticket, name, form, status=400)


def _show(request: AgentRequest, ticket: Ticket, name: str, form: TicketPanel, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "panel": {"verb": name, "label": BUTTONS[name].label, "url": request.get_full_path()},
        "form": form,
        "ticket": sidebar.head(ticket),
        "back": here(request),
    }
    if not request.htmx:
        return render(request, "staff/panel.html", context, status=status)
    response = render(request, "staff/_panel.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = f"#{name}-form", "innerHTML"
    response["Vary"] = "HX-Request"
    return response


def _apply(name: str, ticket: Ticket, user: User, data: dict[str, Any]) -> str:
    if name == "assign":
        return _assign(ticket, user, data["to"])
    if name == "status":
        triage.set_status(ticket, by=user, status=data["status"])
        return _("Status set.")
    if name == "priority":
        triage.set_priority(ticket, by=user, priority=data["priority"])
        return _("Priority set.")
    if name == "due":
        return _set_due(ticket, user, data["due"])
    if name == "tags":
        triage.set_tags(ticket, by=user, tags=data["tags"])
        return _("Tags set.")
    assignment.transfer(
        ticket, by=user, department=data["department"], help_topic=data["help_topic"], note=data["note"]
    )
    return _("Transferred to %(department)s.") % {"department": data["department"].name}


def _set_due(ticket: Ticket, user: User, due: datetime | None) -> str:
    """What is typed is the person's wall clock, whatever zone the server reads it in."""
    zone = zone_of(user)
    triage.set_due(ticket, by=user, due=due.replace(tzinfo=zone) if due else None)  # type: ignore[arg-type]
    return _("Due date set.") if due else _("The SLA policy decides again.")


def _assign(ticket: Ticket, user: User, to: str) -> str:
    kind, _colon, pk = to.partition(":")
    if kind == "team":
        team = get_object_or_404(Team, pk=pk)
        if ticket.team_id != team.pk:  # the same form sent twice is one event
            assignment.hand_to_team(ticket, by=user, team=team)
        return _("Handed to team %(team)s.") % {"team": team.name}
    agent = get_object_or_404(User, pk=pk) if kind == "agent" else None
    if ticket.assignee_id != (agent.pk if agent else None) or ticket.state in (State.NEW, State.REOPENED):
        assignment.assign(ticket, by=user, agent=agent)
    return _("Assigned to %(agent)s.") % {"agent": agent.display_name} if agent else _("Nobody is assigned now.")
