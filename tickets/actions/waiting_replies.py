"""A reply that waits for its time does not leave when the customer has written first."""

from __future__ import annotations

from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tickets import said
from tickets.compiled import Compiled
from tickets.events import record
from tickets.models import SYSTEM, Draft, Ticket
from tickets.pushes import push

_waiting = Compiled(lambda ticket: Draft.objects.filter(ticket=ticket, send_at__isnull=False).select_related("author"))


def listed_under(author: int) -> str:
    """The cache's key for what lists show of an agent's drafts."""
    return f"drafts:{author}"


def changed(author: int | None) -> None:
    """Lists read the agent's drafts anew after the commit."""
    if author:
        transaction.on_commit(lambda: cache.delete(listed_under(author)), robust=True)


def hold_scheduled(ticket: Ticket, now: datetime) -> None:
    """Inside the door of whoever wrote. The text stays a draft, and its writer is told."""
    for draft in _waiting.all(ticket.pk):
        hold(draft, now, said.keep(_("The customer has written meanwhile.")))


def hold(draft: Draft, now: datetime, why: str) -> None:
    """`why` as `said` keeps it."""
    draft.send_at, draft.held_reason, draft.changed_at = None, why, now
    draft.version += 1
    draft.save(update_fields=["send_at", "held_reason", "changed_at", "version"])
    changed(draft.author_id)
    record(draft.ticket, "schedule_held", by=SYSTEM, agent=draft.author.display_name, why=draft.held_reason)
    push(f"user:{draft.author_id}", "held", ticket=draft.ticket_id, number=draft.ticket.number)
