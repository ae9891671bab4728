"""The SMTP door for incoming mail, for a mail server in front of us to relay to. It says 250 only for mail that is
stored, and never bounces: an address nobody has is refused while the sender still listens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, AnyStr

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import close_old_connections

from tickets.mail.addresses import without_tag
from tickets.mail.smtp_data import SpooledData, contents
from tickets.mail.store import store
from tickets.models import InboundEmail, Mailbox

log = logging.getLogger(__name__)
# aiosmtpd writes every address into the log otherwise.
logging.getLogger("mail.log").setLevel(logging.WARNING)

MAX_LINE = 1024 * 1024  # bytes; longer than the standard allows, as real mail is
_THREADS = 4
_IDLE_SECONDS = 120
_REMEMBER_SECONDS = 5


class LongLineSMTP(SpooledData):
    line_length_limit = MAX_LINE


class LongLineLMTP(SpooledData, LMTP):
    """Answers for each recipient (RFC 2033, section 4.2). They share one row, so they share the answer."""

    line_length_limit = MAX_LINE
    _answers = 0

    async def push(self, status: AnyStr) -> None:
        line = status if isinstance(status, bytes) else status.encode()
        if line.startswith(b"354"):
            self._answers = len(self.envelope.rcpt_tos) if self.envelope else 0
        elif self._answers:
            line, self._answers = b"\r\n".join([line] * self._answers), 0
        await super().push(line)


class Intake:
    """aiosmtpd's handler. The database is touched in threads only, so that one slow commit holds up nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="intake")
        self._mailboxes: dict[str, bool] | None = None
        self._looked_at = 0.0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        try:
            known = await self._in_thread(self._knows, address)
        except Exception:
            log.exception("the mailboxes could not be read")
            return "451 4.3.0 Try again later"
        if not known:
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            source = InboundEmail.Source.LMTP if isinstance(server, LMTP) else InboundEmail.Source.SMTP
            row = await self._in_thread(_store, envelope, source)
        except Exception:
            log.exception("a mail could not be stored")
            return "451 4.3.0 Not stored, try again later"
        return f"250 2.0.0 Stored as {row.pk}"

    async def _in_thread(self, work: Any, *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)

    def _knows(self, address: str) -> bool:
        """While the desk has no mailbox at all every address is its own. The list is a few seconds old at most."""
        if self._mailboxes is None or time.monotonic() - self._looked_at > _REMEMBER_SECONDS:
            close_old_connections()
            rows = Mailbox.objects.values_list("address", "is_enabled")
            self._mailboxes = {name.lower(): enabled for name, enabled in rows}
            self._looked_at = time.monotonic()
        return not self._mailboxes or self._mailboxes.get(without_tag(address), False)


def _store(envelope: Envelope, source: str) -> InboundEmail:
    close_old_connections()
    return store(
        contents(envelope), source=source, envelope_from=envelope.mail_from or "", envelope_to=envelope.rcpt_tos
    )


async def serve(
    host: str,
    port: int,
    stopped: asyncio.Event,
    started: Callable[[str], object],
    kind: type[SMTP] = LongLineSMTP,
) -> None:
    """Listens until `stopped` is set; port 0 takes a free one. `started` gets the address as host:port."""
    intake = Intake()

    def session() -> SMTP:
        return kind(
            intake, data_size_limit=settings.MAX_STORED_MAIL, enable_SMTPUTF8=True, hostname=settings.MAIL_DOMAIN,
            ident="Helpdesk", timeout=_IDLE_SECONDS, loop=asyncio.get_running_loop(),
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(session, host, port)
    async with server:
        started("{}:{}".format(*server.sockets[0].getsockname()[:2]))
        await stopped.wait()
