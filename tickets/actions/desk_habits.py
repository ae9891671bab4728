"""What one agent sets for themselves, and what is noted of their way through the desk."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tickets.models import Preferences, Ticket, User, Viewed

KEPT = 20  # tickets that were viewed, for each agent


def set_preferences(*, by: User, **values: Any) -> Preferences:
    return Preferences.objects.update_or_create(user=by, defaults=values)[0]


def note_view(ticket: Ticket, *, by: User) -> None:
    """The agent has the ticket open. One statement; old ones go when the list is read."""
    Viewed.objects.bulk_create(
        [Viewed(user=by, ticket=ticket, at=timezone.now())],
        update_conflicts=True,
        unique_fields=["user", "ticket"],
        update_fields=["at"],
    )
