"""Why rules did or did not act on a ticket, as templates take it: what was done, and what held the others back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from staff.rules.trees import first_failing, pairs_of, shown
from staff.times import Clock
from tickets import said
from tickets.automation import words
from tickets.automation.conditions import told
from tickets.automation.engine import MATCHED, NOT, SKIPPED, Ready, plan, ready_version
from tickets.automation.explaining import Answer, refilled, why
from tickets.events import sentence
from tickets.models import Rule, RuleCheck, RuleRun, RuleVersion, Ticket

RECENT, MOST_RUNS, MOST_RULES = 5, 20, 200
_KIND = {MATCHED: "ok", NOT: "neutral", SKIPPED: "warn"}


def panel(ticket: Ticket, clock: Clock) -> dict[str, Any]:
    """The last runs on the ticket, in short."""
    runs = list(RuleRun.objects.filter(ticket=ticket)[: RECENT + 1])
    page = reverse("staff:rules_why", args=[ticket.number])
    rows = [
        {
            "name": run.rule_name, "when": clock.at(run.at), "is_wrong": bool(run.error),
            "url": f"{page}?rule={run.rule_id}" if run.rule_id else page,
        }
        for run in runs[:RECENT]
    ]  # fmt: skip
    return {"runs": rows, "has_more": len(runs) > RECENT, "url": page}


def overview(ticket: Ticket, clock: Clock) -> dict[str, Any]:
    """What rules did to the ticket, and of those that did nothing the condition that was in the way."""
    runs = list(RuleRun.objects.filter(ticket=ticket).select_related("event")[:MOST_RUNS])
    page = reverse("staff:rules_why", args=[ticket.number])
    checks = list(_last_checks(ticket))
    failed = [one for check in checks for one in _failed(check)]
    wanted = [pair for run in runs for pair in pairs(run.results, run.effects)]
    wanted += [pair for _rule, tree, _check in failed for pair in pairs_of(tree)]
    names = words.Names(wanted)
    return {
        "runs": [_run(run, clock, names, page) for run in runs],
        "failed": [_unmet(ticket, rule, tree, check, clock, names) for rule, tree, check in failed],
        "stopped": [(clock.at(one.at), said.told(one.note)) for one in checks if one.note],
    }


def _last_checks(ticket: Ticket) -> Iterable[RuleCheck]:
    """The last moment at which the rules of each kind were asked."""
    rows = RuleCheck.objects.filter(ticket=ticket).select_related("event__message")
    return rows.order_by("kind", "-pk").distinct("kind")


def _failed(check: RuleCheck) -> Iterator[tuple[Ready, dict[str, Any], RuleCheck]]:
    """The rules that were asked and did not match, with their conditions as they came out. Each saw what the ones
    before it would have changed."""
    found = {
        (row.rule_id, row.number): row for row in RuleVersion.objects.filter(rule__in=[one[0] for one in check.asked])
    }
    known, before = refilled(check.facts, check.event), []  # type: ignore[var-annotated]
    for pk, number, came in check.asked[:MOST_RULES]:
        row = found.get((pk, number))
        if row is None:
            continue
        rule = ready_version(row)
        if came == NOT:
            yield rule, told(rule.conditions, plan(before, known).after), check
        before.append(rule)


def _unmet(
    ticket: Ticket, rule: Ready, tree: dict[str, Any], check: RuleCheck, clock: Clock, names: words.Names
) -> dict[str, Any]:
    page = reverse("staff:rules_why", args=[ticket.number])
    return {
        "name": rule.name, "url": f"{page}?rule={rule.pk}", "version": rule.version,
        "first": first_failing(tree, names), "when": clock.at(check.at),
    }  # fmt: skip


def of_rule(ticket: Ticket, rule: Rule, clock: Clock) -> list[dict[str, Any]]:
    """Every moment at which the rule could have acted, the newest first."""
    answers = why(ticket, rule)
    wanted = [pair for one in answers for pair in pairs(one.results, one.run.effects if one.run else [])]
    names = words.Names(wanted)
    return [_answer(one, clock, names) for one in answers]


def _answer(one: Answer, clock: Clock, names: words.Names) -> dict[str, Any]:
    return {
        "came": _came(one.came), "kind": _KIND.get(one.came, "neutral"), "reason": one.reason,
        "when": clock.at(one.at), "event": sentence(one.event) if one.event else "",
        "version": one.version, "tree": shown(one.results, names) if one.results else None,
        "run": _run(one.run, clock, names) if one.run else None,
    }  # fmt: skip


def _came(came: str) -> str:
    return {MATCHED: _("matched"), NOT: _("did not match"), SKIPPED: _("not reached")}.get(came, _("not asked"))


def _run(run: RuleRun, clock: Clock, names: words.Names, page: str = "") -> dict[str, Any]:
    """`page` leads to every moment of the rule."""
    return {
        "name": run.rule_name, "version": run.version, "when": clock.at(run.at), "error": said.told(run.error),
        "event": sentence(run.event) if run.event else "", "tree": shown(run.results, names),
        "url": f"{page}?rule={run.rule_id}" if page and run.rule_id else "",
        "effects": [
            {
                "text": words.effect(one["effect"], names), "refused": said.told(one.get("refused", "")),
                "changes": list(changes(one.get("changes", {}), names)),
            }
            for one in run.effects
        ],
    }  # fmt: skip


def changes(found: Mapping[str, Sequence[Any]], names: words.Names) -> Iterator[str]:
    """What an effect changed, one field each."""
    for key, (before, after) in found.items():
        old, new = (words.fact_words(key, one, names) for one in (before, after))
        yield _("%(field)s: %(old)s → %(new)s") % {"field": names.label(key), "old": old, "new": new}


def pairs(results: Mapping[str, Any], effects: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """The rows that are named by the conditions, the facts and the effects of a run."""
    found = pairs_of(results)
    for one in effects:
        found += words.mentioned({"conditions": {}, "effects": [one["effect"]]})
        for key, values in one.get("changes", {}).items():
            found += [pair for value in values for pair in words.fact_pairs(key, value)]
    return found
