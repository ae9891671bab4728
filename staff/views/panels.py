"""The small forms behind a ticket's buttons: assign, status, priority, tags, snooze, transfer.

The page loads one into its menu when that opens; without scripts its address is a page of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from staff import lists, relation_panels, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from staff.answers_form import AnswersForm
from staff.forms import AssignForm, DueForm, PriorityForm, StatusForm, TagsForm, TicketPanel, TransferForm
from staff.snooze_form import SnoozeForm
from staff.times import Clock
from staff.verbs import BUTTONS
from staff.views.ticket import back_to, here
from staff.views.verbs import refused
from tickets import permissions
from tickets.actions import assignment, fields, snoozing, triage
from tickets.models import Team, Ticket, User
from tickets.reading import zone_of
from tickets.refusals import Invalid, NotAllowed, Refused
from tickets.states import State

Data = dict[str, Any]
Apply = Callable[[Ticket, User, Data], str]


@agents_only
def panel(request: AgentRequest, number: str, name: str) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    needs = BUTTONS[name].needs
    if not permissions.can(request.user, needs, ticket):
        raise NotAllowed(_("You are not allowed to do this."))
    form_class = ALL[name]
    if request.method != "POST":
        return _show(request, ticket, name, form_class(ticket, request.user, initial=_asked(request)))
    form = form_class(ticket, request.user, request.POST)
    try:
        permissions.require(request.user, needs, ticket)
        if form.is_valid():
            notice, shown = _apply(name, ticket, request.user, form)
            return back_to(request, shown, notice)
    except NotAllowed:
        raise
    except Invalid as refusal:
        form.refuse(refusal)
    except Refused as refusal:
        return refused(request, number, refusal)
    return _show(request, ticket, name, form, status=400)


def _asked(request: AgentRequest) -> dict[str, Any]:
    """Which message a form is opened about."""
    message = request.GET.get("message", "")
    return {"message": message} if message.isascii() and message.isdigit() else {}


def _apply(name: str, ticket: Ticket, user: User, form: TicketPanel) -> tuple[str, Ticket]:
    """Does it, and says what was done and which ticket to show."""
    if name in PANELS:
        return PANELS[name][1](ticket, user, form.cleaned_data), ticket
    done = relation_panels.PANELS[name][1](ticket, user, form)
    return (done, ticket) if isinstance(done, str) else done


def _show(request: AgentRequest, ticket: Ticket, name: str, form: TicketPanel, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "panel": {"verb": name, "label": BUTTONS[name].label, "url": request.get_full_path()},
        "form": form,
        "ticket": sidebar.head(ticket),
        "back": here(request),
    }
    if not request.htmx:
        context["rail"] = lists.rail(request.user, "")
        return render(request, "staff/panel.html", context, status=status)
    response = render(request, "staff/_panel.html", context, status=status)
    target = "#message-form" if "message" in request.GET else f"#{name}-form"
    response["HX-Retarget"], response["HX-Reswap"] = target, "innerHTML"
    response["Vary"] = "HX-Request"
    return response


def _status(ticket: Ticket, user: User, data: Data) -> str:
    triage.set_status(ticket, by=user, status=data["status"])
    return _("Status set.")


def _priority(ticket: Ticket, user: User, data: Data) -> str:
    triage.set_priority(ticket, by=user, priority=data["priority"])
    return _("Priority set.")


def _due(ticket: Ticket, user: User, data: Data) -> str:
    """What is typed is the person's wall clock, whatever zone the server reads it in."""
    due, zone = data["due"], zone_of(user)
    triage.set_due(ticket, by=user, due=due.replace(tzinfo=zone) if due else None)
    return _("Due date set.") if due else _("The SLA policy decides again.")


def _tags(ticket: Ticket, user: User, data: Data) -> str:
    triage.set_tags(ticket, by=user, tags=data["tags"])
    return _("Tags set.")


def _answers(ticket: Ticket, user: User, data: Data) -> str:
    fields.set_fields(ticket, by=user, fields=data["answers"])
    return _("Answers changed.")


def _snooze(ticket: Ticket, user: User, data: Data) -> str:
    snoozing.snooze(ticket, by=user, until=data["until"])
    return _("Snoozed until %(moment)s.") % {"moment": Clock(user).at(data["until"])}


def _transfer(ticket: Ticket, user: User, data: Data) -> str:
    assignment.transfer(
        ticket, by=user, department=data["department"], help_topic=data["help_topic"], note=data["note"]
    )
    return _("Transferred to %(department)s.") % {"department": data["department"].name}


def _assign(ticket: Ticket, user: User, data: Data) -> str:
    kind, _colon, pk = data["to"].partition(":")
    if kind == "team":
        team = get_object_or_404(Team, pk=pk)
        if ticket.team_id != team.pk:  # the same form sent twice is one event
            assignment.hand_to_team(ticket, by=user, team=team)
        return _("Handed to team %(team)s.") % {"team": team.name}
    agent = get_object_or_404(User, pk=pk) if kind == "agent" else None
    if ticket.assignee_id != (agent.pk if agent else None) or ticket.state in (State.NEW, State.REOPENED):
        assignment.assign(ticket, by=user, agent=agent)
    return _("Assigned to %(agent)s.") % {"agent": agent.display_name} if agent else _("Nobody is assigned now.")


# verb -> its form, and what does it and says what was done
PANELS: dict[str, tuple[type[TicketPanel], Apply]] = {
    "assign": (AssignForm, _assign),
    "status": (StatusForm, _status),
    "priority": (PriorityForm, _priority),
    "due": (DueForm, _due),
    "tags": (TagsForm, _tags),
    "fields": (AnswersForm, _answers),
    "snooze": (SnoozeForm, _snooze),
    "transfer": (TransferForm, _transfer),
}
ALL = {name: form for name, (form, _do) in (PANELS | relation_panels.PANELS).items()}
