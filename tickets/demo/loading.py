"""Loads many tickets for measurements, by COPY and not through the verbs, as if the verbs had written them.

The same seed gives the same tickets up to `now`, which all moments hang from. Texts are invented words, the common
ones very common and most of them rare, as in a real language; COMMON stands in every fifth message, RARE in ten.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tickets.demo.crowd import Crowd, gather
from tickets.demo.words import Words
from tickets.models import Message, Ticket, TicketEvent
from tickets.states import Source, State

MESSAGES = 5
LONG = 20
_CHUNK = 2000
_INDEX_LATER = 5000
_C, _R, _N = "customer", "reply", "note"
_TALKS = {
    "new": (_C,) * 5,
    "open": (_C, _N, _C, _C, _C),
    "waiting": (_C, _R, _C, _N, _R),
    "in_progress": (_C, _R, _C, _R, _C),
    "reopened": (_C, _R, _R, _C, _C),
    "resolved": (_C, _R, _C, _R, _R),
    "closed": (_C, _R, _C, _R, _R),
    "archived": (_C, _R, _N, _C, _R),
}
# Of a thousand tickets; about sixty are open, as on a desk that keeps up.
_SHARES = {
    "new": 10, "open": 20, "waiting": 8, "in_progress": 18, "reopened": 4, "resolved": 60, "closed": 600,
    "archived": 280,
}  # fmt: skip
_DAYS = {"resolved": (0, 4), "closed": (1, 360), "archived": (370, 1100)}
_STATES = {"waiting": State.IN_PROGRESS, "archived": State.CLOSED}
_COLUMNS = {
    Ticket: (
        "id", "number", "subject", "state", "status_id", "priority", "source", "requester_id", "department_id",
        "assignee_id", "created_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "reopened_at",
        "archived_at", "reopen_count", "requester_name", "last_message_at", "last_message_by", "last_message_kind",
        "last_message_preview", "message_count", "waiting_since", "tag_names", "sla_policy_id", "sla_started_at",
        "first_response_due_at", "resolution_due_at", "resolution_warned_at", "resolution_breached_at",
        "first_response_warned_at", "first_response_breached_at", "due_at", "next_breach_at", "auto_close_at",
    ),
    Message: (
        "id", "ticket_id", "kind", "author_id", "author_name", "body", "html", "folded", "source", "is_machine",
        "recipients", "created_at",
    ),
    TicketEvent: (
        "ticket_id", "kind", "actor_id", "actor_name", "message_id", "data", "created_at", "handled_at", "attempts",
        "next_attempt_at",
    ),
    Ticket.tags.through: ("ticket_id", "tag_id"),
}  # fmt: skip


def _others(table: Any) -> dict[str, str]:
    """Column -> default, as text, of what must have a value and is not written above."""
    return {
        field.column: _text(field.get_default())
        for field in table._meta.concrete_fields
        if not (field.null or field.primary_key or field.generated or field.column in _COLUMNS[table])
    }


@dataclass
class Rows:
    """Lines for COPY, one list for each table."""

    lines: dict[Any, list[str]] = field(default_factory=lambda: {table: [] for table in _COLUMNS})

    def add(self, table: Any, *values: Any) -> None:
        self.lines[table].append("\t".join(map(_text, values)))

    def copy(self) -> None:
        with connection.cursor() as cursor:
            for table, lines in self.lines.items():
                others = _others(table)
                columns = ", ".join([*_COLUMNS[table], *others])
                end = "".join(f"\t{value}" for value in others.values())
                file = io.StringIO("".join(f"{line}{end}\n" for line in lines))
                cursor.copy_expert(f"COPY {table._meta.db_table} ({columns}) FROM STDIN", file)
                lines.clear()


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


@transaction.atomic
def load(count: int, seed: int = 20, now: datetime | None = None) -> Crowd:
    """Adds `count` tickets of five messages and one of twenty (the crowd's `ticket`, between its first agent and its
    first customer). Ends with fresh statistics."""
    now, random = now or timezone.now(), Random(seed)  # noqa: S311 - no secrets
    crowd = gather(now)
    writer = Writer(crowd, random, now, count)
    later = _drop_search_indexes() if count >= _INDEX_LATER else []
    fates = iter(random.choices(list(_SHARES), list(_SHARES.values()), k=count))
    while chunk := list(islice(fates, _CHUNK)):
        for fate in chunk:
            writer.ticket(fate)
        writer.rows.copy()
    crowd.ticket = writer.ticket("in_progress", LONG)
    writer.rows.copy()
    _settle(later)
    return crowd


def _drop_search_indexes() -> list[str]:
    """Building them after the load takes a fraction of the time; returns how they were defined."""
    with connection.cursor() as cursor:
        # Foreign keys of what this transaction has written already; an index cannot go while their checks wait.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ANY(%s) "
            "AND indexdef LIKE '%%USING gin%%'",
            [[Ticket._meta.db_table, Message._meta.db_table]],
        )
        found = cursor.fetchall()
        for name, _definition in found:
            cursor.execute(f'DROP INDEX "{name}"')
        return [definition for _name, definition in found]


def _settle(definitions: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # before the foreign keys are checked: without statistics each check reads a table
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in (Ticket, Message):
            name = table._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"  # noqa: S608
            )
        for definition in definitions:
            cursor.execute(definition)


class Writer:
    """Makes up tickets as lines of `rows`."""

    def __init__(self, crowd: Crowd, random: Random, now: datetime, count: int) -> None:
        self.crowd, self.random, self.now = crowd, random, now
        self.rows, self.words = Rows(), Words(random, messages=count * MESSAGES)
        self.ids = itertools.count(_next_id(Ticket))
        self.message_ids = itertools.count(_next_id(Message))

    def ticket(self, fate: str, length: int = MESSAGES) -> str:
        """One ticket with its messages, events and tags; returns its number."""
        pk, random, crowd = next(self.ids), self.random, self.crowd
        talk = tuple(islice(itertools.cycle((_C, _R)), length)) if length != MESSAGES else _TALKS[fate]
        is_long = length != MESSAGES
        customer = crowd.customers[0] if is_long else random.choice(crowd.customers[1:])
        department = random.choice(crowd.departments)
        agent = crowd.agents[0] if is_long else random.choice(crowd.agents_in(department))
        story = Story(pk, fate, customer, agent, department.pk, self._moments(fate, length))
        subject = self.words.subject()
        self.rows.add(TicketEvent, *story.opened(department.name))
        if fate != "new":
            self.rows.add(TicketEvent, *story.assigned())
        for kind, at in zip(talk, story.moments, strict=True):
            self._message(story, kind, at)
        for event in story.ends(crowd.auto_close_days):
            self.rows.add(TicketEvent, *event)
        tags = sorted(random.sample(sorted(crowd.tags), random.choice((0, 1, 1, 2, 3))))
        for tag in tags:
            self.rows.add(Ticket.tags.through, pk, crowd.tags[tag])
        self.rows.add(Ticket, *story.ticket(subject, tags, random, crowd, self.now))
        return story.number

    def _moments(self, fate: str, length: int) -> list[datetime]:
        first, last = _DAYS.get(fate, (0, 30))
        days = min(self.random.expovariate(1 / 4), last) if fate not in _DAYS else self.random.uniform(first, last)
        end = self.now - timedelta(days=days, minutes=1)
        hours = sorted((self.random.uniform(0.2, 60) for _ in range(length - 1)), reverse=True)
        return [*(end - timedelta(hours=back) for back in hours), end]

    def _message(self, story: Story, kind: str, at: datetime) -> None:
        pk, body = next(self.message_ids), self.words.body()
        author = story.customer if kind == _C else story.agent
        source = Source.WEB if kind == _C else Source.STAFF
        recipients = {"to": [story.customer.email], "cc": []} if kind == _R else {}
        self.rows.add(
            Message, pk, story.pk, kind, author.pk, author.name, body, "", [], source, False, recipients, at
        )  # fmt: skip
        for event in story.heard(pk, kind, body, at):
            self.rows.add(TicketEvent, *event)


def _next_id(table: Any) -> int:
    newest = table.objects.order_by("-pk").values_list("pk", flat=True).first()
    return (newest or 0) + 1


@dataclass
class Story:
    """One ticket while it is made up: what the verbs would have kept in its columns."""

    pk: int
    fate: str
    customer: Any
    agent: Any
    department_id: int
    moments: list[datetime]
    waiting_since: datetime | None = None
    first_response_at: datetime | None = None
    last: tuple[datetime | None, str, str, str] = (None, "", "", "")
    first_message: int = 0

    @property
    def number(self) -> str:
        return str(10_000_000 + self.pk)

    def opened(self, department: str) -> tuple[Any, ...]:
        data = {"source": "Web", "department": department, "auto_response": True}
        return self._event("opened", self.customer, self.moments[0], data=data)

    def assigned(self) -> tuple[Any, ...]:
        data = {"agent": self.agent.name, "agent_id": self.agent.pk}
        return self._event("assigned", self.agent, self.moments[0] + timedelta(minutes=2), data=data)

    def _event(
        self, kind: str, actor: Any, at: datetime, message: int | None = None, data: dict[str, Any] | None = None
    ) -> tuple[Any, ...]:
        pk, name = (actor.pk, actor.name) if actor else (None, "Helpdesk")
        return (self.pk, kind, pk, name, message, data or {}, at, at, 0, at)

    def heard(self, message: int, kind: str, body: str, at: datetime) -> Iterator[tuple[Any, ...]]:
        """Keeps what a message changes on the ticket; yields its events."""
        if kind == _N:
            yield self._event("noted", self.agent, at, message)
            return
        author = self.customer if kind == _C else self.agent
        line = " ".join(body.split())
        self.last = (at, author.name, kind, line if len(line) <= 160 else line[:159] + "…")
        if kind == _R:
            self.first_response_at = self.first_response_at or at
            self.waiting_since = None
            yield self._event("replied", self.agent, at, message)
            return
        if self.fate == "reopened" and at == self.moments[3]:
            yield self._event("resolved", self.agent, self.moments[2])
            yield self._event("reopened", self.customer, at, data={"reason": ""})
        self.waiting_since = self.waiting_since or at
        if at != self.moments[0]:
            yield self._event("received", self.customer, at, message)

    def ends(self, quiet_days: int) -> Iterator[tuple[Any, ...]]:
        if self.fate in {"resolved", "closed", "archived"}:
            yield self._event("resolved", self.agent, self.moments[-1])
        if self.fate in {"closed", "archived"}:
            yield self._event("confirmed", self.customer, self._closed_at())
        if self.fate == "archived":
            yield self._event("archived", None, self._archived_at())

    def _closed_at(self) -> datetime:
        return self.moments[-1] + timedelta(hours=3)

    def _archived_at(self) -> datetime:
        return self._closed_at() + timedelta(days=365)

    def ticket(self, subject: str, tags: list[str], random: Random, crowd: Crowd, now: datetime) -> tuple[Any, ...]:
        is_archived = self.fate == "archived"
        state = _STATES.get(self.fate, self.fate)
        end, is_closed = self.moments[-1], self.fate in {"closed", "archived"}
        is_over = is_closed or self.fate == "resolved"
        return (
            self.pk, self.number, subject, str(state), crowd.waiting_id if self.fate == "waiting" else None,
            random.choices((1, 2, 3, 4), (10, 70, 17, 3))[0], "web", self.customer.pk, self.department_id,
            None if self.fate == "new" else self.agent.pk, self.moments[0],
            self._archived_at() if is_archived else end,
            self.first_response_at, end if is_over else None, self._closed_at() if is_closed else None,
            self.moments[3] if self.fate == "reopened" else None,
            self._archived_at() if is_archived else None, int(self.fate == "reopened"), self.customer.name,
            *self.last, len(self.moments), None if is_over else self.waiting_since, "{" + ",".join(tags) + "}",
            *self._promises(crowd, is_over, now),
            end + timedelta(days=crowd.auto_close_days) if self.fate == "resolved" else None,
        )  # fmt: skip

    def _promises(self, crowd: Crowd, is_over: bool, now: datetime) -> tuple[Any, ...]:
        """Policy, start, targets, warnings and breaches, what is due, when to look. The clock runs day and night."""
        start = self.moments[3] if self.fate == "reopened" else self.moments[0]
        first = self.moments[0] + timedelta(minutes=crowd.policy.first_response_minutes)
        due = start + timedelta(minutes=crowd.policy.resolution_minutes)
        stood = self.fate == "waiting"
        late = not is_over and not stood and due <= now
        first_late = (self.first_response_at or now) > first
        live = [] if is_over or stood else [due, *([first] if self.first_response_at is None else [])]
        looks = [at for at in live if at > now]
        first_late = first_late and self.fate != "reopened"
        return (
            crowd.policy.pk, start, first, due, due if late else None, due if late else None,
            first if first_late else None, first if first_late else None,
            min(live, default=None), min(looks, default=None),
        )  # fmt: skip


__all__ = ["load"]
