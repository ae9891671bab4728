"""Filters: what rules make of a request before there is a ticket, whichever way it came. Used by intake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tickets import rulebook
from tickets.actions import rules as rule_actions
from tickets.actions.writing import Upload
from tickets.automation import facts
from tickets.automation.checks import gone_sentence
from tickets.automation.engine import Plan, plan
from tickets.automation.references import REFERENCES
from tickets.automation.world import World
from tickets.models import Message, Permission, Rule, RuleCheck, RuleRun, Tag, Ticket, TicketEvent, User
from tickets.permissions import Actor
from tickets.refusals import Filtered

_FILTER = Rule.Kind.FILTER


@dataclass
class Sifted:
    """What the filters said, and what of it could be done; `write_down` keeps it once the ticket is there."""

    plan: Plan
    at: datetime
    auto_response: bool = True
    done: list[list[dict[str, Any]]] = field(default_factory=list)

    def write_down(self, ticket: Ticket | None, event: TicketEvent | None = None) -> None:
        asked = [[rule.pk, rule.version, came] for rule, came in self.plan.asked]
        check = RuleCheck.objects.create(
            ticket=ticket, event=event, kind=_FILTER, at=self.at, facts=facts.kept(self.plan.before), asked=asked
        )
        RuleRun.objects.bulk_create(
            RuleRun(
                rule_id=step.rule.pk, rule_name=step.rule.name, version=step.rule.version, check_row=check,
                ticket=ticket, event=event, at=self.at, facts=facts.kept(step.facts), effects=done,
                results=facts.cut(step.results), error="; ".join(one["refused"] for one in done if one["refused"]),
            )
            for step, done in zip(self.plan.steps, self.done, strict=True)
        )  # fmt: skip


def sift(
    ticket: Ticket, *, by: Actor, body: str, message: Mapping[str, Any], attachments: Sequence[Upload], now: datetime,
    may_reject: bool = True,
) -> Sifted | None:  # fmt: skip
    """Asks the filters about a ticket that is not written yet, and shapes it as they say. None without filters. Raises
    Filtered when one refuses it: nothing is opened then."""
    rules = rulebook.active(_FILTER)
    if not rules:
        return None
    hours = {pk for rule in rules for pk in rule.hours}
    first = Message(body=body, source=ticket.source, origin=message.get("origin") or {})
    known = facts.collect(ticket, rulebook.keys(rules), now=now, message=first, hours=hours)
    inside = isinstance(by, User) and by.is_agent
    known |= {"actor": "agent" if inside else "customer", "files": len(attachments)}
    if any(rule.test(known) for rule in rules):
        known |= World(rules).around(ticket, known)
    sifted = Sifted(plan(rules, known), now)
    _shape(ticket, sifted, may_reject=may_reject)
    return sifted


def _shape(ticket: Ticket, sifted: Sifted, *, may_reject: bool) -> None:
    for step in sifted.plan.steps:
        done: list[dict[str, Any]] = []
        sifted.done.append(done)
        for planned in step.effects:
            effect = planned.effect
            refused = planned.refused
            if not refused:
                refused = _do(ticket, sifted, effect)
            done.append({"effect": dict(effect), "changes": dict(planned.changes), "refused": refused})
            if refused.startswith(_GONE):
                done[-1]["refused"] = refused = refused[1:]
                rule_actions.give_up(step.rule.pk, refused)
            if effect["do"] == "reject" and may_reject:
                sifted.done += [[] for _step in sifted.plan.steps[len(sifted.done) :]]
                raise Filtered(effect["reason"], step.rule.name, sifted)


_GONE = "\0"


def _do(ticket: Ticket, sifted: Sifted, effect: Mapping[str, Any]) -> str:
    if effect["do"] == "no_auto_response":
        sifted.auto_response = False
        return ""
    named: dict[str, Any] = {}
    for name in ("department", "help_topic", "team", "agent"):
        if effect.get(name):
            named[name] = REFERENCES[name].find(effect[name])
            if named[name] is None:
                return _GONE + gone_sentence(name)
    if act := _ACTS.get(effect["do"]):
        act(ticket, effect, named)
    return ""


def _transfer(ticket: Ticket, _effect: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    ticket.department, ticket.help_topic, ticket.team = named["department"], named.get("help_topic"), None
    agent = ticket.assignee
    if agent and not (agent.is_superuser or Permission.VIEW in agent.grants.get(ticket.department_id, frozenset())):
        ticket.assignee = None


def _hand_to_team(ticket: Ticket, _effect: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    ticket.team = named["team"]
    if ticket.assignee and named["team"].pk not in ticket.assignee.team_ids:
        ticket.assignee = None


def _assign(ticket: Ticket, _effect: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    ticket.assignee = named.get("agent")


def _add_tags(ticket: Ticket, effect: Mapping[str, Any], _named: Mapping[str, Any]) -> None:
    ticket.tag_names = sorted({*ticket.tag_names, *(" ".join(tag.split()).lower() for tag in effect["tags"])})


def _set_priority(ticket: Ticket, effect: Mapping[str, Any], _named: Mapping[str, Any]) -> None:
    ticket.priority = effect["value"]


def _set_topic(ticket: Ticket, _effect: Mapping[str, Any], named: Mapping[str, Any]) -> None:
    ticket.help_topic = named["help_topic"]


_ACTS: dict[str, Callable[[Ticket, Mapping[str, Any], Mapping[str, Any]], None]] = {
    "set_priority": _set_priority,
    "transfer": _transfer,
    "set_topic": _set_topic,
    "assign": _assign,
    "hand_to_team": _hand_to_team,
    "add_tags": _add_tags,
}


def write_tags(ticket: Ticket) -> None:
    """Ties the tags that filters gave to the ticket that is there now."""
    if ticket.tag_names:
        Tag.objects.bulk_create([Tag(name=name) for name in ticket.tag_names], ignore_conflicts=True)
        ticket.tags.set(Tag.objects.filter(name__in=ticket.tag_names))
