"""Stretches in which a ticket's clock stands still: by a status that pauses, and by snoozing.

The two are rows of their own and may overlap. A status pauses until it changes; a snooze ends at a moment known from
the beginning, so the clock goes on at exactly that moment, also when no worker runs then.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tickets import said
from tickets.clock import Pause
from tickets.models import SlaPause, Ticket
from tickets.permissions import Actor


def pauses_of(ticket: Ticket) -> list[Pause]:
    if ticket.pk is None or ticket._state.adding:
        return []
    rows = SlaPause.objects.filter(ticket=ticket).values_list("started_at", "ended_at", "reason")
    return [(began, ended, reason) for began, ended, reason in rows]


def pause(ticket: Ticket, now: datetime, reason: str, by: Actor) -> None:
    """Stops the clock, for a reason as `said` keeps it; one that stands already stays stopped for its first reason."""
    begun = {"started_at": now, "reason": reason, "actor_name": by.display_name[:200]}
    SlaPause.objects.get_or_create(ticket=ticket, ended_at=None, defaults=begun)


def resume(ticket: Ticket, now: datetime) -> None:
    SlaPause.objects.filter(ticket=ticket, ended_at=None).update(ended_at=now)


def stop(ticket: Ticket, now: datetime) -> None:
    """Ends every pause, for a clock that stops for good."""
    resume(ticket, now)
    if _heeds_snooze(ticket):
        _follow_snooze(ticket, None, now)


def follow(ticket: Ticket, now: datetime, by: Actor) -> None:
    """Pauses or resumes as the ticket's present status and snooze say."""
    if ticket.status and ticket.status.pauses_sla and ticket.is_active:
        pause(ticket, now, ticket.status.label, by)
    else:
        resume(ticket, now)
    if _heeds_snooze(ticket):
        follow_snooze(ticket, now, by)


def follow_snooze(ticket: Ticket, now: datetime, by: Actor) -> None:
    """Also ends the pause when another policy, which does not heed snoozing, has come in between."""
    until = ticket.snoozed_until if _heeds_snooze(ticket) and ticket.is_active else None
    _follow_snooze(ticket, until if until and until > now else None, now, by)


def _heeds_snooze(ticket: Ticket) -> bool:
    return bool(ticket.sla_policy and ticket.sla_policy.pauses_on_snooze)


def _follow_snooze(ticket: Ticket, until: datetime | None, now: datetime, by: Actor | None = None) -> None:
    lasting = SlaPause.objects.filter(ticket=ticket, is_snooze=True, ended_at__gt=now)
    if lasting.update(ended_at=until or now) or until is None or by is None:
        return
    SlaPause.objects.create(
        ticket=ticket, started_at=now, ended_at=until, is_snooze=True, reason=said.keep(_("Snoozed")),
        actor_name=by.display_name[:200],
    )  # fmt: skip
