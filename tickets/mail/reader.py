"""Reads stored mails in a child process that may die of them. The worker lives, and the next mail is read as ever.

A child is started when the first mail comes and serves many. It is replaced after `MAILS`, when it has grown, and when
a mail was its end. That mail is looked at once more with its HTML left as a file, since mostly that is to blame. If
this is no help, only its headers are read, and it says why in its `problem`:
content_processor_timed_out, content_processor_out_of_memory or content_processor_crashed.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import IO, Any

from tickets import blobs
from tickets.mail import inert, wire
from tickets.mail.child import OUT_OF_MEMORY
from tickets.mail.parse import ParsedEmail

MAILS = 2000
KEPT = 2  # children per process that wait for the next mail
GROWN = 64 * 1024 * 1024
WALL_SECONDS = 30.0
TIMED_OUT = "content_processor_timed_out"
CRASHED = "content_processor_crashed"
_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from tickets.mail.child import main; main()"
_FROM_OUTSIDE = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}


class NotRead(Exception):
    """No answer, and not the mail's fault as far as known: the machine is too busy, or somebody ended the child."""


class _Died(Exception):
    """The mail was the end of the child; the argument is the reason code."""


class _Gone(Exception):
    """The child had ended before it got the mail."""


def read(sha256: str, *, domain: str, own_mark: str = "") -> ParsedEmail:
    """What the stored mail says. Raises NotRead, and FileNotFoundError when the blob is not there."""
    request = {"domain": domain, "own_mark": own_mark, "sha256": sha256, "problem": "", "html": True}
    try:
        return _ask(sha256, request)
    except _Died as death:
        problem = str(death)
    for less in ({"html": False}, {"html": False, "problem": problem}):
        with contextlib.suppress(_Died):
            return _ask(sha256, request | less)
    return ParsedEmail(f"<{sha256[:20]}.intake@{domain}>", message_id_made=True, problem=problem)


def _ask(sha256: str, request: dict[str, Any]) -> ParsedEmail:
    with _as_file(sha256) as file:
        while True:
            with contextlib.suppress(_Gone), _child() as child:
                return child.ask(file, request)


@contextlib.contextmanager
def _as_file(sha256: str) -> Iterator[IO[bytes]]:
    """The blob as a file that the system knows; one on S3 is fetched first."""
    with contextlib.closing(blobs.open_blob(sha256)) as blob:
        if isinstance(blob, io.BufferedReader):
            yield blob
            return
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(blob, copy, 1024 * 1024)
            copy.flush()
            yield copy


@contextlib.contextmanager
def _child() -> Iterator[Child]:
    """A child for one mail, kept for the next unless something was wrong. Threads get one each."""
    try:
        child = _idle.pop()
    except IndexError:
        child = Child()
    try:
        yield child
    except BaseException:
        child.end()
        raise
    if child.is_fit and len(_idle) < KEPT:
        _idle.append(child)
    else:
        child.end()


class Child:
    """One running child process and the socket to it. Not for two threads at once."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._served, self._resident, self._deadline = 0, 0, 0.0
        paths = [os.path.abspath(path) for path in sys.path]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, *paths],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env={}, cwd="/", start_new_session=True,
            )  # fmt: skip
        try:
            self._start_clock()
            wire.receive(self._receive)
        except (OSError, ValueError, EOFError) as error:
            self.end()
            raise NotRead("the process that reads mails did not start") from error

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_fit(self) -> bool:
        return self._served < MAILS and self._resident < GROWN

    def ask(self, file: IO[bytes], request: dict[str, Any]) -> ParsedEmail:
        """One mail. Whatever is raised, the child has ended."""
        self._start_clock()
        self._served += 1
        try:
            self._send(file, request)
            answer = wire.receive(self._receive)
            self._resident = answer["resident"]
            if answer["read"] != OUT_OF_MEMORY:
                return self._unpacked(answer["read"])
        except TimeoutError as error:
            self.end()
            raise NotRead(f"no answer within {WALL_SECONDS:.0f} s") from error
        except (OSError, EOFError):
            raise self._last_words() from None
        except (ValueError, TypeError, KeyError):
            self.end()
            raise _Died(CRASHED) from None
        self.end()
        raise _Died(OUT_OF_MEMORY)

    def _send(self, file: IO[bytes], request: dict[str, Any]) -> None:
        """The first bytes carry the open file (SCM_RIGHTS), so that no mail goes through this process."""
        socket.send_fds(self._socket, [wire.MAIL], [file.fileno()])
        self._socket.sendall(wire.framed(request))

    def _unpacked(self, packed: Any) -> ParsedEmail:
        left = wire.MAX_BYTES

        def within(wanted: int) -> bytes:
            nonlocal left
            left -= wanted
            if left < 0 or wanted < 0:
                raise ValueError("answer too long")
            return self._receive(wanted)

        mail: ParsedEmail = wire.unpack(ParsedEmail, packed, within)
        inert.check(mail.html)
        return mail

    def _receive(self, wanted: int) -> bytes:
        return wire.exactly(self._socket, wanted, self._deadline)

    def _start_clock(self) -> None:
        self._deadline = time.monotonic() + WALL_SECONDS
        self._socket.settimeout(WALL_SECONDS)

    def _last_words(self) -> Exception:
        """Why the child ended, as the exception to raise."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        self.end()
        if code == 0:
            return _Gone()
        if code == -signal.SIGPROF:
            return _Died(TIMED_OUT)
        return NotRead("the process that reads mails was ended") if code in _FROM_OUTSIDE else _Died(CRASHED)

    def end(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """In a forked process: the child is the other's."""
        self._socket.close()
        self._process.returncode = 0


_idle: list[Child] = []


def end_all() -> None:
    """Ends the waiting children; the next mail starts one again."""
    while _idle:
        _idle.pop().end()


def _forget_all() -> None:
    while _idle:
        _idle.pop().forget()


atexit.register(end_all)
os.register_at_fork(after_in_child=_forget_all)
