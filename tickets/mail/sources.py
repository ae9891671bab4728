"""What reading a mail account by IMAP and by POP3 have in common: a safe connection, and words for its troubles."""

from __future__ import annotations

import errno
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import blobs, sizes
from tickets.mail.oauth import OAuthFailed
from tickets.mail.store import Origin, store
from tickets.models import InboundEmail, MailSource
from tickets.models.sources import LOOPBACK
from tickets.secrets import Unreadable, unseal

TIMEOUT = 60  # seconds that a server may be silent in the middle of an answer
CONNECT_TIMEOUT = 20
LONGEST_PAUSE = 3600
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class Trouble(Exception):
    """An account cannot be read now; the text says why, in words for an admin, and holds no secret."""


@dataclass
class Round:
    """What one look into an account brought. `left`: sentences about mails that had to stay there."""

    stored: int = 0
    left: list[str] = field(default_factory=list)
    uidvalidity: int | None = None
    last_uid: int = 0


@dataclass
class Stumbles:
    """Mails of one account that could not be taken: they are tried again after pauses that double, behind all others,
    so that one bad mail never stops the rest."""

    _counts: dict[object, tuple[int, float]] = field(default_factory=dict)

    def __contains__(self, mail: object) -> bool:
        return mail in self._counts

    def note(self, mail: object) -> None:
        count = self._counts.get(mail, (0, 0.0))[0] + 1
        self._counts[mail] = count, time.monotonic() + min(60 * 2 ** (count - 1), LONGEST_PAUSE)

    def forget(self, mail: object) -> None:
        self._counts.pop(mail, None)

    def waits(self, mail: object) -> bool:
        return self._counts.get(mail, (0, 0.0))[1] > time.monotonic()


def tls(source: MailSource) -> ssl.SSLContext | None:
    """Certificate and name are checked, always. None: without encryption, which only this machine may be spoken to."""
    if source.security != MailSource.Security.PLAIN:
        return ssl.create_default_context()
    if source.host not in LOOPBACK:
        raise Trouble(_("Without encryption only to a server on this machine."))
    return None


def password(source: MailSource) -> str:
    try:
        return unseal(source.password)
    except Unreadable as error:
        raise Trouble(str(error)) from None


def keep(source: MailSource, raw: object, origin: Origin) -> InboundEmail | None:
    """Stores a mail for the mailbox of its account; None when it is larger than anything the desk stores."""
    kind = {MailSource.Kind.IMAP: InboundEmail.Source.IMAP, MailSource.Kind.POP: InboundEmail.Source.POP}
    try:
        return store(
            raw,  # type: ignore[arg-type]
            source=kind[MailSource.Kind(source.kind)],
            envelope_to=[source.mailbox.address],
            mailbox=source.mailbox,
            origin=origin,
        )
    except blobs.TooLarge:
        return None


def too_large(name: object, size: int | None = None) -> str:
    shown = f", {sizes.size(size)}" if size else ""
    return _("Mail %(name)s%(size)s stays on the server: it is larger than the desk stores.") % {
        "name": name, "size": shown,
    }  # fmt: skip


# The first that fits.
_SENTENCES: list[tuple[type[Exception], Any]] = [
    (ssl.SSLCertVerificationError, gettext_lazy("The certificate of %(where)s is not to be trusted: %(why)s.")),
    (ssl.SSLError, gettext_lazy("No encrypted connection to %(where)s: wrong port or encryption (%(why)s).")),
    (socket.gaierror, gettext_lazy("There is no server named %(host)s.")),
    (ConnectionRefusedError, gettext_lazy("Nobody answers at %(where)s.")),
    (TimeoutError, gettext_lazy("%(where)s did not answer in time.")),
    (Exception, gettext_lazy("The connection to %(where)s ended: %(why)s")),
]


def in_words(error: Exception, source: MailSource) -> str:
    """What went wrong on the way to a server, for somebody who has to mend a setting."""
    if isinstance(error, (Trouble, OAuthFailed)):
        return str(error)
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _OF_THE_DISK):
        return _("The desk cannot store mail now: %(why)s.") % {"why": error.strerror}
    why = getattr(error, "verify_message", None) or getattr(error, "reason", None) or _said(error)
    sentence = next(words for kind, words in _SENTENCES if isinstance(error, kind))
    return str(sentence) % {"where": f"{source.host}:{source.port_number}", "host": source.host, "why": why}


def refused(error: Exception) -> Trouble:
    return Trouble(_("The server refused the sign-in: %(why)s") % {"why": _said(error)})


def _said(error: Exception) -> str:
    """The words of the server in an exception of imaplib or poplib, which wraps bytes in tuples of text."""
    word = error.args[0] if error.args else type(error).__name__
    text = word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
    return " ".join(text.replace("\0", "").split())[:300]
