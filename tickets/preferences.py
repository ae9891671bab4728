"""How an agent likes to work; whoever never chose gets what everybody gets."""

from __future__ import annotations

from tickets.models import Preferences, User


def of(user: User) -> Preferences:
    """Not saved when there was none."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)
