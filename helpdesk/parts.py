"""The long-running processes of a desk on one machine: forks of one process that has loaded everything.

What is loaded once is shared by all of them until one writes to it: so a desk of five Python processes takes the memory
of two. Where forking is unsafe (macOS) each part loads for itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import django
from django.apps import apps
from django.db import connections
from django.urls import reverse

LONGEST_PAUSE = 30
_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_linux = ctypes.CDLL(None) if sys.platform == "linux" else None
_processes = multiprocessing.get_context("fork" if _linux else "spawn")
# What the parts would import themselves: their own modules, and what their frameworks import late.
_LOADED = (
    "billiard.pool", "celery.app.log", "celery.apps.worker", "celery.backends.base", "celery.concurrency.solo",
    "celery.contrib.django.task", "celery.worker.autoscale", "celery.worker.components", "celery.worker.consumer",
    "celery.worker.control", "celery.worker.pidbox", "celery.worker.strategy", "dbm.dumb",
    "django.contrib.messages.storage.fallback", "django.contrib.sessions.serializers", "granian.cli",
    "granian.server.mp", "helpdesk.rsgi", "kombu.transport.redis", "tickets.actions.timers", "tickets.mail.inbound",
    "tickets.mail.fetch", "tickets.mail.smtpd", "tickets.notifications",
)  # fmt: skip


def load() -> None:
    """Brings in what the parts need, for those forked from this process. Opens no connection and starts no thread:
    neither would survive the fork."""
    if not _linux:
        return
    gc.disable()  # what it frees would be holes, which every part fills in a copy of its own
    django.setup()
    for module in _LOADED:
        import_module(module)
    for model in apps.get_models():
        model._meta.get_fields()  # which the first query would gather
    reverse("healthz")  # reads every urls.py
    apps.get_app_config("helpdesk").celery.finalize(auto=True)
    connections.close_all()
    gc.freeze()  # the collector writes into everything that it looks at


class Part:
    """One process of this desk, started again when it ends: `python -m module arguments`, its words in a log."""

    def __init__(self, name: str, command: list[str], logs: Path):
        self.name, self.command, self.log = name, command, logs / f"{name}.log"
        self.process: multiprocessing.process.BaseProcess | None = None
        self.started = 0.0
        self.again = 0.0
        self.pause = 1.0

    def start(self) -> None:
        self.process = _processes.Process(target=_run, args=(self.name, self.command, self.log), name=self.name)
        with _no_signals():  # the child would take them for the supervisor's
            self.process.start()
        self.started = time.monotonic()

    def check(self) -> None:
        """Start the process again when it has ended: at once, then after pauses that double."""
        now = time.monotonic()
        if self.process and not self.process.is_alive():
            if now - self.started > 60:
                self.pause = 1.0
            self.again, self.pause = now + self.pause, min(self.pause * 2, LONGEST_PAUSE)
            self.kill_group()  # what it had started itself must not live on beside the new one
            self.process = None
            print(f"{self.name} ended; starting it again. Its words are in {self.log}", flush=True)
        if not self.process and now >= self.again:
            self.start()

    def terminate(self) -> None:
        if self.process and self.process.is_alive():
            self.process.terminate()

    def wait(self, until: float) -> None:
        if not self.process:
            return
        self.process.join(max(until - time.monotonic(), 0.1))
        self.kill_group()
        self.process.join()

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _run(name: str, command: list[str], log: Path) -> None:
    """The child, in a session of its own, so that Ctrl-C reaches only the supervisor."""
    os.setsid()
    if _linux:
        _linux.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: the end with the supervisor, should it be killed
        _linux.prctl(15, f"helpdesk:{name}"[:15].encode())  # PR_SET_NAME: what `ps -o comm` and `top` show
    with log.open("ab") as words:
        for stream in (1, 2):
            os.dup2(words.fileno(), stream)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    gc.enable()
    module, *arguments = command
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@contextlib.contextmanager
def _no_signals() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
