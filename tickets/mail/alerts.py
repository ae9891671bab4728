"""Trouble with mail that only an admin can end, told to all admins by mail."""

from __future__ import annotations

from typing import Any

from tickets import limits, outbox
from tickets.models import User

MOST_ADMINS = 20


def tell_admins(kind: str, about: str = "", **context: Any) -> None:
    """Queues a mail of this kind to every admin; at most once a day for each `about`, if it is given."""
    if about and limits.hit(f"alert:{kind}:{about}", [(1, limits.DAY)]):
        return
    for admin in User.objects.filter(is_superuser=True, is_active=True).order_by("pk")[:MOST_ADMINS]:
        outbox.enqueue(kind, None, admin, **context)
