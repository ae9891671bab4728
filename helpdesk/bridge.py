"""The server shape: Django on threads, long-lived connections on the event loop, one origin.

A request for Django is first received in full on the event loop, then run on a thread, then sent from the event loop:
a slow client never holds a thread. RSGI is Granian's own protocol. Figures and alternatives: docs/decisions/0001-web-
server.md.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any

IN_MEMORY = 256 * 1024  # bytes of a request body before it goes to a temporary file
BODY_SECONDS = 300  # for a whole request to arrive
PLAIN = [("content-type", "text/plain; charset=utf-8")]
DONE = object()

Native = Callable[[Any, Any], Awaitable[None]]


class Bridge:
    """Runs a WSGI application on `threads` threads for an RSGI server.

    `max_body` in bytes: a larger request is answered 413 before the application sees it.
    `native` maps path prefixes to RSGI coroutines that answer on the event loop. One that has a `close` is called
    when the process is to end: the server waits for open connections, and a stream ends only when told to.
    """

    def __init__(self, wsgi: Callable, threads: int, max_body: int, native: dict[str, Native] | None = None):
        self.wsgi = wsgi
        self.max_body = max_body
        self.native = native or {}
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by the server, which has put its own handler into the loop; the loop hears signals beside this one."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._close))

    def _close(self) -> None:
        for route in self.native.values():
            getattr(route, "close", int)()

    async def __call__(self, scope, protocol) -> None:
        for prefix, route in self.native.items():
            if scope.path.startswith(prefix):
                await route(scope, protocol)
                return
        with SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    fits = await self._receive(scope, protocol, body)
            except TimeoutError:
                protocol.response_str(408, PLAIN, "The request took too long to arrive.")
                return
            if not fits:
                protocol.response_str(413, PLAIN, "The request is too large.")
                return
            run = asyncio.get_running_loop().run_in_executor
            response = await run(self.pool, self._call, environ(scope, body))
            await self._send(run, protocol, response)

    async def _receive(self, scope, protocol, body) -> bool:
        """Take the whole body; False when it is larger than allowed."""
        declared = scope.headers.get("content-length")
        if declared is None and scope.headers.get("transfer-encoding") is None and scope.http_version[0] == "1":
            return True
        if declared is not None and declared.isdecimal() and int(declared) > self.max_body:
            return False
        size = 0
        async for chunk in protocol:
            size += len(chunk)
            if size > self.max_body:
                return False
            body.write(chunk)
        body.seek(0)
        return True

    def _call(self, environ: dict) -> Response:
        response = Response()
        response.take(self.wsgi(environ, response.start))
        return response

    async def _send(self, run, protocol, response: Response) -> None:
        if response.rest is None:
            protocol.response_bytes(response.status, response.headers, response.first)
            return
        try:
            transport = protocol.response_stream(response.status, response.headers)
            await transport.send_bytes(response.first)
            while (chunk := await run(self.pool, next, response.rest, DONE)) is not DONE:
                await transport.send_bytes(chunk)
        finally:
            await run(self.pool, response.close)


class Response:
    """What a WSGI application answered: whole in `first`, or `first` and the `rest` still to come."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[str, str]] = []
        self.first = b""
        self.rest: Iterator[bytes] | None = None
        self.close: Callable[[], object] = lambda: None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        self.status = int(status[:3])
        self.headers = [(name.lower(), value) for name, value in headers]

    def take(self, answer: Iterable[bytes]) -> None:
        """Read a finished answer to its end and close it here, on the thread that made it; leave a stream open."""
        self.close = getattr(answer, "close", self.close)
        if getattr(answer, "streaming", False):
            self.rest = iter(answer)
            self.first = next(self.rest, b"")
        else:
            self.first = b"".join(answer)
            self.close()


def environ(scope, body) -> dict[str, Any]:
    """The WSGI environment of one RSGI request (PEP 3333: bytes as latin-1 text)."""
    host, _, port = scope.server.rpartition(":")
    values: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path_info(scope.path),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:  # HTTP/2 has no Host header
        values["HTTP_HOST"] = scope.authority
    _add_headers(values, scope.headers)
    return values


def path_info(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("latin-1")


def _add_headers(values: dict[str, Any], headers) -> None:
    """Put headers in as HTTP_…, repeated ones joined.

    Names with an underscore are dropped: `X_Forwarded_For` would pass for `X-Forwarded-For`, which a proxy has set.
    """
    for name in set(headers.keys()):
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        values[key] = ("; " if key == "HTTP_COOKIE" else ",").join(headers.get_all(name))
