"""A real desk in a folder of its own, started as `bin/run` does it, and what its processes have used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psycopg2

from tests.bench.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
_TICK = os.sysconf("SC_CLK_TCK")


class Desk:
    """Use as a context manager. `card` is its demo.json, `load` what `seed_load` printed, `tickets` the number."""

    def __init__(self, folder: Path, tickets: int, smtp_url: str) -> None:
        self.data, self.tickets, self.smtp_url = folder / str(tickets), tickets, smtp_url
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Desk:
        for place in (self.data.parent, self.data):
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(0o711)  # as root, PostgreSQL's own account has to pass
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        # As behind one proxy: requests then may name their address, so that limits by address see many people.
        self.env = {
            **os.environ, "HELPDESK_DATA": str(self.data), "BASE_URL": f"http://localhost:{port}",
            "TRUSTED_PROXIES": "1", "SMTP_URL": self.smtp_url, "PYTHONPATH": str(ROOT),
            "SECRET_KEY": _secret(self.data / "bench_key"),
        }  # fmt: skip
        for name in ("DATABASE_URL", "REDIS_URL", "SMTP_IN"):
            self.env.pop(name, None)
        self._fill()
        command = [sys.executable, "-m", "helpdesk.supervise", "--port", str(port), "--data", str(self.data), "--empty"]
        with (self.data / "bench.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        self._wait()
        self.card = json.loads((self.data / "demo.json").read_text())
        self.database = psycopg2.connect(self.card["database_url"])
        self.database.autocommit = True
        self._silence_the_clock()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(60)

    def _fill(self) -> None:
        """Loads the tickets once; the next run finds them."""
        kept = self.data / "load.json"
        if not kept.exists():
            self.manage("migrate", "--verbosity=0")
            print(f"Loading {self.tickets:,} tickets; the next run finds them in {self.data}", file=sys.stderr)
            text = self.manage("seed_load", "--tickets", str(self.tickets))
            kept.touch(mode=0o600)
            kept.write_text(text)
        self.load: dict[str, Any] = json.loads(kept.read_text())

    def manage(self, *command: str) -> str:
        """What the command prints; it works on the desk's own data."""
        manage = [sys.executable, str(ROOT / "manage.py"), *command]
        return subprocess.run(manage, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True).stdout

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        sys.exit(f"The desk did not start: {self.data / 'bench.log'} says why.")

    def _silence_the_clock(self) -> None:
        """Deadlines that passed since the load would be handled in between; they are not what is measured."""
        self.query("UPDATE tickets_ticket SET next_breach_at = NULL WHERE next_breach_at IS NOT NULL")
        self.query("UPDATE tickets_ticket SET auto_close_at = NULL WHERE auto_close_at IS NOT NULL")
        self.query("UPDATE tickets_desk SET undo_seconds = 0")
        self.query("VACUUM ANALYZE tickets_ticket")
        self.query("CHECKPOINT")

    def query(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with self.database.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def quiet(self) -> None:
        """Waits until nothing is left to do for the worker: every event handled, every mail sent."""
        open_events = "SELECT count(*) FROM tickets_ticketevent WHERE handled_at IS NULL"
        open_mails = "SELECT count(*) FROM tickets_outboundemail WHERE next_attempt_at IS NOT NULL"
        open_arrivals = "SELECT count(*) FROM tickets_inboundemail WHERE next_attempt_at IS NOT NULL"
        end = time.monotonic() + 300
        while any(self.query(sql)[0][0] for sql in (open_events, open_mails, open_arrivals)):
            if time.monotonic() > end:
                sys.exit("The worker does not get done with its work.")
            time.sleep(0.05)

    def processes(self) -> dict[int, str]:
        """Process id -> part of the desk: web, worker, intake, supervisor, database or broker."""
        assert self.process
        parents = _parents()
        parts: dict[int, str] = {}
        postmaster = int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])
        broker = _listener(int(self.card["redis_url"].rpartition(":")[2].partition("/")[0]))
        own = self.database.info.backend_pid
        for pid in parents:
            above = _above(pid, parents)
            if postmaster in above and pid != own:
                parts[pid] = "database"
            elif pid == broker:
                parts[pid] = "broker"
            elif self.process.pid in above:
                parts[pid] = next((_name(one) for one in above if _name(one)), "supervisor")
        return parts

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU time that each part has used so far, children that ended included."""
        used: dict[str, float] = {}
        for pid, part in self.processes().items():
            used[part] = used.get(part, 0.0) + _cpu(pid)
        return used

    def memory(self) -> float:
        """MiB of all processes; what several share counts once (PSS)."""
        return sum(_pss(pid) for pid in self.processes()) / 1024


def _secret(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(os.urandom(48).hex())
    return file.read_text()


def _parents() -> dict[int, int]:
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def _above(pid: int, parents: dict[int, int]) -> list[int]:
    """The process, its parent and so on."""
    chain = []
    while pid in parents:
        chain.append(pid)
        pid = parents[pid]
    return chain


def _name(pid: int) -> str:
    """The part that a process is, by the name it has given itself."""
    try:
        program, _, part = Path(f"/proc/{pid}/comm").read_text().strip().partition(":")
    except OSError:
        return ""
    return part if program == "helpdesk" else ""


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / _TICK


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _listener(port: int) -> int:
    """The process that listens on this port of 127.0.0.1."""
    inode = ""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[1].endswith(f":{port:04X}"):
            inode = f"socket:[{fields[9]}]"
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if inode and os.readlink(link) == inode:
                return int(link.parts[2])
        except OSError:
            continue
    return 0
