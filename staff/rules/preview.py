"""What a draft would match among the newest tickets, while it is being built: bounded in rows and in time."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from staff.rules.draft import Draft
from tickets.automation import checks, conditions, facts
from tickets.automation.fields import field
from tickets.automation.operators import CHANGES, OPERATORS
from tickets.models import Message, Rule, Ticket, User

MOST, SHOWN = 200, 5
SECONDS = 1.0
_RELATED = ("department", "help_topic", "requester__organization", "sla_policy", "status")
_FIRST = Message.Kind.CUSTOMER


def look(user: User, draft: Draft) -> dict[str, Any]:
    """`count` of `asked` tickets match, the first of them as `rows`; or `why` nothing can be said yet."""
    said = draft.definition()
    tree = said["conditions"]
    wrong = checks.problems(draft.kind, said["on"] or ["created"], tree, said["effects"] or [{"do": "start"}])
    if any(place.startswith("conditions") for place in wrong):
        return {"why": _("The conditions are not complete yet.")}
    if draft.kind == Rule.Kind.MACRO and not tree:
        return {"why": _("Agents can run it on every ticket they may change.")}
    if not tree:
        return {"why": _("Without conditions it holds for every ticket.")}
    keys = conditions.keys_of(tree)
    if blind := _blind(tree):
        return {"why": _("Only what happens shows “%(what)s”: a back-test looks at that.") % {"what": blind}}
    return _matches(tree, keys)


def _blind(tree: dict[str, Any]) -> str:
    """A condition about the event, which a ticket alone cannot answer."""
    for leaf in checks.leaves(tree):
        known = field(leaf["field"])
        if leaf["op"] in CHANGES:
            return str(OPERATORS[leaf["op"]].label)
        if known and known.group == "event":
            return str(known.label)
    return ""


def _matches(tree: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    test, now, end = conditions.compiled(tree), timezone.now(), time.monotonic() + SECONDS
    hours = [pk for leaf in checks.leaves(tree) if leaf["field"] == "working_time" and (pk := leaf.get("value"))]
    tickets = Ticket.objects.kept().select_related(*_RELATED).order_by("-pk")[:MOST]
    firsts = _firsts(list(tickets), keys)
    asked, found = 0, []
    for ticket in tickets:
        if time.monotonic() > end:
            break
        asked += 1
        if test(facts.collect(ticket, keys, now=now, message=firsts.get(ticket.pk), hours=hours)):
            found.append(ticket)
    rows = [
        {"number": one.number, "subject": one.subject, "url": reverse("staff:ticket", args=[one.number])}
        for one in found[:SHOWN]
    ]  # fmt: skip
    return {"asked": asked, "count": len(found), "rows": rows, "more": len(found) - len(rows)}


def _firsts(tickets: list[Ticket], keys: set[str]) -> dict[int, Message]:
    """The message that opened each ticket, when a condition looks at messages; in one query."""
    groups = {known.group for key in keys if (known := field(key))}
    if not groups & {"message", "mail", "files"}:
        return {}
    rows = Message.objects.filter(Q(ticket__in=[one.pk for one in tickets]), kind=_FIRST)
    return {row.ticket_id: row for row in rows.order_by("ticket", "pk").distinct("ticket")}
