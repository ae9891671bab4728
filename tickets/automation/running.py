"""Rules at work: asked at an event, their plan applied, and everything written down. Runs inside the transaction that
handles the event, so an event handled twice runs its rules once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets import limits, rulebook, said, saving
from tickets.actions import rules as rule_actions
from tickets.automation import applier, facts
from tickets.automation.due import is_time
from tickets.automation.engine import MATCHED, Plan, Ready, Step, matches_any, plan
from tickets.automation.kinds import words_of
from tickets.automation.world import World
from tickets.compiled import Compiled
from tickets.events import caused_by, record
from tickets.mail.alerts import tell_admins
from tickets.models import SYSTEM, Message, Rule, RuleCheck, RuleFiring, RuleRun, Ticket, TicketEvent, User
from tickets.permissions import Actor

log = logging.getLogger(__name__)

DEEPEST = 10
MOST_IN_AN_HOUR = 60
"""Of a rule causing rules, and of rules run on one ticket: beyond it rules are stopped there and admins told."""

_RELATED = ("department", "help_topic", "requester__organization", "sla_policy", "status")


# No joins but one: whatever else a rule asks for is read when it does.
_ticket = Compiled(lambda pk: Ticket.objects.select_related("requester").filter(pk=pk))
_message = Compiled(lambda pk: Message.objects.filter(pk=pk))
_person = Compiled(lambda pk: User.objects.filter(pk=pk))


def on_event(event: TicketEvent) -> None:
    """Asks the triggers that listen to the event, then the automations whose time may have come by it. An error in
    here is logged and undone, and holds up nothing else."""
    words = words_of(event.kind, event.changes)
    triggers = rulebook.listening(words)
    timed = rulebook.active(Rule.Kind.AUTOMATION) if words else ()
    if not triggers and not timed:
        return
    try:
        with transaction.atomic():
            ticket = _ticket.get(event.ticket_id)
            if ticket.deleted_at:
                return
            event.ticket = ticket
            if triggers:
                _ask_triggers(event, triggers)
            for rule in timed:
                take(rule, ticket, timezone.now())
    except Exception:
        log.exception("the rules of event %s could not be run", event.pk)


def _ask_triggers(event: TicketEvent, rules: tuple[Ready, ...]) -> None:
    ticket = event.ticket
    if reason := _loop(event):
        _stop(ticket, event, reason)
        return
    now, known = timezone.now(), facts_of(ticket, rules, timezone.now(), event)
    if not matches_any(rules, known):
        _write_check(plan(rules, known), ticket, event, now)
        return
    ticket = _locked(ticket)
    event.ticket = ticket
    known = facts_of(ticket, rules, now, event)
    known |= World(rules).around(ticket, known)
    made = plan(rules, known)
    if made.steps and (reason := _too_many(ticket, len(made.steps))):
        _stop(ticket, event, reason)
        return
    run(made, ticket, event=event, now=now)


def facts_of(ticket: Ticket, rules: Sequence[Ready], now: datetime, event: TicketEvent | None = None) -> dict[str, Any]:
    """What these rules need to know of the ticket."""
    keys = rulebook.keys(tuple(rules))
    if event is not None:
        if event.actor_id and "actor" not in event._state.fields_cache:
            event.actor = _person.get(event.actor_id)
        if event.message_id and "message" not in event._state.fields_cache and facts.reads_message(keys):
            event.message = _message.get(event.message_id)
    return facts.collect(ticket, keys, now=now, event=event, hours=hours_of(rules))


def hours_of(rules: Iterable[Ready]) -> set[int]:
    return {pk for rule in rules for pk in rule.hours}


def _locked(ticket: Ticket) -> Ticket:
    """The row as it is now, kept as it is until the plan is done."""
    rows = Ticket.objects.select_for_update(of=("self",)).select_related(*_RELATED)
    return rows.get(pk=ticket.pk)


def run(
    made: Plan, ticket: Ticket, *, now: datetime, event: TicketEvent | None = None, by: Actor = SYSTEM
) -> RuleCheck:
    """Applies the plan and writes down what was asked, found and done."""
    check = _write_check(made, ticket, event, now)
    for step in made.steps:
        _run_step(step, ticket, check, event, by)
    return check


def _run_step(step: Step, ticket: Ticket, check: RuleCheck, event: TicketEvent | None, by: Actor) -> None:
    rule, depth = step.rule, depth_of(event) + 1
    done: list[dict[str, Any]] = []
    error = ""
    with caused_by({"rule": rule.pk, "name": rule.name, "version": rule.version, "depth": depth}):
        for planned in step.effects:
            told = {"effect": dict(planned.effect), "changes": dict(planned.changes), "refused": ""}
            done.append(told)
            try:
                told["refused"] = applier.apply(rule, planned, ticket, by=by, event=event)
            except applier.Gone as gone:
                told["refused"] = error = gone.kept
                rule_actions.give_up(rule.pk, error)
    RuleRun.objects.create(
        rule_id=rule.pk, rule_name=rule.name, version=rule.version, check_row=check, ticket=ticket, event=event,
        at=check.at, facts=facts.kept(step.facts), results=facts.cut(step.results), effects=done, error=error,
    )  # fmt: skip


def _write_check(made: Plan, ticket: Ticket, event: TicketEvent | None, now: datetime, kind: str = "") -> RuleCheck:
    asked = [[rule.pk, rule.version, came] for rule, came in made.asked]
    kind = kind or (made.asked[0][0].kind if made.asked else Rule.Kind.TRIGGER)
    check = RuleCheck(ticket=ticket, event=event, kind=kind, at=now, facts=facts.kept(made.before), asked=asked)
    saving.insert(check)
    return check


def depth_of(event: TicketEvent | None) -> int:
    return event.cause["depth"] if event and event.cause else 0


def _loop(event: TicketEvent) -> str:
    if event.cause is None or depth_of(event) < DEEPEST:
        return ""
    words = {"count": depth_of(event), "rule": event.cause["name"]}
    return said.keep(_("rules caused each other %(count)d times (the last was “%(rule)s”)"), **words)


def _too_many(ticket: Ticket, more: int) -> str:
    """Loops that go around through mail or another program have no depth; they have a pace."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    recent = RuleRun.objects.filter(ticket=ticket, event__isnull=False).order_by("-id").values_list("at", flat=True)
    count = sum(at > an_hour_ago for at in recent[:MOST_IN_AN_HOUR])
    if count < MOST_IN_AN_HOUR:
        return ""
    return said.keep(_("more than %(count)d runs in an hour"), count=MOST_IN_AN_HOUR)


