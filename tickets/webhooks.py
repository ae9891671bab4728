"""Calls to public addresses, each written down before it is made: signed, tried again, told apart by its key.

Signed as the Standard Webhooks specification says: HMAC-SHA256 over "id.timestamp.body" in `webhook-signature`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tickets import outward, secrets
from tickets.models import Ticket, Webhook, WebhookDelivery
from tickets.tasks import call_webhook

log = logging.getLogger(__name__)

DELAYS = [timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 18000, 36000, 28800)]
_LEASE = timedelta(seconds=60)
_BATCH = 100
State = WebhookDelivery.State


def enqueue(webhook: Webhook, ticket: Ticket, body: str) -> WebhookDelivery:
    """Written in the caller's transaction; a worker is told after the commit."""
    row = WebhookDelivery.objects.create(webhook=webhook, ticket=ticket, body=body)
    # not a partial: Django names a failed hook by __qualname__, which partials lack
    transaction.on_commit(lambda: call_webhook.delay(row.pk), robust=True)
    return row


def call(pk: int) -> None:
    """Makes one call if it is due and nobody else makes it. Safe to call at any time from many workers."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(pk=pk, state=State.QUEUED, next_attempt_at__lte=now)
    if not due.update(next_attempt_at=now + _LEASE):
        return
    row = WebhookDelivery.objects.select_related("webhook").get(pk=pk)
    try:
        row.last_status, row.last_error = _post(row), ""
    except (outward.Unreachable, OSError, http.client.HTTPException, secrets.Unreadable) as error:
        row.last_status, row.last_error = None, str(error)[:300]
    _settle(row)


def _settle(row: WebhookDelivery) -> None:
    """Any answer from 200 to 299 is good. Everything else is tried again, for a day."""
    row.attempts += 1
    now = timezone.now()
    if row.last_status and 200 <= row.last_status < 300:
        row.state, row.sent_at, row.next_attempt_at = State.SENT, now, None
    elif row.attempts > len(DELAYS) or not row.webhook.is_enabled:
        row.state, row.next_attempt_at = State.FAILED, None
    else:
        row.next_attempt_at = now + DELAYS[row.attempts - 1]
    row.save(update_fields=["attempts", "state", "sent_at", "next_attempt_at", "last_status", "last_error"])


def _post(row: WebhookDelivery) -> int:
    body, stamp = row.body.encode(), str(int(timezone.now().timestamp()))
    headers = {
        "Content-Type": "application/json", "User-Agent": "helpdesk",
        "webhook-id": str(row.key), "webhook-timestamp": stamp,
    }  # fmt: skip
    if row.webhook.sealed_secret:
        headers["webhook-signature"] = signature(secrets.unseal(row.webhook.sealed_secret), str(row.key), stamp, body)
    return outward.post(row.webhook.url, body, headers)


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    mac = hmac.new(secret.encode(), f"{key}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def sweep() -> int:
    """Makes the calls whose nudge was lost, second attempts, and those that a worker left when it died."""
    due = WebhookDelivery.objects.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at")
    pks = list(due.values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        call(pk)
    return len(pks)
