"""Processes of our own that a test may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from helpdesk import embedded
from tests.wait import free_port, until


class Process:
    """One program with its children, in a group of its own."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.command, self.log, self.environment = command, log, {**os.environ, **(environment or {})}
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=self.environment, cwd=settings.BASE_DIR,
            )  # fmt: skip

    def kill(self) -> None:
        """SIGKILL for all of the group; no program gets to tidy up."""
        if self._running is not None:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()
            self._running = None


class Broker(Process):
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [
            embedded._valkey_program(),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            "/",
        ]
        super().__init__(command, folder / "broker.log")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        super().start()
        until(lambda: embedded._listening(self.port))


class Worker(Process):
    """A Celery worker on the test's database, files and secret, with the broker and relay given."""

    def __init__(self, folder: Path, broker: Broker, relay: str) -> None:
        environment = {
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": broker.url,
            "SMTP_URL": relay,
            "SECRET_KEY": settings.SECRET_KEY,
            "STORAGE_URL": settings.STORAGE_URL,
        }
        command = [sys.executable, "-m", "celery", "-A", "helpdesk.celery", "worker", "--concurrency", "1"]
        command += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        super().__init__(command, folder / "worker.log", environment)

    def start(self) -> None:
        said = self.log.read_bytes().count(b" ready.") if self.log.exists() else 0
        super().start()
        until(lambda: self.log.read_bytes().count(b" ready.") > said, 60)


def database_url() -> str:
    """The test database, as the settings of another process take it."""
    given = connection.settings_dict
    account = f"{quote(given['USER'], safe='')}:{quote(given['PASSWORD'], safe='')}"
    place = f"{account}@{given['HOST'] or '127.0.0.1'}:{given['PORT'] or 5432}"
    return urlunsplit(urlsplit(f"postgresql://{place}/{given['NAME']}"))
