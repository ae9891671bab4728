"""What can go wrong in a round: every named point, and what happens to processes, disk and relay at any moment."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos import points
from tests.chaos.desk import Desk
from tests.chaos.ledger import Ledger
from tests.chaos.points import Point

_REACH_SECONDS = 30
_FLOW_SECONDS = 0.4  # in which a round's mail sets out, and what does not wait for anything breaks


class NotReached(Exception):
    """Nobody came by at the point."""


@dataclass(frozen=True)
class Fault:
    """`run` breaks something while mail flows and repairs it. With a `limit` (seconds) the desk gets no help after it
    and has to be done by then; `prepare` comes before the mail flows."""

    name: str
    says: str
    run: Callable[[Trial], None]
    prepare: Callable[[Trial], None] | None = None
    limit: float | None = None
    share: int = 10  # of the rounds, compared with others
    needs_file: bool = False
    door: str = ""  # all mail comes by this one


class Trial:
    """What a fault may lay hands on."""

    def __init__(self, desk: Desk, ledger: Ledger, chance: random.Random, name: str) -> None:
        self.desk, self.ledger, self.chance, self.name = desk, ledger, chance, name
        self.broken_at = time.monotonic()
        self.flowing: list[threading.Thread] = []
        self.before_return: Callable[[], None] = lambda: None  # what is done before a part comes back

    def wait_for(self, what: Callable[[], bool], why_not: str) -> None:
        """Raises NotReached."""
        end = time.monotonic() + _REACH_SECONDS
        while not what():
            if time.monotonic() > end:
                raise NotReached(why_not)
            time.sleep(0.005)

    def trouble(self, *, window: bool) -> contextlib.AbstractContextManager[object]:
        self.broken_at = time.monotonic()
        return self.ledger.trouble(self.name, window=window)

    def pause(self, longest: float) -> None:
        time.sleep(self.chance.uniform(0, longest))


def _arm(point: Point, trial: Trial) -> None:
    passes = 1 if point.name in ("apply.half", "imap.told") else trial.chance.randint(1, 2)
    points.arm(trial.desk.folder, point.name, passes)


def _die_at(point: Point, trial: Trial) -> None:
    folder, desk = trial.desk.folder, trial.desk
    with trial.ledger.trouble(point.name, window=point.window) as trouble:
        try:
            trial.wait_for(lambda: points.has_fired(folder), f"nobody came by at {point.name}")
        except NotReached:
            points.disarm(folder)
            raise
        trial.broken_at = time.monotonic()
        trouble.begin = (folder / "fired").stat().st_ctime  # when it was moved there
        while desk.is_alive(point.part):
            time.sleep(0.005)
        points.disarm(folder)
        trial.before_return()
        desk.bring_back(point.part)


def _kill(names: tuple[str, ...], trial: Trial) -> None:
    trial.pause(_FLOW_SECONDS)
    desk, window = trial.desk, bool({"worker", "database", "relay"} & set(names))
    with trial.trouble(window=window):
        for name in names:
            desk.kill(name)
        trial.pause(0.5)
        for name in sorted(names):  # the database before who needs it
            if name == "intake":
                trial.before_return()
            desk.bring_back(name)


def _kill_several(trial: Trial) -> None:
    _kill(tuple(trial.chance.sample(trial.desk.killable, trial.chance.randint(2, 3))), trial)


def _kill_all(trial: Trial) -> None:
    _kill(tuple(trial.desk.killable), trial)


def _kill_backend(trial: Trial) -> None:
    trial.pause(_FLOW_SECONDS)
    with trial.trouble(window=True):
        trial.desk.services.kill_backend(trial.chance)
        time.sleep(0.3)
        trial.desk.bring_back("database")


def _kill_reader(trial: Trial) -> None:
    """The child process in which the worker reads mails."""
    end = time.monotonic() + 1
    with trial.trouble(window=False):
        while time.monotonic() < end:
            for pid in _children(trial.desk.pids["worker"]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            trial.pause(0.05)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for place in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, place.read_text().split())
    return found


def _flush(trial: Trial) -> None:
    trial.pause(_FLOW_SECONDS)
    with trial.trouble(window=False):
        trial.desk.services.flush()


def _stop_worker(trial: Trial) -> None:
    os.kill(trial.desk.pids["worker"], signal.SIGSTOP)


def _flush_unheard(trial: Trial) -> None:
    """Every nudge is in the broker when it forgets all: the worker stands still until then."""
    trial.wait_for(lambda: not any(thread.is_alive() for thread in trial.flowing), "the mail did not come in")
    with trial.trouble(window=False):
        trial.desk.services.flush()
        os.kill(trial.desk.pids["worker"], signal.SIGCONT)


def _fill_disk(trial: Trial) -> None:
    desk = trial.desk
    if trial.chance.random() < 0.5:  # else intake meets it, and nothing of the mail comes farther
        trial.pause(_FLOW_SECONDS)
    with trial.trouble(window=True):
        desk.disk.fill([desk.pids["worker"], desk.pids["intake"]])
        time.sleep(trial.chance.uniform(0.3, 1.5))
        desk.disk.clear()
        desk.bring_all_back()


def _in_mood(word: str, window: bool, trial: Trial) -> None:
    desk = trial.desk
    with trial.trouble(window=window):
        desk.mood(word)
        try:
            trial.wait_for(lambda: desk.has_met_mood, "no mail met the relay")
            trial.pause(1.0)
        finally:
            desk.mood("")


def _moods() -> list[Fault]:
    words = {
        "greylisting": "451 to every recipient the first time", "slow": "every mail takes 0.4 s more",
        "failing": "452 to every mail", "busy": "421 to every sender", "closed": "hangs up at once",
        "cutting": "hangs up in the middle of a mail", "mute": "accepts and hangs up without saying so",
    }  # fmt: skip
    # a connection that ends after the final dot may have been accepted, as far as anybody can know
    unclear = {"mute", "cutting"}
    return [
        Fault(f"relay.{word}", says, partial(_in_mood, word, word in unclear), share=5) for word, says in words.items()
    ]


def _points() -> list[Fault]:
    return [
        Fault(
            point.name, point.crash, partial(_die_at, point), partial(_arm, point),
            needs_file=point.name == "apply.half", door=_door(point),
            share=5 if _door(point) == "imap" else 10,
        )
        for point in points.POINTS
    ]  # fmt: skip


def _door(point: Point) -> str:
    return {"in": "smtp", "imap": "imap"}.get(point.name.partition(".")[0], "")


def _limited() -> list[Fault]:
    resumes = [
        points.BY_NAME[name] for name in ("imap.stored", "apply.read", "event.committed", "out.leased", "out.accepted")
    ]
    leases = [
        Fault(f"resume.{point.name}", f"{point.crash}: without help", partial(_die_at, point), partial(_arm, point),
              limit=45, share=1, door=_door(point))
        for point in resumes
    ]  # fmt: skip
    flushed = Fault(
        "resume.flush", "broker forgets all nudges: without help", _flush_unheard, _stop_worker, 60, share=2
    )
    return [flushed, *leases]


def _anytime() -> list[Fault]:
    killed = [
        Fault(f"kill.{name}", f"{name} killed at any moment", partial(_kill, (name,)), share=15)
        for name in ("worker", "intake", "relay", "broker", "database")
    ]
    return [
        *killed,
        Fault("kill.imap", "imap killed at any moment", partial(_kill, ("imap",)), door="imap", share=8),
        Fault("kill.backend", "one process of PostgreSQL killed", _kill_backend),
        Fault("kill.reader", "the process that reads mails killed again and again", _kill_reader),
        Fault("kill.several", "two or three of them at once", _kill_several),
        Fault("kill.all", "all of them at once", _kill_all),
        Fault("broker.flush", "broker forgets everything", _flush),
        Fault("disk.full", "disk full", _fill_disk),
    ]


def all_faults() -> list[Fault]:
    return [*_points(), *_anytime(), *_moods(), *_limited()]
