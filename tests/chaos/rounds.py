"""One round after the other on a desk that stays up: mail flows, something breaks, all has to come to an end, and the
books are compared."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import Error, connection
from django.utils import timezone

from helpdesk.celery import app
from tests.chaos import ledger as books
from tests.chaos import points
from tests.chaos.audit import Audit, Found, Marks
from tests.chaos.desk import Desk
from tests.chaos.faults import Fault, NotReached, Trial
from tests.chaos.ledger import Ledger, Mail, Reply
from tests.chaos.post import Agent, Letterbox, NotTaken, Sender, reply_to
from tickets.models import InboundEmail, MailSource, OutboundEmail, RelayHealth, Ticket, TicketEvent, User

SETTLE_SECONDS = 90
SPREAD_SECONDS = 0.3
_HELP_SECONDS = 0.4
_OPEN = """SELECT (SELECT count(*) FROM tickets_inboundemail WHERE next_attempt_at IS NOT NULL)
 + (SELECT count(*) FROM tickets_ticketevent WHERE handled_at IS NULL)
 + (SELECT count(*) FROM tickets_outboundemail WHERE next_attempt_at IS NOT NULL)"""
_SWEEPS = ("sweep_inbound", "sweep_events", "sweep_outbound")


@dataclass
class Outcome:
    number: int
    fault: Fault
    found: Found
    seconds: float  # from the break until all was done


@dataclass
class Thread:
    """A ticket as the driver knows it: the customer writes to `address`."""

    token: str
    pk: int
    customer: str
    address: str


@dataclass
class Work:
    """What flows in one round, and what came of it."""

    mails: list[Mail] = field(default_factory=list)
    replies: list[tuple[Reply, int]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    by_imap: set[str] = field(default_factory=set)  # tokens


class Driver:
    def __init__(self, desk: Desk, ledger: Ledger, agent: User, seed: int) -> None:
        self.desk, self.ledger, self.seed = desk, ledger, seed
        self.sender, self.letterbox, self.agent = Sender(desk, ledger), Letterbox(desk, ledger), Agent(agent, ledger)
        self.fresh: list[Thread] = []  # nobody has answered yet
        self.answered: list[Thread] = []
        self._flowing: list[threading.Thread] = []

    def begin(self) -> None:
        """A few tickets to write on, before anything is broken. Raises RuntimeError when even that fails."""
        for _ in range(2):
            work = Work([self._new(-len(self.fresh) - 1, index, random.Random(0)) for index in range(2)])
            work.replies = [(self._reply_on(thread, 0), thread.pk) for thread in self.fresh]
            marks, taken = Marks.now(self.ledger), list(self.fresh)
            self._join(self._flow(work, random.Random(0)), help_it=True)
            if work.failed or self._settle(help_it=True) is None:
                raise RuntimeError(f"the desk does not work: {work.failed}")
            self._learn(work, taken)
            if wrong := Audit(self.ledger, marks, work.mails, [reply for reply, _ in work.replies]).run().wrong:
                raise RuntimeError(f"the desk does not work: {wrong}")

    def round(self, number: int, fault: Fault) -> Outcome:
        """Never raises for what the desk does wrong: that stands in the outcome."""
        chance = random.Random(f"{self.seed} {number}")
        trial = Trial(self.desk, self.ledger, chance, fault.name)
        marks, work = Marks.now(self.ledger), self._plan(number, fault, chance)
        taken = [thread for thread in self.fresh if thread.pk in {ticket for _, ticket in work.replies}]
        if fault.limit is None:
            trial.before_return = let_accounts_be_read
        if fault.prepare:
            fault.prepare(trial)
        trial.flowing = self._flowing = threads = self._flow(work, chance)
        wrong = self._break(fault, trial)
        self.desk.bring_all_back()
        self._join(threads, help_it=fault.limit is None)
        settled = self._settle(help_it=fault.limit is None)
        seconds = (settled or time.monotonic()) - trial.broken_at
        wrong += work.failed
        if settled is None:
            wrong.append(f"not done after {SETTLE_SECONDS} s: {self._what_is_open()}")
        elif fault.limit and seconds > fault.limit:
            wrong.append(f"took {seconds:.0f} s instead of {fault.limit:.0f}")
        found = Audit(self.ledger, marks, work.mails, [reply for reply, _ in work.replies]).run()
        found.wrong[:0] = wrong
        if settled or self._settle(help_it=True):  # what waits must not be taken for the next round's
            self._learn(work, taken)
        return Outcome(number, fault, found, seconds)

    def break_off(self) -> None:
        """Lets a round come to its end that was interrupted, so that the books can be compared."""
        points.disarm(self.desk.folder)
        self.desk.mood("")
        self.desk.disk.clear()
        self.desk.kill("worker")  # it may stand still
        self.desk.bring_all_back()
        self._join(self._flowing, help_it=True)
        self._settle(help_it=True)

    def final(self) -> Found:
        """Everything that ever happened, once more."""
        return Audit(self.ledger, Marks(), self.ledger.mails, self.ledger.replies).run()

    # -- what flows --

    def _plan(self, number: int, fault: Fault, chance: random.Random) -> Work:
        work = Work([self._new(number, index, chance) for index in range(chance.randint(1, 2))])
        if fault.needs_file:
            work.mails[0] = self._new(number, 0, chance, books.some_bytes(chance))
        thread = chance.choice(self.answered)
        token = f"chaos-{self.seed}-{number}-c"
        work.mails.append(books.write(token, thread.customer, to=thread.address, thread=thread.token))
        shares = {"imap": 1.0, "smtp": 0.0, "": 0.0 if self.desk.imap.why_not else 0.15}
        work.by_imap = {mail.token for mail in work.mails if chance.random() < shares[fault.door]}
        target = self.fresh[0] if self.fresh else chance.choice(self.answered)
        work.replies.append((self._reply_on(target, number, _perhaps(chance)), target.pk))
        return work

    def _new(self, number: int, index: int, chance: random.Random, enclose: bytes = b"") -> Mail:
        token = f"chaos-{self.seed}-{abs(number)}-{'s' if number < 0 else 'n'}{index}"
        return books.write(token, f"{token}@customers.example", enclose=enclose or _perhaps(chance))

    def _reply_on(self, thread: Thread, number: int, enclose: bytes = b"") -> Reply:
        token = f"chaos-{self.seed}-{number}-a{thread.pk}"
        return Reply(token, thread.token, uuid.uuid5(uuid.NAMESPACE_URL, token), enclose)

    def _flow(self, work: Work, chance: random.Random) -> list[threading.Thread]:
        jobs: list[Callable[[], None]] = [partial(self._door(mail, work).send, mail) for mail in work.mails]
        jobs += [partial(self.agent.reply, *pair) for pair in work.replies]
        threads = [
            threading.Thread(target=_guarded, args=[job, chance.uniform(0, SPREAD_SECONDS), work.failed], daemon=True)
            for job in jobs
        ]
        for thread in threads:
            thread.start()
        return threads

    def _door(self, mail: Mail, work: Work) -> Sender | Letterbox:
        return self.letterbox if mail.token in work.by_imap else self.sender

    def _break(self, fault: Fault, trial: Trial) -> list[str]:
        trial.broken_at = time.monotonic()
        try:
            fault.run(trial)
        except NotReached as error:
            return [str(error)]
        return []

    def _join(self, threads: list[threading.Thread], *, help_it: bool) -> None:
        while any(thread.is_alive() for thread in threads):
            if help_it:
                let_accounts_be_read()
            for thread in threads:
                thread.join(_HELP_SECONDS)

    def _learn(self, work: Work, taken: list[Thread]) -> None:
        """New tickets can be written on from the next round."""
        for thread in taken:
            if thread in self.fresh:
                self.fresh.remove(thread)
                self.answered.append(thread)
        sent = {mail.to: mail for mail in self.ledger.read_relay()}
        for mail in work.mails:
            ticket = None if mail.thread else Ticket.objects.filter(subject__contains=mail.token).first()
            if ticket and mail.sender in sent:
                address = reply_to(self.ledger.bytes_of(sent[mail.sender]))
                self.fresh.append(Thread(mail.token, ticket.pk, mail.sender, address))
        self.answered = self.answered[-50:]

    # -- the end of a round --

    def _settle(self, *, help_it: bool) -> float | None:
        """When nothing was left to do; None when that did not happen in time."""
        end, helped = time.monotonic() + SETTLE_SECONDS, 0.0
        while time.monotonic() < end:
            try:
                if not self._count_open():
                    return time.monotonic()
                if help_it and time.monotonic() - helped > _HELP_SECONDS:
                    let_time_pass()
                    send_sweeps()
                    helped = time.monotonic()
            except Error:
                connection.close()
            time.sleep(0.03)
        return None

    def _count_open(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(_OPEN)
            return int(cursor.fetchone()[0])

    def _what_is_open(self) -> str:
        return ", ".join(_described())


def _guarded(job: Callable[[], None], delay: float, failed: list[str]) -> None:
    time.sleep(delay)
    try:
        job()
    except NotTaken as error:
        failed.append(str(error))
    except Exception as error:
        failed.append(f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def _perhaps(chance: random.Random) -> bytes:
    return books.some_bytes(chance) if chance.random() < 0.4 else b""


def let_time_pass() -> None:
    """What waits for a lease, a pause or a second attempt waits no more."""
    now = timezone.now()
    for table in (InboundEmail, OutboundEmail):
        table.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
    TicketEvent.objects.unhandled().update(next_attempt_at=now - timezone.timedelta(minutes=1))
    RelayHealth.objects.all().update(paused_until=now)


def let_accounts_be_read() -> None:
    """What waits for the lease of a dead reader, or for a pause, waits no more."""
    now = timezone.now()
    try:
        MailSource.objects.filter(lease_until__gt=now).update(lease_until=now)
        MailSource.objects.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
    except Error:
        connection.close()


def send_sweeps() -> None:
    """Tells the worker to look; as good as its own clock, only sooner."""
    for name in _SWEEPS:
        try:
            app.send_task(f"tickets.tasks.{name}", expires=5)
        except Exception:
            app.pool.force_close_all()
            return


def _described() -> Iterator[str]:
    rows: tuple[Any, ...] = (
        InboundEmail.objects.exclude(next_attempt_at=None), OutboundEmail.objects.exclude(next_attempt_at=None),
    )  # fmt: skip
    for table in rows:
        for row in table[:5]:
            yield f"{row} {row.state} {getattr(row, 'last_error', '') or getattr(row, 'detail', '')}"
    for event in TicketEvent.objects.unhandled()[:5]:
        yield f"event {event.kind}"
