"""What the clock does. Every sweep takes due rows only, looks at the truth again under the row's lock, and may run
twice or late without doing anything twice; a ticket that raises is pushed away and does not hold up the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tickets import sla
from tickets.actions.escalation import fire
from tickets.actions.lifecycle import archive, close_quiet
from tickets.models import SYSTEM, Desk, IdempotencyKey, Limit, Ticket
from tickets.states import State

log = logging.getLogger(__name__)

_BATCH = 200
_MOST_AT_ONCE = 100


def sweep_sla() -> int:
    """Warns of and records breaches that are due; returns how many tickets were looked at."""
    due = Ticket.objects.filter(next_breach_at__lte=timezone.now()).order_by("next_breach_at")
    return _each(due.values_list("pk", flat=True)[:_BATCH], check_clock, sla.push_away)


def sweep_quiet() -> int:
    """Closes resolved tickets whose quiet days are over."""
    due = Ticket.objects.kept().filter(auto_close_at__lte=timezone.now(), state=State.RESOLVED)
    due = due.order_by("auto_close_at")
    return _each(due.values_list("pk", flat=True)[:_BATCH], _close_quiet, _push_closing)


def sweep_retention() -> int:
    """Archives old closed tickets, empties the trash, drops counters and answers nobody asks for any more."""
    now, desk = timezone.now(), Desk.current()
    old = Ticket.objects.filter(
        state=State.CLOSED,
        archived_at__isnull=True,
        deleted_at__isnull=True,
        closed_at__lte=now - timedelta(days=desk.archive_after_days),
    )
    done = _each(old.order_by("closed_at").values_list("pk", flat=True)[:_BATCH], _archive, lambda pk, now: None)
    Ticket.objects.filter(deleted_at__lte=now - timedelta(days=desk.trash_days)).delete()
    Limit.objects.filter(window_start__lte=now - timedelta(days=2)).delete()
    IdempotencyKey.objects.filter(created_at__lte=now - timedelta(days=2)).delete()
    return done


def _each(pks: object, act: Callable[[int], object], push: Callable[[int, datetime], object]) -> int:
    count = 0
    for pk in list(pks):  # type: ignore[call-overload]
        count += 1
        try:
            act(pk)
        except Ticket.DoesNotExist:
            continue
        except Exception:
            log.exception("the clock could not handle ticket %s", pk)
            push(pk, timezone.now())
    return count


def _close_quiet(pk: int) -> None:
    close_quiet(Ticket.objects.get(pk=pk))


def _push_closing(pk: int, now: datetime) -> None:
    Ticket.objects.filter(pk=pk).update(auto_close_at=now + timedelta(hours=1))


def _archive(pk: int) -> None:
    archive(Ticket.objects.get(pk=pk), by=SYSTEM)


def check_clock(pk: int) -> None:
    """Recomputes one ticket's deadlines and does each warning, breach and escalation that is really due, once and in
    order: also when it is looked at late, twice, or by two workers."""
    with transaction.atomic():
        ticket = _take(pk)
        if ticket is None:  # somebody works on it right now, and stamps it when done
            return
        now = timezone.now()
        for _time in range(_MOST_AT_ONCE):
            waiting = _due(ticket, now)
            if waiting is None:
                break
            ticket = fire(ticket, *waiting, now)
        sla.stamp(ticket)
        ticket.save(update_fields=sla.STAMPED)


def _take(pk: int) -> Ticket | None:
    rows = Ticket.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.select_related("sla_policy", "status", "department", "help_topic").filter(pk=pk).first()


def _due(ticket: Ticket, now: datetime) -> tuple[sla.Target, sla.Moment] | None:
    """The first thing that is due; looked for anew after each, since what was done may move the others."""
    done = sla.fired(ticket)
    waiting = [
        (moment.order, target, moment)
        for target in sla.live_targets(ticket, done)
        for moment in sla.left(ticket, target, done)
        if moment.at <= now
    ]
    if not waiting:
        return None
    _order, target, moment = min(waiting, key=lambda one: one[0])
    return target, moment


__all__ = ["check_clock", "sweep_quiet", "sweep_retention", "sweep_sla"]
