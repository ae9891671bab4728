"""The one place that sends mail. A row of the outbox is claimed, its bytes are fixed, then they are handed over.

Between the relay's "250" and our commit lies the one moment in which a crash leaves us not knowing. Such a mail is
sent again with identical bytes and Message-ID and marked as uncertain: nothing is lost, and receivers can fold it.
"""

from __future__ import annotations

import logging
import os
import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from tickets import blobs, saving, tasks
from tickets.compiled import Change, Compiled
from tickets.events import record
from tickets.mail import automatic, bounces, health, letters, relay, routes
from tickets.mail.compose import UnsafeHeader
from tickets.mail.lanes import lane
from tickets.mail.relay import Kind, Route, Trouble
from tickets.models import SYSTEM, OutboundEmail, RelayHealth
from tickets.pushes import push

log = logging.getLogger(__name__)

State = OutboundEmail.State
# A dead worker's mail is found when its lease has run out and the next sweep begins: within 45 seconds.
LEASE = timedelta(seconds=25)
_RENEW_AFTER = 7.0  # seconds; with the longest wait of the relay's socket well below the lease
DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
HOURLY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)
LATE_AFTER = timedelta(hours=4)
_NO_ROOM = timedelta(seconds=2)
_POLICY_TRIES = 3
_BATCH = 200
_SWEEP_SECONDS = 10.0
_WAITING = (State.QUEUED, State.RETRY)

_to_send = Compiled(
    lambda pk, now: (
        OutboundEmail.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("ticket", "user", "mailbox")  # more joins take longer to plan than to read one by one
        .filter(pk=pk, next_attempt_at__lte=now, state__in=[*_WAITING, State.SENDING])
        .order_by()
    )
)
_mark_sent = Change(
    lambda pk, now: (
        OutboundEmail.objects.filter(pk=pk),
        {"state": State.SENT, "sent_at": now, "next_attempt_at": None, "lease_until": None, "last_code": 250},
    )
)


class Lost(Exception):
    """Another worker has the mail now: this one was away for longer than its lease."""


@dataclass(slots=True)
class _Claim:
    row: OutboundEmail
    raw: bytes
    route: Route | None  # None: a file
    renewed_at: float

    def keep(self) -> None:
        """Renews the lease when it is time to. Raises Lost."""
        if time.monotonic() - self.renewed_at < _RENEW_AFTER:
            return
        until = timezone.now() + LEASE
        mine = OutboundEmail.objects.filter(pk=self.row.pk, lease_until=self.row.lease_until)
        if not mine.update(lease_until=until, next_attempt_at=until):
            raise Lost
        self.row.lease_until, self.renewed_at = until, time.monotonic()


def deliver(pk: int) -> bool:
    """Sends one mail if it is due and nobody else is sending it. Safe to call at any time from many workers.

    False when nothing answered where the mail should have gone: then others need not be tried right now.
    """
    with ExitStack() as held:
        try:
            claim = _claim(pk, held)
        except UnsafeHeader as error:
            _fail(OutboundEmail.objects.get(pk=pk), Trouble(str(error)))
            return True
        except Exception as error:
            log.exception("mail %s could not be written", pk)
            _not_claimed(pk, error)
            return True
        if isinstance(claim, bool):
            return claim
        try:
            _hand_over(claim)
        except Lost:
            return True
        except Trouble as error:
            _put_aside(claim, error)
            return error.kind not in (Kind.SILENT, Kind.OURS)
        _sent(claim)
    return True


def sweep() -> int:
    """Sends what is due: mails whose nudge was lost, second attempts, and what a worker left when it died. Ends after
    some seconds, since the next sweep comes soon. Returns how many mails it looked at."""
    end, seen = time.monotonic() + _SWEEP_SECONDS, 0
    for pause in health.paused():
        _hold_back(routes.by_relay(_due(), pause.key), pause)
    while pks := list(_due().order_by("next_attempt_at").values_list("pk", flat=True)[:_BATCH]):
        for pk in pks:
            deliver(pk)
            seen += 1
            if time.monotonic() > end:
                return seen
        if len(pks) < _BATCH:
            break
    return seen


