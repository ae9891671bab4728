"""Starts every part of the desk on one machine and keeps it running: what `bin/run` calls.

PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name others), migrations, a demo desk at the first start,
then web, Celery worker, beat and SMTP intake. A part that ends is started again. SIGINT or SIGTERM stops all of it;
the data stays.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from helpdesk import embedded, parts, web
from helpdesk.parts import Part

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 90
STOP_SECONDS = 20
WATCH_SECONDS = 5
SETTINGS_SAY = "Helpdesk does not start. "


class Stop(Exception):
    """SIGINT or SIGTERM arrived."""


def main() -> None:
    options = _options()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    desk = Desk(options)
    try:
        desk.start()
        desk.watch()
    except Stop:
        print("Stopping.", flush=True)
    except ImproperlyConfigured as error:
        sys.exit(f"Helpdesk: {error}")
    finally:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_IGN)
        desk.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/run", description="Starts the whole desk; Ctrl-C stops it.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="port of the web pages (8000)")
    data = Path(os.environ.get("HELPDESK_DATA", ROOT / "var"))
    parser.add_argument("--data", type=Path, default=data, help="folder of everything the desk keeps (var)")
    parser.add_argument("--empty", action="store_true", help="no demo desk: print a link to set up the first admin")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _stop(*_: object) -> None:
    raise Stop


class Desk:
    """Everything that runs for one data folder."""

    def __init__(self, options: argparse.Namespace):
        self.data: Path = options.data.absolute()
        self.host, self.port, self.empty = options.host, options.port, options.empty
        self.parts: list[Part] = []
        self.lock = None
        self.owns_services = False

    def start(self) -> None:
        begin = time.monotonic()
        self._take_folder()
        if why := _refusal(self.host, self.port):
            raise ImproperlyConfigured(f"Port {self.port} {why}; choose another: bin/run --port {self.port + 1}")
        self._environment()
        self._services()
        with ThreadPoolExecutor() as pool:
            static = pool.submit(self.manage, "collectstatic", "--no-input", "--verbosity=0")
            self.manage("migrate", "--no-input", "--verbosity=0")
            static.result()
        first = not self.card.exists()
        setup = self._first_start() if first else self._write_card()
        parts.load()
        self.parts = self._parts()
        for part in self.parts:
            part.start()
        reasons = self._wait_until_ready()
        self._greet(first, setup, reasons, time.monotonic() - begin)

    def watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(0.5)
            for part in self.parts:
                part.check()
            if self.owns_services and time.monotonic() - looked > WATCH_SECONDS:
                for name in embedded.missing(self.data):
                    print(f"{name} ended; starting it again.", flush=True)
                self._services()
                looked = time.monotonic()

    def stop(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        for part in self.parts:
            part.terminate()
        for part in self.parts:
            part.wait(until)
        if self.owns_services:
            embedded.stop(self.data)

    # -- steps of the start --

    def _take_folder(self) -> None:
        try:
            # As root, PostgreSQL's own account must be able to pass; what is secret inside is closed by itself.
            self.data.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            self.logs = self.data / "log"
            for folder in (self.logs, self.data / "outbox", self.data / "files"):
                folder.mkdir(exist_ok=True, mode=0o700)
            self.lock = (self.data / "run.lock").open("w")
        except OSError as error:
            raise ImproperlyConfigured(
                f"Data folder {self.data}: {error.strerror}; choose another with --data"
            ) from None
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ImproperlyConfigured(
                f"A desk already runs on {self.data}; choose another folder with --data"
            ) from None
        self.card = self.data / "demo.json"

    def _environment(self) -> None:
        """What the parts read. What the caller has set stays."""
        env = os.environ
        env["HELPDESK_DATA"] = str(self.data)
        env["PYTHONUNBUFFERED"] = "1"
        env.setdefault("MALLOC_ARENA_MAX", "2")  # fewer heaps of freed memory in processes with threads
        env.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
        env.setdefault("BASE_URL", f"http://localhost:{self.port}")
        env["SMTP_IN"] = _given_mail_address(env["SMTP_IN"]) if "SMTP_IN" in env else self._mail_address()
        if "SECRET_KEY" not in env and "SECRET_KEY_FILE" not in env:
            key = self.data / "secret_key"
            if not key.exists():
                _write_private(key, secrets.token_urlsafe(64))
            env["SECRET_KEY_FILE"] = str(key)
        self.given = {name: env.get(name) for name in ("DATABASE_URL", "REDIS_URL")}

    def _mail_address(self) -> str:
        """Where mail comes in: the address of last time, else port 8025; another port when that one is in use."""
        wanted = self._card().get("smtp_in", "127.0.0.1:8025")
        host, _, port = wanted.rpartition(":")
        if not (why := _refusal(host, int(port))):
            return wanted
        chosen = f"127.0.0.1:{_free_port()}"
        print(f"Port {port} for incoming mail {why}; mail comes in at {chosen}.", flush=True)
        return chosen

    def _services(self) -> None:
        self.owns_services = not all(self.given.values())
        if not self.given["DATABASE_URL"]:
            os.environ["DATABASE_URL"] = embedded.database_url(self.data)
        if not self.given["REDIS_URL"]:
            os.environ["REDIS_URL"] = embedded.redis_url(self.data)

    def manage(self, *command: str) -> str:
        """Run one management command and return what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=ROOT,
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            with (self.logs / "manage.log").open("a") as log:
                log.write(done.stderr)
            last = (done.stderr.strip() or "no reason given").splitlines()[-1]
            if last.startswith(SETTINGS_SAY):
                raise ImproperlyConfigured(last.removeprefix(SETTINGS_SAY))
            raise ImproperlyConfigured(f"manage.py {command[0]} failed: {last} (all of it: {self.logs / 'manage.log'})")
        return done.stdout

    def _first_start(self) -> str:
        """A demo desk, or with --empty the link for the first admin, which is returned."""
        if self.empty:
            self._write_card(empty=True)
            return self.manage("setup_link").strip()
        print("First start: making a demo desk.", flush=True)
        accounts = self.data / "accounts.json"
        self.manage("seed_demo", "--accounts-json", str(accounts))
        self._write_card(**json.loads(accounts.read_text()))
        accounts.unlink()
        return ""

    def _card(self) -> dict:
        return json.loads(self.card.read_text()) if self.card.exists() else {}

    def _write_card(self, **more: object) -> str:
        """Refresh the addresses in demo.json and keep its accounts; an empty desk still without admin gets its link."""
        addresses = {
            "base_url": os.environ["BASE_URL"],
            "smtp_in": os.environ["SMTP_IN"],
            "database_url": os.environ["DATABASE_URL"],
            "redis_url": os.environ["REDIS_URL"],
            "outbox": str(self.data / "outbox"),
        }
        card = {**self._card(), **more, **addresses}
        _write_private(self.card, json.dumps(card, indent=2) + "\n")
        return self.manage("setup_link").strip() if card.get("empty") and not more else ""

    def _parts(self) -> list[Part]:
        commands = {
            "web": web.command(self.host, self.port),
            "worker": ["helpdesk.worker", str(self.data / "celerybeat-schedule")],
            "intake": ["manage", "smtp_intake"],
        }
        return [Part(name, command, self.logs) for name, command in commands.items()]

    def _wait_until_ready(self) -> list[str]:
        """Wait for /readyz; what is still wrong after READY_SECONDS, else nothing."""
        end, reasons = time.monotonic() + READY_SECONDS, ["web: does not answer"]
        while reasons and time.monotonic() < end:
            time.sleep(0.2)
            for part in self.parts:
                part.check()
            reasons = readiness(f"http://127.0.0.1:{self.port}/readyz")
        return reasons

    def _greet(self, first: bool, setup: str, reasons: list[str], seconds: float) -> None:
        card = self._card()
        print(f"\nHelpdesk {'is up' if not reasons else 'has started'} after {seconds:.0f} s.  Ctrl-C stops it.\n")
        for reason in reasons:
            print(f"  not ready: {reason}")
        base = card["base_url"]
        for name, path in (("portal", "/"), ("staff", "/staff/"), ("admin", "/admin/"), ("API", "/api/docs/")):
            print(f"  {name:<11} {base}{path}")
        print(f"  mail in     smtp://{card['smtp_in']}")
        print(f"  mail out    {'SMTP_URL' if os.environ.get('SMTP_URL') else card['outbox']}")
        print(f"  data        {self.data}")
        if setup:
            print(f"\n  Make the first admin here, once:\n  {setup}")
        elif first:
            for role, account in card["accounts"].items():
                print(f"  {role:<11} {account['email']}   {account['password']}")
            print(f"\n  These passwords were made now and are shown once; {self.card} keeps them (mode 0600).")
        elif "accounts" in card:
            print(f"  sign-ins    {self.card}")
        print(flush=True)


def readiness(url: str) -> list[str]:
    """What /readyz has against taking work; empty when all is well."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return []
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError, KeyError):
            return json.loads(error.read())["reasons"]
        return [f"web: answers {error.code}"]
    except OSError:
        return ["web: does not answer"]


def _given_mail_address(address: str) -> str:
    """SMTP_IN as the environment has it, if it can be had. A malformed one is left to the settings to refuse."""
    host, _, port = address.rpartition(":")
    if port.isdecimal() and int(port) < 65536 and (why := _refusal(host.strip("[]"), int(port))):
        raise ImproperlyConfigured(f"SMTP_IN={address} {why}; choose another, or leave SMTP_IN out")
    return address


def _refusal(host: str, port: int) -> str:
    """Why nobody can listen there, in a few words; empty when one can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _write_private(file: Path, text: str) -> None:
    new = file.with_name(file.name + ".new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)


if __name__ == "__main__":
    main()
