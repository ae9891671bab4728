"""bin/bench [--tickets N] [--data DIR] [--json] [--only ROW ...], or with one of the switches: measures, compares."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from helpdesk import embedded
from tests.bench import actions, bulk, timings
from tests.bench.client import sink
from tests.bench.desk import ROOT, Desk
from tests.bench.table import table

SMALL = 1000


def main() -> None:
    options = _options()
    if options.sweep:
        print(sweeps(options.data, options.tickets))
        return
    if options.rules:
        print(rules(options.data))
        return
    if options.bulk:
        print(bulk.report(options.data))
        return
    if options.timings:
        print(timings.report(options.data))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the desk is stopped on the way out
    mails = sink()
    try:
        with Desk(options.data, options.tickets, f"smtp://127.0.0.1:{mails.port}") as desk:
            found = measure(desk, options.only)
        if options.tickets != SMALL and "queue" in found["costs"] and not options.only:
            with Desk(options.data, SMALL, "") as desk:
                small = measure(desk, ["queue"])["costs"]["queue"]["1"]["total"]
            found["ratio"] = found["costs"]["queue"]["1"]["total"] / small
    finally:
        mails.stop()
    kept = options.data / f"last-{options.tickets}.json"
    last = json.loads(kept.read_text()) if kept.exists() else {}
    if not options.only:
        kept.write_text(json.dumps(found, indent=2))
    print(json.dumps(found, indent=2) if options.json else table(found, last))


def measure(desk: Desk, only: list[str]) -> dict[str, Any]:
    """Everything as plain data: {"tickets", "memory", "costs": {row: {concurrency: Cost}}, "intake": {...},
    "corpus": {...}, "outbox": {...}}."""
    desk.quiet()
    resting = actions.idle(desk)
    found: dict[str, Any] = {"tickets": desk.tickets, "memory": desk.memory(), "resting": resting, "costs": {}}
    rows, references = actions.Rows(desk), [actions.reference()]
    for name, (act, browser) in rows.all().items():
        if only and name not in only:
            continue
        print(f"{desk.tickets:,} tickets: {name}", file=sys.stderr)
        costs = actions.cost(desk, act, browser, resting)
        found["costs"][name] = {str(concurrency): asdict(cost) for concurrency, cost in costs.items()}
        references.append(actions.reference())
    if not only or "intake" in only:
        print(f"{desk.tickets:,} tickets: intake", file=sys.stderr)
        speed, cost = actions.intake(desk, resting)
        found["intake"] = {"per_second": speed, "cost": asdict(cost)}
    if (not only or "corpus" in only) and (real := actions.corpus(desk, resting)):
        found["corpus"] = {"per_second": real[0], "cost": asdict(real[1])}
    if not only or "outbox" in only:
        print(f"{desk.tickets:,} tickets: outbox", file=sys.stderr)
        speed, cost = actions.outbox(desk, resting)
        found["outbox"] = {"per_second": speed, "cost": asdict(cost)}
    found["reference"], found["memory_after"] = median(references), desk.memory()
    return found


def sweeps(data: Path, tickets: int) -> str:
    """What the minute's looks cost with 100 due tickets among 1,000 and among `tickets`: of the SLA clock, and of an
    automation."""
    told = []
    for title, module in (("SLA clock", "tests.bench.sweep"), ("automation", "tests.bench.automations")):
        lines = [("tickets", "ms", "worker", "database")]
        for count in (SMALL, tickets):
            found = json.loads(_apart(data / f"sweep-{count}", module, str(count)))
            lines.append((f"{count:,}", *(f"{found[name]:.0f}" for name in ("milliseconds", "worker", "database"))))
        table = "\n".join("  ".join(cell.rjust(10) for cell in line) for line in lines)
        told.append(f"{title}\n{table}\n\n{found['explain']}")
    return "\n\n".join(told)


def rules(data: Path) -> str:
    """What 100 active rules add to an event of which none takes notice."""
    found = json.loads(_apart(data / "rules", "tests.bench.rules"))
    lines = [("rules", "worker ms", "database ms")]
    for count, name in ((0, "without"), (found["rules"], "with")):
        lines.append((str(count), *(f"{found[name][part]:.2f}" for part in ("worker", "database"))))
    table = "\n".join("  ".join(cell.rjust(12) for cell in line) for line in lines)
    more = sum(found["with"].values()) - sum(found["without"].values())
    return (
        f"{table}\n\n100 rules add {more:.2f} ms CPU to an event (goal: <= 3); asking them takes {found['asked']:.2f}"
    )


def _apart(data: Path, *module: str) -> str:
    for place in (data.parent, data):
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o711)  # as root, PostgreSQL's own account has to pass
    env = {**os.environ, "HELPDESK_DATA": str(data), "SECRET_KEY": "bench " * 10, "PYTHONPATH": str(ROOT)}
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    command = [sys.executable, "-m", *module]
    try:
        return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    finally:
        embedded.stop(data)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measures CPU time per action on a desk of its own.")
    parser.add_argument("--tickets", type=int, default=10_000, metavar="N", help="size of the desk (10,000)")
    parser.add_argument("--data", type=Path, default=ROOT / "var" / "bench", help="folder of its desks (var/bench)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--sweep", action="store_true", help="instead: the minute's sweeps at 1,000 and N tickets")
    parser.add_argument("--rules", action="store_true", help="instead: what 100 rules cost an event that none matches")
    parser.add_argument("--bulk", action="store_true", help="instead: one verb for 10,000 tickets at once")
    parser.add_argument("--timings", action="store_true", help="instead: whether answer times tell who has an account")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="only these rows; nothing is remembered")
    options = parser.parse_args()
    options.data = options.data.absolute()
    return options


if __name__ == "__main__":
    main()
