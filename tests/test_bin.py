"""`bin/run` as somebody at a terminal uses it: the real command, real processes, one desk for most of the tests."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from helpdesk import probe
from helpdesk.supervise import readiness
from tests.test_embedded import rows
from tests.wait import free_port, until

pytestmark = [
    pytest.mark.services,
    pytest.mark.xdist_group("bin"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc"),
]

ROOT = Path(__file__).resolve().parent.parent
# What the test run says about services and settings must not reach a desk that starts its own.
OURS = ("DATABASE_URL", "REDIS_URL", "HELPDESK_DATA", "DJANGO_SETTINGS_MODULE", "SMTP_IN", "SECRET_KEY", "BASE_URL")
SURROUNDINGS = {name: value for name, value in os.environ.items() if name not in OURS}


class Terminal:
    """`bin/run` on one data folder, and what it has printed so far."""

    def __init__(self, data: Path, port: int):
        self.data, self.port = data, port
        self.base = f"http://localhost:{port}"
        self.screen = data.with_name("screen.txt")

    def start(self) -> None:
        with self.screen.open("wb") as screen:
            self.process = subprocess.Popen(
                command(self.data, self.port),
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                env={**SURROUNDINGS, "HELPDESK_EMBEDDED_THROWAWAY": "1"},
                start_new_session=True,
            )
        until(lambda: "Ctrl-C stops it" in self.text or self.process.poll() is not None, 110)
        assert self.process.poll() is None, self.text

    def interrupt(self) -> None:
        """Ctrl-C, and the end of it."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(60) == 0, self.text

    @property
    def text(self) -> str:
        return self.screen.read_text()

    @property
    def card(self) -> dict:
        return json.loads((self.data / "demo.json").read_text())

    def processes(self) -> list[int]:
        """Every process that has this data folder among its arguments or in its surroundings."""
        return [pid for pid in all_processes() if os.fsencode(self.data) in words_of(pid)]


def command(data: Path, port: int) -> list[str]:
    return [str(ROOT / "bin" / "run"), "--empty", "--port", str(port), "--data", str(data)]


def refused(data: Path, port: int, **more: str) -> str:
    """The one line with which `bin/run` gives up. One that starts after all is stopped, and the test fails."""
    process = subprocess.Popen(
        command(data, port), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**SURROUNDINGS, **more},
    )  # fmt: skip
    try:
        said, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        said, error = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, ""), error
    (line,) = error.splitlines()
    return line


def all_processes() -> list[int]:
    return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal()]


def words_of(pid: int) -> bytes:
    try:
        place = Path(f"/proc/{pid}")
        if (place / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return b""
        return (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
    except OSError:
        return b""


def running(terminal: Terminal, name: str) -> list[int]:
    """The processes of this desk that bear this name, the oldest first."""
    found = []
    for pid in sorted(terminal.processes()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(pid)
    return found


def greeted(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        return probe.smtp(host, int(port))
    except OSError:
        return False


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="helpdesk bin ") as name:
        Path(name).chmod(0o711)  # as root, PostgreSQL's own account has to pass
        yield Path(name)


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Terminal]:
    terminal = Terminal(folder / "the data", free_port())
    try:
        terminal.start()
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.interrupt()


def test_it_says_where_everything_is_and_how_to_begin(desk):
    assert "Helpdesk is up" in desk.text
    assert readiness(f"{desk.base}/readyz") == []
    link = re.search(rf"{desk.base}/setup/\S+", desk.text)
    assert requests.get(link[0], timeout=30).status_code == 200
    assert desk.card["smtp_in"] in desk.text
    assert greeted(desk.card["smtp_in"])


def test_secrets_are_closed_to_others(desk):
    for name in ("demo.json", "secret_key", "embedded.json"):
        assert stat.S_IMODE((desk.data / name).stat().st_mode) == 0o600
    for name in ("files", "outbox", "log", "postgres"):
        assert stat.S_IMODE((desk.data / name).stat().st_mode) == 0o700


def test_the_probes_of_the_containers_agree(desk):
    assert probe.web("localhost", desk.port)
    assert probe.worker("localhost", desk.port)


@pytest.mark.parametrize("name", ["helpdesk:intake", "helpdesk:web", "helpdesk:worker"])
def test_a_killed_part_is_started_again(desk, name):
    before, told = running(desk, name), desk.text.count("ended; starting it again")
    os.kill(before[0], signal.SIGKILL)
    until(lambda: desk.text.count("ended; starting it again") > told)
    # its children, too: one that still listened would answer for the new one and then leave
    until(lambda: running(desk, name) and not set(before) & set(desk.processes()))
    until(lambda: not readiness(f"{desk.base}/readyz"))
    until(lambda: greeted(desk.card["smtp_in"]))


def test_what_is_loaded_is_shared(desk):
    """Each process by itself holds some 90 MiB; the pages that they share count once in PSS."""
    figures = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in desk.processes()]
    pss, rss = (sum(int(re.search(rf"^{name}: +(\d+)", text, re.M)[1]) for text in figures) for name in ("Pss", "Rss"))
    assert len(figures) >= 5
    assert pss < rss / 2


def test_a_second_one_on_the_same_folder_gives_up(desk):
    line = refused(desk.data, free_port())
    assert line == f"Helpdesk: A desk already runs on {desk.data}; choose another folder with --data"


def test_a_used_port_gives_up(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(folder / "second", port)
    assert line == f"Helpdesk: Port {port} is in use; choose another: bin/run --port {port + 1}"


def test_an_address_for_mail_that_was_given_and_is_in_use_gives_up(folder):
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = f"127.0.0.1:{server.getsockname()[1]}"
        line = refused(folder / "second", free_port(), SMTP_IN=taken)
    assert line == f"Helpdesk: SMTP_IN={taken} is in use; choose another, or leave SMTP_IN out"


def test_a_folder_that_cannot_be_written_gives_up(folder):
    (folder / "file").write_text("")
    line = refused(folder / "file" / "data", free_port())
    assert line == f"Helpdesk: Data folder {folder / 'file' / 'data'}: Not a directory; choose another with --data"


def test_a_wrong_setting_gives_up(desk, folder):
    elsewhere = {"DATABASE_URL": "postgres://x", "REDIS_URL": "redis://x", "SMTP_IN": f"127.0.0.1:{free_port()}"}
    line = refused(folder / "third", free_port(), WEB_THREADS="many", **elsewhere)
    assert line == "Helpdesk: Setting WEB_THREADS: 'many' is not a whole number from 1 to 64."


def test_ctrl_c_leaves_nothing_running_and_a_new_start_finds_everything(desk):
    before = desk.card
    rows(before["database_url"], "CREATE TABLE kept AS SELECT 7 AS n")
    desk.interrupt()
    assert desk.processes() == []
    host, _, port = before["smtp_in"].rpartition(":")
    with socket.create_server((host, int(port))):
        desk.start()
    assert f"Port {port} for incoming mail is in use; mail comes in at {desk.card['smtp_in']}." in desk.text
    assert {**desk.card, "smtp_in": before["smtp_in"]} == before
    assert greeted(desk.card["smtp_in"])
    assert rows(before["database_url"], "SELECT n FROM kept") == [(7,)]
