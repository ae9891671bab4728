"""What is measured: one function for each row of the table."""

from __future__ import annotations

import itertools
import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.client import Browser, Failed, repeat, send_files, send_mails, token
from tests.bench.desk import ROOT, Desk

ROUNDS = 3
COUNTS = {1: 40, 16: 96}
WARM_UP = 24
IDLE_SECONDS = 15
MAILS = 120
# Written in one go: the worker then has all of them before it, and nothing else to do.
_QUEUED = """
from django.db import transaction
from tickets import outbox
from tickets.models import Ticket
rows = Ticket.objects.filter(deleted_at=None).select_related("department__mailbox", "requester")
with transaction.atomic():
    for ticket in rows.order_by("-pk")[:%d]:
        outbox.enqueue("closed", ticket, ticket.requester)
"""
_SENT = (
    "SELECT count(*), extract(epoch FROM max(sent_at) - min(sent_at))::float "
    "FROM tickets_outboundemail WHERE id > %s AND state = 'sent'"
)
_ARRIVED = (
    "SELECT count(*) FROM tickets_ticket t JOIN tickets_message m ON m.ticket_id = t.id "
    "WHERE t.id > %s AND t.subject LIKE %s"
)
_NOT_READ = "SELECT count(*) FROM tickets_inboundemail WHERE state = 'stored'"
# What a click in the list sends: the answer is the ticket's pane, the list beside it stays.
_CLICKED = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "ticket"}

