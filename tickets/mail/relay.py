"""Connections to mail relays: one per thread and relay, kept for many mails; and what a relay's answers mean."""

from __future__ import annotations

import contextlib
import re
import selectors
import smtplib
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

# Seconds. Between two calls of `keep` lies at most one of these, so a lease of 25 s never runs out unseen.
SOCKET = 10
# For the answer to a whole mail, which the relay may scan first (RFC 5321, 4.5.3.2.6, asks for patience there: who
# gives up too early sends the mail twice). The lease is renewed meanwhile.
ANSWER = 150
IDLE = 30
MAILS_PER_CONNECTION = 100
_CHUNK = 64 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
# The relay's objections to us, not to the mail: sign-in, TLS and relaying are for an admin to repair.
_OURS = {530, 534, 535, 538}
_OURS_ENHANCED = re.compile(r"\b5\.7\.(?:0|8|9|11|14)\b|relay(?:ing)? (?:access )?(?:denied|not permitted)", re.I)
_POLICY = re.compile(r"\b5\.7\.\d{1,3}\b")
_kept = threading.local()

Keep = Callable[[], None]


class Kind(StrEnum):
    LATER = "later"  # this mail, another time
    FINAL = "final"  # this mail never
    SILENT = "silent"  # nobody answered; other mails will fare no better
    OURS = "ours"  # the relay does not take our mail at all before an admin has changed something
    POLICY = "policy"  # the mail or we, which its words do not tell


class Trouble(Exception):
    """Not handed over now. One that `is_uncertain` may have arrived."""

    def __init__(self, text: str, kind: Kind = Kind.LATER, code: int | None = None, *, is_uncertain: bool = False):
        super().__init__(text)
        self.kind, self.code, self.is_uncertain = kind, code, is_uncertain


@dataclass(frozen=True, slots=True)
class Route:
    """A relay and how to sign in there. `security` is tls (from the start), starttls (insisted on) or none; `proof`
    gives the XOAUTH2 response, or raises Trouble. `key` names the relay's health. With a `problem`
    nobody even calls."""

    key: str
    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    proof: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    problem: str = ""


@dataclass(slots=True)
class _Kept:
    relay: smtplib.SMTP
    route: Route
    mails: int = 0
    used_at: float = field(default_factory=time.monotonic)

    def is_good_for(self, route: Route) -> bool:
        rested = time.monotonic() - self.used_at
        return self.route == route and self.mails < MAILS_PER_CONNECTION and rested < IDLE


def route_of(url: str, key: str = "settings") -> Route:
    """smtps:// is TLS from the start, smtp+tls:// insists on STARTTLS, smtp:// is plain."""
    parts = urlsplit(url)
    security, port = {"smtps": ("tls", 465), "smtp+tls": ("starttls", 587)}.get(parts.scheme, ("none", 25))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Route(key, parts.hostname or "localhost", parts.port or port, security, user, password)


def send(route: Route, sender: str, recipient: str, raw: bytes, keep: Keep) -> None:
    """Hands one mail over. `keep` is called often; what it raises ends the transmission. Raises Trouble."""
    kept = _connections().get(route.key)
    if kept and kept.is_good_for(route):
        with contextlib.suppress(_HungUp):
            _send(kept, sender, recipient, raw, keep)
            return
    hang_up(route.key)
    kept = _Kept(connect(route), route)
    _connections()[route.key] = kept
    keep()
    try:
        _send(kept, sender, recipient, raw, keep)
    except _HungUp as error:
        raise Trouble(str(error), Kind.SILENT, error.code) from error


class _HungUp(Exception):
    """The connection ended before the relay knew of the mail."""

    def __init__(self, text: str, code: int | None = None):
        super().__init__(text)
        self.code = code


def _send(kept: _Kept, sender: str, recipient: str, raw: bytes, keep: Keep) -> None:
    kept.mails += 1
    try:
        _begin(kept.relay, sender)
        _transmit(kept.relay, recipient, raw, keep)
    except Trouble as error:
        if error.is_uncertain or error.code is None or error.code == 421 or not _is_reset(kept.relay):
            hang_up(kept.route.key)
        raise
    except BaseException:
        hang_up(kept.route.key)
        raise
    kept.used_at = time.monotonic()


def _begin(relay: smtplib.SMTP, sender: str) -> None:
    try:
        code, said = relay.mail(sender)
    except (smtplib.SMTPException, OSError) as error:
        raise _HungUp(f"{type(error).__name__}: {error}") from error
    if code == 421:
        raise _HungUp(_words(said) or str(code), code)
    if code != 250:
        raise objection(code, said, is_about_us=True)


