"""What the driver itself knows: which mails the desk took, which replies it confirmed, what went wrong when, and what
the relay accepted. Nothing of it comes from the desk's database."""

from __future__ import annotations

import hashlib
import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, TextIO

from tests.chaos.desk import DOMAIN

SUPPORT = f"support@{DOMAIN}"


@dataclass
class Mail:
    """One mail to the desk. `thread` is the token of the ticket that it answers, "" for a new one."""

    token: str
    sender: str
    thread: str
    raw: bytes
    to: str
    enclosed: str = ""  # hash of its attachment

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


@dataclass
class Reply:
    """One answer of an agent on the ticket with this token."""

    token: str
    thread: str
    nonce: uuid.UUID
    enclosed: bytes = b""


@dataclass
class Trouble:
    """What was broken on purpose, from when to when (seconds since 1970). In `window` trouble a mail that the relay has
    just accepted may be unknown to the desk."""

    name: str
    window: bool
    begin: float
    end: float = 0.0


@dataclass
class Accepted:
    at: float
    to: str
    sha256: str
    message_id: str


@dataclass
class Ledger:
    folder: Path
    mails: list[Mail] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    _read_to: int = 0

    def __post_init__(self) -> None:
        self._file: TextIO = (self.folder / "ledger.jsonl").open("w", buffering=1)

    def close(self) -> None:
        self._file.close()

    def took(self, mail: Mail, answer: str) -> None:
        """The desk said 250, or removed the mail from the IMAP server."""
        self.mails.append(mail)
        self._write(took=mail.token, sha256=mail.sha256, thread=mail.thread, answer=answer)

    def confirmed(self, reply: Reply) -> None:
        self.replies.append(reply)
        self._write(confirmed=reply.token, thread=reply.thread)

    @contextmanager
    def trouble(self, name: str, *, window: bool) -> Iterator[Trouble]:
        trouble = Trouble(name, window, time.time())
        self.troubles.append(trouble)
        try:
            yield trouble
        finally:
            trouble.end = time.time()
            self._write(trouble=name, begin=trouble.begin, end=trouble.end)

    def read_relay(self) -> list[Accepted]:
        """All that the relay has accepted so far, in order."""
        book = self.folder / "accepted.jsonl"
        with book.open("rb") as file:
            file.seek(self._read_to)
            for line in file:
                if line.endswith(b"\n"):
                    self.accepted.append(Accepted(**json.loads(line)))
                    self._read_to += len(line)
        return self.accepted

    def copies(self) -> dict[str, list[Accepted]]:
        """Message-ID -> every time the relay accepted it."""
        found = defaultdict(list)
        for mail in self.read_relay():
            found[mail.message_id].append(mail)
        return found

    def bytes_of(self, mail: Accepted) -> bytes:
        return (self.folder / "mails" / mail.sha256).read_bytes()

    def _write(self, **what: Any) -> None:
        self._file.write(json.dumps({"at": time.time(), **what}) + "\n")


def write(token: str, sender: str, *, to: str = SUPPORT, thread: str = "", enclose: bytes = b"") -> Mail:
    """A mail as a person's program would write it."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, to
    message["Subject"] = f"Re: {thread}" if thread else f"Printer {token} is on fire"
    message["Message-ID"] = f"<{token}@customers.example>"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
    message.set_content(f"It burns, says {token}.\n.\nPlease come.\n")
    if enclose:
        message.add_attachment(enclose, maintype="application", subtype="octet-stream", filename=f"{token}.bin")
    enclosed = hashlib.sha256(enclose).hexdigest() if enclose else ""
    return Mail(token, sender, thread, message.as_bytes(), to, enclosed)


def some_bytes(chance: random.Random) -> bytes:
    """An attachment: mostly small, at times as large as a photo."""
    return chance.randbytes(chance.choice([100, 2_000, 2_000, 300_000]))