Act = Callable[[Browser], object]


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds for one action; web, worker and database are parts of `total`."""

    total: float
    web: float
    worker: float
    database: float


def reference() -> float:
    """CPU milliseconds of a fixed piece of work. On a shared machine it grows when others are busy, and with it
    everything measured: compare runs whose references are alike."""
    begin = time.process_time()
    sum(number * number for number in range(2_000_000))
    return (time.process_time() - begin) * 1000


def idle(desk: Desk) -> dict[str, float]:
    """CPU seconds that each part uses in a second in which nobody asks for anything."""
    before = desk.cpu()
    time.sleep(IDLE_SECONDS)
    return {part: max(used - before.get(part, 0.0), 0.0) / IDLE_SECONDS for part, used in desk.cpu().items()}


def cost(desk: Desk, act: Act, browser: Callable[[], Browser], resting: dict[str, float]) -> dict[int, Cost]:
    """Concurrency -> cost, until everything that follows from the actions is done; what an idle desk uses in the
    same time is subtracted."""
    repeat(WARM_UP, 4, act, browser)
    desk.quiet()
    return {concurrency: _median(desk, act, browser, resting, concurrency) for concurrency in COUNTS}


def _median(desk: Desk, act: Act, browser: Callable[[], Browser], resting: dict[str, float], concurrency: int) -> Cost:
    rounds = [_round(desk, act, browser, resting, concurrency) for _ in range(ROUNDS)]
    return sorted(rounds, key=lambda one: one.total)[ROUNDS // 2]


def _round(desk: Desk, act: Act, browser: Callable[[], Browser], resting: dict[str, float], concurrency: int) -> Cost:
    count = COUNTS[concurrency]
    before, begin = desk.cpu(), time.monotonic()
    repeat(count, concurrency, act, browser)
    desk.quiet()
    seconds = time.monotonic() - begin
    used = _used(desk, before, resting, seconds, count)
    return Cost(sum(used.values()), used.get("web", 0), used.get("worker", 0), used.get("database", 0))


class Rows:
    """The actions by the name of their row, and who does them."""

    def __init__(self, desk: Desk) -> None:
        self.desk, load = desk, desk.load
        self.people = {
            role: Browser(desk.url).sign_in(account["email"], account["password"])
            for role, account in load["accounts"].items()
        }
        self.csrf = token(Browser(desk.url, self.people["agent"]).get(f"/staff/tickets/{load['ticket']}/"))
        numbers = desk.query(
            "SELECT number FROM tickets_ticket WHERE state = 'in_progress' AND deleted_at IS NULL "
            "AND message_count < 9 ORDER BY id LIMIT 200"
        )
        self.answered = itertools.cycle([number for (number,) in numbers])

    def all(self) -> dict[str, tuple[Act, Callable[[], Browser]]]:
        ticket, load = self.desk.load["ticket"], self.desk.load
        return {
            "queue": (_page("/staff/views/all-open/", b"/staff/tickets/"), self.agent),
            "agent_ticket": (_page(f"/staff/tickets/{ticket}/?view=all-open", b"Customer 1", **_CLICKED), self.agent),
            "customer_ticket": (_page(f"/tickets/{ticket}/", b"Agent 1"), self.customer),
            "guest_create": (self.guest_creates, self.guest),
            "reply": (self.replies, self.agent),
            "search_rare": (_page(f"/staff/search/?q={load['rare']}", b"/staff/tickets/1"), self.agent),
            "search_common": (_page(f"/staff/search/?q={load['common']}", b"/staff/tickets/1"), self.agent),
            "api_create": (self.api_creates, self.guest),
        }

    def agent(self) -> Browser:
        return Browser(self.desk.url, self.people["agent"])

    def customer(self) -> Browser:
        return Browser(self.desk.url, self.people["customer"])

    def guest(self) -> Browser:
        return Browser(self.desk.url)

    def guest_creates(self, browser: Browser) -> None:
        """The form and the post, by somebody never seen before."""
        browser.cookies.clear()
        page = browser.get("/tickets/new/")
        name = uuid.uuid4().hex[:12]
        fields = {
            "csrfmiddlewaretoken": token(page), "nonce": str(uuid.uuid4()), "name": "Guest", "website": "",
            "email": f"{name}@guests.example", "topic": self.desk.load["help_topic"],
            "subject": f"Measured {name}", "body": "The printer is out of toner.\n" * 5,
        }  # fmt: skip
        status, page = browser.post("/tickets/new/", fields)
        if status != 302:
            raise Failed(f"no ticket: {page[:2000]!r}")

    def replies(self, browser: Browser) -> None:
        number = next(self.answered)
        fields = {
            "csrfmiddlewaretoken": self.csrf, "reply-nonce": str(uuid.uuid4()), "reply-status": "",
            "reply-body": "Thank you. A new toner is on its way and will be there tomorrow.\n" * 3,
        }  # fmt: skip
        status, page = browser.post(f"/staff/tickets/{number}/reply/", fields)
        if status != 302:
            raise Failed(f"not sent: {page[:2000]!r}")

    def api_creates(self, browser: Browser) -> None:
        name = uuid.uuid4().hex[:12]
        ticket = {
            "requester": {"email": f"{name}@clients.example", "name": "Client"}, "subject": f"Measured {name}",
            "body": "The printer is out of toner.", "help_topic": self.desk.load["help_topic"],
        }  # fmt: skip
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.desk.load['api_token']}"}
        status, answer = browser.request("POST", "/api/v1/tickets/", json.dumps(ticket).encode(), headers)
        if status != 201:
            raise Failed(f"no ticket: {answer[:500]!r}")


def _page(path: str, proof: bytes, **headers: str) -> Act:
    def act(browser: Browser) -> None:
        if proof not in browser.get(path, **headers):
            raise Failed(f"{path} does not show {proof.decode()}")

    return act


def intake(desk: Desk, resting: dict[str, float]) -> tuple[float, Cost]:
    """Mails a second from the first byte by SMTP until the last one is a message on a ticket; and their cost."""
    speeds, costs = [], []
    send_mails(desk.card["smtp_in"], desk.load["mailbox"], WARM_UP)
    desk.quiet()
    for _ in range(ROUNDS):
        last = desk.query("SELECT max(id) FROM tickets_ticket")[0][0]
        before, begin = desk.cpu(), time.monotonic()
        word = send_mails(desk.card["smtp_in"], desk.load["mailbox"], MAILS)
        while desk.query(_ARRIVED, last, f"{word}%")[0][0] < MAILS:
            time.sleep(0.02)
        seconds = time.monotonic() - begin
        desk.quiet()
        whole = time.monotonic() - begin
        used = _used(desk, before, resting, whole, MAILS)
        speeds.append(MAILS / seconds)
        costs.append(Cost(sum(used.values()), used.get("intake", 0), used.get("worker", 0), used.get("database", 0)))
    return median(speeds), sorted(costs, key=lambda one: one.total)[ROUNDS // 2]


def corpus(desk: Desk, resting: dict[str, float]) -> tuple[float, Cost] | None:
    """Real mails a second, from the first byte by SMTP until the last one has come to its end, and their cost; None
    where the collection named by CORPORA is not there."""
    folder = Path(os.environ.get("CORPORA") or ROOT.parent / "shared" / "corpora") / "email"
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".eml", ".msg", ".raw"} and path.is_file())
    if not files:
        return None
    desk.quiet()
    before, begin = desk.cpu(), time.monotonic()
    taken = send_files(desk.card["smtp_in"], desk.load["mailbox"], files)
    while desk.query(_NOT_READ)[0][0]:
        time.sleep(0.02)
    seconds = time.monotonic() - begin
    desk.quiet()
    used = _used(desk, before, resting, time.monotonic() - begin, taken)
    return taken / seconds, Cost(
        sum(used.values()), used.get("intake", 0), used.get("worker", 0), used.get("database", 0)
    )


def outbox(desk: Desk, resting: dict[str, float]) -> tuple[float, Cost]:
    """Mails a second that the one worker renders, stores and hands to the relay, the first and the last by the clock
    of the database; and their cost."""
    speeds, costs = [], []
    for _ in range(ROUNDS):
        last = desk.query("SELECT coalesce(max(id), 0) FROM tickets_outboundemail")[0][0]
        before, begin = desk.cpu(), time.monotonic()
        desk.manage("shell", "-v", "0", "-c", _QUEUED % MAILS)
        desk.quiet()
        whole = time.monotonic() - begin
        used = _used(desk, before, resting, whole, MAILS)
        count, seconds = desk.query(_SENT, last)[0]
        if count != MAILS:
            raise Failed(f"only {count} of {MAILS} mails were sent")
        speeds.append((count - 1) / seconds)
        costs.append(Cost(sum(used.values()), used.get("web", 0), used.get("worker", 0), used.get("database", 0)))
    return median(speeds), sorted(costs, key=lambda one: one.total)[ROUNDS // 2]


def _used(
    desk: Desk, before: dict[str, float], resting: dict[str, float], seconds: float, count: int
) -> dict[str, float]:
    """CPU milliseconds that each part has used for one of `count`, without what an idle desk uses."""
    return {
        part: max(cpu - before.get(part, 0.0) - resting.get(part, 0.0) * seconds, 0.0) * 1000 / count
        for part, cpu in desk.cpu().items()
    }
