"""What one agent sets for themselves, and what is noted of their way through the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tickets.models import Preferences, Ticket, User, Viewed

_DAYS = 30  # so long it is remembered which tickets an agent had open


def set_preferences(*, by: User, **values: Any) -> Preferences:
    return Preferences.objects.update_or_create(user=by, defaults=values)[0]


def note_view(ticket: Ticket, *, by: User) -> None:
    """The agent has the ticket open. One statement; `forget_viewed` takes old ones away."""
    Viewed.objects.bulk_create(
        [Viewed(user=by, ticket=ticket, at=timezone.now())],
        update_conflicts=True,
        unique_fields=["user", "ticket"],
        update_fields=["at"],
    )


def forget_viewed() -> None:
    Viewed.objects.filter(at__lt=timezone.now() - timedelta(days=_DAYS)).delete()
