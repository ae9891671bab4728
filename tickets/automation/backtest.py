"""What a rule would have done in the last days: the same engine, asked with the facts as they were.

Tickets are taken as they are now, and what events changed on them is undone, newest first, until the moment in
question. What no event tells (counts, the requester's data, tasks, which form it was) is taken as it is now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tickets.automation import facts
from tickets.automation.due import RELATED, due
from tickets.automation.engine import Ready, Step, plan
from tickets.automation.fields import CUSTOM
from tickets.automation.kinds import words_of
from tickets.automation.world import World
from tickets.models import Rule, Ticket, TicketEvent

MOST_DAYS = 90
MOST_EVENTS = 20_000
_CHUNK = 500
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Match:
    """A ticket that the rule would have taken, the first time: when, by which event, and what would change."""

    ticket: Ticket
    at: datetime
    step: Step
    event: TicketEvent | None = None
    times: int = 1


@dataclass
class BackTest:
    """`asked` and `matched` count tickets; `matches` are the newest of them; not `is_complete` when there were more
    events than a back-test reads."""

    since: datetime
    asked: int = 0
    matched: int = 0
    is_complete: bool = True
    matches: list[Match] = field(default_factory=list)


def back_test(
    rule: Ready, *, days: int = 7, now: datetime | None = None, most: int = 200, tell: Tell = lambda done, whole: None
) -> BackTest:
    """Nothing is changed by it. `most` bounds the matches that are shown, not those that are counted. `tell` hears now
    and then how many tickets of how many have been looked at."""
    now = now or timezone.now()
    found = BackTest(now - timedelta(days=min(days, MOST_DAYS)))
    if rule.kind == Rule.Kind.AUTOMATION:
        _ask_by_time(rule, found, now, tell)
    elif rule.kind != Rule.Kind.MACRO:
        _ask_by_event(rule, found, tell)
    found.matches.sort(key=lambda match: match.at, reverse=True)
    found.matched = len(found.matches)
    del found.matches[most:]
    return found


def _ask_by_event(rule: Ready, found: BackTest, tell: Tell) -> None:
    wanted: dict[int, set[int]] = defaultdict(set)
    rows = TicketEvent.objects.filter(created_at__gte=found.since).order_by("-pk")
    if rule.kind == Rule.Kind.FILTER:
        rows = rows.filter(kind="opened")
    events = rows.values_list("pk", "ticket_id", "kind", "changes")[: MOST_EVENTS + 1]
    for number, (pk, ticket, kind, changes) in enumerate(events):
        if number == MOST_EVENTS:
            found.is_complete = False
        elif rule.kind == Rule.Kind.FILTER or not rule.on.isdisjoint(words_of(kind, changes)):
            wanted[ticket].add(pk)
    found.asked, world = len(wanted), World((rule,))
    for count, tickets in enumerate(_chunks(sorted(wanted))):
        tell(count * _CHUNK, found.asked)
        events_of = _events(tickets, found.since)
        for ticket in Ticket.objects.select_related(*RELATED).filter(pk__in=tickets):
            steps = [
                (event, step)
                for event, known in _back(ticket, events_of[ticket.pk], rule, wanted[ticket.pk])
                if (step := _step(rule, known, ticket, world))
            ]
            if steps:
                event, step = steps[-1]
                found.matches.append(Match(ticket, event.created_at, step, event, len(steps)))


def _ask_by_time(rule: Ready, found: BackTest, now: datetime, tell: Tell) -> None:
    rows = due(rule, found.since, now, MOST_EVENTS)
    found.is_complete = len(rows) < MOST_EVENTS
    came = {one.pk: one.at for one in rows}
    found.asked, world = len(came), World((rule,))
    for count, pks in enumerate(_chunks(sorted(came))):
        tell(count * _CHUNK, found.asked)
        events_of = _events(pks, found.since)
        for ticket in Ticket.objects.select_related(*RELATED).filter(pk__in=pks):
            at = came[ticket.pk]
            known = facts.collect(ticket, rule.keys, now=at, hours=rule.hours)
            _undo(known, [event for event in events_of[ticket.pk] if event.created_at > at])
            if step := _step(rule, known, ticket, world):
                found.matches.append(Match(ticket, at, step))


def _step(rule: Ready, known: Mapping[str, Any], ticket: Ticket, world: World) -> Step | None:
    if not rule.test(known):
        return None
    return plan((rule,), {**world.around(ticket, known), **known}).steps[0]


def _events(tickets: Sequence[int], since: datetime) -> dict[int, list[TicketEvent]]:
    """The events since then of each ticket, newest first."""
    found: dict[int, list[TicketEvent]] = defaultdict(list)
    rows = TicketEvent.objects.filter(ticket__in=tickets, created_at__gte=since).select_related("message", "actor")
    for event in rows.order_by("-pk"):
        found[event.ticket_id].append(event)
    return found


def _back(
    ticket: Ticket, events: Iterable[TicketEvent], rule: Ready, wanted: set[int]
) -> Iterator[tuple[TicketEvent, dict[str, Any]]]:
    """The facts right after each wanted event, newest first."""
    undone: list[TicketEvent] = []
    for event in events:
        if event.pk in wanted:
            event.ticket = ticket
            known = facts.collect(ticket, rule.keys, now=event.created_at, event=event, hours=rule.hours)
            _undo(known, undone)
            yield event, known
        undone.append(event)


def _undo(known: dict[str, Any], events: Iterable[TicketEvent]) -> None:
    """Newest first: what each of these changed is as it was before. Times that had not begun are none."""
    for event in events:
        for name, (before, _after) in (event.changes or {}).items():
            known[name] = before
        if event.kind == "fields_changed":
            known |= {f"{CUSTOM}{key}": answer for key, answer in event.data["old"].items()}
    for name, value in known.items():
        if name.startswith("since_") and value is not None and value < 0:
            known[name] = 0.0 if name == "since_updated" else None


def _chunks(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(pks), _CHUNK):
        yield pks[start : start + _CHUNK]