def resend(pk: int) -> bool:
    """Gives a mail that failed, was cancelled or waits another round of attempts, from now on."""
    now = timezone.now()
    rows = OutboundEmail.objects.filter(pk=pk, state__in=[State.FAILED, State.CANCELLED, State.RETRY])
    found = rows.update(state=State.RETRY, attempt=0, created_at=now, next_attempt_at=now, delay_told_at=None)
    if found:
        transaction.on_commit(lambda: tasks.deliver.delay(pk), robust=True)
    return bool(found)


def cancel(pk: int) -> bool:
    """Gives a mail up that was not sent. False when it is under way or already gone."""
    rows = OutboundEmail.objects.filter(pk=pk, state__in=[*_WAITING, State.FAILED])
    return bool(rows.update(state=State.CANCELLED, next_attempt_at=None))


def resume(key: str) -> None:
    """Ends a pause of a relay, as after a repair: what waits for its end goes now."""
    until = RelayHealth.objects.filter(key=key).values_list("paused_until", flat=True).first()
    health.clear(key)
    if until:
        held = OutboundEmail.objects.filter(state=State.RETRY, next_attempt_at=until)
        routes.by_relay(held, key).update(next_attempt_at=timezone.now())


def tell_of_delays() -> int:
    """Lets the agents know whose replies have been waiting for hours; once for each."""
    long_ago = timezone.now() - LATE_AFTER
    late = OutboundEmail.objects.filter(
        state=State.RETRY, is_automatic=False, ticket__isnull=False, created_at__lte=long_ago, delay_told_at=None
    ).select_related("ticket", "message")
    told = 0
    for row in late[:_BATCH]:
        with transaction.atomic():
            once = OutboundEmail.objects.filter(pk=row.pk, delay_told_at=None)
            if row.ticket and once.update(delay_told_at=timezone.now()):
                said = {"recipient": row.recipient, "error": row.last_error[:300]}
                record(row.ticket, "mail_delayed", by=SYSTEM, message=row.message, **said)
                told += 1
    return told


def _due() -> QuerySet[OutboundEmail]:
    return OutboundEmail.objects.filter(next_attempt_at__lte=timezone.now())


def _claim(pk: int, held: ExitStack) -> _Claim | bool:
    """Takes the mail for the time of the lease, its bytes written and stored; committed before anything is sent.
    Not to be sent now: False when its relay is paused, else True."""
    now = timezone.now()
    with transaction.atomic():
        row = _to_send.first(pk, now)
        if row is None:
            return True
        if automatic.is_held(row, now):
            return True
        route = routes.route(row)
        if route and (pause := health.pause_of(route.key, now)):
            _hold_back(OutboundEmail.objects.filter(pk=pk), pause)
            return False
        if not held.enter_context(lane(row.recipient.rpartition("@")[2])):
            _make_room(row, now)
            return True
        return _Claim(row, _take(row, now), route, time.monotonic())


def _take(row: OutboundEmail, now: datetime) -> bytes:
    row.is_uncertain = row.is_uncertain or row.state == State.SENDING
    row.state, row.attempt = State.SENDING, row.attempt + 1
    row.lease_until = row.next_attempt_at = now + LEASE
    if row.raw_sha256:
        raw = blobs.read(row.raw_sha256)
    else:
        raw = letters.render(row)
        row.raw_sha256, _size = blobs.put(raw)
    saving.update(row, "is_uncertain", "state", "attempt", "lease_until", "next_attempt_at", "raw_sha256")
    return raw


def _not_claimed(pk: int, error: Exception) -> None:
    """Puts a mail back that could not be claimed, unless another worker has meanwhile. One that a dead worker left may
    have arrived, whatever happens to it now."""
    row = OutboundEmail.objects.get(pk=pk)
    if row.lease_until and row.lease_until > timezone.now():
        return
    may_be_there = row.state == State.SENDING
    _later(row, Trouble(f"{type(error).__name__}: {error}", is_uncertain=may_be_there), attempts=1)


