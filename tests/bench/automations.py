"""The minute's look of an automation on a table of N tickets of which the time of 100 has come: `python -m
tests.bench.automations N`.

On the tables of `tests.bench.sweep`; prints one JSON object: CPU milliseconds of the look with all that the rule does,
here and in its PostgreSQL process, the median of some rounds, and how PostgreSQL finds the tickets.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from statistics import median

from tests.bench import sweep  # first: it sets Django up

# isort: split
from django.utils import timezone

from tickets.actions import rules
from tickets.automation import sweeping
from tickets.automation.due import due
from tickets.automation.engine import ready
from tickets.models import SYSTEM, Rule, RuleCheck, RuleFiring, RuleRun, Ticket, TicketEvent

WAITED = timedelta(hours=48)


def main(count: int) -> None:
    model = sweep.tables(count)
    Rule.objects.all().delete()
    rule = rules.save(
        None, by=SYSTEM, kind="automation", name="Waits for two days", effects=[{"do": "add_tags", "tags": ["waits"]}],
        conditions={"all": [{"field": "state", "op": "is", "value": "new"},
                            {"field": "since_waiting", "op": "at_least", "value": 2880}]},
    )  # fmt: skip
    rules.enable(rule, by=SYSTEM)
    rounds = [_round(rule, model) for _ in range(sweep.ROUNDS + 1)][1:]  # the first fills caches
    found = {
        "tickets": Ticket.objects.count(),
        **{name: median(one[name] for one in rounds) for name in rounds[0]},
        "explain": _plan(rule, model),
    }
    print(json.dumps(found))


def _round(rule: Rule, model: Ticket) -> dict[str, float]:
    pks = _come(rule, model)
    looked, cost = sweep.measured(sweeping.sweep)
    ran = RuleRun.objects.filter(ticket__in=pks).count()
    if (looked, ran) != (sweep.DUE, sweep.DUE):
        raise SystemExit(f"looked at {looked} tickets and ran on {ran} instead of {sweep.DUE}")
    return cost


def _come(rule: Rule, model: Ticket) -> list[int]:
    """The time of a hundred tickets has come since the last look, as if the rule had never taken them."""
    pks = sweep.chosen(model)
    for rows in (RuleFiring, RuleRun, RuleCheck):
        rows.objects.filter(ticket__in=pks).delete()
    TicketEvent.objects.filter(ticket__in=pks, kind="tags").delete()
    now = timezone.now()
    Ticket.tags.through.objects.filter(ticket__in=pks).delete()
    Ticket.objects.filter(pk__in=pks).update(waiting_since=now - WAITED - timedelta(seconds=30), tag_names=[])
    Rule.objects.filter(pk=rule.pk).update(
        active_since=now - timedelta(minutes=1), swept_until=now - timedelta(minutes=1)
    )
    return pks


def _plan(rule: Rule, model: Ticket) -> str:
    _come(rule, model)
    now = timezone.now()
    one = ready(Rule.objects.get(pk=rule.pk))
    if len(due(one, now - timedelta(minutes=1), now, sweeping.BATCH)) != sweep.DUE:
        raise SystemExit("not all that have come are found")
    since = now - WAITED - timedelta(minutes=1)
    rows = Ticket.objects.filter(
        state="new", waiting_since__lte=now - WAITED, waiting_since__gte=since,
        archived_at__isnull=True, deleted_at__isnull=True,
    )  # fmt: skip
    return (
        rows.order_by("waiting_since", "pk")
        .values_list("pk", "waiting_since")[: sweeping.BATCH]
        .explain(analyze=True, costs=False)
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
