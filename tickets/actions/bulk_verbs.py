"""What can be done to many tickets at once: one row for each verb. Each calls the same action as a single ticket's
button, so permissions, lifecycle and events are the same.

To add a verb: one row in BULK; `asks` names the fields of staff/bulk_forms.py that its form has.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.actions import assignment, conversation, lifecycle, macros, merging, snoozing, spam, triage
from tickets.models import Department, Rule, Status, Team, Ticket, User
from tickets.refusals import Invalid

Params = dict[str, Any]
Act = Callable[[Ticket, User, Params], object]


@dataclass(frozen=True)
class BulkVerb:
    """`sentence` says what is done, with the number of tickets; `is_grave` asks in red."""

    label: Any
    act: Act
    asks: tuple[str, ...] = ()
    is_grave: bool = False
    is_primary: bool = False
    for_admins: bool = False


def _assign(ticket: Ticket, by: User, params: Params) -> object:
    kind, _colon, pk = str(params["to"]).partition(":")
    if kind == "team":
        team = _one(Team.objects.all(), pk, _("There is no such team any more."))
        return ticket if ticket.team_id == team.pk else assignment.hand_to_team(ticket, by=by, team=team)
    agent = _one(User.objects.filter(is_agent=True), pk, _("There is no such agent any more.")) if pk else None
    if agent is not None and ticket.assignee_id == agent.pk and ticket.state not in {"new", "reopened"}:
        return ticket
    return assignment.assign(ticket, by=by, agent=agent)


def _one(rows: Any, pk: Any, otherwise: str) -> Any:
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Invalid(to=otherwise)
    return found


def _status(ticket: Ticket, by: User, params: Params) -> object:
    slug = params["status"]
    status = _one(Status.objects.all(), params["status"], _("There is no such status any more.")) if slug else None
    return triage.set_status(ticket, by=by, status=status)


def _tags(ticket: Ticket, by: User, params: Params) -> object:
    kept = (set(ticket.tag_names) | set(params.get("add", ()))) - set(params.get("remove", ()))
    return triage.set_tags(ticket, by=by, tags=sorted(kept))


def _transfer(ticket: Ticket, by: User, params: Params) -> object:
    department = _one(Department.objects.all(), params["department"], _("There is no such department any more."))
    if ticket.department_id == department.pk:
        return ticket
    return assignment.transfer(ticket, by=by, department=department)


def _due(ticket: Ticket, by: User, params: Params) -> object:
    """An empty due date leaves it to the SLA policy again."""
    return triage.set_due(ticket, by=by, due=datetime.fromisoformat(params["due"]) if params["due"] else None)


def _reply(ticket: Ticket, by: User, params: Params) -> object:
    """The nonce makes the same job's reply to the same ticket one reply, whatever happens."""
    nonce = uuid.uuid5(uuid.UUID(params["nonce"]), str(ticket.pk))
    message = conversation.reply(ticket, by=by, body=params["body"], nonce=nonce, may_undo=False)
    if params.get("then") == "resolve":
        return lifecycle.resolve(Ticket.objects.get(pk=ticket.pk), by=by)
    return message


def _merge(ticket: Ticket, by: User, params: Params) -> object:
    target = Ticket.objects.inside(by).filter(number=str(params["number"]).lstrip("#").upper()).first()
    if target is None:
        raise Invalid(number=_("There is no ticket #%(number)s.") % {"number": str(params["number"])[:24]})
    if ticket.pk == target.pk or ticket.merged_into_id == target.pk:
        return ticket
    return merging.merge(target, by=by, sources=[ticket])


def _macro(ticket: Ticket, by: User, params: Params) -> object:
    macro = _one(Rule.objects.filter(kind=Rule.Kind.MACRO), params["macro"], _("There is no such macro any more."))
    nonce = uuid.uuid5(uuid.UUID(params["nonce"]), str(ticket.pk))
    return macros.run_macro(ticket, by=by, macro=macro, nonce=nonce)


BULK: dict[str, BulkVerb] = {
    "assign": BulkVerb(gettext_lazy("Assign"), _assign, ("to",), is_primary=True),
    "resolve": BulkVerb(
        gettext_lazy("Resolve"), lambda ticket, by, params: lifecycle.resolve(ticket, by=by), is_primary=True
    ),
    "tags": BulkVerb(gettext_lazy("Tags"), _tags, ("add", "remove"), is_primary=True),
    "reply": BulkVerb(gettext_lazy("Reply"), _reply, ("body", "then")),
    "note": BulkVerb(
        gettext_lazy("Add a note"),
        lambda ticket, by, params: conversation.note(ticket, by=by, body=params["body"]),
        ("body",),
    ),
    "macro": BulkVerb(gettext_lazy("Run a macro"), _macro, ("macro",)),
    "priority": BulkVerb(
        gettext_lazy("Priority"),
        lambda ticket, by, params: triage.set_priority(ticket, by=by, priority=int(params["priority"])),
        ("priority",),
    ),
    "status": BulkVerb(gettext_lazy("Status"), _status, ("status",)),
    "due": BulkVerb(gettext_lazy("Due date"), _due, ("due",)),
    "transfer": BulkVerb(gettext_lazy("Transfer"), _transfer, ("department",)),
    "snooze": BulkVerb(
        gettext_lazy("Snooze"),
        lambda ticket, by, params: snoozing.snooze(ticket, by=by, until=datetime.fromisoformat(params["until"])),
        ("until",),
    ),
    "wake": BulkVerb(gettext_lazy("Wake"), lambda ticket, by, params: snoozing.wake(ticket, by=by)),
    "start": BulkVerb(gettext_lazy("Start"), lambda ticket, by, params: lifecycle.start(ticket, by=by)),
    "follow": BulkVerb(gettext_lazy("Follow"), lambda ticket, by, params: triage.follow(ticket, by=by, person=by)),
    "unfollow": BulkVerb(
        gettext_lazy("Stop following"), lambda ticket, by, params: triage.unfollow(ticket, by=by, person=by)
    ),
    "merge": BulkVerb(gettext_lazy("Merge into one"), _merge, ("number",), is_grave=True),
    "close": BulkVerb(gettext_lazy("Close"), lambda ticket, by, params: lifecycle.close(ticket, by=by)),
    "reopen": BulkVerb(gettext_lazy("Reopen"), lambda ticket, by, params: lifecycle.reopen(ticket, by=by)),
    "spam": BulkVerb(
        gettext_lazy("Mark as spam"), lambda ticket, by, params: spam.mark_as_spam(ticket, by=by), is_grave=True
    ),
    "archive": BulkVerb(
        gettext_lazy("Archive"), lambda ticket, by, params: lifecycle.archive(ticket, by=by), for_admins=True
    ),
    "unarchive": BulkVerb(
        gettext_lazy("Unarchive"), lambda ticket, by, params: lifecycle.unarchive(ticket, by=by), for_admins=True
    ),
    "trash": BulkVerb(
        gettext_lazy("Delete"),
        lambda ticket, by, params: lifecycle.trash(ticket, by=by),
        is_grave=True,
        for_admins=True,
    ),
    "restore": BulkVerb(
        gettext_lazy("Restore"), lambda ticket, by, params: lifecycle.restore(ticket, by=by), for_admins=True
    ),
}


def offered(by: User) -> dict[str, BulkVerb]:
    return {name: verb for name, verb in BULK.items() if by.is_superuser or not verb.for_admins}
