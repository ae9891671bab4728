"""A desk as `bin/run` starts it: web, worker, beat, SMTP intake, PostgreSQL and Valkey, all real, in its own folder."""

from __future__ import annotations

import contextlib
import email
import json
import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.db import connection
from django.test import override_settings
from environ import Env

from helpdesk import settings as shipped
from helpdesk.celery import app
from helpdesk.supervise import readiness
from tests.wait import free_port, until
from tickets import pushes
from tickets.models import Desk
from tickets.models.desk import REMEMBERED

DOMAIN = "desk.example"
SUPPORT = f"support@{DOMAIN}"
# What the surroundings of the test run say about services must not reach this desk: it starts its own.
_NOT_PASSED_ON = (
    "DATABASE_URL",
    "REDIS_URL",
    "HELPDESK_DATA",
    "DJANGO_SETTINGS_MODULE",
    "SMTP_IN",
    "PYTEST_CURRENT_TEST",
)


class RunningDesk:
    """Attributes once started: `base` (address of the pages), `card` (demo.json), `data` (its folder)."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="helpdesk-e2e-"))
        self._folder.chmod(0o711)  # as root, PostgreSQL's own account has to pass
        self.data = self._folder / "the desk's data"
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.card: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        surroundings = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        command = [settings.BASE_DIR / "bin" / "run", "--port", str(self.port), "--data", self.data, "--empty"]
        with (self._folder / "run.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={
                    **surroundings, "MAIL_DOMAIN": DOMAIN, "HELPDESK_EMBEDDED_THROWAWAY": "1",
                    "SMTP_IN": f"127.0.0.1:{free_port()}",  # tests beside this one may start a desk in the same second
                },
            )  # fmt: skip
        until(self._is_up, 110)
        self.card = json.loads((self.data / "demo.json").read_text())
        with self.database():
            Desk.objects.update(undo_seconds=0)  # replies leave at once

    def set(self, **values: object) -> None:
        """Changes settings of the desk; afterwards none of its processes remembers what was."""
        Desk.objects.update(**values)
        time.sleep(REMEMBERED)  # no page tells which process made it

    def _is_up(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"bin/run ended:\n{self.log}")
        return "Ctrl-C stops it" in self.log and not readiness(f"{self.base}/readyz")

    @property
    def log(self) -> str:
        return (self._folder / "run.log").read_text()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- its data --

    @contextlib.contextmanager
    def database(self) -> Iterator[None]:
        """Within the block the ORM of this process speaks to the desk's database, and commits."""
        given, before = connection.settings_dict, dict(connection.settings_dict)
        # Playwright's own event loop runs in this thread; the ORM is used beside it, never within.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        connection.close()
        given.update(Env.db_url_config(self.card["database_url"]))
        try:
            with override_settings(
                PASSWORD_HASHERS=shipped.PASSWORD_HASHERS,
                OUTBOX_DIR=self.data / "outbox",
                STORAGE_URL=(self.data / "files").as_uri(),
                MAIL_DOMAIN=DOMAIN,
                REDIS_URL=self.card["redis_url"],
            ):
                pushes.line.client = None  # open pages hear of what this process does
                yield
        finally:
            pushes.line.client = None
            connection.close()
            given.clear()
            given.update(before)
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]

    def run_task(self, name: str) -> None:
        """Asks the desk's worker for a sweep now instead of at its next minute."""
        with app.connection_for_write(self.card["redis_url"]) as broker:
            app.send_task(f"tickets.tasks.{name}", connection=broker)

    # -- its mail --

    def letters(self, kind: str, about: str, to: str = "") -> list[EmailMessage]:
        """Mails in the outbox of one kind about one ticket, oldest first."""
        found = []
        for file in sorted((self.data / "outbox").glob(f"*-{kind}.eml")):
            letter = email.message_from_bytes(file.read_bytes(), policy=default)
            if about in f"{letter['Subject']} {text_of(letter)}" and to in str(letter["To"]):
                found.append(letter)
        return found

    def letter(self, kind: str, about: str, to: str = "", count: int = 1) -> EmailMessage:
        """The newest of them as soon as there are `count`."""
        return until(lambda: found if len(found := self.letters(kind, about, to)) >= count else [])[-1]

    def receive(self, raw: bytes, sender: str, to: str = SUPPORT) -> None:
        """Hands a raw mail to the SMTP intake, as the mail server in front of it would."""
        host, _, port = self.card["smtp_in"].rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=30) as client:
            client.sendmail(sender, [to], raw)

    def pipe(self, raw: bytes, sender: str, to: str = SUPPORT) -> None:
        """Hands a raw mail to `manage.py receive_mail` on its standard input."""
        surroundings = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        surroundings |= {
            "DATABASE_URL": self.card["database_url"],
            "REDIS_URL": self.card["redis_url"],
            "HELPDESK_DATA": str(self.data),
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
            "BASE_URL": self.base,
            "MAIL_DOMAIN": DOMAIN,
        }
        subprocess.run(
            [sys.executable, settings.BASE_DIR / "manage.py", "receive_mail", "--sender", sender, "--recipient", to],
            input=raw, env=surroundings, check=True, timeout=60,
        )  # fmt: skip

    # -- its API --

    def call(self, secret: str, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(
            method, f"{self.base}/api/v1/tickets/{path}", json=body,
            headers={"Authorization": f"Bearer {secret}"}, timeout=30,
        )  # fmt: skip


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    return part.get_content() if part is not None else ""


def links_in(letter: EmailMessage) -> list[str]:
    return re.findall(r"https?://\S+", text_of(letter))


def answer_to(letter: EmailMessage, sender: str, body: str, **headers: str) -> tuple[bytes, str]:
    """A customer's mail program answering: the raw mail, and the address that it goes to."""
    mail = EmailMessage(policy=default.clone(linesep="\r\n"))
    mail["From"] = sender
    mail["To"] = to = str(letter["Reply-To"] or letter["From"])
    mail["Subject"] = f"Re: {letter['Subject']}"
    mail["Message-ID"] = f"<{os.urandom(12).hex()}@mail.customers.example>"
    mail["In-Reply-To"] = mail["References"] = str(letter["Message-ID"]).strip()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    quoted = "\n".join(f"> {line}" for line in text_of(letter).splitlines())
    mail.set_content(f"{body}\n\nOn Mon, 2 Mar 2026 at 10:00, Support wrote:\n{quoted}\n")
    return mail.as_bytes(), email.utils.parseaddr(to)[1]