def _transmit(relay: smtplib.SMTP, recipient: str, raw: bytes, keep: Keep) -> None:
    try:
        keep()
        code, said = relay.rcpt(recipient)
        if code not in (250, 251):
            raise objection(code, said)
        keep()
        code, said = relay.docmd("DATA")
        if code != 354:
            raise objection(code, said)
        body = _dotted(raw)
        for place in range(0, len(body), _CHUNK):
            keep()
            relay.send(body[place : place + _CHUNK])
    except (smtplib.SMTPException, OSError) as error:
        raise Trouble(f"{type(error).__name__}: {error}") from error
    except UnicodeError as error:
        raise Trouble(str(error), Kind.FINAL) from error
    try:
        _await(relay, keep)
        code, said = relay.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise Trouble(f"{type(error).__name__}: {error}", is_uncertain=True) from error
    if code != 250:
        raise objection(code, said)


def _await(relay: smtplib.SMTP, keep: Keep) -> None:
    """Until the relay has something to say. Raises TimeoutError."""
    sock, end = relay.sock, time.monotonic() + ANSWER
    if sock is None or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
        return
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        while not selector.select(5):
            if time.monotonic() > end:
                raise TimeoutError(_("no answer to the whole mail"))
            keep()


def _dotted(raw: bytes) -> bytes:
    text = _LINE_END.sub(b"\r\n", raw)
    text = re.sub(rb"(?m)^\.", b"..", text)
    return text + (b".\r\n" if text.endswith(b"\r\n") else b"\r\n.\r\n")


def objection(code: int, said: bytes, *, is_about_us: bool = False) -> Trouble:
    """What a relay's refusal means. `is_about_us`: it was said before a recipient was named."""
    text = _words(said)
    if code in _OURS or _OURS_ENHANCED.search(text) or (is_about_us and _POLICY.search(text)):
        return Trouble(text or str(code), Kind.OURS, code)
    if code < 500 or is_about_us:
        return Trouble(text or str(code), Kind.LATER, code)
    return Trouble(text or str(code), Kind.POLICY if _POLICY.search(text) else Kind.FINAL, code)


def _words(said: bytes) -> str:
    return said.decode("utf-8", "replace")


def _is_reset(relay: smtplib.SMTP) -> bool:
    try:
        return relay.rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _connections() -> dict[str, _Kept]:
    if not hasattr(_kept, "by_key"):
        _kept.by_key = {}
    return _kept.by_key


def hang_up(key: str = "") -> None:
    """Closes this thread's connection to a relay, or all of them; the next mail connects again."""
    found = _connections()
    for name in [key] if key else list(found):
        if kept := found.pop(name, None):
            with contextlib.suppress(smtplib.SMTPException, OSError):
                kept.relay.close()


def connect(route: Route) -> smtplib.SMTP:
    """A connection that is ready for mail; certificates are checked. Raises Trouble: SILENT or OURS."""
    if route.problem:
        raise Trouble(route.problem, Kind.OURS)
    relay = None
    try:
        relay = _called(route)
        _sign_in(relay, route)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        if relay is not None:
            relay.close()
        raise _why_not(error) from error
    except BaseException:
        if relay is not None:
            relay.close()
        raise
    return relay


def _called(route: Route) -> smtplib.SMTP:
    if route.security == "tls":
        return smtplib.SMTP_SSL(route.host, route.port, timeout=SOCKET, context=ssl.create_default_context())
    relay = smtplib.SMTP(route.host, route.port, timeout=SOCKET)
    if route.security == "starttls":
        try:
            relay.starttls(context=ssl.create_default_context())
        except BaseException:
            relay.close()
            raise
    return relay


def _sign_in(relay: smtplib.SMTP, route: Route) -> None:
    relay.ehlo_or_helo_if_needed()
    if route.proof:
        proof = route.proof()
        code, said = relay.auth("XOAUTH2", lambda challenge=None: proof if challenge is None else "")
        if code not in (235, 503):
            raise smtplib.SMTPAuthenticationError(code, said)
    elif route.user:
        relay.login(route.user, route.password)


def _why_not(error: Exception) -> Trouble:
    text = f"{type(error).__name__}: {error}"
    code = getattr(error, "smtp_code", None)
    code = code if isinstance(code, int) and code > 0 else None
    if isinstance(error, ssl.SSLError):
        return Trouble(_("No safe connection to the relay: %(why)s") % {"why": error}, Kind.OURS)
    if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= 500:
        return Trouble(_("The relay did not let us sign in: %(why)s") % {"why": text}, Kind.OURS, code)
    if isinstance(error, (smtplib.SMTPNotSupportedError, UnicodeError)):
        return Trouble(_("The relay cannot do what is asked of it: %(why)s") % {"why": error}, Kind.OURS)
    said = getattr(error, "smtp_error", b"")
    if code and code >= 500 and isinstance(error, smtplib.SMTPResponseException):
        return Trouble(_words(said) if isinstance(said, bytes) else str(said), Kind.OURS, code)
    if isinstance(error, OSError):
        text = _("The relay could not be reached: %(why)s") % {"why": error.strerror or error}
    return Trouble(text, Kind.SILENT, code)
