"""The single-process worker: its time limit. That it works and is started again when killed is tests/test_bin.py."""

import signal
import subprocess
import sys

import pytest

WATCH = """
import threading, time
from helpdesk.worker import Watch
watch = Watch(0.2)
threading.Thread(target=watch.look, daemon=True).start()
watch.begin()
{}
"""


@pytest.mark.parametrize(
    ("then", "code"), [("time.sleep(60)", -signal.SIGKILL), ("watch.end(); time.sleep(1)", 0)], ids=["hangs", "ends"]
)
def test_a_task_that_hangs_ends_the_worker(then, code):
    done = subprocess.run([sys.executable, "-c", WATCH.format(then)], capture_output=True, text=True, check=False)
    assert (done.returncode, "took more than 0.2 seconds" in done.stderr) == (code, code != 0)
