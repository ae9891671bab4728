"""PostgreSQL and Valkey of a desk under trial: started as `bin/run` does, with fsync, and killed without a warning."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
from pathlib import Path

import redis

from helpdesk import embedded

_SAFE_PORTS = (20000, 30000)  # nobody is given one of these for an outgoing connection


def free_port() -> int:
    """One that is still free after its server was killed."""
    while True:
        port = random.randrange(*_SAFE_PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Services:
    """Both servers of one data folder, always at the same addresses."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def start(self) -> None:
        """Does nothing for what runs."""
        state = self.home / "embedded.json"
        if not state.exists():
            ports = {name: {"password": os.urandom(16).hex(), "port": free_port()} for name in ("postgres", "valkey")}
            state.write_text(json.dumps(ports))
        addresses = embedded.database_url(self.home), embedded.redis_url(self.home)
        if getattr(self, "addresses", addresses) != addresses:
            raise RuntimeError("somebody took the port of a server that was killed")
        self.addresses = addresses
        with redis.Redis.from_url(self.addresses[1]) as client:
            self._broker = int(client.info("server")["process_id"])

    def stop(self) -> None:
        embedded.stop(self.home)

    def flush(self) -> None:
        with redis.Redis.from_url(self.addresses[1]) as client:
            client.flushall()

    def kill_broker(self) -> None:
        kill_all([self._broker])

    def kill_database(self) -> None:
        """The postmaster and all of its processes."""
        postmaster = self._postmaster()
        kill_all([postmaster, *descendants(postmaster)])

    def kill_backend(self, chance: random.Random) -> None:
        """One process that serves a connection; PostgreSQL then ends all others and recovers by itself."""
        backends = [pid for pid in descendants(self._postmaster()) if b"helpdesk" in _command(pid)]
        if backends:
            kill_all([chance.choice(backends)])

    def _postmaster(self) -> int:
        return int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Children, their children and so on."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    found, fresh = [], {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh}
        found += fresh
    return found


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
