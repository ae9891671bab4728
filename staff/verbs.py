"""Which buttons a ticket page offers: the verbs the person may do now, in words, with keys and addresses."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tickets import permissions
from tickets.models import Ticket, User
from tickets.states import State


class Button:
    """`needs` is the verb of the lifecycle it takes; `panel`: it opens a form instead of acting at once."""

    def __init__(
        self, label: Any, needs: str, key: str = "", *, primary: bool = False, danger: bool = False, panel: bool = False
    ) -> None:
        self.label, self.needs, self.key = label, needs, key
        self.primary, self.danger, self.panel = primary, danger, panel


BUTTONS: dict[str, Button] = {
    "assign": Button(_("Assign"), "assign", "a", primary=True, panel=True),
    "take": Button(_("Take"), "assign", "i"),
    "start": Button(_("Start"), "start"),
    "resolve": Button(_("Resolve"), "resolve", "e", primary=True),
    "reopen": Button(_("Reopen"), "reopen", primary=True),
    "status": Button(_("Status"), "triage", "s", panel=True),
    "priority": Button(_("Priority"), "triage", panel=True),
    "due": Button(_("Due date"), "triage", panel=True),
    "tags": Button(_("Tags"), "triage", panel=True),
    "fields": Button(_("Answers"), "triage", panel=True),
    "snooze": Button(_("Snooze"), "snooze", "z", panel=True),
    "wake": Button(_("Wake"), "wake", "z", primary=True),
    "macros": Button(_("Macros"), "follow", "m", panel=True),
    "transfer": Button(_("Transfer"), "transfer", panel=True),
    "task": Button(_("Add a task"), "plan", "t", panel=True),
    "link": Button(_("Link"), "link", "l", panel=True),
    "merge": Button(_("Merge"), "merge", "d", panel=True),
    "unmerge": Button(_("Unmerge"), "unmerge", "d", primary=True),
    "side": Button(_("Ask a third party"), "side", "f", panel=True),
    "collaborator": Button(_("Add a collaborator"), "reply", panel=True),
    "requester": Button(_("Change the requester"), "triage", panel=True),
    "follow": Button(_("Follow"), "follow"),
    "unfollow": Button(_("Stop following"), "follow"),
    "close": Button(_("Close"), "close"),
    "revoke-links": Button(_("Make e-mail links invalid"), "follow", danger=True),
    "archive": Button(_("Archive"), "archive"),
    "unarchive": Button(_("Unarchive"), "unarchive", primary=True),
    "restore": Button(_("Restore"), "restore", primary=True),
    "spam": Button(_("Mark as spam"), "spam", panel=True, danger=True),
    "trash": Button(_("Delete"), "trash", "#", danger=True),
}

_UNTAKEN = (State.NEW, State.REOPENED)
# An agent never speaks as the customer, so that is not even asked.
_ASKED = {"reply", "note"} | {button.needs for button in BUTTONS.values()}


def possible(ticket: Ticket, user: User) -> set[str]:
    """Verbs of the lifecycle; a ticket in the trash only comes out of it."""
    found = {verb for verb in _ASKED if permissions.possible(verb, ticket) and permissions.can(user, verb, ticket)}
    if ticket.deleted_at is not None:
        return found & {"restore"}
    return found - {"restore"}


def offered(ticket: Ticket, may: set[str], user: User, *, is_follower: bool, back: str = "") -> list[dict[str, Any]]:
    """The buttons for `may`, which `possible` found. `back` is the query that names the list beside the ticket."""
    hidden = {"follow" if is_follower else "unfollow", "snooze" if ticket.is_asleep else "wake"}
    if ticket.form_version_id is None:
        hidden.add("fields")
    if ticket.assignee_id == user.pk and ticket.state not in _UNTAKEN:
        hidden.add("take")
    if "triage" not in may:
        hidden.add("revoke-links")
    base = reverse("staff:ticket", args=[ticket.number])
    return [
        {
            "verb": verb,
            "label": str(button.label),
            "key": button.key,
            "url": f"{base}{verb}/{back}",
            "primary": button.primary or (verb == "take" and ticket.assignee_id is None),
            "danger": button.danger,
            "panel": button.panel,
        }
        for verb, button in BUTTONS.items()
        if button.needs in may and verb not in hidden
    ]
