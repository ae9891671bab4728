"""A real SMTP server that keeps what it accepts and can be told to refuse or to wait."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.wait import free_port


class Sink:
    """`mails` are (sender, recipient, bytes) accepted; `answers` maps "MAIL", "RCPT" or "DATA" to a refusal;
    one that `hangs_up` accepts the mail and goes away without saying so."""

    def __init__(self, users: dict[str, str] | None = None, *, tokens: bool = False, **controller: Any) -> None:
        self.mails: list[tuple[str, str, bytes]] = []
        self.sessions: set[int] = set()
        self.answers: dict[str, str] = {}
        self.is_holding = False
        self.is_silent = False
        self.hangs_up = False
        self.has_data = threading.Event()
        self.was_left = threading.Event()
        self._transports: list[asyncio.WriteTransport] = []
        self.proofs: list[tuple[str, str]] = []  # (account, token) of XOAUTH2
        if tokens:
            self.auth_XOAUTH2 = self._takes_token
        if users is not None:
            controller |= {"authenticator": _of(users), "auth_required": True}
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), **controller)

    @property
    def port(self) -> int:
        return self._controller.port

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def start(self) -> Sink:
        self._controller.start()
        return self

    def stop(self) -> None:
        """Hangs up on everybody; a second call does nothing."""
        if self._controller.server is not None:
            self._controller.stop(no_assert=True)

    def accept_after(self, seconds: float) -> None:
        """Lets go of what is held."""
        time.sleep(seconds)
        self.is_holding = False

    def drop_everybody(self) -> None:
        """Closes all connections and goes on listening."""
        asyncio.run_coroutine_threadsafe(self._abort(), self._controller.loop).result(10)

    async def _takes_token(self, server: SMTP, args: list[str]) -> AuthResult:
        fields = base64.b64decode(args[1]).decode().split("\x01")
        self.proofs.append((fields[0].removeprefix("user="), fields[1].removeprefix("auth=Bearer ")))
        return AuthResult(success=True, auth_data=self.proofs[-1])

    async def _abort(self) -> None:
        while self._transports:
            self._transports.pop().abort()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        self._transports.append(server.transport)
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """While `is_holding` the mail has come in whole but is not accepted; who goes away now has not sent it.
        While `is_silent` it is accepted, and its sender waits to hear so."""
        self.has_data.set()
        try:
            while self.is_holding:
                await asyncio.sleep(0.01)
            if "DATA" in self.answers:
                return self.answers["DATA"]
            self.mails.append((envelope.mail_from or "", envelope.rcpt_tos[0], bytes(envelope.content or b"")))
            while self.is_silent:
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.was_left.set()
            raise
        if self.hangs_up:
            server.transport.abort()
        return "250 OK"


def _of(users: dict[str, str]) -> Callable[..., AuthResult]:
    """An authenticator that knows these people and passwords."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        is_known = isinstance(given, LoginPassword) and users.get(given.login.decode()) == given.password.decode()
        return AuthResult(success=is_known, handled=False)

    return check
