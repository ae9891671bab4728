"""Tickets that the desk opens by itself on a schedule."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tickets import recurrence, wording
from tickets.actions.assignment import assign, hand_to_team
from tickets.actions.intake import open_ticket
from tickets.models import SYSTEM, RecurringTicket, Ticket
from tickets.refusals import Refused
from tickets.states import Source

log = logging.getLogger(__name__)
_NAMES = uuid.UUID("6f0b7c8e-6d0f-4a8e-9d6a-0f3c2b1a9e55")


def schedule(row: RecurringTicket) -> None:
    """Sets when it is due next, from now on; a row that is switched off is never due. Does not save."""
    row.next_at = recurrence.next_moment(row, timezone.now()) if row.is_enabled else None


def sweep_recurring() -> int:
    """Opens what is due. However long nobody looked, a schedule is made up for once, and goes on from now; whoever
    looks at the same moment finds the row locked and leaves it."""
    due = RecurringTicket.objects.filter(next_at__lte=timezone.now()).order_by("next_at").values_list("pk", flat=True)
    opened = 0
    for pk in list(due[:200]):
        try:
            opened += _open(pk)
        except Exception:
            log.exception("recurring ticket %s could not be opened", pk)
            _put_off(pk)
    return opened


@transaction.atomic
def _open(pk: int) -> int:
    now = timezone.now()
    rows = RecurringTicket.objects.select_for_update(of=("self",), skip_locked=True)
    row = rows.filter(pk=pk, is_enabled=True, next_at__lte=now).first()
    if row is None or row.next_at is None:
        return 0
    due, row.next_at = row.next_at, recurrence.next_moment(row, now)
    row.last_at, row.last_error, made = now, "", None
    try:
        with transaction.atomic():
            made = _ticket(row, due)
    except Refused as refusal:  # wrong in the same way next time: an admin has to see it, the others go on
        row.last_error = str(refusal)[:300]
    row.last_ticket = made or row.last_ticket
    row.save(update_fields=["next_at", "last_at", "last_error", "last_ticket"])
    return int(made is not None)


def _ticket(row: RecurringTicket, due: datetime) -> Ticket:
    draft = Ticket(
        requester=row.requester, requester_name=row.requester.display_name, department=row.department,
        help_topic=row.help_topic, assignee=row.assignee, team=row.team, priority=row.priority, subject=row.name,
    )  # fmt: skip
    values = wording.variables_of(draft, row.assignee)
    ticket = open_ticket(
        by=SYSTEM, requester=row.requester, subject=wording.render(row.subject, values),
        body=wording.render(row.body, values), source=Source.STAFF, help_topic=row.help_topic,
        department=row.department, priority=row.priority, auto_response=False,
        nonce=uuid.uuid5(_NAMES, f"{row.pk} {due.timestamp()}"),
    )  # fmt: skip
    if row.team and row.team.is_enabled:
        ticket = hand_to_team(ticket, by=SYSTEM, team=row.team)
    if row.assignee:
        ticket = assign(ticket, by=SYSTEM, agent=row.assignee)
    return ticket


def _put_off(pk: int) -> None:
    later = timezone.now() + timedelta(minutes=10)
    RecurringTicket.objects.filter(pk=pk, next_at__lte=timezone.now()).update(next_at=later)
