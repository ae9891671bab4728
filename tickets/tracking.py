"""What a verb has changed on a ticket, for the event that tells of it: {field: [before, after]}, as ids and words."""

from __future__ import annotations

from typing import Any

from tickets.models import Ticket

# name of the fact -> column
COLUMNS = {
    "state": "state",
    "status": "status_id",
    "priority": "priority",
    "department": "department_id",
    "help_topic": "help_topic_id",
    "team": "team_id",
    "assignee": "assignee_id",
    "sla_policy": "sla_policy_id",
    "subject": "subject",
}
_BEFORE = "_tracked"
# This event comes from inside a verb whose own event tells the rest.
_ONLY = {"sla_policy_changed": ("sla_policy",)}


def begin(ticket: Ticket) -> None:
    """Remembers the fresh row as it is before the verb."""
    setattr(ticket, _BEFORE, _now(ticket))


def taken(ticket: Ticket, kind: str) -> dict[str, list[Any]] | None:
    """What has changed since the verb began or the last event was recorded; None for nothing, or for a new ticket."""
    before: dict[str, Any] | None = getattr(ticket, _BEFORE, None)
    if before is None:
        return None
    now, wanted = _now(ticket), _ONLY.get(kind)
    changes = {
        name: [before[name], value]
        for name, value in now.items()
        if before[name] != value and (wanted is None or name in wanted)
    }
    before.update({name: pair[1] for name, pair in changes.items()})
    return changes or None


def _now(ticket: Ticket) -> dict[str, Any]:
    found = {name: getattr(ticket, column) for name, column in COLUMNS.items()}
    found["state"] = str(found["state"])
    found["tags"] = list(ticket.tag_names)
    return found
