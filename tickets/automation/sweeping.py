"""The minute's look at automations, and what keeps rules and their records in order. Everything may run twice, late or
in two workers at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tickets import rulebook
from tickets.actions.rules import give_up
from tickets.automation import facts
from tickets.automation.checks import gone_sentence, named
from tickets.automation.conditions import compiled
from tickets.automation.due import RELATED, due
from tickets.automation.engine import Ready
from tickets.automation.fields import field
from tickets.automation.references import missing
from tickets.automation.running import take
from tickets.models import Desk, Rule, RuleCheck, RuleRun, Ticket, WebhookDelivery

log = logging.getLogger(__name__)

BATCH, MOST = 200, 5_000
_DELETED_AT_ONCE, _MOST_DELETED = 5_000, 200_000
_WEBHOOK_DAYS = 30


def sweep() -> int:
    """Runs the automations on the tickets whose time has come; returns how many tickets were looked at."""
    switch_off_broken()
    now = timezone.now()
    return sum(_sweep_rule(rule, now) for rule in rulebook.active(Rule.Kind.AUTOMATION))


def switch_off_broken() -> None:
    """Rules that name what is gone are switched off with a notice; the others go on."""
    rules = [rule for rows in rulebook.book().by_kind.values() for rule in rows]
    wanted = {rule: {one[1:] for one in named(rule.conditions, rule.effects)} for rule in rules}
    gone = set(missing({pair for pairs in wanted.values() for pair in pairs}))
    for rule, pairs in wanted.items():
        if lost := sorted(pairs & gone):
            give_up(rule.pk, gone_sentence(lost[0][0]))


def _sweep_rule(rule: Ready, now: datetime) -> int:
    """Goes on from where it had come. Where a condition on working time does not hold the tickets wait: when the hours
    open, all of them are looked at."""
    row = Rule.objects.filter(pk=rule.pk, is_enabled=True).values_list("swept_until", flat=True).first()
    if row is None and not rule.reaches_back:
        return 0
    if not _is_open(rule, now):
        return 0
    since, looked = row, 0
    while looked < MOST:
        found = due(rule, since, now, BATCH)
        for pk in _rows(rule, [one.pk for one in found], now):
            log.debug("automation %s took ticket %s", rule.pk, pk)
        looked += len(found)
        until = now if len(found) < BATCH else found[-1].at
        if until == since:  # more than a batch at one and the same moment
            until += timedelta(microseconds=1)
        Rule.objects.filter(pk=rule.pk).update(swept_until=until)
        since = until
        if len(found) < BATCH:
            break
    return looked


def _rows(rule: Ready, pks: list[int], now: datetime) -> list[int]:
    """The tickets that were taken; one that raises does not hold up the others."""
    taken = []
    for ticket in Ticket.objects.select_related(*RELATED).filter(pk__in=pks).order_by("pk"):
        try:
            if take(rule, ticket, now):
                taken.append(ticket.pk)
        except Exception:
            log.exception("automation %s could not take ticket %s", rule.pk, ticket.pk)
    return taken


def _is_open(rule: Ready, now: datetime) -> bool:
    tree = rule.conditions
    leaves = tree.get("all", ()) if "field" not in tree else [tree]
    known = facts.hours_facts(rule.hours, now)
    return all(compiled(leaf)(known) for leaf in leaves if _asks_hours(leaf))


def _asks_hours(leaf: Mapping[str, Any]) -> bool:
    known = field(leaf["field"]) if "field" in leaf else None
    return bool(known and known.type == "hours" and leaf.get("value"))


def sweep_records() -> int:
    """Drops what rules did longer ago than the desk keeps it; returns how many rows went."""
    now, gone = timezone.now(), 0
    before = now - timedelta(days=Desk.current().rule_run_days)
    for rows in (
        RuleRun.objects.filter(at__lt=before),
        RuleCheck.objects.filter(at__lt=before),
        WebhookDelivery.objects.filter(created_at__lt=now - timedelta(days=_WEBHOOK_DAYS), next_attempt_at=None),
    ):
        while gone < _MOST_DELETED:
            pks = list(rows.order_by("pk").values_list("pk", flat=True)[:_DELETED_AT_ONCE])
            with transaction.atomic():
                gone += rows.model._default_manager.filter(pk__in=pks).delete()[0]
            if len(pks) < _DELETED_AT_ONCE:
                break
    return gone
