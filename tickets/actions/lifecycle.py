"""From the first work to the archive: the verbs that move a ticket through its states."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from tickets import kept, pausing, sla
from tickets.actions.checklist import check_all_done
from tickets.actions.conversation import reply
from tickets.actions.door import opened
from tickets.actions.effects import bring_back, claim, save_state
from tickets.actions.fields import require_answers
from tickets.actions.intake import open_ticket
from tickets.events import record
from tickets.models import SYSTEM, Ticket
from tickets.permissions import Actor
from tickets.states import State


def start(ticket: Ticket, *, by: Actor) -> Ticket:
    """An agent starts work, and claims the ticket when nobody has it."""
    with opened("start", ticket, by) as (fresh, now):
        claim(fresh, by)
        fresh.begin_work()
        sla.follow_status(fresh, now, by)
        fresh.save(update_fields=["state", "status", "assignee", "updated_at", *sla.STAMPED])
        record(fresh, "started", by=by)
    return fresh


def resolve(ticket: Ticket, *, by: Actor, body: str = "", nonce: uuid.UUID | None = None) -> Ticket:
    """The solution is given; the requester is asked to confirm. `body`, if any, is sent as a reply with it."""
    with transaction.atomic():
        if body.strip():
            reply(ticket, by=by, body=body, nonce=nonce)
        with opened("resolve", ticket, by) as (fresh, now):
            require_answers(fresh)
            check_all_done(fresh)
            owed = kept.owed(fresh)
            claim(fresh, by)
            fresh.settle(now)
            fresh.auto_close_at = now + timedelta(days=fresh.department.auto_close_days)
            _meet_first_response(fresh, now)
            _stop_clock(fresh, now)
            save_state(fresh, "assignee", "first_response_at")
            kept.keep(fresh, owed, now)
            record(fresh, "resolved", by=by)
    return fresh


def confirm(ticket: Ticket, *, by: Actor) -> Ticket:
    """The requester says that it is solved."""
    with opened("confirm", ticket, by) as (fresh, now):
        fresh.shut(now)
        _stop_clock(fresh, now)
        save_state(fresh)
        record(fresh, "confirmed", by=by)
    return fresh


def close(ticket: Ticket, *, by: Actor) -> Ticket:
    """Closes without waiting for the customer, or because the customer says that it is over; read-only from here on."""
    with opened("close", ticket, by) as (fresh, now):
        # When it was resolved they were asked for; a customer does not see what agents still have to answer.
        if fresh.state != State.RESOLVED and fresh.requester_id != by.pk:
            require_answers(fresh)
        check_all_done(fresh)
        _close(fresh, now)
        record(fresh, "closed", by=by)
    return fresh


def close_quiet(ticket: Ticket) -> Ticket | None:
    """Closes a resolved ticket whose quiet days are over; None when that is no longer true. Safe to run twice."""
    with opened("close", ticket, SYSTEM) as (fresh, now):
        if fresh.state != State.RESOLVED or fresh.auto_close_at is None or fresh.auto_close_at > now:
            return None
        _close(fresh, now)
        record(fresh, "closed_quiet", by=SYSTEM, days=fresh.department.auto_close_days)
    return fresh


def _close(ticket: Ticket, now: datetime) -> None:
    owed = kept.owed(ticket)
    ticket.shut(now)
    _stop_clock(ticket, now)
    save_state(ticket)
    kept.keep(ticket, [one for one in owed if one.name == "resolution"], now)
    kept.give_up(ticket, [one for one in owed if one.name != "resolution"], now)


def reopen(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """Brings a resolved or closed ticket back to its last assignee, the SLA clock starting anew."""
    with opened("reopen", ticket, by) as (fresh, now):
        bring_back(fresh, by, now)
        record(fresh, "reopened", by=by, reason=reason)
    return fresh


def archive(ticket: Ticket, *, by: Actor) -> Ticket:
    """Takes a closed ticket out of the views; found again by `is:archived`."""
    with opened("archive", ticket, by) as (fresh, now):
        fresh.archived_at = now
        fresh.save(update_fields=["archived_at", "updated_at"])
        record(fresh, "archived", by=by)
    return fresh


def unarchive(ticket: Ticket, *, by: Actor) -> Ticket:
    with opened("unarchive", ticket, by) as (fresh, _now):
        fresh.archived_at = None
        fresh.save(update_fields=["archived_at", "updated_at"])
        record(fresh, "unarchived", by=by)
    return fresh


def trash(ticket: Ticket, *, by: Actor) -> Ticket:
    """Out of everybody's sight; erased for good after the days set for the desk. For spam and erasure only."""
    with opened("trash", ticket, by) as (fresh, now):
        fresh.deleted_at, fresh.snoozed_until = now, None
        sla.stamp(fresh)
        fresh.save(update_fields=["deleted_at", "snoozed_until", "updated_at", *sla.STAMPED])
        record(fresh, "trashed", by=by)
    return fresh


def restore(ticket: Ticket, *, by: Actor) -> Ticket:
    with opened("restore", ticket, by) as (fresh, _now):
        fresh.deleted_at = None
        sla.stamp(fresh)
        fresh.save(update_fields=["deleted_at", "updated_at", *sla.STAMPED])
        record(fresh, "restored", by=by)
    return fresh


def _meet_first_response(ticket: Ticket, now: datetime) -> None:
    ticket.first_response_at = ticket.first_response_at or now


def _stop_clock(ticket: Ticket, now: datetime) -> None:
    pausing.stop(ticket, now)
    sla.stamp(ticket)


__all__ = [
    "archive",
    "close",
    "close_quiet",
    "confirm",
    "open_ticket",
    "reopen",
    "resolve",
    "restore",
    "start",
    "trash",
    "unarchive",
]
