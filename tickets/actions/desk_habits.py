"""What one agent sets for themselves, and what is noted of their way through the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from tickets.compiled import Statement
from tickets.models import Preferences, Ticket, User, Viewed

_DAYS = 30  # so long it is remembered which tickets an agent had open


def set_preferences(*, by: User, **values: Any) -> Preferences:
    return Preferences.objects.update_or_create(user=by, defaults=values)[0]


_SEEN = Statement(
    "INSERT INTO tickets_viewed (user_id, ticket_id, at) VALUES (%s, %s, %s) "
    "ON CONFLICT (user_id, ticket_id) DO UPDATE SET at = EXCLUDED.at",
    3,
)


def note_view(ticket: Ticket, *, by: User) -> None:
    """The agent has the ticket open. One statement; `forget_viewed` takes old ones away."""
    with connection.cursor() as cursor:
        _SEEN.run(cursor, (by.pk, ticket.pk, timezone.now()))


def forget_viewed() -> None:
    Viewed.objects.filter(at__lt=timezone.now() - timedelta(days=_DAYS)).delete()
