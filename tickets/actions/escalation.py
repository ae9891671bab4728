"""What happens to a ticket when a target comes near or passes: told, handed on, raised. Used by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tickets import kept, said, sla
from tickets.actions.assignment import assign, hand_to_team
from tickets.actions.triage import set_priority
from tickets.events import record
from tickets.models import SYSTEM, Escalation, SlaFired, Ticket
from tickets.refusals import Refused
from tickets.states import Priority

_AGAIN = _("%(what)s, again (%(number)d of %(most)d)")
_LABELS = {"first_response": "First response", "next_response": "Next response", "resolution": "Resolution"}


def fire(ticket: Ticket, target: sla.Target, moment: sla.Moment, now: datetime) -> Ticket:
    """Does one step, once, in the caller's transaction, and returns the ticket's row as it is then, locked and saved.

    A notice that would come before the target is due is skipped when that moment has passed: after the fact it helps
    nobody. Of reminders that are due at once only the last is sent. What changes the ticket is done late too.
    """
    escalation = moment.escalation
    tells_only = escalation is None or bool(escalation.tells)
    late = tells_only and _comes_too_late(target, moment, now)
    _row, is_first = SlaFired.objects.get_or_create(
        ticket=ticket, target=target.name, begun_at=target.begin, step=moment.step,
        defaults={"planned_at": moment.at, "fired_at": now, "is_skipped": late},
    )  # fmt: skip
    _mark(ticket, target.name, moment, now)
    if moment.step == "breach":
        kept.keep_missed(ticket, target)
    ticket.save(update_fields=sla.STAMPED)
    if late or not is_first:
        return ticket
    told: dict[str, Any] = {"target": _LABELS[target.name], "due": target.due and target.due.isoformat()}
    if escalation is None:
        record(ticket, f"sla_{moment.step}", by=SYSTEM, **told)
    elif escalation.tells and escalation.is_early:
        record(ticket, "sla_warning", by=SYSTEM, **told, **_audience(escalation))
    else:
        return _escalate(ticket, escalation, moment.number, told)
    return ticket


def _comes_too_late(target: sla.Target, moment: sla.Moment, now: datetime) -> bool:
    if moment.is_early:
        return target.due is not None and target.due <= now
    return any(
        other.escalation == moment.escalation and other.number > moment.number and other.at <= now
        for other in target.moments
        if other.escalation
    )


def _mark(ticket: Ticket, name: str, moment: sla.Moment, now: datetime) -> None:
    if moment.step == "warning":
        setattr(ticket, f"{name}_warned_at", now)
    elif moment.step == "breach":
        setattr(ticket, f"{name}_breached_at", moment.at)


def _audience(escalation: Escalation) -> dict[str, Any]:
    return {"tells": escalation.tells, "agent_id": escalation.agent_id}


def _escalate(ticket: Ticket, escalation: Escalation, number: int, told: dict[str, Any]) -> Ticket:
    """The level is told of before what it does, and what cannot be done is told instead of stopping the others."""
    what = said.keep(Escalation.Effect(escalation.effect).label)
    if number:
        what = said.keep(_AGAIN, what=what, number=number, most=escalation.repeat_most)
    if escalation.tells:
        record(ticket, "sla_escalated", by=SYSTEM, what=what, **told, **_audience(escalation))
        return ticket
    try:
        with transaction.atomic():
            record(ticket, "sla_escalated", by=SYSTEM, what=what, tells="", **told)
            _ACTS[escalation.effect](ticket, escalation)
    except Refused as refusal:
        record(ticket, "sla_not_escalated", by=SYSTEM, what=what, error=str(refusal), **told)
    return _fresh(ticket)


def _fresh(ticket: Ticket) -> Ticket:
    related = ("sla_policy", "status", "department", "help_topic")
    return Ticket.objects.select_related(*related).get(pk=ticket.pk)


def _give_agent(ticket: Ticket, escalation: Escalation) -> None:
    if escalation.agent is None:
        raise Refused(_("The agent is gone."))
    if ticket.assignee_id != escalation.agent_id:
        assign(ticket, by=SYSTEM, agent=escalation.agent)


def _give_team(ticket: Ticket, escalation: Escalation) -> None:
    if escalation.team is None:
        raise Refused(_("The team is gone."))
    if ticket.team_id != escalation.team_id:
        hand_to_team(ticket, by=SYSTEM, team=escalation.team)


def _raise_priority(ticket: Ticket, _escalation: Escalation) -> None:
    if ticket.priority < max(Priority.values):
        set_priority(ticket, by=SYSTEM, priority=ticket.priority + 1)


_ACTS: dict[str, Callable[[Ticket, Escalation], None]] = {
    Escalation.Effect.GIVE_AGENT: _give_agent,
    Escalation.Effect.GIVE_TEAM: _give_team,
    Escalation.Effect.RAISE_PRIORITY: _raise_priority,
}
