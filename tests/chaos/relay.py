"""`relay PORT FOLDER`: the mail relay of the desk, a real SMTP server that writes down what it accepted.

A mail is accepted when its line stands in `accepted.jsonl`; only then comes the 250. How it behaves stands in the file
`mood`, which the driver changes: a word, or nothing when all is well.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
import time
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.chaos.points import reached

SLOW_SECONDS = 0.4


def canonical(raw: bytes) -> str:
    """Hash of a mail's bytes, whatever ends its lines and the whole of it."""
    return hashlib.sha256(re.sub(rb"\r\n|\r|\n", b"\r\n", raw).rstrip()).hexdigest()


class Relay:
    """aiosmtpd's handler."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.turned_away = folder, set[str]()
        (folder / "mails").mkdir(exist_ok=True)
        self._book = os.open(folder / "accepted.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _is(self, mood: str) -> bool:
        """Whether the relay is in this mood; the driver sees in the file `met` that somebody met it."""
        try:
            found = (self.folder / "mood").read_text() == mood
        except OSError:
            return False
        if found:
            (self.folder / "met").touch()
        return found

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        if self._is("closed"):
            server.transport.abort()
        return "421 4.3.2 Not now" if self._is("busy") else "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address not in self.turned_away and self._is("greylisting"):
            self.turned_away.add(address)
            return "451 4.7.1 Greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._is("slow"):
            await asyncio.sleep(SLOW_SECONDS)
        if self._is("failing"):
            return "452 4.3.1 No room"
        if self._is("cutting"):
            server.transport.abort()
            return "451 Gone"
        reached("relay.received")
        self._accept(envelope)
        reached("relay.accepted")
        if self._is("mute"):
            server.transport.abort()
        return "250 2.0.0 OK"

    def _accept(self, envelope: Envelope) -> None:
        raw = bytes(envelope.content or b"")
        digest = canonical(raw)
        (self.folder / "mails" / digest).write_bytes(raw)
        line = {
            "at": time.time(), "to": envelope.rcpt_tos[0], "sha256": digest,
            "message_id": BytesHeaderParser().parsebytes(raw)["Message-ID"],
        }  # fmt: skip
        os.write(self._book, (json.dumps(line) + "\n").encode())


async def serve(port: int, folder: Path) -> None:
    relay, loop = Relay(folder), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(relay, loop=loop, timeout=300), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
