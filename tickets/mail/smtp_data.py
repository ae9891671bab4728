"""The DATA command for mail of any size: what comes goes to disk in pieces, memory stays as it is.

aiosmtpd keeps every line as an object of its own until the mail has ended; a hundred megabytes of empty lines are
gigabytes then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from aiosmtpd.smtp import SMTP, Envelope

from tickets import blobs

log = logging.getLogger(__name__)

IN_MEMORY = 1024 * 1024
MAX_HEAD = 1000
_END = b"\r\n.\r\n"


class SpooledData(SMTP):
    """Gives its handler the mail as an open file in `envelope.content`, without the dots that SMTP adds."""

    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = cast(Envelope, self.envelope)
        if not envelope.rcpt_tos or arg:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        with SpooledTemporaryFile(max_size=IN_MEMORY, dir=blobs.spool_folder()) as spool:
            status = await self._receive(spool)
            if not status:
                spool.seek(0)
                envelope.content = cast(Any, spool)
                status = await self._call_handler_hook("DATA")
                envelope.content = None
        self._set_post_data_state()
        await self.push(status)

    async def _receive(self, spool: SpooledTemporaryFile[bytes]) -> str:
        """Reads to the end of the mail, also of one that cannot be taken; the answer in that case, else nothing."""
        size, dots, limit, trouble = 0, _Dots(), self.data_size_limit or 0, ""
        is_last = False
        while not is_last:
            piece, is_last = await (self._piece() if size else self._head())
            self._reset_timeout()
            size += len(piece)
            if limit and size > limit + len(_END):
                trouble = "552 Error: Too much mail data"
            try:
                spool.write(b"" if trouble else dots.taken_out(piece, is_last))
            except OSError:
                log.exception("a mail could not be written to disk")
                trouble = "451 4.3.0 Not stored, try again later"
        return trouble

    async def _head(self) -> tuple[bytes, bool]:
        """The first bytes, as many as are needed for the end to be found in what follows."""
        head = await self._reader.readexactly(3)
        if head == b".\r\n":
            return head, True
        while any(head.endswith(_END[:length]) for length in range(1, len(_END))):
            if len(head) > MAX_HEAD:
                raise ConnectionResetError("no mail begins like this")
            head += await self._reader.readexactly(1)
            if head.endswith(_END):
                return head, True
        return head, False

    async def _piece(self) -> tuple[bytes, bool]:
        try:
            return await self._reader.readuntil(_END), True
        except asyncio.LimitOverrunError as overrun:  # no end in sight yet: take what cannot be part of it
            return await self._reader.read(overrun.consumed), False


def contents(envelope: Envelope) -> bytes | Iterator[bytes]:
    """The mail that `SpooledData` received: at once when it is small, else in pieces."""
    spool = cast(IO[bytes], envelope.content)
    first = spool.read(IN_MEMORY)
    return chain([first], iter(partial(spool.read, IN_MEMORY), b"")) if len(first) == IN_MEMORY else first


class _Dots:
    """Removes the dot that was put before each line that began with one (RFC 5321, 4.5.2), across pieces."""

    def __init__(self) -> None:
        self._kept = b"\r\n"  # a line begins here; not part of the mail
        self._is_first = True

    def taken_out(self, piece: bytes, is_last: bool) -> bytes:
        data = self._kept + piece
        if is_last:
            data = data[: -len(_END) + 2]  # the line break before the dot ends the last line
            self._kept = b""
        else:
            self._kept = next((start for start in (b"\r\n", b"\r") if data.endswith(start)), b"")
            data = data[: len(data) - len(self._kept)]
        data = data.replace(b"\r\n.", b"\r\n")
        if self._is_first and data.startswith(b"\r\n"):
            self._is_first, data = False, data[2:]
        return data
