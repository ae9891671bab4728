"""Reads a folder by IMAP (RFC 3501): store, commit, and only then tell the server.

A mail is named by folder, UIDVALIDITY and UID. Whatever is cut off in between is seen again, found stored, and told
once more. A bare EXPUNGE is never sent: it would remove what other programs have marked (RFC 4315).
"""

from __future__ import annotations

import contextlib
import logging
import select
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.mail import sources
from tickets.mail.oauth import OAuthFailed, access_token
from tickets.mail.sources import Round, Stumbles, Trouble
from tickets.mail.store import Origin
from tickets.models import InboundEmail, MailSource

if TYPE_CHECKING:
    from imapclient import IMAPClient

log = logging.getLogger(__name__)
# IMAPClient writes whole dialogues into the log otherwise.
logging.getLogger("imapclient").setLevel(logging.WARNING)

# IDLE is ended and begun again each time, so it never comes near the 29 minutes of RFC 2177.
POLL_SECONDS = 60
CHUNK = 1024 * 1024  # bytes; larger mails are fetched in parts and go to disk part by part
_BATCH = 500

After = MailSource.Afterwards


def run(source: MailSource, stop: threading.Event, told: Callable[[Round], None], stumbles: Stumbles) -> None:
    """Reads the folder until `stop` is set; `told` gets each round. Raises Trouble when the connection fails."""
    with _connected(source) as client:
        folder = Folder(client, source, stumbles)
        folder.finish()
        while not stop.is_set():
            told(folder.round(stop))
            folder.wait(stop)


def test(source: MailSource) -> str:
    """Signs in, opens the folder and says what is there. Raises Trouble."""
    with _connected(source) as client:
        folder = Folder(client, source, Stumbles())
        waiting = len(folder.waiting())
        if source.afterwards == After.MOVE:
            folder.processed  # noqa: B018 - makes it, or says why not
        return _("Signed in at %(host)s. Folder %(folder)s has %(all)s mails, %(new)s of them are for the desk.") % {
            "host": source.host, "folder": source.folder, "all": folder.total, "new": waiting,
        }  # fmt: skip


@contextlib.contextmanager
def _connected(source: MailSource) -> Iterator[IMAPClient]:
    """A session that is signed in; whatever ends it comes out as Trouble."""
    from imapclient import exceptions

    try:
        client = _connect(source, sources.tls(source))
        try:
            _sign_in(client, source)
            yield client
        finally:
            with contextlib.suppress(OSError, exceptions.IMAPClientError):
                client.logout()
            with contextlib.suppress(OSError):
                client.shutdown()
    except (OSError, exceptions.IMAPClientError, OAuthFailed) as error:
        raise Trouble(sources.in_words(error, source)) from error


def _connect(source: MailSource, context: ssl.SSLContext | None) -> IMAPClient:
    from imapclient import IMAPClient, SocketTimeout

    at_once = source.security == MailSource.Security.TLS
    timeout = SocketTimeout(connect=sources.CONNECT_TIMEOUT, read=sources.TIMEOUT)
    client = IMAPClient(source.host, source.port_number, ssl=at_once, ssl_context=context, timeout=timeout)
    client.normalise_times = False  # moments with their zone
    if source.security == MailSource.Security.STARTTLS:
        if not client.has_capability("STARTTLS"):
            client.shutdown()
            raise Trouble(_("The server offers no STARTTLS."))
        client.starttls(context)
    return client


def _sign_in(client: IMAPClient, source: MailSource) -> None:
    from imapclient.exceptions import LoginError

    try:
        if source.grant:
            client.oauth2_login(source.grant.account, access_token(source.grant))
        else:
            client.login(source.username, sources.password(source))
    except LoginError as error:
        raise sources.refused(error) from None


