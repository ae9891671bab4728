"""Back-tests as pages show them: a short one at once, a long one by a worker, which says how far it has come; and one
rule tried on one ticket as it is now. Nothing is changed by either."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from tickets.automation import facts
from tickets.automation.backtest import MOST_EVENTS, Match, back_test
from tickets.automation.conditions import told
from tickets.automation.engine import Planned, ready
from tickets.automation.engine import plan as plan_of
from tickets.automation.world import World
from tickets.models import Rule, Ticket, TicketEvent
from tickets.tasks import run_back_test

SHORT = 1_500
"""Events that are looked through while somebody waits for the page."""
_KEPT = 900
_SILENT = timedelta(minutes=2)


def result(rule: Rule, days: int) -> dict[str, Any]:
    """The back-test, or how far it has come ({"done", "whole", "at"}). Asking again gives what is there; a changed rule
    is another back-test, and one of whose worker nothing was heard is begun again."""
    key = _key(rule, days)
    known = cache.get(key)
    if known is not None and ("at" not in known or timezone.now() - known["at"] < _SILENT):
        return dict(known)
    if _events(days) <= SHORT:
        return _run(rule, days)
    begun = _come(0, 0)
    cache.set(key, begun, _KEPT)
    run_back_test.delay(rule.pk, days)
    return begun


def _come(done: int, whole: int) -> dict[str, Any]:
    return {"done": done, "whole": whole, "at": timezone.now()}


def run(pk: int, days: int) -> None:
    """The worker's part."""
    rule = Rule.objects.filter(pk=pk).first()
    if rule is None:
        return
    key = _key(rule, days)
    found = _run(rule, days, tell=lambda done, whole: cache.set(key, _come(done, whole), _KEPT))
    cache.set(key, found, _KEPT)


def _key(rule: Rule, days: int) -> str:
    return f"back-test:{rule.pk}:{rule.version}:{days}"


def _events(days: int) -> int:
    rows = TicketEvent.objects.filter(created_at__gte=timezone.now() - timedelta(days=days))
    return len(rows.order_by().values_list("pk")[: SHORT + 1])


def _run(rule: Rule, days: int, **more: Any) -> dict[str, Any]:
    found = back_test(ready(rule), days=days, **more)
    return {
        "asked": found.asked, "matched": found.matched, "is_complete": found.is_complete, "most": MOST_EVENTS,
        "matches": [_match(one) for one in found.matches],
    }  # fmt: skip


def _match(one: Match) -> dict[str, Any]:
    return {
        "number": one.ticket.number, "subject": one.ticket.subject, "at": one.at, "times": one.times,
        "effects": [effect_of(planned) for planned in one.step.effects],
    }  # fmt: skip


def effect_of(planned: Planned) -> dict[str, Any]:
    return {"effect": dict(planned.effect), "changes": dict(planned.changes), "refused": planned.refused}


def on_ticket(rule: Rule, ticket: Ticket) -> dict[str, Any]:
    """What the rule would find and do if it were asked about the ticket now; that nothing happens just now, conditions
    on events see too."""
    one = ready(rule)
    message = ticket.messages.order_by("pk").first() if one.keys else None
    known = facts.collect(ticket, one.keys, now=timezone.now(), message=message, hours=one.hours)
    known |= World((one,)).around(ticket, known)
    steps = plan_of((one,), known).steps
    return {
        "results": told(one.conditions, known), "matched": bool(steps),
        "effects": [effect_of(planned) for step in steps for planned in step.effects],
    }  # fmt: skip
