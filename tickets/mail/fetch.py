"""Reads the mail accounts of the desk, each in a thread of the intake process; without accounts there is no thread.

Which process reads an account is a lease in its row. It is renewed every few seconds by one statement for all
accounts of a process, and runs out 30 seconds after the process died. Two that hold one for a moment do no harm: the
unique keys of a mail's place make the second a no-op.
"""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import close_old_connections, connections
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.mail import imap, pop3, sources
from tickets.mail.providers import address
from tickets.mail.sources import Round, Stumbles, Trouble
from tickets.models import Mailbox, MailSource

log = logging.getLogger(__name__)

LOOK_SECONDS = 5
LEASE = timedelta(seconds=30)
POLL = timedelta(seconds=60)  # of accounts that cannot say by themselves that mail is there
_FIRST_PAUSE, _LONGEST_PAUSE = 5, 300  # seconds, after a failure

_READERS: dict[str, Any] = {MailSource.Kind.IMAP: imap, MailSource.Kind.POP: pop3}


def test(source: MailSource) -> str:
    """Tries the settings of an account without taking anything; what was found, in a sentence. Raises Trouble."""
    if source.kind == MailSource.Kind.HOOK:
        return _("Nothing to connect to: have the provider send to %(where)s") % {"where": address(source.provider)}
    return _READERS[source.kind].test(source)


@dataclass
class _Session:
    """One account being read by a thread. The stumbles outlive it: a mail that breaks sessions goes behind others."""

    pk: int
    changed_at: datetime
    thread: threading.Thread
    stop: threading.Event = field(default_factory=threading.Event)


class Watcher:
    """Gives every account that is due a thread, and takes it away when its settings change."""

    def __init__(self) -> None:
        self.owner = uuid.uuid4().hex
        self._sessions: dict[int, _Session] = {}
        self._stumbles: dict[int, Stumbles] = {}

    def run(self, stop: threading.Event) -> None:
        """Looks every few seconds until `stop` is set; returns when no thread is left."""
        try:
            while not stop.is_set():
                self._look_and_go_on()
                stop.wait(LOOK_SECONDS)
        finally:
            for session in self._sessions.values():
                session.stop.set()
            for session in self._sessions.values():
                session.thread.join(sources.TIMEOUT)
            connections.close_all()

    def _look_and_go_on(self) -> None:
        try:
            close_old_connections()
            self.look()
        except Exception:
            log.exception("the mail accounts could not be looked at")

    def look(self) -> None:
        self._sessions = {pk: one for pk, one in self._sessions.items() if one.thread.is_alive()}
        held = self._renew()
        for session in self._sessions.values():
            if held.get(session.pk) != session.changed_at:
                session.stop.set()
        for source in self._due():
            if source.pk not in self._sessions and self._lease(source):
                self._begin(source)

    def _renew(self) -> dict[int, datetime]:
        """Accounts that are still ours, with the moment of their settings.

        Without a join: PostgreSQL looks again at the columns of a row that it had to wait for, but not at a subquery,
        and a lease that was ended meanwhile would be given to nobody.
        """
        ours = MailSource.objects.filter(
            lease_owner=self.owner, pk__in=list(self._sessions), is_enabled=True,
            mailbox__in=Mailbox.objects.filter(is_enabled=True),
        )  # fmt: skip
        if self._sessions:
            ours.update(lease_until=timezone.now() + LEASE)
        return dict(ours.values_list("pk", "changed_at"))

    def _due(self) -> Any:
        now = timezone.now()
        return MailSource.objects.filter(
            Q(lease_until=None) | Q(lease_until__lt=now), kind__in=list(_READERS),
            is_enabled=True, mailbox__is_enabled=True, next_attempt_at__lte=now,
        ).select_related("mailbox", "grant")  # fmt: skip

    def _lease(self, source: MailSource) -> bool:
        now = timezone.now()
        free = MailSource.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=source.pk)
        return bool(free.update(lease_owner=self.owner, lease_until=now + LEASE))

    def _begin(self, source: MailSource) -> None:
        stop, stumbles = threading.Event(), self._stumbles.setdefault(source.pk, Stumbles())
        thread = threading.Thread(
            target=_read, args=[source, stop, stumbles, self.owner], name=f"mail-{source.pk}", daemon=True
        )
        self._sessions[source.pk] = _Session(source.pk, source.changed_at, thread, stop)
        thread.start()


def _read(source: MailSource, stop: threading.Event, stumbles: Stumbles, owner: str) -> None:
    """The life of a thread: reads until it is stopped or something fails, notes how it went, gives the lease back."""
    row = MailSource.objects.filter(pk=source.pk)
    try:
        try:
            _READERS[source.kind].run(source, stop, lambda done: _note(source, done), stumbles)
            pause = timedelta(0) if source.kind == MailSource.Kind.IMAP else POLL
            row.update(next_attempt_at=timezone.now() + pause)
        except Trouble as error:
            log.warning("%s: %s", source, error)
            _failed(source.pk, str(error))
        except Exception as error:
            log.exception("%s could not be read", source)
            _failed(source.pk, _("The desk itself failed: %(why)s") % {"why": type(error).__name__})
        row.filter(lease_owner=owner).update(lease_owner="", lease_until=None)
    except Exception:  # the database is away: the lease runs out by itself
        log.exception("%s: its state could not be noted", source)
    finally:
        connections.close_all()


def _note(source: MailSource, done: Round) -> None:
    """A round went well, unless of an account that is another by now. The connection is given back: minutes may pass
    until the next."""
    now = timezone.now()
    left = "\n".join(done.left)[:2000]
    MailSource.objects.filter(pk=source.pk, changed_at=source.changed_at).update(
        last_success_at=now, failures=0, stored_count=F("stored_count") + done.stored, last_error=left,
        last_error_at=now if left else F("last_error_at"), uidvalidity=done.uidvalidity, last_uid=done.last_uid,
    )  # fmt: skip
    connections.close_all()


def _failed(pk: int, why: str) -> None:
    failures = MailSource.objects.values_list("failures", flat=True).get(pk=pk)
    now, pause = timezone.now(), min(_FIRST_PAUSE * 3 ** min(failures, 9), _LONGEST_PAUSE)
    MailSource.objects.filter(pk=pk).update(
        failures=F("failures") + 1, last_error=why[:2000], last_error_at=now,
        next_attempt_at=now + timedelta(seconds=pause),
    )  # fmt: skip
