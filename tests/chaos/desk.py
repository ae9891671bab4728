"""A whole desk on real parts that can be killed and started again one by one."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from tests.chaos.disk import Disk
from tests.chaos.imap import ImapServer
from tests.chaos.points import FOLDER
from tests.chaos.services import Services, free_port

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = "desk.example"
PROCESSES = ("worker", "intake", "relay")
_MARK = "made by bin/chaos"


class Desk:
    """`folder` holds what the driver knows; what the desk knows lies in `disk.home`. `start` fills the environment, so
    nothing of Django may be imported before."""

    def __init__(self, folder: Path, may_mount: bool = True) -> None:
        self.folder = folder
        self._lock = _make_empty(folder)
        self.disk = Disk(folder, may_mount)
        self.services = Services(self.disk.home)
        self.ports = {"intake": free_port(), "relay": free_port()}
        self.imap = ImapServer(folder)
        self._nursery: subprocess.Popen[str] | None = None
        self._ordering, self._numbers = threading.Lock(), itertools.count(1)
        self.pids: dict[str, int] = {}

    def start(self) -> None:
        self.services.start()
        self._set_environment()
        self._migrate()
        command = [sys.executable, "-m", "tests.chaos.nursery", str(self.folder)]
        with (self.folder / "nursery.log").open("ab") as log:
            self._nursery = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,
            )  # fmt: skip
        if self._answer() != "ready":
            raise RuntimeError(f"the desk did not load: {self.folder / 'nursery.log'}")
        self.imap.start()
        for name in PROCESSES:
            self.bring_back(name)

    def stop(self) -> None:
        """Leaves nothing running; safe to call at any time."""
        if self._nursery and self._nursery.poll() is None:
            with contextlib.suppress(OSError):
                self._nursery.stdin.close()  # type: ignore[union-attr]
            try:
                self._nursery.wait(30)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()
        with contextlib.suppress(Exception):
            self.disk.clear()
        self.imap.kill()
        self.services.stop()
        self.disk.unmount()

    def kill(self, name: str) -> None:
        servers = {
            "broker": self.services.kill_broker, "database": self.services.kill_database, "imap": self.imap.kill,
        }  # fmt: skip
        if name in servers:
            servers[name]()
        else:
            self._order("kill", name)

    def is_alive(self, name: str) -> bool:
        return bool(self._order("alive", name))

    def bring_back(self, name: str) -> None:
        """Starts what does not run; listens again when this returns."""
        if name in ("broker", "database"):
            self.services.start()
        elif name == "imap":
            self.imap.start()
        elif not self.is_alive(name):
            self._start(name)

    @property
    def killable(self) -> list[str]:
        return [*PROCESSES, "broker", "database", *([] if self.imap.why_not else ["imap"])]

    def bring_all_back(self) -> None:
        self.services.start()
        self.imap.start()
        for name in PROCESSES:
            self.bring_back(name)

    def mood(self, word: str) -> None:
        """How the relay behaves from now on."""
        (self.folder / "met").unlink(missing_ok=True)
        new = self.folder / "mood.new"
        new.write_text(word)
        new.replace(self.folder / "mood")

    @property
    def has_met_mood(self) -> bool:
        """Whether a mail was treated according to the mood."""
        return (self.folder / "met").exists()

    def _start(self, name: str) -> None:
        module = {
            "worker": ["helpdesk.worker", str(self.disk.home / "celerybeat-schedule")],
            "intake": ["manage", "smtp_intake"],
            "relay": ["tests.chaos.relay", str(self.ports["relay"]), str(self.folder)],
        }[name]
        self.pids[name] = self._order("start", name, command=["tests.chaos.launch", name, *module])
        if name in self.ports:
            self._wait_for(name)

    def _wait_for(self, name: str) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and self.is_alive(name):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[name]), 5):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the {name} did not start: {self.folder / f'{name}.log'}")

    def _order(self, what: str, part: str, **more: Any) -> Any:
        assert self._nursery
        with self._ordering:
            number = next(self._numbers)
            order = {"number": number, "do": what, "part": part, **more}
            self._nursery.stdin.write(json.dumps(order) + "\n")  # type: ignore[union-attr]
            self._nursery.stdin.flush()  # type: ignore[union-attr]
            while True:  # Ctrl-C may have left the answer to an earlier one
                answered, answer = self._answer()
                if answered == number:
                    return answer

    def _answer(self) -> Any:
        assert self._nursery
        line = self._nursery.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise RuntimeError(f"what starts the parts of the desk has ended: {self.folder / 'nursery.log'}")
        return json.loads(line)

    def _set_environment(self) -> None:
        database, broker = self.services.addresses
        for name in ("STORAGE_URL", "SENTRY_DSN", "ALLOWED_HOSTS", "SECRET_KEY_FILE", "LOG_LEVEL"):
            os.environ.pop(name, None)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "helpdesk.settings", "HELPDESK_DATA": str(self.disk.home),
            "DATABASE_URL": database, "REDIS_URL": broker, "SECRET_KEY": secrets.token_urlsafe(64),
            "SMTP_URL": f"smtp://127.0.0.1:{self.ports['relay']}", "SMTP_IN": f"127.0.0.1:{self.ports['intake']}",
            "BASE_URL": f"http://{DOMAIN}", "MAIL_DOMAIN": DOMAIN, FOLDER: str(self.folder),
        }  # fmt: skip

    def _migrate(self) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


def _make_empty(folder: Path) -> TextIO:
    """Only what an earlier run has made is thrown away. The folder is ours until the file returned is closed."""
    mark = folder / "chaos.txt"
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            sys.exit(f"{folder} has other things in it; name an empty folder in --data.")
        _hold(mark)
        subprocess.run(["umount", str(folder / "desk")], capture_output=True, check=False)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    mark.write_text(_MARK)
    return _hold(mark)


def _hold(mark: Path) -> TextIO:
    file = mark.open()
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"Another driver is at work in {mark.parent}; name another folder in --data.")
    return file
