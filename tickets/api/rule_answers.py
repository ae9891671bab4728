"""Rules and what they did, as the API answers them: the stored JSON, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tickets import said
from tickets.automation import words
from tickets.automation.engine import Plan
from tickets.automation.explaining import NOT_ASKED
from tickets.automation.explaining import Answer as Moment
from tickets.automation.explaining import why as asked
from tickets.events import sentence
from tickets.models import Rule, RuleCheck, RuleRun, Ticket

MOST = 50
Answer = dict[str, Any]


def rules(rows: Sequence[Rule]) -> list[Answer]:
    names = words.names_for(row.definition for row in rows)
    return [_rule(row, names) for row in rows]


def rule_with_versions(row: Rule) -> Answer:
    versions = [
        {
            "number": one.number,
            "saved_at": one.saved_at,
            "saved_by": one.saved_by.email if one.saved_by else None,
            "definition": one.definition,
        }
        for one in row.versions.select_related("saved_by")
    ]
    return {**rules([row])[0], "versions": versions}


def macros(rows: Sequence[Rule]) -> list[Answer]:
    names = words.names_for(row.definition for row in rows)
    return [
        {"id": row.pk, "name": row.name, "description": row.description, "told": _told(row.effects, names)}
        for row in rows
    ]


def preview(macro: Rule, plan: Plan) -> Answer:
    """`fits` is whether its conditions hold; `changes` are the ticket's facts with their old and new values."""
    planned = [one for step in plan.steps for one in step.effects]
    names = words.names_for([macro.definition])
    effects = [
        {**_effect(one.effect, one.changes, words.refusal(one.refused), names), "code": one.refused} for one in planned
    ]
    return {"id": macro.pk, "name": macro.name, "fits": bool(plan.steps), "effects": effects, "changes": plan.changes}


def of_ticket(ticket: Ticket) -> Answer:
    runs = RuleRun.objects.filter(ticket=ticket).select_related("event__actor", "actor").order_by("-pk")[:MOST]
    last: dict[int, tuple[str, Any]] = {}
    stopped = []
    for check in RuleCheck.objects.filter(ticket=ticket).order_by("-pk")[:MOST]:
        for pk, _version, came in check.asked:
            last.setdefault(pk, (came, check.at))
        if check.note:
            stopped.append({"at": check.at, "reason": said.told(check.note)})
    rows = Rule.objects.order_by("kind", "position", "pk").values_list("pk", "kind", "name", "is_enabled")
    found = [
        {"id": pk, "kind": kind, "name": name, "is_enabled": on, "came": last.get(pk, (NOT_ASKED, None))[0],
         "at": last.get(pk, (NOT_ASKED, None))[1]}
        for pk, kind, name, on in rows
    ]  # fmt: skip
    return {"runs": _runs(list(runs)), "rules": found, "stopped": stopped}


def why(ticket: Ticket, rule: Rule) -> Answer:
    moments = asked(ticket, rule)
    names = words.names_for([rule.definition])
    return {"rule": rules([rule])[0], "moments": [_moment(one, names) for one in moments]}


def _moment(one: Moment, names: words.Names) -> Answer:
    return {
        "at": one.at,
        "came": one.came,
        "reason": one.reason,
        "event": sentence(one.event) if one.event else None,
        "version": one.version,
        "results": dict(one.results),
        "run": _run(one.run, names) if one.run else None,
    }


def _runs(rows: Sequence[RuleRun]) -> list[Answer]:
    names = words.names_for({"conditions": {}, "effects": [one["effect"] for one in row.effects]} for row in rows)
    return [_run(row, names) for row in rows]


def _run(row: RuleRun, names: words.Names) -> Answer:
    return {
        "rule": row.rule_id,
        "name": row.rule_name,
        "version": row.version,
        "at": row.at,
        "event": sentence(row.event) if row.event else None,
        "by": row.actor.email if row.actor else None,
        "results": row.results,
        "effects": [
            _effect(one["effect"], one.get("changes", {}), one.get("refused", ""), names) for one in row.effects
        ],
        "error": said.told(row.error),
    }


def _effect(effect: Any, changes: Any, refused: str, names: words.Names) -> Answer:
    told = words.capitalized(words.effect(effect, names))
    return {"effect": dict(effect), "told": told, "changes": dict(changes), "refused": said.told(refused)}


def _rule(row: Rule, names: words.Names) -> Answer:
    return {
        "id": row.pk,
        "kind": row.kind,
        "name": row.name,
        "description": row.description,
        "position": row.position,
        "is_enabled": row.is_enabled,
        "disabled_reason": said.told(row.disabled_reason),
        "stops_after": row.stops_after,
        "reaches_back": row.reaches_back,
        "owner": row.owner.email if row.owner else None,
        "on": row.on,
        "conditions": row.conditions,
        "effects": row.effects,
        "told": _told(row.effects, names),
        "version": row.version,
        "updated_at": row.updated_at,
    }


def _told(effects: Iterable[Any], names: words.Names) -> list[str]:
    return [words.capitalized(words.effect(one, names)) for one in effects]
