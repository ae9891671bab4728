"""Plays plans through the desk's own verbs, then tells the rows as if each step had happened at its planned moment.

The verbs take the time from the clock on the wall, so everything is first played now. `Tale` remembers which stretch
of now stands for which planned moment; what the verbs have written is moved accordingly, and the deadlines are
computed anew from the moved truth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tickets import sla
from tickets.actions import assignment, conversation, lifecycle, triage
from tickets.clock import Pause, add_working
from tickets.demo.planning import Beat, Plan
from tickets.demo.staffing import Company
from tickets.models import (
    SYSTEM,
    Follower,
    Message,
    OutboundEmail,
    SlaPause,
    SlaPolicy,
    Status,
    Ticket,
    TicketEvent,
    User,
)
from tickets.states import Source

_TOLD = (
    "created_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "reopened_at", "archived_at",
    "last_message_at", "waiting_since", "sla_started_at",
)  # fmt: skip
_RESTAMPED = (
    "first_response_due_at", "resolution_due_at", "first_response_warned_at", "resolution_warned_at",
    "first_response_breached_at", "resolution_breached_at", "due_at", "next_breach_at", "auto_close_at",
)  # fmt: skip
_SENDING = timedelta(seconds=4)


class Tale:
    """Maps moments of the replay to planned ones."""

    def __init__(self) -> None:
        self._real: list[datetime] = []
        self._planned: list[datetime] = []

    def now_is(self, planned: datetime) -> None:
        """From here on the clock on the wall stands for `planned`."""
        self._real.append(timezone.now())
        self._planned.append(planned)

    def told(self, real: datetime) -> datetime:
        place = bisect_right(self._real, real) - 1
        return self._planned[place] + (real - self._real[place])


class Replay:
    """Plays plans one after the other. Does not commit, send or nudge: that is the caller's transaction."""

    def __init__(self, company: Company) -> None:
        self.company, self.tale = company, Tale()
        self.statuses = {status.slug: status for status in Status.objects.all()}

    def play(self, plan: Plan) -> None:
        self.tale.now_is(plan.opened)
        ticket = self._open(plan)
        is_sorted = plan.fate == "new"
        for beat in plan.beats:
            self.tale.now_is(beat.at)
            if not is_sorted and beat.step.kind in {"assign", "agent", "note", "resolve"}:
                agent = self.company.agents[plan.agent]
                triage.set_tags(ticket, by=agent, tags=plan.script.tags)
                is_sorted = True
            self._step(ticket, plan, beat)

    def _open(self, plan: Plan) -> Ticket:
        requester = self.company.customers[plan.requester]
        topic = self.company.topics[plan.script.topic]
        unrouted = plan.fate == "new" and plan.source == Source.EMAIL
        return lifecycle.open_ticket(
            by=self.company.agents[plan.agent] if plan.source == Source.PHONE else requester,
            requester=requester,
            subject=plan.script.subject,
            body=plan.script.opening,
            source=plan.source,
            help_topic=None if unrouted else topic,
            department=self.company.departments[plan.script.department],
            priority=plan.script.priority,
        )

    def _step(self, ticket: Ticket, plan: Plan, beat: Beat) -> None:
        agent, requester = self.company.agents[plan.agent], self.company.customers[plan.requester]
        kind, text = beat.step.kind, beat.step.text
        if kind == "agent":
            status = self.statuses["waiting_on_customer"] if beat.step.waits else None
            conversation.reply(ticket, by=agent, body=text, status=status)
        elif kind == "note":
            conversation.note(ticket, by=agent, body=text)
        elif kind in {"customer", "reopen"}:
            source = Source.EMAIL if plan.source == Source.PHONE else plan.source
            conversation.receive(ticket, by=requester, body=text, source=source)
        elif kind == "resolve":
            lifecycle.resolve(ticket, by=agent, body=text)
        elif kind == "confirm":
            lifecycle.confirm(ticket, by=requester)
        else:
            self._desk_step(kind, ticket, agent)

    def _desk_step(self, kind: str, ticket: Ticket, agent: User) -> None:
        if kind == "assign":
            assignment.assign(ticket, by=agent, agent=agent)
        elif kind == "hold":
            triage.set_status(ticket, by=agent, status=self.statuses["on_hold"])
        elif kind == "close":
            Ticket.objects.filter(pk=ticket.pk).update(auto_close_at=timezone.now())
            lifecycle.close_quiet(ticket)
        elif kind == "archive":
            lifecycle.archive(ticket, by=self.company.admin)

    def tell(self, now: datetime) -> None:
        """Moves everything to its planned moment, as seen at `now`, with nothing left for a worker to do."""
        _move(Message.objects.all(), self.tale, "created_at")
        _move(Follower.objects.all(), self.tale, "created_at")
        _move(SlaPause.objects.all(), self.tale, "started_at", "ended_at")
        events = _move(TicketEvent.objects.all(), self.tale, "created_at")
        TicketEvent.objects.bulk_update(_handled(events), ["handled_at"], batch_size=500)
        _send_long_ago(self.tale)
        _retell_tickets(self.tale, now)