class Folder:
    """The selected folder of one session."""

    def __init__(self, client: IMAPClient, source: MailSource, stumbles: Stumbles):
        self.client, self.source, self.stumbles = client, source, stumbles
        chosen = self._select()
        self.total = int(chosen.get(b"EXISTS", 0))
        self.uidvalidity = int(chosen.get(b"UIDVALIDITY") or 0)
        if not self.uidvalidity:
            raise Trouble(_("The server gives no lasting numbers (UIDVALIDITY): its mail cannot be told apart."))
        self.last_uid = source.last_uid if source.uidvalidity == self.uidvalidity else 0
        self.renumbered = self._rows().exclude(uidvalidity=self.uidvalidity).exists()
        if source.uidvalidity not in (None, self.uidvalidity):
            log.warning("%s: the folder got new numbers (UIDVALIDITY), reading all of it again", source)

    def _select(self) -> dict[bytes, Any]:
        from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

        try:
            return self.client.select_folder(self.source.folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            raise Trouble(_("There is no folder named %(name)s.") % {"name": self.source.folder}) from None

    def _rows(self) -> Any:
        return InboundEmail.objects.filter(origin=self.source, folder=self.source.folder, uid__isnull=False)

    # -- one round --

    def round(self, stop: threading.Event) -> Round:
        """Takes what is there, oldest first, those that made trouble before last. Raises when the session is over."""
        done = Round(uidvalidity=self.uidvalidity, last_uid=self.last_uid)
        self.client.noop()
        waiting = self.waiting()
        known = self._known(waiting)
        for uid in sorted(waiting, key=lambda uid: (uid in self.stumbles, uid)):
            if stop.is_set():
                break
            if not self.stumbles.waits(uid):
                self._one(uid, uid in known, waiting[uid], done)
        else:
            self.last_uid = done.last_uid = self._taken_up_to(waiting)
        return done

    def finish(self) -> None:
        """Removes what a session that was cut off had marked only. What others have marked is not known to the desk."""
        if self.source.afterwards != After.KEEP and self.client.has_capability("UIDPLUS"):
            marked = self.client.search("DELETED")
            if ours := self._known(marked):
                self.client.uid_expunge(sorted(ours))

    def waiting(self) -> dict[int, int]:
        """UID and size of every mail that is for the desk and not dealt with."""
        since = self.source.fetch_since
        asked: list[Any] = ["UNDELETED"]
        if since:
            asked += ["SINCE", (since - timedelta(days=1)).date()]  # the server's day may be another
        if self.source.afterwards == After.KEEP:
            asked += ["UID", f"{self.last_uid + 1}:*"]
        # n:* gives the last mail even when n lies beyond it
        uids = [uid for uid in self.client.search(asked) if uid > self.last_uid or self.source.afterwards != After.KEEP]
        found: dict[int, int] = {}
        for begin in range(0, len(uids), _BATCH):
            seen = self.client.fetch(uids[begin : begin + _BATCH], ["INTERNALDATE", "RFC822.SIZE"])
            for uid, fields in seen.items():
                if not since or (fields.get(b"INTERNALDATE") or timezone.now()) >= since:
                    found[uid] = int(fields.get(b"RFC822.SIZE") or 0)
        return found

    def _known(self, uids: Iterable[int]) -> set[int]:
        rows = self._rows().filter(uidvalidity=self.uidvalidity, uid__in=list(uids))
        return set(rows.values_list("uid", flat=True))

    def _taken_up_to(self, waiting: dict[int, int]) -> int:
        """Below the first mail that has to be tried again nothing is asked for any more."""
        again = [uid for uid in waiting if uid in self.stumbles]
        return min(again) - 1 if again else max([self.last_uid, *waiting])

    def _one(self, uid: int, is_known: bool, size: int, done: Round) -> None:
        from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, ProtocolError

        try:
            if not is_known and not self._take(uid, size, done):
                return
            self._tell(uid)
            self.stumbles.forget(uid)
        except (OSError, DatabaseError, IMAPClientAbortError):
            raise  # the connection, the disk or the database: nothing that this mail is to blame for
        except ProtocolError:
            self.stumbles.note(uid)  # what else comes on this connection makes no sense any more
            raise
        except (IMAPClientError, ValueError, TypeError, KeyError) as error:
            log.exception("%s: UID %s could not be taken", self.source, uid)
            self.stumbles.note(uid)
            done.left.append(_("Mail %(uid)s could not be taken and is tried again: %(why)s") % {
                "uid": uid, "why": str(error)[:200],
            })  # fmt: skip

    def _take(self, uid: int, size: int, done: Round) -> bool:
        """Stores one mail; False when it is gone or has to stay."""
        if size > settings.MAX_STORED_MAIL:
            done.left.append(sources.too_large(uid, size))
            return False
        raw = self._parts(uid) if size > CHUNK else self._whole(uid)
        if raw is None:
            return False
        origin = Origin(self.source.pk, self.source.folder, self.uidvalidity, uid, renumbered=self.renumbered)
        if sources.keep(self.source, raw, origin) is None:  # the server had said less
            self.stumbles.note(uid)
            done.left.append(sources.too_large(uid, size))
            return False
        done.stored += 1
        return True

    def _whole(self, uid: int) -> bytes | None:
        """None: another program has removed it meanwhile."""
        asked = ["UID", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[]"]
        fields = self.client.fetch([uid], asked).get(uid)
        return None if fields is None else fields[b"BODY[]"] or b""

    def _parts(self, uid: int) -> Iterator[bytes]:
        offset = 0
        while True:
            fields = self.client.fetch([uid], [f"BODY.PEEK[]<{offset}.{CHUNK}>"]).get(uid)
            if fields is None:
                raise ValueError("removed while it was read")
            part = fields[b"BODY[]<%d>" % offset] or b""
            yield part
            offset += len(part)
            if len(part) < CHUNK:
                return

    # -- telling the server, after the commit --

    def _tell(self, uid: int) -> None:
        from imapclient import DELETED, SEEN

        if self.source.afterwards == After.KEEP:
            self.client.add_flags([uid], [SEEN], silent=True)
        elif self.source.afterwards == After.DELETE and self.client.has_capability("UIDPLUS"):
            self.client.add_flags([uid], [DELETED], silent=True)
            self.client.uid_expunge([uid])
        else:
            self._move(uid)

    def _move(self, uid: int) -> None:
        """Without MOVE and UIDPLUS the copy counts, and the original stays behind, marked as deleted."""
        from imapclient import DELETED

        if self.client.has_capability("MOVE"):
            self.client.move([uid], self.processed)
            return
        self.client.copy([uid], self.processed)
        self.client.add_flags([uid], [DELETED], silent=True)
        if self.client.has_capability("UIDPLUS"):
            self.client.uid_expunge([uid])

    @cached_property
    def processed(self) -> str:
        """Name of the folder for processed mail, which exists then."""
        from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

        name = self.source.processed_folder
        try:
            if not self.client.folder_exists(name):
                self.client.create_folder(name)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise Trouble(_("Folder %(name)s cannot be made: %(why)s") % {"name": name, "why": error}) from None
        return name

    # -- between rounds --

    def wait(self, stop: threading.Event) -> None:
        """Until the server says that something happened, a minute is over, or `stop` is set."""
        end = time.monotonic() + POLL_SECONDS
        if not self.client.has_capability("IDLE"):
            stop.wait(POLL_SECONDS)
            return
        self.client.idle()
        while not stop.is_set() and time.monotonic() < end and not self._speaks():
            pass
        self.client.idle_done()

    def _speaks(self) -> bool:
        """Whether the server says something within a second."""
        line = self.client.socket()
        if isinstance(line, ssl.SSLSocket) and line.pending():
            return True
        poll = select.poll()
        poll.register(line, select.POLLIN)
        return bool(poll.poll(1000))
