"""Macros: several things that an agent does to a ticket by one click, all of them or none."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.actions import conversation
from tickets.actions.door import opened
from tickets.automation import applier, facts
from tickets.automation.conditions import told
from tickets.automation.engine import Plan, Ready, plan, ready
from tickets.automation.world import World
from tickets.events import record
from tickets.models import Rule, RuleRun, Ticket, TicketEvent, User
from tickets.refusals import Invalid

_RELATED = ("department", "help_topic", "requester__organization", "sla_policy", "status")


def macros_for(ticket: Ticket, by: User) -> list[Rule]:
    """The macros whose conditions hold for the ticket, in order; what the agent may not do is refused when run."""
    rows = list(Rule.objects.active().filter(kind=Rule.Kind.MACRO).order_by("position", "pk"))
    rules = [ready(row) for row in rows]
    known = _facts(ticket, rules, by)
    return [row for row, rule in zip(rows, rules, strict=True) if rule.test(known)]


def preview_macro(ticket: Ticket, *, by: User, macro: Rule) -> Plan:
    """What running it would change; nothing is done."""
    rule = ready(macro)
    known = _facts(ticket, [rule], by)
    return plan((rule,), known | World((rule,), by).around(ticket, known))


def run_macro(
    ticket: Ticket, *, by: User, macro: Rule, body: str | None = None, nonce: uuid.UUID | None = None
) -> RuleRun:
    """Does everything the macro says as this agent, with this agent's rights. `body` replaces the text of its reply.
    The same `nonce` again does nothing more. Raises what the first refused effect raises; then nothing was done."""
    if not macro.is_enabled or macro.kind != Rule.Kind.MACRO:
        raise Invalid(macro=_("This macro is switched off."))
    if nonce and (known := _run_before(ticket, macro, nonce)):
        return known
    with opened("follow", ticket, by) as (fresh, now):
        if nonce and (known := _run_before(ticket, macro, nonce)):  # the other of two equal clicks was first
            return known
        made = preview_macro(fresh, by=by, macro=macro)
        if not made.steps:
            raise Invalid(macro=_("The macro “%(name)s” does not fit this ticket now.") % {"name": macro.name})
        ran = record(fresh, "macro_run", by=by, macro=macro.name)
        step = made.steps[0]
        for planned in step.effects:
            effect = planned.effect
            if effect["do"] == "reply" and body is not None:
                conversation.reply(fresh, by=by, body=body)
            else:
                applier.act(effect, fresh, by, step.rule)
        _remember_deeds(ran)
        done = [{"effect": dict(one.effect), "changes": dict(one.changes), "refused": ""} for one in step.effects]
        return RuleRun.objects.create(
            rule=macro, rule_name=macro.name, version=macro.version, ticket=fresh, actor=by, at=now,
            facts={**facts.kept(step.facts), "nonce": str(nonce) if nonce else None}, results=step.results,
            effects=done,
        )  # fmt: skip


def _remember_deeds(ran: TicketEvent) -> None:
    """Writes down which events the macro caused, so that they can be taken back at once. The door is still open: what
    came after its own event is its doing."""
    deeds = TicketEvent.objects.filter(ticket=ran.ticket_id, pk__gt=ran.pk).order_by("pk").values_list("pk", flat=True)
    TicketEvent.objects.filter(pk=ran.pk).update(data={**ran.data, "deeds": list(deeds)})


def _run_before(ticket: Ticket, macro: Rule, nonce: uuid.UUID) -> RuleRun | None:
    return RuleRun.objects.filter(ticket=ticket, rule=macro, facts__nonce=str(nonce)).first()


def why_not(ticket: Ticket, *, by: User, macro: Rule) -> dict[str, Any]:
    """How each condition of the macro comes out for the ticket now."""
    rule = ready(macro)
    return told(rule.conditions, _facts(ticket, [rule], by))


def _facts(ticket: Ticket, rules: Sequence[Ready], by: User) -> dict[str, Any]:
    row = Ticket.objects.select_related(*_RELATED).get(pk=ticket.pk)
    keys = {key for rule in rules for key in rule.keys}
    hours = {pk for rule in rules for pk in rule.hours}
    last = row.messages.filter(is_machine=False).order_by("-pk").first() if keys else None
    known = facts.collect(row, keys, now=timezone.now(), message=last, hours=hours)
    return known | {"agent": by.pk, "actor": "agent"}
