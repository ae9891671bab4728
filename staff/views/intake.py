from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.forms import IntakeForm
from tickets import permissions, queries
from tickets.actions import conversation, lifecycle, people
from tickets.models import Ticket
from tickets.refusals import Filtered, Invalid, NotAllowed, Refused


@agents_only
def ticket_new(request: AgentRequest) -> HttpResponse:
    """A ticket on somebody's behalf."""
    if not permissions.can_open_for(request.user, None):
        raise PermissionDenied
    form = IntakeForm(request.user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            ticket = _open(request, form)
        except Filtered as refusal:
            refusal.sifted.write_down(None)  # what was written before is undone
            form.add_error(None, str(refusal))
        except Invalid as refusal:
            form.refuse(refusal)
        except (NotAllowed, Refused) as refusal:
            form.add_error(None, str(refusal))
        else:
            return _opened(request, ticket)
    context = {"form": form, "rail": lists.rail(request.user, "ticket_new")}
    return render(request, "staff/ticket_new.html", context, status=400 if form.errors else 200)


@transaction.atomic
def _open(request: AgentRequest, form: IntakeForm) -> Ticket:
    data = form.cleaned_data
    requester = people.find_or_create(data["email"], data["name"])
    return lifecycle.open_ticket(
        by=request.user, requester=requester, subject=data["subject"], body=data["body"], source=data["source"],
        help_topic=data["help_topic"], department=data["department"], priority=data["priority"], nonce=data["nonce"],
        attachments=conversation.uploads(data["attachments"]),
    )  # fmt: skip


def _opened(request: AgentRequest, ticket: Ticket) -> HttpResponse:
    messages.success(request, _("Ticket %(number)s is open.") % {"number": ticket.number})
    if queries.work_of(request.user).filter(pk=ticket.pk).exists():
        return redirect("staff:ticket", ticket.number)
    return redirect("staff:home")
