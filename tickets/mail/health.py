"""Which relays are left alone for now. A relay that does not answer is paused after five tries in a row; one that does
not take our mail at all (sign-in, TLS, relaying) at once. Each pause is longer than the one before, the first success
ends the matter. Kept in PostgreSQL, so all workers know.
"""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from tickets.mail import alerts
from tickets.models import RelayHealth

log = logging.getLogger(__name__)

MOST_FAILURES = 5
_SILENT = (timedelta(minutes=1), timedelta(minutes=15))  # the first pause, the longest
_REFUSED = (timedelta(minutes=5), timedelta(hours=1))
# Most of the time no relay has a row, and no mail should have to ask.
_SECONDS = 1.0
_remembered: tuple[float, dict[str, RelayHealth]] | None = None


def forget() -> None:
    global _remembered
    _remembered = None


def _troubled() -> dict[str, RelayHealth]:
    global _remembered
    if _remembered is None or _remembered[0] < time.monotonic():
        _remembered = (time.monotonic() + _SECONDS, {row.key: row for row in RelayHealth.objects.all()})
    return _remembered[1]


def pause_of(key: str, now: datetime | None = None) -> RelayHealth | None:
    """The row of a relay that is paused now. What another process wrote is seen a second later."""
    row = _troubled().get(key)
    return row if row and row.paused_until and row.paused_until > (now or timezone.now()) else None


def paused() -> list[RelayHealth]:
    now = timezone.now()
    return [row for row in _troubled().values() if row.paused_until and row.paused_until > now]


def answered(key: str) -> None:
    if key in _troubled():
        RelayHealth.objects.filter(key=key).delete()
        forget()


def clear(key: str) -> None:
    """Forgets what was wrong with the relay."""
    RelayHealth.objects.filter(key=key).delete()
    forget()


def failed(key: str, why: str, *, is_refusal: bool = False) -> None:
    """Counts a failure; pauses the relay when it is one too many, or a refusal of us."""
    with transaction.atomic():
        RelayHealth.objects.bulk_create([RelayHealth(key=key)], ignore_conflicts=True)
        row = RelayHealth.objects.select_for_update().get(key=key)
        row.failures = min(row.failures + 1, 1000)
        row.reason, row.is_refused = why[:1000].replace("\0", ""), is_refusal
        now = timezone.now()
        if (is_refusal or row.failures >= MOST_FAILURES) and not (row.paused_until and row.paused_until > now):
            first, longest = _REFUSED if is_refusal else _SILENT
            length = min(first * 2 ** min(row.pauses, 10), longest)
            row.paused_until = now + length * random.uniform(1, 1.1)  # noqa: S311 - spreads the tries
            row.pauses = min(row.pauses + 1, 1000)
            if is_refusal:  # comes by another relay, or after the repair
                alerts.tell_admins("relay_refused", key, why=row.reason)
            log.error("mail relay %s is left alone until %s: %s", key, row.paused_until, row.reason)
        row.save()
    forget()
