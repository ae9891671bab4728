"""Which SLA policy a ticket gets, and why that one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from tickets import said
from tickets.models import HelpTopic, SlaChoice, SlaPolicy, Ticket

# Needed by every new ticket and changed a few times a year: seconds for which a process keeps them.
_REMEMBERED = 30.0
_known: list[tuple[float, tuple[SlaChoice, ...]]] = []


class Chosen(NamedTuple):
    """`reason` is for people, as `said` keeps it: which row, topic or department named the policy."""

    policy: SlaPolicy | None
    reason: str


def choices() -> tuple[SlaChoice, ...]:
    """The rows that are switched on, in order."""
    if not _known or _known[0][0] < time.monotonic():
        rows = SlaChoice.objects.filter(is_enabled=True, policy__is_enabled=True)
        _known[:] = [(time.monotonic() + _REMEMBERED, tuple(rows.select_related("policy", "tag")))]
    return _known[0][1]


def forget_choices() -> None:
    _known.clear()


def choose(ticket: Ticket) -> Chosen:
    """The first row that fits, else what the help topic or the nearest one above it names, else the department's. A
    policy that is switched off is none at all: a row is passed over, a topic's or department's promises nothing."""
    for row in choices():
        if fits(row, ticket):
            return Chosen(row.policy, said.keep(_("choice %(position)d"), position=row.position))
    topic = _named_above(ticket.help_topic)
    if topic and topic.sla_policy_id:
        policy, reason = topic.sla_policy, said.keep(_("help topic %(name)s"), name=topic.name)
    else:
        policy = ticket.department.sla_policy
        reason = said.keep(_("department %(name)s"), name=ticket.department.name)
    return Chosen(policy, reason) if policy and policy.is_enabled else Chosen(None, "")


def fits(row: SlaChoice, ticket: Ticket) -> bool:
    """Whether every condition of the row holds for the ticket as it is now."""
    return (
        row.department_id in (None, ticket.department_id)
        and (row.help_topic_id is None or any(row.help_topic_id == one.pk for one in _branch(ticket.help_topic)))
        and row.source in ("", ticket.source)
        and row.priority in (None, ticket.priority)
        and (row.tag is None or row.tag.name in ticket.tag_names)
        and (row.organization_id is None or row.organization_id == ticket.requester.organization_id)
    )


def _branch(topic: HelpTopic | None) -> Iterator[HelpTopic]:
    """The topic and those above it. What a row says of a topic holds for all that lies under it."""
    seen: set[int] = set()
    while topic is not None and topic.pk not in seen:
        seen.add(topic.pk)
        yield topic
        topic = topic.parent


def _named_above(topic: HelpTopic | None) -> HelpTopic | None:
    return next((one for one in _branch(topic) if one.sla_policy_id), None)
