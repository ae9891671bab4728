"""What hangs on a ticket: links, tasks, mergers, people, third parties; and taking back one's last deed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import permissions
from tickets.actions import (
    checklist,
    collaborators,
    linking,
    merging,
    side_conversations,
    snoozing,
    spam,
    splitting,
    undoing,
)
from tickets.actions.locks import named
from tickets.api import inputs, lookups, shapes
from tickets.api.idempotency import idempotent
from tickets.api.views.base import DeskView, VerbView, read
from tickets.models import Follower, Task, Ticket, User
from tickets.refusals import Invalid, NotAllowed, TooLate


class Snooze(VerbView):
    """Takes the ticket out of the open views until a moment; a customer's message wakes it before."""

    shape = inputs.Snooze
    act = staticmethod(snoozing.snooze)


class Wake(VerbView):
    """Brings a snoozed ticket back into the open views."""

    act = staticmethod(snoozing.wake)


def _inside(person: User, ticket: Ticket) -> None:
    if not permissions.is_inside(person, ticket):
        raise NotAllowed(_("Only agents read this."))


class Links(DeskView):
    inputs = {"POST": inputs.NewLink}
    outputs = {"GET": shapes.LinksShape, "POST": shapes.LinksShape}

    def get(self, request: Request, number: str) -> Response:
        """The tickets that this one is linked with, as far as the token's person may see them."""
        ticket = self.ticket(number)
        _inside(self.person, ticket)
        return self.links(ticket)

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Links the ticket with another, or takes that link off with remove. Both tell of it."""
        given, ticket = read(request, inputs.NewLink), self.ticket(number)
        permissions.require(self.person, "link", ticket)
        other = named(given["number"], self.person)
        act = linking.unlink if given.get("remove") else linking.link
        return self.links(act(ticket, by=self.person, other=other, relation=given["relation"]))

    def links(self, ticket: Ticket) -> Response:
        ticket.link_count = 1  # asks, whatever this row says
        found = linking.of(ticket, self.person)
        return Response({"links": [{"relation": word, "number": other.number} for word, other in found]})


class Tasks(DeskView):
    inputs = {"POST": inputs.TaskDeed}
    outputs = {"GET": shapes.TasksShape, "POST": shapes.TasksShape}

    def get(self, request: Request, number: str) -> Response:
        """The ticket's tasks in their order, those done too."""
        ticket = self.ticket(number)
        _inside(self.person, ticket)
        return self.tasks(ticket)

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Adds a task; or with place, the task's place in the list, does it, opens it again or removes it. A ticket
        with open tasks can neither be resolved nor closed."""
        given, ticket = read(request, inputs.TaskDeed), self.ticket(number)
        permissions.require(self.person, "plan", ticket)
        if "place" in given:
            self.change(ticket, given)
        else:
            agent = lookups.agent(given.get("assignee"), self.person)
            checklist.add_task(ticket, by=self.person, title=given["title"], assignee=agent, due_at=given.get("due_at"))
        return self.tasks(ticket)

    def change(self, ticket: Ticket, given: dict[str, Any]) -> None:
        task: Task | None = next(iter(ticket.tasks.all()[given["place"] - 1 :][:1]), None)
        if task is None:
            raise Invalid(place=_("There is no such task."))
        if given.get("remove"):
            checklist.remove_task(task, by=self.person)
        elif "done" in given:
            checklist.set_done(task, by=self.person, done=given["done"])

    def tasks(self, ticket: Ticket) -> Response:
        rows = ticket.tasks.select_related("assignee")
        found = [
            {
                "place": place,
                "title": row.title,
                "assignee": row.assignee.email if row.assignee else None,
                "due_at": row.due_at,
                "done_at": row.done_at,
            }
            for place, row in enumerate(rows, 1)
        ]
        return Response({"tasks": found})


class Collaborators(DeskView):
    inputs = {"POST": inputs.NewCollaborator}
    outputs = {"GET": shapes.CollaboratorsShape, "POST": shapes.CollaboratorsShape}

    def get(self, request: Request, number: str) -> Response:
        """Who takes part besides the requester, each as reply or view."""
        ticket = self.ticket(number)
        _inside(self.person, ticket)
        return self.people(ticket)

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        """Lets somebody take part, gives them another role, or takes them out with remove."""
        given, ticket = read(request, inputs.NewCollaborator), self.ticket(number)
        permissions.require(self.person, "follow", ticket)
        if not given.get("remove"):
            given.pop("remove", None)
            collaborators.add(ticket, by=self.person, **given)
        elif someone := User.objects.filter(email=given["email"].lower(), followed__ticket=ticket).first():
            collaborators.remove(ticket, by=self.person, person=someone)
        return self.people(ticket)

    def people(self, ticket: Ticket) -> Response:
        rows = Follower.objects.filter(ticket=ticket).order_by("pk")
        columns = rows.values_list("user__email", "user__name", "role")
        return Response({"people": [{"email": email, "name": name, "role": role} for email, name, role in columns]})


def _change_requester(ticket: Ticket, *, by: User, **given: Any) -> Ticket:
    permissions.require(by, "triage", ticket)
    return collaborators.change_requester(ticket, by=by, **given)


class Requester(VerbView):
    """Makes somebody else the requester; keep lets the one until now go on taking part."""

    shape = inputs.NewRequester
    act = staticmethod(_change_requester)


def _merge(ticket: Ticket, *, by: User, into: str = "", sources: list[str] | None = None) -> Ticket:
    permissions.require(by, "merge", ticket)
    if not into:
        return merging.merge(ticket, by=by, sources=[named(one, by, "sources") for one in sources or []])
    merging.merge(named(into, by, "into"), by=by, sources=[ticket])
    return Ticket.objects.get(pk=ticket.pk)


class Merge(VerbView):
    """Merges the ticket into another (into), or others into it (sources). Nothing moves: the merged ticket points to
    the other, whose conversation shows both. Takes the right to merge on each of them."""

    shape = inputs.Merge
    act = staticmethod(_merge)


class Unmerge(VerbView):
    """Takes a merged ticket out again; it is as it was."""

    act = staticmethod(merging.unmerge)


def _split(ticket: Ticket, *, by: User, place: int, subject: str = "") -> Ticket:
    permissions.require(by, "split", ticket)
    message = ticket.messages.order_by("pk").select_related("author")[place - 1 :].first()
    if message is None:
        raise Invalid(place=_("There is no such message."))
    message.ticket = ticket
    return splitting.split(message, by=by, subject=subject)


class Split(VerbView):
    """Opens a ticket with a message of the customer, named by its place in the conversation. Answers the new ticket."""

    shape = inputs.Split
    act = staticmethod(_split)


def _side(ticket: Ticket, *, by: User, **given: Any) -> Ticket:
    side_conversations.start(ticket, by=by, **given)
    return Ticket.objects.get(pk=ticket.pk)


class Side(VerbView):
    """Asks a third party by mail. Question and answers are internal notes; the customer sees nothing of them."""

    shape = inputs.Side
    act = staticmethod(_side)


class Spam(VerbView):
    """Puts the ticket into the trash; with block further mail of its requester is kept back."""

    shape = inputs.Spam
    act = staticmethod(spam.mark_as_spam)


@transaction.atomic
def _undo(ticket: Ticket, *, by: User) -> Ticket:
    event = ticket.events.order_by("-pk").first()
    if not permissions.is_inside(by, ticket):
        raise NotAllowed(_("Only agents take something back."))
    if event is None or event.actor_id != by.pk:
        raise TooLate(_("The last thing that happened here was not your doing."))
    return undoing.undo(event, by=by)


class Undo(VerbView):
    """Takes back the last thing that the token's person did to the ticket, within ten minutes, if nothing else
    happened since."""

    act = staticmethod(_undo)
