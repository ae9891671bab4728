"""The process that reads mails for a worker, see `reader`. It knows neither Django nor the desk's secrets.

Whatever a hostile mail does to a parser happens here: the process has little time, little memory, no child processes,
and an empty environment. It gets each mail as an open file and answers with what it read.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import time
from pathlib import Path
from typing import Any

from tickets.mail import wire
from tickets.mail.mime import Limits
from tickets.mail.parse import parse

CPU_SECONDS = 5.0
MEMORY = 512 * 1024 * 1024
IDLE_SECONDS = 300
OUT_OF_MEMORY = "content_processor_out_of_memory"


def main() -> None:
    """Serves requests from the socket that stands in for standard input until it is closed, or long unused."""
    _limit()
    with socket.socket(fileno=0) as parent:
        parent.sendall(wire.framed("ready"))
        while (request := _next(parent)) is not None:
            handle = request.pop("handle")
            _answer(parent, *_read(handle, request))


def _limit() -> None:
    """Bounds that the process cannot lift again. What a system does not know (macOS: address space) it leaves out."""
    for name, most in (("AS", MEMORY), ("DATA", MEMORY), ("CORE", 0), ("FSIZE", 0), ("NPROC", 0)):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the socket


def _next(parent: socket.socket) -> dict[str, Any] | None:
    """A request, its mail as the open file `handle`; None when there will be no more. The file comes with the first
    byte, which is `wire.MAIL`."""
    parent.settimeout(IDLE_SECONDS)
    try:
        start, handles, _, _ = socket.recv_fds(parent, 1, 1)
    except TimeoutError:
        return None
    if not start or not handles:
        return None
    deadline = time.monotonic() + IDLE_SECONDS
    request = wire.receive(lambda wanted: wire.exactly(parent, wanted, deadline))
    return {**request, "handle": handles[0]}


def _read(handle: int, request: dict[str, Any]) -> tuple[Any, list[bytes]]:
    """The mail, packed. The processor's time is counted anew for each; when it is over, the signal ends the process."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    try:
        with open(handle, "rb") as file:
            file.seek(0)  # the place in the file is shared with the parent
            raw = file.read(_wanted(handle, request))
        blobs: list[bytes] = []
        limits = Limits() if request.pop("html") else Limits(html=0)
        return wire.pack(parse(raw, limits=limits, **request), blobs), blobs
    except MemoryError:
        return OUT_OF_MEMORY, []
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _wanted(handle: int, request: dict[str, Any]) -> int:
    """How much of the mail has to be read: of one that is too large the headers will do."""
    size, limits = os.fstat(handle).st_size, Limits()
    if size > limits.size:
        request["problem"] = request["problem"] or "too_large"
    return limits.header_bytes if request["problem"] else size


def _answer(parent: socket.socket, read: Any, blobs: list[bytes]) -> None:
    """The answer, then the long texts and files that it counts. A parent that has gone is the end."""
    parent.settimeout(None)
    for part in (wire.framed({"resident": _resident(), "read": read}), *blobs):
        parent.sendall(part)


def _resident() -> int:
    """Bytes of memory in use; where the system does not say, the most there ever were."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
