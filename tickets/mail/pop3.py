"""Reads a mailbox by POP3 (RFC 1939): store, commit, and only then DELE; a QUIT that was answered makes it so.

A mail is named by its UIDL. What a broken session did not delete is seen again, found stored, and deleted then.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import poplib
import ssl
import threading
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from tickets.mail import sources
from tickets.mail.oauth import OAuthFailed, xoauth2
from tickets.mail.sources import Round, Stumbles, Trouble
from tickets.mail.store import Origin
from tickets.models import InboundEmail, MailSource

log = logging.getLogger(__name__)

MAX_LINE = 16 * 1024 * 1024  # bytes; poplib's 2048 are fewer than real mails have
_SESSION = 50  # mails, after which QUIT makes the deletions so far lasting
_CHUNK = 64 * 1024

After = MailSource.Afterwards


class _LongLines:
    """Mixed into poplib's classes: mails of any line length, line by line and not as one list."""

    def _getline(self) -> tuple[bytes, int]:
        line = self._line()
        return line[: -2 if line.endswith(b"\r\n") else -1], len(line)

    def _line(self) -> bytes:
        """With its end, as it came."""
        line = self.file.readline(MAX_LINE + 1)  # type: ignore[attr-defined]
        if len(line) > MAX_LINE:
            raise poplib.error_proto("line too long")
        if not line.endswith(b"\n"):
            raise poplib.error_proto("the connection ended")
        return line

    def stream(self, number: int) -> Iterator[bytes]:
        """The bytes of a mail in chunks. Has to be read to its end."""
        self._shortcmd(f"RETR {number}")  # type: ignore[attr-defined]
        chunk = bytearray()
        while (line := self._line()) not in {b".\r\n", b".\n"}:
            chunk += line[1:] if line.startswith(b"..") else line
            if len(chunk) >= _CHUNK:
                yield bytes(chunk)
                chunk.clear()
        yield bytes(chunk)

    def xoauth2(self, response: str) -> None:
        """In two steps, as Microsoft wants it; a refusal comes as one more question, to be answered with nothing."""
        self._shortcmd("AUTH XOAUTH2")  # type: ignore[attr-defined]
        said = self._shortcmd(base64.b64encode(response.encode()).decode())  # type: ignore[attr-defined]
        if not said.startswith(b"+OK"):
            self._shortcmd("")  # type: ignore[attr-defined]
            raise poplib.error_proto(said)


class _Plain(_LongLines, poplib.POP3):
    pass


class _Tls(_LongLines, poplib.POP3_SSL):
    pass


Client = _Plain | _Tls


def run(source: MailSource, stop: threading.Event, told: Callable[[Round], None], stumbles: Stumbles) -> None:
    """One look into the mailbox: POP3 shows new mail only to a new session. Raises Trouble."""
    done = Round()
    more = True
    while more and not stop.is_set():
        with _connected(source) as client:
            more = Box(client, source, stumbles).round(stop, done)
    told(done)


def test(source: MailSource) -> str:
    """Signs in and says what is there. Raises Trouble."""
    with _connected(source) as client:
        box = Box(client, source, Stumbles())
        return _("Signed in at %(host)s. The mailbox has %(all)s mails, %(new)s of them are for the desk.") % {
            "host": source.host, "all": len(box.sizes), "new": len(box.waiting()),
        }  # fmt: skip


@contextlib.contextmanager
def _connected(source: MailSource) -> Iterator[Client]:
    """A session that is signed in and ends with an answered QUIT; whatever else ends it comes out as Trouble."""
    try:
        client = _connect(source, sources.tls(source))
        try:
            _sign_in(client, source)
            yield client
            client.quit()
        finally:
            client.close()
    except (OSError, poplib.error_proto, OAuthFailed) as error:
        raise Trouble(sources.in_words(error, source)) from error


def _connect(source: MailSource, context: ssl.SSLContext | None) -> Client:
    where = source.host, source.port_number
    if source.security == MailSource.Security.TLS:
        client: Client = _Tls(*where, timeout=sources.CONNECT_TIMEOUT, context=context)
    else:
        client = _Plain(*where, timeout=sources.CONNECT_TIMEOUT)
        if source.security == MailSource.Security.STARTTLS:
            client.stls(context)
    client.sock.settimeout(sources.TIMEOUT)
    return client


def _sign_in(client: Client, source: MailSource) -> None:
    try:
        if source.grant:
            client.xoauth2(xoauth2(source.grant))
        else:
            client.user(source.username)
            client.pass_(sources.password(source))
    except poplib.error_proto as error:
        raise sources.refused(error) from None


class Box:
    """What one session sees."""

    def __init__(self, client: Client, source: MailSource, stumbles: Stumbles):
        self.client, self.source, self.stumbles = client, source, stumbles
        self.sizes = {int(number): int(size) for number, size in (line.split()[:2] for line in client.list()[1])}
        try:
            lines = client.uidl()[1]
        except poplib.error_proto:
            raise Trouble(_("The server gives no lasting names (UIDL): its mail cannot be told apart.")) from None
        self.names = {int(number): name.decode("ascii", "replace")[:250] for number, name in map(bytes.split, lines)}

    def waiting(self) -> list[int]:
        """Numbers of the mails that the desk does not have yet, or that are still to be deleted."""
        return [number for number, name in self.names.items() if self._deletes or name not in self._known]

    @property
    def _deletes(self) -> bool:
        return self.source.afterwards == After.DELETE

    @property
    def _known(self) -> set[str]:
        rows = InboundEmail.objects.filter(origin=self.source, pop_uidl__in=list(self.names.values()))
        return {name for name in rows.values_list("pop_uidl", flat=True) if name}

    def round(self, stop: threading.Event, done: Round) -> bool:
        """Takes up to a session's worth of mails, those that made trouble before last. True: there are more."""
        known = self._known
        due = [number for number in self.waiting() if not self.stumbles.waits(self.names[number])]
        due.sort(key=lambda number: (self.names[number] in self.stumbles, number))
        for number in due[:_SESSION]:
            if stop.is_set():
                break
            if self.names[number] in known or self._take(number, done):
                self.stumbles.forget(self.names[number])
                if self._deletes:
                    self.client.dele(number)
        return len(due) > _SESSION

    def _take(self, number: int, done: Round) -> bool:
        name, size = self.names[number], self.sizes.get(number, 0)
        if size > settings.MAX_STORED_MAIL:
            self.stumbles.note(name)
            done.left.append(sources.too_large(name, size))
            return False
        try:
            row = sources.keep(self.source, self.client.stream(number), Origin(self.source.pk, pop_uidl=name))
        except (OSError, DatabaseError):
            raise
        except poplib.error_proto:
            self.stumbles.note(name)
            raise
        if row is None:  # the server had said less; the rest of it stands on the line
            self.stumbles.note(name)
            raise Trouble(sources.too_large(name))
        done.stored += 1
        return True