def _move(rows: Any, tale: Tale, *names: str) -> list[Any]:
    moved = list(rows)
    for row in moved:
        for name in names:
            if getattr(row, name) is not None:
                setattr(row, name, tale.told(getattr(row, name)))
    rows.bulk_update(moved, names, batch_size=500)
    return moved


def _handled(events: Iterable[TicketEvent]) -> list[TicketEvent]:
    events = list(events)
    for event in events:
        event.handled_at = event.created_at
    return events


def _send_long_ago(tale: Tale) -> None:
    mails = list(OutboundEmail.objects.all())
    for mail in mails:
        mail.created_at = tale.told(mail.created_at)
        mail.sent_at = mail.created_at + _SENDING
        mail.state, mail.next_attempt_at, mail.attempt, mail.last_code = OutboundEmail.State.SENT, None, 1, 250
    names = ["created_at", "sent_at", "state", "next_attempt_at", "attempt", "last_code"]
    OutboundEmail.objects.bulk_update(mails, names, batch_size=500)


def _retell_tickets(tale: Tale, now: datetime) -> None:
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for ticket_id, began, ended, reason in SlaPause.objects.values_list("ticket", "started_at", "ended_at", "reason"):
        pauses[ticket_id].append((began, ended, reason))
    tickets = list(Ticket.objects.select_related("sla_policy__business_hours", "department"))
    breaches: list[TicketEvent] = []
    for ticket in tickets:
        for name in _TOLD:
            if value := getattr(ticket, name):
                setattr(ticket, name, tale.told(value))
        if ticket.auto_close_at and ticket.resolved_at:
            ticket.auto_close_at = ticket.resolved_at + timedelta(days=ticket.department.auto_close_days)
        _restamp(ticket, pauses[ticket.pk], now)
        breaches += _breaches(ticket)
    Ticket.objects.bulk_update(tickets, [*_TOLD, *_RESTAMPED], batch_size=100)
    TicketEvent.objects.bulk_create(breaches)


def _restamp(ticket: Ticket, pauses: list[Pause], now: datetime) -> None:
    """The deadline columns as the clock would have left them."""
    policy = ticket.sla_policy
    if policy is None or ticket.sla_started_at is None:
        return
    closed = [pause for pause in pauses if pause[1] is not None]
    first_met, resolved = ticket.first_response_at or now, ticket.resolved_at or now
    _target(ticket, "first_response", policy, policy.first_response_minutes, ticket.created_at, first_met, [])
    # While the clock stands the target stays where it was when it stopped.
    stood = next((pause[0] for pause in pauses if pause[1] is None), resolved)
    start = ticket.sla_started_at
    _target(ticket, "resolution", policy, policy.resolution_minutes, start, min(resolved, stood), closed)
    if ticket.reopened_at:
        ticket.first_response_warned_at = ticket.first_response_breached_at = None
    sla.stamp(ticket)


def _target(
    ticket: Ticket, name: str, policy: SlaPolicy, minutes: int, start: datetime, met: datetime, pauses: list[Pause]
) -> None:
    """When the promise was due, and whether that or the warning came before `met`."""
    calendar = sla.calendar_of(policy, ticket.department)
    due = add_working(calendar, start, minutes * 60, pauses=pauses)
    warn = add_working(calendar, start, minutes * 60 * policy.warn_percent // 100, pauses=pauses)
    setattr(ticket, f"{name}_due_at", due)
    setattr(ticket, f"{name}_warned_at", warn if warn < met else None)
    setattr(ticket, f"{name}_breached_at", due if due < met else None)


def _breaches(ticket: Ticket) -> Iterable[TicketEvent]:
    for name, label in (("first_response", "First response"), ("resolution", "Resolution")):
        if due := getattr(ticket, f"{name}_breached_at"):
            yield TicketEvent(
                ticket=ticket,
                kind="sla_breach",
                actor_name=SYSTEM.display_name,
                data={"target": label, "due": due.isoformat()},
                created_at=due,
                handled_at=due,
                next_attempt_at=due,
            )


__all__ = ["Replay", "Tale"]
