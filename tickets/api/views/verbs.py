"""The verbs of the lifecycle that take a ticket and little else."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from tickets import permissions
from tickets.actions import assignment, lifecycle, triage
from tickets.api import inputs, lookups
from tickets.api.views.base import VerbView
from tickets.models import ApiToken, Ticket, User


class Start(VerbView):
    """An agent starts work, and claims the ticket when nobody has it."""

    act = staticmethod(lifecycle.start)


class Resolve(VerbView):
    """The solution is given; the requester is asked to confirm. body is sent as a reply with it."""

    shape = inputs.Resolution
    act = staticmethod(lifecycle.resolve)


class Confirm(VerbView):
    """The requester says that it is solved. Needs a token of the requester."""

    act = staticmethod(lifecycle.confirm)


class Close(VerbView):
    """Closes without waiting for the customer; read-only from here on."""

    act = staticmethod(lifecycle.close)


class Reopen(VerbView):
    """Brings a resolved or closed ticket back; its SLA clock starts anew. Customers can inside the reopen window."""

    shape = inputs.Reason
    act = staticmethod(lifecycle.reopen)


class Archive(VerbView):
    """Takes a closed ticket out of the lists; found again by is:archived. For admins, with a token of scope admin."""

    scope = ApiToken.Scope.ADMIN
    act = staticmethod(lifecycle.archive)


class Unarchive(VerbView):
    """Takes a ticket out of the archive. For admins, with a token of scope admin."""

    scope = ApiToken.Scope.ADMIN
    act = staticmethod(lifecycle.unarchive)


@transaction.atomic
def _assign(ticket: Ticket, *, by: User, **given: Any) -> Ticket:
    permissions.require(by, "assign", ticket)  # before a wrong name is answered with those that exist
    if "team" in given:
        ticket = assignment.hand_to_team(ticket, by=by, team=lookups.team(given["team"]))
    if "agent" in given:
        ticket = assignment.assign(ticket, by=by, agent=lookups.agent(given["agent"], by))
    return ticket


class Assign(VerbView):
    """Gives the ticket to an agent, a team, or both. A new or reopened ticket becomes open."""

    shape = inputs.Assignment
    act = staticmethod(_assign)


@transaction.atomic
def _tag(ticket: Ticket, *, by: User, tags: list[str] | None = None, **change: list[str]) -> Ticket:
    if tags is None:
        # Locked, so that two that add at once both get their tag.
        present = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk).tag_names
        removed = {name.strip().lower() for name in change.get("remove", [])}
        tags = [name for name in present if name not in removed] + change.get("add", [])
    return triage.set_tags(ticket, by=by, tags=tags)


class Tags(VerbView):
    """Replaces the tags, or adds and removes some. Unknown tags are made."""

    shape = inputs.TagChange
    act = staticmethod(_tag)
