"""The one place that sends mail. A row of the outbox is claimed, its bytes are fixed, then they are handed over.

Between the relay's "250" and our commit lies the one moment in which a crash leaves us not knowing. Such a mail is
sent again with identical bytes and Message-ID and marked as uncertain: nothing is lost, and receivers can fold it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import smtplib
import ssl
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tickets import blobs, tasks
from tickets.mail import bounces, letters
from tickets.mail.compose import UnsafeHeader
from tickets.models import OutboundEmail

log = logging.getLogger(__name__)

State = OutboundEmail.State
LEASE = timedelta(seconds=120)
DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
HOURLY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)
_SOCKET_SECONDS = 25  # well below the lease, so that two workers never hold the same mail
_BATCH = 200
_SILENT = 5
# The relay's objections to us, not to the mail: sign-in and relaying are for an admin to repair.
_OURS = {530, 534, 535, 538}
_OURS_ENHANCED = re.compile(r"\b5\.7\.(?:0|8|9|11|14)\b|relay(?:ing)? (?:access )?denied", re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_kept = threading.local()


class Trouble(Exception):
    """Not handed over now. `is_final` mails are never tried again; `is_uncertain` ones may have arrived."""

    def __init__(self, text: str, code: int | None = None, *, is_final: bool = False, is_uncertain: bool = False):
        super().__init__(text)
        self.code, self.is_final, self.is_uncertain = code, is_final, is_uncertain


def deliver(pk: int) -> bool:
    """Sends one mail if it is due and nobody else is sending it. Safe to call at any time from many workers.

    False when nothing answered where the mail should have gone: then others need not be tried right now.
    """
    try:
        claimed = _claim(pk)
    except UnsafeHeader as error:
        _fail(OutboundEmail.objects.get(pk=pk), Trouble(str(error)))
        return True
    except Exception as error:
        log.exception("mail %s could not be written", pk)
        _later(OutboundEmail.objects.get(pk=pk), Trouble(f"{type(error).__name__}: {error}"), attempts=1)
        return True
    if claimed is None:
        return True
    row, raw = claimed
    try:
        _hand_over(row, raw)
    except Trouble as error:
        (_fail if error.is_final else _later)(row, error)
        return error.is_final or error.code is not None
    OutboundEmail.objects.filter(pk=row.pk).update(
        state=State.SENT, sent_at=timezone.now(), next_attempt_at=None, lease_until=None, last_code=250
    )
    return True


def sweep() -> int:
    """Sends what is due: mails whose nudge was lost, second attempts, and what a worker left when it died. A relay that
    does not answer several times running is left alone until the next sweep: no worker waits for it for long."""
    due = OutboundEmail.objects.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at")
    pks = list(due.values_list("pk", flat=True)[:_BATCH])
    silent = 0
    for tried, pk in enumerate(pks, 1):
        silent = 0 if deliver(pk) else silent + 1
        if silent == _SILENT:
            return tried
    return len(pks)


def resend(pk: int) -> None:
    """Gives a failed mail another round of attempts."""
    failed = OutboundEmail.objects.filter(pk=pk, state=State.FAILED)
    if failed.update(state=State.RETRY, attempt=0, created_at=timezone.now(), next_attempt_at=timezone.now()):
        transaction.on_commit(lambda: tasks.deliver.delay(pk), robust=True)


def _claim(pk: int) -> tuple[OutboundEmail, bytes] | None:
    """Takes the mail for the time of the lease, its bytes written and stored; committed before anything is sent."""
    now = timezone.now()
    with transaction.atomic():
        row = (
            OutboundEmail.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("ticket", "user", "mailbox")  # more joins take longer to plan than to read one by one
            .filter(pk=pk, next_attempt_at__lte=now, state__in=[State.QUEUED, State.RETRY, State.SENDING])
            .first()
        )
        if row is None:
            return None
        row.is_uncertain = row.is_uncertain or row.state == State.SENDING
        row.state, row.attempt = State.SENDING, row.attempt + 1
        row.lease_until = row.next_attempt_at = now + LEASE
        if row.raw_sha256:
            raw = blobs.read(row.raw_sha256)
        else:
            raw = letters.render(row)
            row.raw_sha256, _size = blobs.put(raw)
        row.save(update_fields=["is_uncertain", "state", "attempt", "lease_until", "next_attempt_at", "raw_sha256"])
    return row, raw


def _later(row: OutboundEmail, error: Trouble, attempts: int = 0) -> None:
    """Puts the mail back: after 1, 5 and 15 minutes, then every hour until five days have gone by."""
    attempt = row.attempt + attempts
    due = timezone.now() + (DELAYS[attempt - 1] if 0 < attempt <= len(DELAYS) else HOURLY)
    if due > row.created_at + GIVE_UP_AFTER:
        _fail(row, error)
        return
    _put_back(row, error, state=State.RETRY, attempt=attempt, next_attempt_at=due)


def _fail(row: OutboundEmail, error: Trouble) -> None:
    with transaction.atomic():
        if _put_back(row, error, state=State.FAILED, next_attempt_at=None):
            bounces.tell(row, str(error))


def _put_back(row: OutboundEmail, error: Trouble, **fields: object) -> bool:
    """False when the mail has meanwhile been taken by another worker, whose word counts."""
    mine = OutboundEmail.objects.filter(pk=row.pk, lease_until=row.lease_until)
    return bool(
        mine.update(
            lease_until=None, last_code=error.code, last_error=str(error)[:2000].replace("\0", ""),
            is_uncertain=row.is_uncertain or error.is_uncertain, **fields,
        )
    )  # fmt: skip


def _hand_over(row: OutboundEmail, raw: bytes) -> None:
    if not settings.SMTP_URL:
        _drop(row, raw)
        return
    try:
        _transmit(_relay(), letters.bounce_address(row), row.recipient, raw)
    except Trouble as error:
        if error.code is None or error.code == 421:
            close_relay()
        raise
    except (smtplib.SMTPException, OSError) as error:
        close_relay()
        code = getattr(error, "smtp_code", None)
        raise Trouble(
            f"{type(error).__name__}: {error}", code if isinstance(code, int) and code > 0 else None
        ) from error
    except UnicodeError as error:
        raise Trouble(str(error), is_final=True) from error


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


def _transmit(relay: smtplib.SMTP, sender: str, recipient: str, raw: bytes) -> None:
    code, said = relay.mail(sender)
    if code != 250:
        raise _objection(code, said, is_final=False)
    code, said = relay.rcpt(recipient)
    if code not in (250, 251):
        raise _objection(code, said, is_final=code >= 500)
    code, said = relay.docmd("DATA")
    if code != 354:
        raise _objection(code, said, is_final=code >= 500)
    try:
        relay.send(_dotted(raw))
        code, said = relay.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise Trouble(f"{type(error).__name__}: {error}", is_uncertain=True) from error
    if code != 250:
        raise _objection(code, said, is_final=code >= 500)


def _dotted(raw: bytes) -> bytes:
    text = _LINE_END.sub(b"\r\n", raw)
    text = re.sub(rb"(?m)^\.", b"..", text)
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


def _objection(code: int, said: bytes, *, is_final: bool) -> Trouble:
    text = said.decode("utf-8", "replace")
    ours = code in _OURS or bool(_OURS_ENHANCED.search(text))
    return Trouble(text or str(code), code, is_final=is_final and not ours)


def _relay() -> smtplib.SMTP:
    """This thread's connection, which serves many mails; made anew when the relay has hung up."""
    relay = getattr(_kept, "relay", None)
    if relay is not None and _kept.url == settings.SMTP_URL:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if relay.rset()[0] == 250:
                return relay
    close_relay()
    _kept.relay, _kept.url = _connect(settings.SMTP_URL), settings.SMTP_URL
    return _kept.relay


def close_relay() -> None:
    """Hangs up; the next mail connects again."""
    relay, _kept.relay = getattr(_kept, "relay", None), None
    if relay is not None:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            relay.close()


def _connect(url: str) -> smtplib.SMTP:
    """smtps:// is TLS from the start, smtp+tls:// insists on STARTTLS, smtp:// is plain; certificates are checked."""
    parts = urlsplit(url)
    host, trusted = parts.hostname or "localhost", ssl.create_default_context()
    relay: smtplib.SMTP
    if parts.scheme == "smtps":
        relay = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_SOCKET_SECONDS, context=trusted)
    else:
        relay = smtplib.SMTP(host, parts.port or (587 if parts.scheme == "smtp+tls" else 25), timeout=_SOCKET_SECONDS)
    try:
        if parts.scheme == "smtp+tls":
            relay.starttls(context=trusted)
        if parts.username:
            relay.login(unquote(parts.username), unquote(parts.password or ""))
        else:
            relay.ehlo_or_helo_if_needed()
    except BaseException:
        relay.close()
        raise
    return relay
