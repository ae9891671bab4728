"""What a verb changed, written beside its event, so that it can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tickets.models import Ticket

# Events of which the changed columns are kept. Taking them back is `tickets.actions.undoing`.
KEPT = frozenset({
    "assigned", "unassigned", "team_changed", "started", "resolved", "closed", "reopened", "archived", "unarchived",
    "trashed", "restored", "priority_changed", "status_changed", "subject_changed", "tagged", "transferred", "snoozed",
    "woken", "due_set", "due_cleared", "links_revoked", "requester_changed", "spam",
})  # fmt: skip

# What people see and decide: if one of these is different by now, somebody did something in between.
DECIDED = (
    "state", "status_id", "assignee_id", "team_id", "department_id", "help_topic_id", "priority", "subject",
    "tag_names", "archived_at", "deleted_at", "snoozed_until", "manual_due_at", "requester_id", "requester_name",
    "merged_into_id", "guest_links_revoked_at",
)  # fmt: skip

# What follows from it.
_DERIVED = (
    "first_response_at", "resolved_at", "closed_at", "reopened_at", "reopen_count", "auto_close_at", "waiting_since",
    "sla_policy_id", "sla_started_at", "first_response_due_at", "next_response_due_at", "resolution_due_at",
    "first_response_warned_at", "next_response_warned_at", "resolution_warned_at", "first_response_breached_at",
    "next_response_breached_at", "resolution_breached_at",
)  # fmt: skip


def plain(value: Any) -> Any:
    """The value as JSON; moments in UTC, as they are read again."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def changes(ticket: Ticket) -> dict[str, list[Any]]:
    """{column: [before, after]} of a ticket whose door is open."""
    before: dict[str, Any] = getattr(ticket, "before", {})
    return {
        name: [plain(before[name]), plain(getattr(ticket, name))]
        for name in (*DECIDED, *_DERIVED)
        if name in before and before[name] != getattr(ticket, name)
    }
