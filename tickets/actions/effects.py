"""What several verbs do to a ticket inside their open door. Used by the verbs, not by faces."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from tickets import absences, pausing, sla
from tickets.events import record
from tickets.models import Ticket, User
from tickets.permissions import Actor
from tickets.policies import choices, choose

LIST_FIELDS = (
    "last_message_at", "last_message_by", "last_message_kind", "last_message_preview", "message_count",
    "waiting_since", "updated_at",
)  # fmt: skip


def claim(ticket: Ticket, by: Actor) -> None:
    """Makes the agent the assignee of a ticket that has none. Sets only the field."""
    if ticket.assignee_id is None and isinstance(by, User) and by.is_agent:
        ticket.assignee = by


def bring_back(ticket: Ticket, by: Actor, now: datetime) -> None:
    """The reopening itself, inside somebody's open door: state, assignee, clock, saved. Records nothing."""
    stopped, policy = ticket.resolved_at, ticket.sla_policy
    ticket.come_back(now)
    ticket.assignee = _still_there(ticket)
    ticket.waiting_since = now
    if stopped and policy and policy.is_enabled and policy.on_reopening == policy.OnReopening.CONTINUE:
        sla.carry_on(ticket, stopped, now, by)
    else:
        sla.start(ticket, now)
    save_state(ticket, "assignee", "team", *sla.STAMPED)


def match_policy(ticket: Ticket, by: Actor) -> None:
    """After a change that a choice of policies may ask for: the policy that fits now, from the original start. Without
    choices tickets keep the policy they have. Sets only fields, and records a change."""
    if choices() and ticket.is_active:
        change_policy(ticket, by)
    else:
        sla.stamp(ticket)


def change_policy(ticket: Ticket, by: Actor) -> None:
    old, chosen = ticket.sla_policy, choose(ticket)
    ticket.sla_policy = chosen.policy
    if any(policy and policy.pauses_on_snooze for policy in (old, chosen.policy)):
        pausing.follow_snooze(ticket, timezone.now(), by)
    sla.stamp(ticket)
    if chosen.policy and chosen.policy != old:
        record(ticket, "sla_policy_changed", by=by, policy=chosen.policy.name, reason=chosen.reason)


def _still_there(ticket: Ticket) -> User | None:
    """The last assignee if still at work, or who stands in; else whom the help topic names."""
    last, topic = ticket.assignee, ticket.help_topic
    for agent in (last, topic.assignee if topic else None):
        if agent and (found := absences.on_duty(agent, ticket.department_id)):
            return found
    return None


def save_state(ticket: Ticket, *more: str) -> None:
    ticket.save(
        update_fields=[
            "state",
            "status",
            "resolved_at",
            "closed_at",
            "reopened_at",
            "archived_at",
            "reopen_count",
            "auto_close_at",
            "waiting_since",
            "snoozed_until",
            "updated_at",
            "due_at",
            "next_breach_at",
            *more,
        ]
    )