def _make_room(row: OutboundEmail, now: datetime) -> None:
    """Others are sending to that domain: in a moment again, which is no attempt."""
    wait = _NO_ROOM * random.uniform(0.5, 1)  # noqa: S311 - spreads the tries
    OutboundEmail.objects.filter(pk=row.pk).update(next_attempt_at=now + wait)
    pk = row.pk
    transaction.on_commit(lambda: tasks.deliver.apply_async((pk,), countdown=_NO_ROOM.total_seconds()), robust=True)


def _hold_back(rows: QuerySet[OutboundEmail], pause: RelayHealth) -> None:
    """Lets mails wait for the end of a pause of their relay, which is no attempt of theirs."""
    rows.filter(state__in=[*_WAITING, State.SENDING]).update(
        is_uncertain=Case(When(state=State.SENDING, then=Value(True)), default=F("is_uncertain")),
        state=State.RETRY, next_attempt_at=pause.paused_until, lease_until=None, last_error=pause.reason,
    )  # fmt: skip


def _put_aside(claim: _Claim, error: Trouble) -> None:
    row, key = claim.row, claim.route.key if claim.route else ""
    if key and error.kind in (Kind.SILENT, Kind.OURS, Kind.POLICY):
        health.failed(key, str(error), is_refusal=error.kind == Kind.OURS)
    elif key and error.code:
        health.answered(key)
    hopeless = error.kind == Kind.POLICY and row.attempt >= _POLICY_TRIES
    if error.kind == Kind.FINAL or hopeless:
        _fail(row, error)
    elif error.kind == Kind.OURS and (pause := health.pause_of(key)):
        _put_back(row, error, state=State.RETRY, attempt=max(row.attempt - 1, 0), next_attempt_at=pause.paused_until)
    else:
        _later(row, error)


def _later(row: OutboundEmail, error: Trouble, attempts: int = 0) -> None:
    """Puts the mail back: after 1, 5 and 15 minutes, then every hour until five days have gone by."""
    attempt = row.attempt + attempts
    delay = DELAYS[attempt - 1] if 0 < attempt <= len(DELAYS) else HOURLY
    due = timezone.now() + delay * random.uniform(1, 1.1)  # noqa: S311 - spreads the tries
    if due > row.created_at + GIVE_UP_AFTER:
        _fail(row, error)
        return
    _put_back(row, error, state=State.RETRY, attempt=attempt, next_attempt_at=due)


def _fail(row: OutboundEmail, error: Trouble) -> None:
    with transaction.atomic():
        if _put_back(row, error, state=State.FAILED, next_attempt_at=None):
            bounces.refused(row, error.code, str(error))
            _tell(row)


def _put_back(row: OutboundEmail, error: Trouble, **fields: object) -> bool:
    """False when the mail has meanwhile been taken by another worker, whose word counts."""
    mine = OutboundEmail.objects.filter(pk=row.pk, lease_until=row.lease_until)
    return bool(
        mine.update(
            lease_until=None, last_code=error.code, last_error=str(error)[:2000].replace("\0", ""),
            is_uncertain=row.is_uncertain or error.is_uncertain, **fields,
        )
    )  # fmt: skip


def _sent(claim: _Claim) -> None:
    _mark_sent(claim.row.pk, timezone.now())
    _tell(claim.row)
    if claim.route:
        health.answered(claim.route.key)


def _tell(row: OutboundEmail) -> None:
    """Open pages show how far a reply got."""
    if row.kind == "reply" and row.ticket_id and row.message_id:
        push(f"ticket:{row.ticket_id}", "mail", ticket=row.ticket_id, message=row.message_id)


def _hand_over(claim: _Claim) -> None:
    if claim.route is None:
        _drop(claim.row, claim.raw)
    else:
        relay.send(claim.route, letters.bounce_address(claim.row), claim.row.recipient, claim.raw, claim.keep)


def _drop(row: OutboundEmail, raw: bytes) -> None:
    """Without a relay the mail becomes a file, named after its row: sent again it replaces itself."""
    folder = Path(settings.OUTBOX_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, folder / f"{row.pk:08d}-{row.kind}.eml")
    except OSError as error:
        raise Trouble(str(error)) from error
