"""A light HTTP client and a mail server that takes everything: both run beside the desk and are not measured."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import re
import smtplib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from aiosmtpd.controller import Controller

from tests.bench.ports import free_port

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_MESSAGE_ID = re.compile(rb"^message-id:\s*<", re.IGNORECASE | re.MULTILINE)
_numbers = itertools.count(1)


class Failed(Exception):
    """The desk did not do what was asked: the measurement would be of something else."""


class Browser:
    """One keep-alive connection with cookies, and an address of its own for limits by address."""

    def __init__(self, url: str, cookies: dict[str, str] | None = None) -> None:
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        self.cookies = dict(cookies or {})
        self.location = ""  # where the last answer sent it

    def get(self, path: str, **headers: str) -> bytes:
        return self.request("GET", path, b"", headers)[1]

    def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, bytes]:
        body = urlencode(fields).encode()
        return self.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        number = next(_numbers)
        sent = {
            "Host": "localhost", "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers,
        }  # fmt: skip
        self.connection.request(method, path, body, sent)
        response = self.connection.getresponse()
        content = response.read()
        self.location = response.headers.get("Location", "")
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _equals, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        if response.status >= 400:
            raise Failed(f"{method} {path}: {response.status} {content[:300]!r}")
        return response.status, content

    def sign_in(self, email: str, password: str) -> dict[str, str]:
        """The cookies of a signed-in session."""
        fields = {"login": email, "password": password, "csrfmiddlewaretoken": token(self.get("/accounts/login/"))}
        status, _page = self.post("/accounts/login/", fields)
        if status != 302:
            raise Failed(f"{email} could not sign in")
        return self.cookies


def token(page: bytes) -> str:
    found = _TOKEN.search(page)
    if not found:
        raise Failed("a page without a form token")
    return found[1].decode()


def repeat(count: int, concurrency: int, act: Callable[[Browser], object], browser: Callable[[], Browser]) -> None:
    """Does `act` `count` times, in `concurrency` threads that each keep a connection."""
    own = threading.local()

    def one(_number: int) -> None:
        if not hasattr(own, "browser"):
            own.browser = browser()
        act(own.browser)

    with ThreadPoolExecutor(concurrency) as threads:
        list(threads.map(one, range(count)))


class Sink:
    """A mail server for what the desk sends."""

    async def handle_DATA(self, *_: object) -> str:
        return "250 OK"


def sink() -> Controller:
    server = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    server.start()
    return server


def send_mails(address: str, mailbox: str, count: int, connections: int = 4) -> str:
    """Sends plain mails from many people over SMTP; returns the word that stands in every subject."""
    word = f"intake{uuid.uuid4().hex[:12]}"
    host, _colon, port = address.rpartition(":")

    def send(part: int) -> None:
        with smtplib.SMTP(host, int(port), timeout=60) as relay:
            for number in range(part, count, connections):
                sender = f"{word}.{number}@senders.example"
                relay.sendmail(sender, [mailbox], _mail(sender, mailbox, f"{word} {number}"))

    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(send, range(connections)))
    return word


def send_files(address: str, mailbox: str, files: list[Path], connections: int = 4) -> int:
    """Sends these raw mails over SMTP, each with a Message-ID that was never seen; how many were taken."""
    host, _colon, port = address.rpartition(":")

    def send(part: int) -> int:
        taken = 0
        with smtplib.SMTP(host, int(port), timeout=60) as relay:
            for file in files[part::connections]:
                raw = _MESSAGE_ID.sub(b"Message-ID: <%s." % uuid.uuid4().hex.encode(), file.read_bytes(), count=1)
                with contextlib.suppress(smtplib.SMTPResponseException):  # a line longer than the intake takes
                    relay.sendmail("somebody@senders.example", [mailbox], raw)
                    taken += 1
        return taken

    with ThreadPoolExecutor(connections) as threads:
        return sum(threads.map(send, range(connections)))


def _mail(sender: str, mailbox: str, subject: str) -> bytes:
    body = "\r\n".join(["Good morning,", "", "the printer on the second floor is out of toner again."] * 4)
    return (
        f"From: Somebody <{sender}>\r\nTo: {mailbox}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{uuid.uuid4()}@senders.example>\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()
