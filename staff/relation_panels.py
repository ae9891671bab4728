"""What the panels about tasks, links, mergers, people and third parties do when they are sent."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from staff import relation_forms as forms
from staff.forms import TicketPanel
from tickets.actions import checklist, collaborators, linking, merging, side_conversations, spam
from tickets.actions.locks import named
from tickets.models import Ticket, User

Data = dict[str, Any]
# What was done in words, and the ticket to show when it is another one.
Done = str | tuple[str, Ticket]


def _task(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    data = form.cleaned_data
    checklist.add_task(ticket, by=user, title=data["title"], assignee=data["assignee"], due_at=data["due_at"])
    return _("Task added.")


def _link(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    other = named(form.cleaned_data["number"], user)
    linking.link(ticket, by=user, other=other, relation=form.cleaned_data["relation"])
    return _("Linked with #%(number)s.") % {"number": other.number}


def _merge(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    found = [named(number, user) for number in form.cleaned_data["number"]]
    if form.cleaned_data["way"] == "there":
        merging.merge(found[0], by=user, sources=[ticket])
        return _("Merged into this ticket."), found[0]
    merging.merge(ticket, by=user, sources=found)
    return _("Merged into this ticket.")


def _requester(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    data = form.cleaned_data
    changed = collaborators.change_requester(ticket, by=user, email=data["email"], name=data["name"], keep=data["keep"])
    return _("%(who)s is the requester now.") % {"who": changed.requester_name}


def _collaborator(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    data = form.cleaned_data
    person = collaborators.add(
        ticket, by=user, email=data["email"], name=data["name"], role=data["role"], sees_all=data["sees_all"]
    )
    return _("%(who)s takes part now.") % {"who": person.display_name}


def _side(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    assert isinstance(form, forms.SideForm)  # noqa: S101 - the table below says so
    data = form.cleaned_data
    side = side_conversations.start(
        ticket, by=user, to=data["to"], subject=data["subject"], body=data["body"], forward=form.forward,
        nonce=data["nonce"],
    )  # fmt: skip
    return _("Sent to %(address)s. The answer will stand here as a note.") % {"address": side.address}


def _spam(ticket: Ticket, user: User, form: TicketPanel) -> Done:
    spam.mark_as_spam(ticket, by=user, block=form.cleaned_data["block"])
    return _("Marked as spam.")


PANELS = {
    "task": (forms.TaskForm, _task),
    "link": (forms.LinkForm, _link),
    "merge": (forms.MergeForm, _merge),
    "requester": (forms.RequesterForm, _requester),
    "collaborator": (forms.CollaboratorForm, _collaborator),
    "side": (forms.SideForm, _side),
    "spam": (forms.SpamForm, _spam),
}
