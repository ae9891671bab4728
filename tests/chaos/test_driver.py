"""One round for every named kill point on a desk of the driver's own; `bin/chaos` runs hundreds."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.chaos import points
from tests.wait import until

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.services,
    pytest.mark.xdist_group("killed"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc"),
]


@pytest.fixture
def chaos():
    """Starts the driver with these arguments. The folders of pytest are closed to the accounts of other servers."""
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-chaos-"))
    folder.chmod(0o711)
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.chaos", "--no-mount", "--data", str(folder / "desk"), *arguments]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    start.folder = folder / "desk"
    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    shutil.rmtree(folder)


def processes_of(folder: Path) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in place.read_bytes() + place.with_name("cmdline").read_bytes():
                found.append(place.parent.name)
        except OSError:
            continue
    return found


def test_no_named_kill_point_loses_or_doubles_a_mail(chaos):
    names = [point.name for point in points.POINTS]
    process = chaos("--rounds", str(len(names)), "--seed", "1", "--only", *names)
    said, _nothing = process.communicate(timeout=250)
    assert process.returncode == 0, said
    assert f"{len(names)} rounds in" in said
    assert "0 of them failed" in said
    for name in names:
        assert f"\n{name} " in said or (name.startswith("imap.") and "No mail by IMAP" in said)
    assert processes_of(chaos.folder) == []


def test_ctrl_c_ends_it_and_leaves_nothing_running(chaos):
    process = chaos("--rounds", "500", "--only", "out", "--verbose")
    until(lambda: "Round 2 " in process.stdout.readline(), 100)
    assert len(processes_of(chaos.folder)) > 5
    process.send_signal(signal.SIGINT)
    said, _nothing = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "Stopped" in said
    assert processes_of(chaos.folder) == []


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ana")
    command = [sys.executable, "-m", "tests.chaos", "--rounds", "1", "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 1
    assert "has other things in it" in done.stderr
    assert (tmp_path / "letter.txt").read_text() == "Dear Ana"
