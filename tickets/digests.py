"""Notices that agents get together in one mail."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tickets import outbox, reading
from tickets.events import sentence
from tickets.models import Notice, Ticket, User

log = logging.getLogger(__name__)
MOST = 50
_BATCH = 200


def sweep() -> int:
    """Mails the digests that are due; each notice goes out once, however many workers sweep."""
    due = Notice.objects.filter(mail_at__lte=timezone.now()).order_by().values_list("user", flat=True).distinct()
    sent = 0
    for pk in list(due[:_BATCH]):
        try:
            sent += _mail(pk)
        except Exception:
            log.exception("the digest of person %s could not be written", pk)
            Notice.objects.filter(user=pk, mail_at__lte=timezone.now()).update(mail_at=None)
    return sent


@transaction.atomic
def _mail(pk: int) -> int:
    rows = Notice.objects.select_for_update(skip_locked=True).filter(user=pk, mail_at__lte=timezone.now())
    found = list(rows.order_by("pk"))
    Notice.objects.filter(pk__in=[row.pk for row in found]).update(mail_at=None)
    user = User.objects.filter(pk=pk, is_active=True, is_agent=True).first()
    unread = [row.event_id for row in found if row.read_at is None or not row.is_shown]
    lines = _lines(user, unread) if user and unread else []
    if user is None or not lines:
        return 0
    outbox.enqueue("digest", None, user, lines=lines[:MOST], count=len(lines), more=max(0, len(lines) - MOST))
    return 1


def _lines(user: User, events: list[int]) -> list[dict[str, str]]:
    known = Ticket.objects.visible_to(user).order_by().values("pk")
    rows = Notice.objects.filter(user=user, event__in=events, event__ticket__in=known)
    with reading.read_by(user):
        return [
            {
                "number": row.event.ticket.number,
                "subject": row.event.ticket.subject,
                "text": sentence(row.event),
                "url": settings.BASE_URL + reverse("staff:ticket", args=[row.event.ticket.number]),
            }
            for row in rows.select_related("event__ticket").order_by("pk")
        ]