def _stop(ticket: Ticket, event: TicketEvent, reason: str) -> None:
    """Nothing is run for this event; the ticket says so, once an hour, and admins hear of it, once a day for each."""
    RuleCheck.objects.create(ticket=ticket, event=event, kind=Rule.Kind.TRIGGER, note=reason)
    if not limits.hit(f"rules-stopped:{ticket.pk}", [(1, limits.HOUR)]):
        record(ticket, "rules_stopped", by=SYSTEM, reason=reason)
        tell_admins("rules_stopped", about=str(ticket.pk), ticket_number=ticket.number, why=reason)


def take(rule: Ready, ticket: Ticket, now: datetime) -> bool:
    """Runs one automation on one ticket if its conditions hold and it has not been run for these moments of the ticket.
    Safe to call again at any time and from many workers."""
    known = facts_of(ticket, (rule,), now)
    if not is_time(rule, ticket, now) or not rule.test(known):
        return False
    with transaction.atomic():
        ticket = _locked(ticket)
        known = facts_of(ticket, (rule,), now)
        if ticket.deleted_at or not rule.test(known):
            return False
        moments = rule_moments(rule, ticket)
        _row, is_first = RuleFiring.objects.get_or_create(rule_id=rule.pk, ticket=ticket, moments=moments)
        if not is_first:
            return False
        known |= World((rule,)).around(ticket, known)
        made = plan((rule,), known)
        check = _write_check(made, ticket, None, now)
        for step in made.steps:
            _run_step(step, ticket, check, None, SYSTEM)
    return any(came == MATCHED for _rule, came in made.asked)


def rule_moments(rule: Ready, ticket: Ticket) -> str:
    """Names the moments of the ticket that the automation waits for: when one of them moves, it may run again."""
    columns = sorted({facts.ANCHORS[key] for key, _minutes in rule.anchors})
    return " ".join(f"{name}={getattr(ticket, name) and getattr(ticket, name).isoformat()}" for name in columns)[:300]
