"""Which tickets an automation has to look at: those of which a moment has just become as old as a condition says.

Between two looks nothing else can make conditions on time come true, so a look costs what has become due and not what
there is. What comes true by an event is looked at with that event.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Q

from tickets.automation.engine import Ready
from tickets.automation.fields import ANCHORS
from tickets.models import Ticket

_COLUMNS = {
    "state": "state", "status": "status", "priority": "priority", "source": "source", "department": "department",
    "help_topic": "help_topic", "team": "team", "assignee": "assignee", "sla_policy": "sla_policy",
}  # fmt: skip
_LOOKUPS = {"is": "", "any_of": "__in", "at_least": "__gte", "at_most": "__lte"}
RELATED = ("department", "help_topic", "requester__organization", "sla_policy", "status")


class Due(NamedTuple):
    """A ticket, and the moment at which its time came."""

    at: datetime
    pk: int


def due(rule: Ready, since: datetime | None, now: datetime, most: int) -> list[Due]:
    """The first `most` tickets whose time came after `since` (None: whenever) and until `now`, oldest first."""
    streams = [_crossed(rule, key, minutes, since, now, most) for key, minutes in rule.anchors]
    found: list[Due] = []
    seen: set[int] = set()
    for one in heapq.merge(*streams):
        if one.pk not in seen:
            seen.add(one.pk)
            found.append(one)
        if len(found) == most:
            break
    return found


def _crossed(rule: Ready, key: str, minutes: float, since: datetime | None, now: datetime, most: int) -> Iterator[Due]:
    """By the index of the column, never by looking at all tickets."""
    column, delta = ANCHORS[key], timedelta(minutes=minutes)
    rows = Ticket.objects.filter(narrowed(rule), **{f"{column}__lte": now - delta})
    rows = rows.filter(archived_at__isnull=True, deleted_at__isnull=True)
    if since is not None:
        rows = rows.filter(**{f"{column}__gte": since - delta})
    for pk, moment in rows.order_by(column, "pk").values_list("pk", column)[:most]:
        yield Due(moment + delta, pk)


def narrowed(rule: Ready) -> Q:
    """What of the rule's conditions PostgreSQL can ask: those that must all hold, on columns of the ticket. Only fewer
    rows are read by it; the conditions themselves are asked again."""
    tree = rule.conditions
    leaves = tree.get("all", ()) if "field" not in tree else [tree]
    found = Q()
    for leaf in leaves:
        column, op = _COLUMNS.get(leaf.get("field", "")), leaf.get("op")
        if column and op in _LOOKUPS:
            found &= Q(**{f"{column}{_LOOKUPS[op]}": leaf["value"]})
        elif column and op in ("empty", "not_empty") and column not in ("state", "source", "priority"):
            found &= Q(**{f"{column}__isnull": op == "empty"})
    return found


def crossings(rule: Ready, ticket: Ticket) -> list[datetime]:
    """The moments at which the ticket's time comes, or came, for each condition on time."""
    found = []
    for key, minutes in rule.anchors:
        moment = getattr(ticket, ANCHORS[key])
        if moment is not None:
            found.append(moment + timedelta(minutes=minutes))
    return found


def is_time(rule: Ready, ticket: Ticket, now: datetime) -> bool:
    """Whether the time has come at all, and not only before the rule was switched on."""
    came = [moment for moment in crossings(rule, ticket) if moment <= now]
    if not came:
        return False
    return rule.reaches_back or rule.active_since is None or max(came) > rule.active_since
