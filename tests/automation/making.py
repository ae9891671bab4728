"""Rules for tests, made and switched on through the actions, and events handled as a worker does."""

from __future__ import annotations

from typing import Any

from tickets import notifications
from tickets.actions import rules
from tickets.models import SYSTEM, Rule, Ticket, TicketEvent


def leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def rule(kind: str, name: str, conditions: Any, *effects: dict[str, Any], **more: Any) -> Rule:
    made = rules.save(None, by=SYSTEM, kind=kind, name=name, conditions=conditions, effects=list(effects), **more)
    return rules.enable(made, by=SYSTEM)


def trigger(name: str, conditions: Any, *effects: dict[str, Any], on: Any = ("created",), **more: Any) -> Rule:
    return rule("trigger", name, conditions, *effects, on=list(on), **more)


def tag(*names: str) -> dict[str, Any]:
    return {"do": "add_tags", "tags": list(names)}


def handled(most: int = 200) -> int:
    """Handles events until there are none, those that come of it too; returns how many there were."""
    count = 0
    while (pk := TicketEvent.objects.unhandled().order_by("pk").values_list("pk", flat=True).first()) and count < most:
        notifications.handle(pk)
        count += 1
    return count


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)
