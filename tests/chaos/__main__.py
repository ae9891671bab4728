"""bin/chaos [--rounds N] [--seed N] [--data DIR] [--only POINT ...] [--list]: kills a desk again and again."""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.chaos.desk import ROOT, Desk

_told_to_stop = threading.Event()


def main() -> int:
    options = _options()
    signal.signal(signal.SIGINT, _stop)  # in the background, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the desk is stopped on the way out
    desk = Desk(options.data, may_mount=not options.no_mount)
    try:
        desk.start()
        return _run(desk, options)
    except KeyboardInterrupt:
        print("Stopped.")
        return 1
    except RuntimeError as error:  # of the driver's own: what it needs does not run
        print(error, file=sys.stderr)
        return 1
    finally:
        desk.stop()


def _stop(*_: object) -> None:
    """Python swallows what is raised while an object is thrown away, so the next round looks whether this was."""
    _told_to_stop.set()
    raise KeyboardInterrupt


def _rounds(driver: Any, course: list[Any]) -> Iterator[Any]:
    for number, fault in enumerate(course, 1):
        if _told_to_stop.is_set():
            raise KeyboardInterrupt
        yield driver.round(number, fault)


def _run(desk: Desk, options: argparse.Namespace) -> int:
    import django

    django.setup()
    _log_to(desk.folder / "driver.log")
    from tests.chaos.faults import all_faults
    from tests.chaos.ledger import Ledger
    from tests.chaos.post import furnish
    from tests.chaos.rounds import Driver

    chosen = [fault for fault in _chosen(all_faults(), options.only) if fault.door != "imap" or not desk.imap.why_not]
    ledger = Ledger(desk.folder)
    driver = Driver(desk, ledger, furnish(desk), options.seed)
    driver.begin()
    print(f"Seed {options.seed}. A full disk is {'a full file system' if desk.disk.is_mounted else 'RLIMIT_FSIZE'}.")
    if desk.imap.why_not:
        print(f"No mail by IMAP: {desk.imap.why_not}")
    outcomes: list[Any] = []
    began = time.monotonic()
    try:
        for outcome in _rounds(driver, _course(chosen, options.rounds, options.seed)):
            outcomes.append(outcome)
            _tell(outcome, options.rounds, options.verbose)
    except KeyboardInterrupt:
        print("Stopped; what was done so far:", flush=True)
        driver.break_off()
    final = driver.final()
    print(_table(outcomes))
    minutes = (time.monotonic() - began) / 60
    failed = sum(bool(outcome.found.wrong) for outcome in outcomes)
    print(f"{len(outcomes)} rounds in {minutes:.1f} minutes, {failed} of them failed.")
    print(
        f"Everything once more: {final.mails_in} mails in, {final.mails_out} out, {final.doubled} twice in the window."
    )
    for line in final.wrong:
        print(f"  {line}")
    ledger.close()
    return 1 if failed or final.wrong or len(outcomes) < options.rounds else 0


def _log_to(file: Path) -> None:
    """What the driver itself meets in the desk's code while things are broken."""
    logging.basicConfig(filename=file, level=logging.INFO, force=True)


def _chosen(faults: list[Any], names: list[str]) -> list[Any]:
    def fits(fault: Any, name: str) -> bool:
        return fault.name == name or fault.name.startswith(name + ".")

    if unknown := [name for name in names if not any(fits(fault, name) for fault in faults)]:
        sys.exit(f"There is no {', '.join(unknown)}; --list tells what there is.")
    return [fault for fault in faults if not names or any(fits(fault, name) for name in names)]


def _course(faults: list[Any], rounds: int, seed: int) -> list[Any]:
    """Every fault once, then by their shares; in the order of the seed."""
    chance = random.Random(seed)
    course = faults[:rounds]
    course = course + chance.choices(faults, [fault.share for fault in faults], k=rounds - len(course))
    chance.shuffle(course)
    return course


def _tell(outcome: Any, rounds: int, verbose: bool) -> None:
    if outcome.found.wrong:
        print(f"Round {outcome.number} ({outcome.fault.name}): " + "; ".join(outcome.found.wrong), flush=True)
    elif verbose:
        print(f"Round {outcome.number} of {rounds} ({outcome.fault.name}): {outcome.seconds:.1f} s", flush=True)


def _table(outcomes: list[Any]) -> str:
    by_fault = defaultdict(list)
    for outcome in outcomes:
        by_fault[outcome.fault.name].append(outcome)
    head = f"{'point':<24}{'rounds':>7}{'failed':>7}{'in':>7}{'out':>7}{'twice':>7}{'slowest':>9}  what"
    lines = [head]
    for name, some in sorted(by_fault.items()):
        failed = sum(bool(one.found.wrong) for one in some)
        came, went = sum(one.found.mails_in for one in some), sum(one.found.mails_out for one in some)
        twice, slowest = sum(one.found.doubled for one in some), max(one.seconds for one in some)
        row = f"{name:<24}{len(some):>7}{failed:>7}{came:>7}{went:>7}{twice:>7}{slowest:>7.1f} s"
        lines.append(f"{row}  {some[0].fault.says}")
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/chaos", description="Kills a desk of its own at the worst moments.")
    parser.add_argument("--rounds", type=int, default=600, metavar="N", help="how often (600)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000), metavar="N")
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "chaos", help="folder of its desk (var/chaos)")
    parser.add_argument("--only", nargs="+", default=[], metavar="POINT", help="only these, or those that begin so")
    parser.add_argument("--list", action="store_true", help="print all points and end")
    parser.add_argument("--no-mount", action="store_true", help="make no file system for the full disk")
    parser.add_argument("--verbose", action="store_true", help="print good rounds too")
    options = parser.parse_args()
    options.data = options.data.absolute()
    if options.list:
        _list()
        sys.exit(0)
    return options


def _list() -> None:
    from tests.chaos.faults import all_faults

    for fault in all_faults():
        print(f"{fault.name:<24}{fault.says}")


if __name__ == "__main__":
    os.environ.pop("HELPDESK_EMBEDDED_THROWAWAY", None)  # fsync stays on
    sys.exit(main())
