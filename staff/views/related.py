"""What agents do with one task, link, person or third party of a ticket, and taking back what was just done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from staff import lists, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import TicketPanel
from staff.relation_forms import CustomerNotesForm, SideMessageForm, SplitForm, TaskForm
from staff.views.ticket import back_to, here, show
from staff.views.verbs import refused, status_of, to_ticket
from tickets import permissions
from tickets.actions import checklist, collaborators, linking, side_conversations, splitting, undoing
from tickets.models import Follower, Task, Ticket, TicketEvent, User
from tickets.refusals import Invalid, NotAllowed, Refused

Apply = Callable[[TicketPanel], tuple[str, Ticket]]


def _acting(request: AgentRequest, ticket: Ticket, act: Callable[[], str]) -> HttpResponse:
    try:
        notice = act()
    except NotAllowed:
        raise
    except Refused as refusal:
        return refused(request, ticket.number, refusal)
    return back_to(request, ticket, notice)


def _asking(
    request: AgentRequest, ticket: Ticket, needs: str, label: Any, form_of: Callable[..., TicketPanel], apply: Apply
) -> HttpResponse:
    """A form about one thing: shown, or sent. Without scripts a page of its own."""
    if not permissions.can(request.user, needs, ticket):
        raise NotAllowed(_("You are not allowed to do this."))
    form = form_of(request.POST) if request.method == "POST" else form_of()
    if request.method == "POST":
        try:
            permissions.require(request.user, needs, ticket)
            if form.is_valid():
                notice, shown = apply(form)
                return back_to(request, shown, notice)
        except Invalid as refusal:
            form.refuse(refusal)
        except NotAllowed:
            raise
        except Refused as refusal:
            return refused(request, ticket.number, refusal)
    context = {
        "panel": {"verb": "message", "label": label, "url": request.get_full_path()},
        "form": form,
        "ticket": sidebar.head(ticket),
        "back": here(request),
    }
    status = 400 if form.is_bound else 200
    if not request.htmx:
        context["rail"] = lists.rail(request.user, "")
        return render(request, "staff/panel.html", context, status=status)
    response = render(request, "staff/_panel.html", context, status=status)
    response["HX-Retarget"], response["HX-Reswap"], response["Vary"] = "#message-form", "innerHTML", "HX-Request"
    return response


def _task_of(ticket: Ticket, pk: int) -> Task:
    task = get_object_or_404(ticket.tasks.all(), pk=pk)
    task.ticket = ticket
    return task


@agents_only
def task_done(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Ticks a task off, or opens it again: as `done` says, so that the same form sent twice is one deed."""
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    task, done = _task_of(ticket, pk), bool(request.POST.get("done"))

    def act() -> str:
        checklist.set_done(task, by=request.user, done=done)
        return _("Task done.") if done else _("Task is open again.")

    return _acting(request, ticket, act)


@agents_only
def task_edit(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    task = _task_of(ticket, pk)

    def form_of(*data: Any) -> TicketPanel:
        return TaskForm(ticket, request.user, *data, task=task)

    def apply(form: TicketPanel) -> tuple[str, Ticket]:
        data = form.cleaned_data
        checklist.change_task(
            task, by=request.user, title=data["title"], assignee=data["assignee"], due_at=data["due_at"]
        )
        return _("Task changed."), ticket

    return _asking(request, ticket, "plan", _("Task"), form_of, apply)


@agents_only
def task_up(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    task = _task_of(ticket, pk)

    def act() -> str:
        checklist.move_up(task, by=request.user)
        return ""

    return _acting(request, ticket, act)


@agents_only
def task_remove(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    task = _task_of(ticket, pk)

    def act() -> str:
        checklist.remove_task(task, by=request.user)
        return _("Task removed.")

    return _acting(request, ticket, act)


@agents_only
def customer_notes(request: AgentRequest, number: str) -> HttpResponse:
    ticket = find_ticket(request.user, number)

    def form_of(*data: Any) -> CustomerNotesForm:
        return CustomerNotesForm(ticket, request.user, *data)

    def apply(form: TicketPanel) -> tuple[str, Ticket]:
        data = form.cleaned_data
        try:
            collaborators.describe_requester(ticket, by=request.user, notes=data["notes"], before=data["before"])
        except Invalid:
            form.look_again()  # type: ignore[attr-defined]
            raise
        return _("Notes kept."), ticket

    return _asking(request, ticket, "note", _("Keep notes about the customer"), form_of, apply)


@agents_only
def unlink(request: AgentRequest, number: str, other: str) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket, there = find_ticket(request.user, number), find_ticket(request.user, other)
    relation = request.POST.get("relation", "")
    if relation not in linking.RELATIONS:
        raise Http404

    def act() -> str:
        linking.unlink(ticket, by=request.user, other=there, relation=relation)
        return _("Link taken off.")

    return _acting(request, ticket, act)


@agents_only
def person(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Gives somebody who takes part another role, or takes them out."""
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    someone, role = get_object_or_404(User, pk=pk, followed__ticket=ticket), request.POST.get("role", "")

    def act() -> str:
        if role in Follower.Role.values:
            collaborators.set_role(ticket, by=request.user, person=someone, role=role)
            return _("Role changed.")
        collaborators.remove(ticket, by=request.user, person=someone)
        return _("%(who)s no longer takes part.") % {"who": someone.display_name}

    return _acting(request, ticket, act)


@agents_only
def split(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    message = get_object_or_404(ticket.messages.select_related("author"), pk=pk)
    message.ticket = ticket

    def apply(form: TicketPanel) -> tuple[str, Ticket]:
        made = splitting.split(message, by=request.user, subject=form.cleaned_data["subject"])
        return _("Split off to this ticket."), made

    def form_of(*data: Any) -> TicketPanel:
        return SplitForm(ticket, request.user, *data)

    return _asking(request, ticket, "split", _("Split off"), form_of, apply)


@agents_only
def side_message(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    side = get_object_or_404(ticket.side_conversations.all(), pk=pk)
    side.ticket = ticket

    def apply(form: TicketPanel) -> tuple[str, Ticket]:
        side_conversations.say(side, by=request.user, body=form.cleaned_data["body"], nonce=form.cleaned_data["nonce"])
        return _("Sent to %(address)s.") % {"address": side.address}, ticket

    def form_of(*data: Any) -> TicketPanel:
        return SideMessageForm(ticket, request.user, *data)

    label = _("Write to %(who)s") % {"who": side.name or side.address}
    return _asking(request, ticket, "side", label, form_of, apply)


@require_POST
@agents_only
def take_back(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Undoes one's own deed, also one after which one no longer sees the ticket."""
    event = get_object_or_404(TicketEvent.objects.filter(ticket__number=number, actor=request.user), pk=pk)
    try:
        ticket = undoing.undo(event, by=request.user)
    except NotAllowed:
        raise
    except Refused as refusal:
        if not Ticket.objects.inside(request.user).filter(pk=event.ticket_id).exists():
            messages.error(request, str(refusal))
            return redirect(reverse("staff:home"))
        return show(request, find_ticket(request.user, number), refusals=[str(refusal)], status=status_of(refusal))
    messages.success(request, _("Taken back."))
    return redirect(reverse("staff:ticket", args=[ticket.number]) + here(request))
