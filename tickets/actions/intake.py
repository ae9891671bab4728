"""Where tickets begin: routed, numbered, with their first message and a running clock."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import absences, permissions, saving, sla
from tickets import fields as asked
from tickets.actions.filtering import Sifted, sift, write_tags
from tickets.actions.writing import Upload, check_text, draft, keep
from tickets.events import record
from tickets.models import SYSTEM, Department, Desk, FormVersion, HelpTopic, Message, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Filtered, Invalid, NoDepartment, NotAllowed
from tickets.states import Priority, Source

_TRIES = 20


def open_ticket(
    *,
    by: Actor,
    requester: User,
    subject: str,
    body: str,
    source: str,
    help_topic: HelpTopic | None = None,
    department: Department | None = None,
    priority: int | None = None,
    attachments: Sequence[Upload] = (),
    nonce: uuid.UUID | None = None,
    follow_up_of: Ticket | None = None,
    auto_response: bool = True,
    is_released: bool = False,
    fields: Mapping[str, Any] | None = None,
    complete: bool = True,
    form: FormVersion | None = None,
    **message: Any,
) -> Ticket:
    """Opens a ticket with its first message, routed by help topic, its SLA clock running.

    `fields` are the answers to the topic's form, or to `form` where the caller has it already; None, or `complete` off,
    where nobody could be asked, as in a mail: then nothing is required.

    `by` is the requester, an agent on their behalf or SYSTEM. The same `nonce` again returns the ticket it opened.
    Filters shape the ticket first, and may refuse it unless it `is_released` by an agent who has looked at it.
    `message` may give `html`, `folded`, `is_machine` as for `conversation.receive`. Raises Invalid, NotAllowed,
    Filtered.
    """
    subject = check_text("subject", subject, 255)
    if nonce and (known := Ticket.objects.filter(nonce=nonce).first()):
        return known
    ticket = Ticket(
        subject=subject, source=source, requester=requester, requester_name=requester.display_name,
        nonce=nonce, follow_up_of=follow_up_of, **_route(help_topic, department, priority),
    )  # fmt: skip
    ticket.form_version = form or asked.form_for(help_topic)
    ticket.fields = _answers(ticket.form_version, fields, inside=by != requester, complete=complete)
    if by != requester and not permissions.can_open_for(by, ticket.department_id):
        raise NotAllowed(_("You are not allowed to open tickets for others in this department."))
    now = timezone.now()
    ticket.created_at = ticket.updated_at = now
    try:
        sifted = sift(
            ticket, by=by, body=body, message=message, attachments=attachments, now=now, may_reject=not is_released
        )
    except Filtered as refusal:
        refusal.sifted.write_down(None)
        raise
    auto_response = auto_response and (sifted is None or sifted.auto_response)
    try:
        return _open(ticket, by, requester, body, source, attachments, auto_response, message, sifted)
    except IntegrityError:
        if nonce and (known := Ticket.objects.filter(nonce=nonce).first()):  # the other of two equal posts won
            return known
        raise


@transaction.atomic
def _open(
    ticket: Ticket, by: Actor, requester: User, body: str, source: str, attachments: Sequence[Upload],
    auto_response: bool, message: dict[str, Any], sifted: Sifted | None,
) -> Ticket:  # fmt: skip
    now = ticket.created_at
    sla.start(ticket, now)
    first = draft(
        ticket, Message.Kind.CUSTOMER, requester, body, now, source=source, attachments=attachments, **message
    )
    _insert_with_number(ticket)
    first.ticket = ticket  # which has its key only now
    keep(first, attachments)
    ticket.first_message = first
    event = record(
        ticket, "opened", by=by, message=first, name="" if isinstance(by, User) else requester.display_name,
        source=Source(source).label, department=ticket.department.name, auto_response=auto_response,
    )  # fmt: skip
    if sifted is not None:
        write_tags(ticket)
        sifted.write_down(ticket, event)
    if ticket.assignee_id or ticket.team_id:
        _hand_over_at_intake(ticket)
    return ticket


def _answers(
    form: FormVersion | None, given: Mapping[str, Any] | None, *, inside: bool, complete: bool
) -> dict[str, Any]:
    """What of the answers is kept. Raises Invalid with `fields.KEY` for each that will not do."""
    items = form.items if form else []
    checked = asked.check(items, given or {}, inside=inside, complete=complete and given is not None)
    errors = checked.refusals()
    for key in set(given or ()) - set(asked.by_key(items)):
        errors |= asked.unknown(key)
    if errors:
        raise Invalid(**errors)
    return checked.values


def _route(topic: HelpTopic | None, department: Department | None, priority: int | None) -> dict[str, Any]:
    """Help topic decides; what the caller names explicitly wins over it."""
    department = department or (topic.department if topic else None) or default_department()
    if priority is None:
        priority = topic.priority if topic else Priority.NORMAL
    routed: dict[str, Any] = {"department": department, "help_topic": topic, "priority": priority}
    if topic and topic.department_id == department.pk:
        routed["assignee"] = absences.on_duty(topic.assignee, department.pk) if topic.assignee_id else None
        routed["team"] = topic.team if topic.team and topic.team.is_enabled else None
    return routed


def default_department() -> Department:
    """Where a request goes that names nothing. Raises NoDepartment while there is none."""
    department = Desk.current().default_department or Department.objects.order_by("pk").first()
    if department is None:
        raise NoDepartment(department=_("This desk has no department yet. An admin has to add one first."))
    return department


def _hand_over_at_intake(ticket: Ticket) -> None:
    """A topic that names an agent or a team takes the ticket up at once."""
    ticket.take_up()
    saving.update(ticket, "state", "status", "updated_at")
    if ticket.assignee:
        record(ticket, "assigned", by=SYSTEM, agent=ticket.assignee.display_name, agent_id=ticket.assignee_id)
    elif ticket.team:
        record(ticket, "team_changed", by=SYSTEM, team=ticket.team.name, team_id=ticket.team_id)


def _insert_with_number(ticket: Ticket) -> None:
    """Inserts under a free random number; the unique index decides, a taken number is drawn again."""
    pattern = Desk.current().number_format
    for attempt in range(_TRIES):
        ticket.number = draw_number(pattern + "#" * (attempt // 5))
        if saving.inserted(ticket):
            return
        if ticket.nonce and Ticket.objects.filter(nonce=ticket.nonce).exists():
            raise IntegrityError("nonce")
    raise RuntimeError("no free ticket number: make the number format longer")


def draw_number(pattern: str) -> str:
    """`pattern` with each # replaced by a random digit, the first of them never 0."""
    digits = iter([str(secrets.randbelow(9) + 1)] + [str(secrets.randbelow(10)) for _ in pattern])
    return "".join(next(digits) if sign == "#" else sign for sign in pattern)
