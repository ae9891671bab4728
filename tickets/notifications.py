"""Who hears of what, by mail. One table; every row of it is an event kind, an audience and a template.

Handling an event twice sends nothing twice: the event's row is locked while its mails are queued, and the outbox has
a unique key over event, recipient and template.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Upper
from django.utils import timezone

from tickets import absences, notices, outbox, permissions
from tickets.actions import rating
from tickets.automation import running
from tickets.compiled import Change, Compiled
from tickets.mail import automatic, outbound
from tickets.models import CustomerMail, Desk, Mailbox, Permission, Ticket, TicketEvent, User
from tickets.states import State

log = logging.getLogger(__name__)

MOST_AGENTS = 20
_BATCH = 200
_GRACE = timedelta(seconds=10)
_LONGEST_DELAY = timedelta(hours=1)
_SAME_MOMENT = timedelta(seconds=5)

_unhandled = Compiled(
    lambda pk: TicketEvent.objects.unhandled().select_for_update(skip_locked=True).filter(pk=pk).order_by()
)
_with_related = Compiled(
    lambda pk: Ticket.objects.select_related("department__mailbox", "help_topic", "requester").filter(pk=pk)
)
_own_mailbox = Compiled(
    lambda email: Mailbox.objects.annotate(upper=Upper("address")).filter(upper=Upper(email)).values_list("pk")[:1]
)
_mark_handled = Change(lambda pk, now: (TicketEvent.objects.filter(pk=pk), {"handled_at": now}))


@dataclass(frozen=True)
class Notice:
    """`audience` names who gets the mail whose template is `template`; `quotes` mails show the event's message; one
    that `follows` leaves after the replies that are still held back; what goes `to_customer` keeps to the limits of
    automatic mail, later if need be."""

    audience: Callable[[TicketEvent], Iterable[User]]
    template: str
    quotes: bool = False
    follows: bool = False
    to_customer: bool = False
    context: Callable[[TicketEvent], dict[str, Any]] = lambda event: {}


def handle(pk: int) -> None:
    """Queues the mails of one event and sends them at once. Safe to call again at any time and from many workers."""
    try:
        with transaction.atomic():
            event = _locked(pk)
            if event is None:
                return
            running.on_event(event)
            queued = _queue(event)
            _mark_handled(pk, timezone.now())
    except Exception:
        log.exception("event %s could not be handled", pk)
        _try_later(pk)
        return
    _send(queued)


def _send(queued: list[int]) -> None:
    """What cannot be sent now waits in the outbox for its sweep, and holds up neither this event nor the next."""
    try:
        for pk in queued:
            if outbound.deliver(pk) is False:  # nothing answers: the rest would only wait as well
                return
    except Exception:
        log.exception("mails %s could not be sent at once", queued)


def _queue(event: TicketEvent) -> list[int]:
    """Writes the event's mails into the outbox and returns their keys."""
    told = NOTICES.get(event.kind, ())
    if not told:
        return []
    event.ticket = _ticket(event)
    if event.ticket.deleted_at:  # most of what is there is spam
        return []
    queued = [
        outbox.enqueue(
            notice.template, event.ticket, person, event=event, nudge=False,
            message=event.message if notice.quotes else None,
            not_before=_later(_not_before(event, notice, person), later), **notice.context(event),
        )
        for notice in told
        for person, later in notices.tell(event, notice.template, notice.audience(event))
    ]  # fmt: skip
    return [pk for pk in queued if pk is not None]


def _not_before(event: TicketEvent, notice: Notice, person: User) -> datetime | None:
    """After the replies it follows, when the deed is not taken back by then, and when the limits of automatic mail
    allow it."""
    held = _later(outbox.held_until(event.ticket), _settled(event)) if notice.follows else None
    if not notice.to_customer:
        return held
    wait = automatic.wait_after_deed(person.email, event.ticket)
    return _later(held, timezone.now() + timedelta(seconds=wait) if wait else None)


def _settled(event: TicketEvent) -> datetime | None:
    """When an agent's deed has stood for as long as a reply can be taken back; None when it has. Of what is undone at
    once the customer never hears. The setting is read anew: changed, it holds from the next deed on."""
    if event.actor_id is None or event.actor_id == event.ticket.requester_id:
        return None
    seconds = Desk.objects.values_list("undo_seconds", flat=True).first() or 0
    moment = event.created_at + timedelta(seconds=seconds)
    return moment if moment > timezone.now() else None


