"""Rules and facts in, a plan of effects out. Pure: the real run, a dry run and a back-test are this very function.

Rules are asked in their order, each seeing what the ones before it would have changed: a rule for tickets that nobody
has does not take one that an earlier rule gave away. Where rules contradict each other the later one wins, and the plan
shows both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from tickets.automation.conditions import Test, anchors, compiled, keys_of, leaves, told
from tickets.automation.facts import UNTOLD
from tickets.automation.predictions import Impossible, predicted
from tickets.models import Rule, RuleVersion

MATCHED, NOT, SKIPPED = "matched", "not", "skipped"


@dataclass(frozen=True, eq=False)
class Ready:
    """A rule ready to be asked, as it stands in one of its versions."""

    pk: int
    version: int
    kind: str
    name: str
    on: frozenset[str]
    conditions: Mapping[str, Any]
    effects: tuple[Mapping[str, Any], ...]
    stops_after: bool
    reaches_back: bool = False
    active_since: datetime | None = None

    @cached_property
    def test(self) -> Test:
        return compiled(self.conditions)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The fields it asks about."""
        return frozenset(keys_of(self.conditions))

    @cached_property
    def hours(self) -> frozenset[int]:
        """The business hours it names; 0 are those of the ticket's SLA policy."""
        return frozenset(leaf["value"] for leaf in leaves(self.conditions) if leaf["field"] == "working_time")

    @cached_property
    def anchors(self) -> tuple[tuple[str, float], ...]:
        """The (field, minutes) at which an automation's time can come."""
        return tuple(anchors(self.conditions))

    @cached_property
    def deeds(self) -> frozenset[str]:
        return frozenset(effect["do"] for effect in self.effects)


def ready(rule: Rule) -> Ready:
    return _ready(rule.pk, rule.version, rule.definition, rule.active_since)


def ready_version(version: RuleVersion) -> Ready:
    return _ready(version.rule_id, version.number, version.definition)


def _ready(pk: int, version: int, given: Mapping[str, Any], since: datetime | None = None) -> Ready:
    return Ready(
        pk, version, given["kind"], given["name"], frozenset(given["on"]), given["conditions"],
        tuple(given["effects"]), given["stops_after"], given["reaches_back"], since,
    )  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """One effect: what it would change, {field: [before, after]}, or why the ticket would refuse it."""

    effect: Mapping[str, Any]
    changes: Mapping[str, list[Any]]
    refused: str = ""


@dataclass(frozen=True)
class Step:
    """A rule that matched: the facts it asked for, how each condition came out, what it does."""

    rule: Ready
    facts: Mapping[str, Any]
    results: Mapping[str, Any]
    effects: tuple[Planned, ...]


@dataclass
class Plan:
    """`asked` is every rule in order with what came of it; `after` are the facts when all is done."""

    before: Mapping[str, Any]
    after: dict[str, Any]
    asked: list[tuple[Ready, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def changes(self) -> dict[str, list[Any]]:
        return {
            key: [self.before.get(key), value] for key, value in self.after.items() if self.before.get(key) != value
        }


def plan(rules: Iterable[Ready], facts: Mapping[str, Any]) -> Plan:
    """What these rules would do, in this order, to a ticket with these facts."""
    made = Plan(facts, dict(facts))
    is_stopped = False
    for rule in rules:
        if is_stopped:
            made.asked.append((rule, SKIPPED))
        elif not rule.test(made.after):
            made.asked.append((rule, NOT))
        else:
            made.asked.append((rule, MATCHED))
            made.steps.append(_step(rule, made.after))
            is_stopped = rule.stops_after
    return made


def matches_any(rules: Iterable[Ready], facts: Mapping[str, Any]) -> bool:
    """Whether the plan would have a step at all: until a rule matches, all of them see the same facts."""
    return any(rule.test(facts) for rule in rules)


def _step(rule: Ready, facts: dict[str, Any]) -> Step:
    """Changes `facts` to what they are after the rule's effects."""
    used = {key: facts.get(key) for key in sorted(rule.keys)}
    results = told(rule.conditions, facts)
    return Step(rule, used, results, tuple(_planned(effect, facts) for effect in rule.effects))


def _planned(effect: Mapping[str, Any], facts: dict[str, Any]) -> Planned:
    try:
        new = predicted(effect, facts)
    except Impossible as reason:
        return Planned(effect, {}, str(reason))
    changes = {key: [facts.get(key), value] for key, value in new.items() if key not in UNTOLD}
    facts.update(new)
    return Planned(effect, changes)
