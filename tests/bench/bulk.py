"""One verb for as many tickets as a job takes: `bin/bench --bulk`.

An agent chooses a whole list of 10,000 open tickets in the workspace and gives them another priority. While the worker
is at it, a colleague opens the queue again and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

from tests.bench.actions import Rows
from tests.bench.client import Browser, Failed, token
from tests.bench.desk import Desk

MOST = 10_000
_DONE = "SELECT done_count, failed_count, progress FROM tickets_bulkjob ORDER BY id DESC LIMIT 1"
_ALL_OPEN = (
    "UPDATE tickets_ticket SET state = 'open', priority = 2, status_id = NULL, archived_at = NULL, closed_at = NULL, "
    "resolved_at = NULL, auto_close_at = NULL, snoozed_until = NULL, deleted_at = NULL"
)
Answer = TypeVar("Answer")
_CHANGED = "SELECT count(*) FROM tickets_ticket WHERE priority = 4"


def report(data: Path) -> str:
    with Desk(data / "bulk", MOST, "") as desk:
        desk.query(_ALL_OPEN)
        rows = Rows(desk)
        agent = rows.agent()
        choosing, job = _timed(lambda: _choose(agent))
        before, begin = desk.cpu(), time.monotonic()
        beginning, _answer = _timed(lambda: _begin(agent, *job))
        meanwhile = _wait(desk, rows.agent())
        seconds = time.monotonic() - begin
        desk.quiet()
        handled = time.monotonic() - begin
        used = {part: cpu - before.get(part, 0.0) for part, cpu in desk.cpu().items()}
        done, failed, _progress = desk.query(_DONE)[0]
        changed = desk.query(_CHANGED)[0][0]
    if (done, failed, changed) != (MOST, 0, MOST):
        raise Failed(f"{done} done, {failed} failed, {changed} changed instead of {MOST}")
    cpu = ", ".join(f"{part} {used[part]:.0f}" for part in ("web", "worker", "database"))
    return (
        f"{MOST:,} tickets get another priority\n"
        f"choosing takes {choosing:.2f} s, beginning {beginning:.2f} s, the job {seconds:.0f} s "
        f"({MOST / seconds:.0f} a second); after {handled:.0f} s all events are handled\n"
        f"CPU seconds: {cpu}\n"
        f"a colleague's queue meanwhile: {median(meanwhile) * 1000:.0f} ms (median), {max(meanwhile) * 1000:.0f} ms at "
        f"most of {len(meanwhile)}"
    )


def _timed(act: Callable[[], Answer]) -> tuple[float, Answer]:
    begin = time.monotonic()
    answer = act()
    return time.monotonic() - begin, answer


def _choose(agent: Browser) -> tuple[str, bytes]:
    """The address of the job and its page, which asks before it begins."""
    page = agent.get("/staff/views/all-open/")
    fields = {"csrfmiddlewaretoken": token(page), "view": "all-open", "all": "1", "verb": "priority"}
    status, _page = agent.post("/staff/bulk/", fields)
    if status != 302:
        raise Failed("nothing was chosen")
    return agent.location, agent.get(agent.location)


def _begin(agent: Browser, path: str, page: bytes) -> None:
    status, answer = agent.post(f"{path}start/", {"csrfmiddlewaretoken": token(page), "priority": "4"})
    if status != 302:
        raise Failed(f"not begun: {answer[:2000]!r}")


def _wait(desk: Desk, colleague: Browser) -> list[float]:
    """Seconds of each of the colleague's pages until the job is done."""
    found = []
    while desk.query(_DONE)[0][2] == "running":
        found.append(_timed(lambda: colleague.get("/staff/views/all-open/"))[0])
        time.sleep(0.2)
    return found