def _later(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def sweep() -> int:
    """Handles the events whose nudge was lost."""
    due = TicketEvent.objects.unhandled().filter(next_attempt_at__lte=timezone.now() - _GRACE)
    pks = list(due.order_by("next_attempt_at").values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        handle(pk)
    return len(pks)


def _locked(pk: int) -> TicketEvent | None:
    return _unhandled.first(pk)


def _ticket(event: TicketEvent) -> Ticket:
    """With what most audiences ask for. All of it joined to the event takes PostgreSQL longer to plan than to read."""
    return _with_related.get(event.ticket_id)


def _try_later(pk: int) -> None:
    event = TicketEvent.objects.unhandled().filter(pk=pk).first()
    if event is not None:
        delay = min(timedelta(seconds=30 * 2 ** min(event.attempts, 10)), _LONGEST_DELAY)
        event.attempts, event.next_attempt_at = event.attempts + 1, timezone.now() + delay
        event.save(update_fields=["attempts", "next_attempt_at"])


def _requester(event: TicketEvent) -> list[User]:
    person = event.ticket.requester
    return [person] if person.takes_automatic_mail else []


def _asked_to_confirm(event: TicketEvent) -> list[User]:
    """The requester, if there still is something to confirm: an event may be handled late."""
    return _unless_muted(event, CustomerMail.CONFIRMATION) if event.ticket.state == State.RESOLVED else []


def _told_of_closing(event: TicketEvent) -> list[User]:
    return _unless_muted(event, CustomerMail.CLOSED) if event.ticket.state == State.CLOSED else []


def _unless_muted(event: TicketEvent, kind: str) -> list[User]:
    wanting = [person for person in _requester(event) if kind not in person.declined_mail]
    return [person for person in wanting if not event.ticket.muted.filter(user=person).exists()]


def _told_of_arrival(event: TicketEvent) -> list[User]:
    """The requester, unless switched off, answered by machine anyway, or written to too often: an auto-response is
    the only mail that a stranger can make us send to anybody."""
    ticket = event.ticket
    topic = ticket.help_topic
    wanted = event.data.get("auto_response", True) and ticket.department.auto_response
    if not wanted or (topic and not topic.auto_response):
        return []
    people = [person for person in _requester(event) if CustomerMail.AUTO_RESPONSE not in person.declined_mail]
    if not people or _own_mailbox.first(people[0].email):
        return []
    return [] if automatic.wait_for(people[0].email, ticket) else people


def _assignee(event: TicketEvent) -> list[User]:
    return _agents(event, [event.ticket.assignee])


def _is_taken(ticket: Ticket) -> bool:
    """Whether an agent has it who still works here: else others have to hear of it."""
    return bool(ticket.assignee and ticket.assignee.is_active and ticket.assignee.is_agent)


def _assignee_or_team(event: TicketEvent) -> list[User]:
    ticket = event.ticket
    if _is_taken(ticket):
        return _assignee(event)
    if ticket.team:
        return _team(event)
    return _department(event) if ticket.assignee_id else []


def _team(event: TicketEvent) -> list[User]:
    """The members of the team while none of them has taken the ticket."""
    ticket = event.ticket
    if ticket.team is None or _is_taken(ticket):
        return []
    return _agents(event, ticket.team.members.filter(is_agent=True, is_active=True)[:MOST_AGENTS])


def _on_reopening(event: TicketEvent) -> list[User]:
    """Nobody when the customer's message reopened it: that message is told of by itself."""
    same = TicketEvent.objects.filter(ticket=event.ticket_id, kind="received", actor=event.actor_id, pk__gt=event.pk)
    return [] if same.filter(created_at__lte=event.created_at + _SAME_MOMENT).exists() else _assignee_or_team(event)


def _assignee_or_department(event: TicketEvent) -> list[User]:
    return _assignee(event) if _is_taken(event.ticket) else _department(event)


def _department(event: TicketEvent) -> list[User]:
    answering = User.objects.agents().filter(
        memberships__department=event.ticket.department_id, memberships__role__permissions__contains=[Permission.REPLY]
    )
    return _agents(event, answering[:MOST_AGENTS])


def _told_of_deadline(event: TicketEvent) -> list[User]:
    """Whom the level of the policy names; the policy's own warning goes to those who hear of a breach."""
    tells = event.data.get("tells")
    if tells is None:
        return _assignee_or_department(event)
    return _TOLD[tells](event) if tells else []


def _whole_team(event: TicketEvent) -> list[User]:
    team = event.ticket.team
    return _agents(event, team.members.filter(is_agent=True, is_active=True)[:MOST_AGENTS]) if team else []


def _mentioned(event: TicketEvent) -> list[User]:
    """Only who still reads notes there: the mail quotes one."""
    named = _agents(event, User.objects.agents().filter(pk__in=event.data["agent_ids"]))
    return [person for person in named if permissions.is_inside(person, event.ticket)]


def _named_agent(event: TicketEvent) -> list[User]:
    return _agents(event, User.objects.agents().filter(pk=event.data.get("agent_id")))


def _answered_by_machine(event: TicketEvent) -> list[User]:
    """The requester, within the limits of automatic mail, and never a mailbox of the desk itself."""
    people = _requester(event)
    if not people or _own_mailbox.first(people[0].email):
        return []
    return [] if automatic.wait_for(people[0].email, event.ticket) else people


def _asked_to_rate(event: TicketEvent) -> list[User]:
    """The requester, if it is still closed and not rated meanwhile."""
    return [] if rating.of(event.ticket) is not None else _told_of_closing(event)


def _told_by_rule(event: TicketEvent) -> list[User]:
    to = event.data.get("tells", "")
    return _answered_by_machine(event) if to == "requester" else list(_TOLD[to](event)) if to in _TOLD else []


def _as_the_rule_says(event: TicketEvent) -> dict[str, Any]:
    return {"headline": event.data["subject"], "text": event.data["text"]}


_TOLD = {"assignee": _assignee, "team": _whole_team, "department": _department, "agent": _named_agent}


def _writer(event: TicketEvent) -> list[User]:
    author = event.message.author if event.message else None
    return _agents(event, [author if author and author.is_agent else event.ticket.assignee])


def _agents(event: TicketEvent, people: Iterable[User | None]) -> list[User]:
    """Those of them who may see the ticket, without the one who did it; for who is away, the delegate."""
    row, found = Ticket.objects.filter(pk=event.ticket_id), [person for person in people if person and person.is_active]
    instead = absences.stand_ins(found) if found else {}
    there = {person.pk: person for person in (instead.get(one.pk, one) for one in found)}
    return [person for person in there.values() if person.pk != event.actor_id and row.visible_to(person).exists()]


NOTICES: dict[str, tuple[Notice, ...]] = {
    "opened": (Notice(_told_of_arrival, "auto_response"),),
    # A ticket that arrives routed to an agent or a team has one of these two events right from the start.
    "assigned": (Notice(_assignee, "assigned"),),
    "team_changed": (Notice(_team, "team"),),
    "mentioned": (Notice(_mentioned, "mentioned", quotes=True),),
    "received": (Notice(_assignee_or_team, "received", quotes=True),),
    "unverified": (Notice(_assignee_or_department, "unverified", quotes=True),),
    "reopened": (Notice(_on_reopening, "reopened"),),
    "resolved": (Notice(_asked_to_confirm, "confirmation", follows=True, to_customer=True),),
    "closed": (Notice(_told_of_closing, "closed", follows=True, to_customer=True),),
    "closed_quiet": (Notice(_told_of_closing, "closed", to_customer=True),),
    "auto_replied": (Notice(_answered_by_machine, "auto_reply", quotes=True),),
    "rating_invited": (Notice(_asked_to_rate, "rating"),),
    "rule_mailed": (Notice(_told_by_rule, "rule_mail", context=_as_the_rule_says),),
    "sla_warning": (Notice(_told_of_deadline, "sla_warning"),),
    "sla_breach": (Notice(_assignee_or_department, "sla_breach"),),
    "sla_escalated": (Notice(_told_of_deadline, "sla_breach"),),
    "task_added": (Notice(_named_agent, "task"),),
    "task_changed": (Notice(_named_agent, "task"),),
    "task_due": (Notice(_named_agent, "task"),),
    "side_answered": (Notice(_assignee_or_department, "side_answered", quotes=True),),
    "woken_by_time": (Notice(_assignee_or_team, "woken"),),
    "mail_delayed": (Notice(_writer, "mail_delayed"),),
    "mail_failed": (Notice(_writer, "mail_failed"),),
}
