"""Why a rule did, or did not, act on a ticket: worked out from what was kept of each moment, by the same engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import said
from tickets.automation import facts
from tickets.automation.conditions import told
from tickets.automation.due import RELATED, crossings, is_time
from tickets.automation.engine import MATCHED, NOT, SKIPPED, Ready, plan, ready, ready_version
from tickets.automation.kinds import words_of
from tickets.models import Rule, RuleCheck, RuleFiring, RuleRun, RuleVersion, Ticket, TicketEvent
from tickets.reading import moment

NOT_ASKED = "not_asked"
MOST = 50


@dataclass(frozen=True)
class Answer:
    """What came of one rule at one moment: `came` is matched, not, skipped or not_asked; `results` the conditions with
    what was compared; `run` what was done."""

    at: datetime
    came: str
    reason: str
    event: TicketEvent | None = None
    version: int | None = None
    results: Mapping[str, Any] = field(default_factory=dict)
    run: RuleRun | None = None


def why(ticket: Ticket, rule: Rule, *, most: int = MOST) -> list[Answer]:
    """Every moment of the ticket at which the rule could have acted, newest first."""
    if rule.kind == Rule.Kind.AUTOMATION:
        return [*_of_automation(ticket, rule), *_runs(ticket, rule, most)]
    if rule.kind == Rule.Kind.MACRO:
        return _runs(ticket, rule, most)
    events = list(ticket.events.select_related("message").order_by("-pk")[:most])
    checks = {
        check.event_id: check
        for check in RuleCheck.objects.filter(ticket=ticket, kind=rule.kind).order_by("-pk")[: 2 * most]
    }
    versions = list(rule.versions.order_by("number"))
    runs = {run.check_row_id: run for run in RuleRun.objects.filter(ticket=ticket, rule=rule)[: 2 * most]}
    if rule.kind == Rule.Kind.FILTER:
        events = [event for event in events if event.kind == "opened"]
    return [_answer(rule, versions, event, checks.get(event.pk), runs) for event in events]


def _answer(
    rule: Rule, versions: list[RuleVersion], event: TicketEvent, check: RuleCheck | None,
    runs: Mapping[int | None, RuleRun],
) -> Answer:  # fmt: skip
    asked = {pk: (number, came) for pk, number, came in check.asked} if check else {}
    if check and rule.pk in asked:
        number, came = asked[rule.pk]
        results, stopper = results_of(check, rule.pk, event)
        return Answer(check.at, came, _reason(came, stopper), event, number, results, runs.get(check.pk))
    return Answer(event.created_at, NOT_ASKED, _not_asked(rule, versions, event, check), event)


def _reason(came: str, stopper: str) -> str:
    if came == MATCHED:
        return _("Its conditions held.")
    if came == SKIPPED:
        return _("“%(rule)s” matched before it, and stops after itself.") % {"rule": stopper}
    return _("Its conditions did not hold.")


def _not_asked(rule: Rule, versions: list[RuleVersion], event: TicketEvent, check: RuleCheck | None) -> str:
    if check and check.note:
        return _("Rules were stopped: %(reason)s.") % {"reason": said.told(check.note)}
    if event.created_at < rule.created_at:
        return _("The rule did not exist then.")
    then = [version for version in versions if version.saved_at <= event.created_at] or versions[:1]
    on = set(then[-1].definition["on"]) if then else set(rule.on)
    if rule.kind == Rule.Kind.TRIGGER and on.isdisjoint(words_of(event.kind, event.changes)):
        return _("It does not listen to this: it waits for %(moments)s.") % {
            "moments": ", ".join(str(Rule.On(word).label) for word in sorted(on))
        }
    if event.handled_at is None:
        return _("The event has not been handled yet.")
    return _("It was switched off then, or what was kept of that moment is gone.")


def results_of(check: RuleCheck, pk: int, event: TicketEvent | None) -> tuple[dict[str, Any], str]:
    """How the rule's conditions came out at that check, and the last rule that matched and stopped before it."""
    rules = _versions([(one, number) for one, number, _came in check.asked])
    known = refilled(check.facts, event)
    before: list[Ready] = []
    for rule in rules:
        if rule.pk == pk:
            made = plan(before, known)
            stoppers = [step.rule.name for step in made.steps if step.rule.stops_after]
            return told(rule.conditions, made.after), stoppers[-1] if stoppers else ""
        before.append(rule)
    return {}, ""


def _versions(pairs: Iterable[tuple[int, int]]) -> list[Ready]:
    """The rules as they were, in this order; versions that are gone are left out."""
    pairs = list(pairs)
    rows = RuleVersion.objects.filter(rule__in=[pk for pk, _number in pairs])
    found = {(row.rule_id, row.number): row for row in rows}
    return [ready_version(found[pair]) for pair in pairs if pair in found]


def refilled(known: Mapping[str, Any], event: TicketEvent | None) -> dict[str, Any]:
    """The facts with the whole text again, where its message still is there."""
    if known.get("body_is_cut") and event and event.message:
        return {**known, "body": event.message.body[: facts.LONGEST_TEXT]}
    return dict(known)


def _runs(ticket: Ticket, rule: Rule, most: int) -> list[Answer]:
    rows = RuleRun.objects.filter(ticket=ticket, rule=rule).select_related("event").order_by("-pk")[:most]
    return [Answer(run.at, MATCHED, _reason(MATCHED, ""), run.event, run.version, run.results, run) for run in rows]


def _of_automation(ticket: Ticket, rule: Rule) -> list[Answer]:
    """How it stands now: taken already, its time not yet come, or which condition is in the way."""
    now, one = timezone.now(), ready(rule)
    row = Ticket.objects.select_related(*RELATED).get(pk=ticket.pk)
    keys = one.keys
    last = row.messages.order_by("-pk").first() if keys else None
    known = facts.collect(row, keys, now=now, message=last, hours=one.hours)
    results = told(one.conditions, known)
    came = NOT if rule.is_enabled else NOT_ASKED
    return [Answer(now, came, _automation_reason(rule, one, row, results["came"], now), None, rule.version, results)]


def _automation_reason(rule: Rule, one: Ready, ticket: Ticket, holds: bool, now: datetime) -> str:
    if not rule.is_enabled:
        return said.told(rule.disabled_reason) or _("It is switched off.")
    if RuleFiring.objects.filter(rule=rule, ticket=ticket).exists() and holds:
        return _("It has acted already, once for these moments of the ticket.")
    coming = [at for at in crossings(one, ticket) if at > now]
    if coming and not holds:
        return _("Its time comes at %(moment)s.") % {"moment": moment(min(coming))}
    if not is_time(one, ticket, now):
        return _("Its time had come before the rule was switched on.")
    return _("It acts within a minute.") if holds else _("Its conditions do not hold.")
