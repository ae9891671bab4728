"""Workers that are killed while rules run: before every third statement that they send to the database. What a dead
worker had begun is not there, and the next one does all of it once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories, people
from tests.automation.making import fresh, handled, leaf, rule, tag, trigger
from tickets import notifications, rulebook
from tickets.automation import sweeping
from tickets.models import Message, Rule, RuleCheck, RuleFiring, RuleRun, Task, Ticket, TicketEvent, WebhookDelivery
from tickets.models import Webhook as Hook
from tickets.secrets import seal

pytestmark = pytest.mark.django_db(transaction=True)
MINUTES = 60
STRIDE = 3  # 1 takes a minute and finds the same


def killed(work: Callable[[], Any], statement: int) -> bool:
    """Does the work in a process of its own that is killed before its statement of this number; False when it came to
    its end with fewer."""
    child = os.fork()
    if child == 0:
        _work_and_die(work, statement)
    code = os.waitpid(child, 0)[1]
    return os.WIFSIGNALED(code) and os.WTERMSIG(code) == signal.SIGKILL


def _work_and_die(work: Callable[[], Any], statement: int) -> None:
    parents = connection.connection
    connection.connection = None  # one of its own; the parent's is neither used nor closed
    sent = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(count):
            work()
    finally:
        os._exit(parents is None)


def killed_everywhere(work: Callable[[], Any], left_behind: Callable[[], Any]) -> list[Any]:
    """What each of the dead workers left behind, in order, and at last the one that lived."""
    found, statement = [], 1
    while killed(work, statement):
        found.append(left_behind())
        statement += STRIDE
    return [*found, left_behind()]


def done(ticket: Ticket) -> dict[str, Any]:
    """Everything that the rules of these tests do to a ticket."""
    return {
        "tags": fresh(ticket).tag_names,
        "notes": ticket.messages.filter(kind=Message.Kind.NOTE).count(),
        "tasks": Task.objects.filter(ticket=ticket).count(),
        "calls": WebhookDelivery.objects.filter(ticket=ticket).count(),
        "events": TicketEvent.objects.filter(ticket=ticket, cause__isnull=False).count(),
        "runs": list(RuleRun.objects.filter(ticket=ticket).order_by("pk").values_list("rule_name", flat=True)),
    }


NOTHING = {"tags": [], "notes": 0, "tasks": 0, "calls": 0, "events": 0, "runs": []}


def test_triggers_are_all_or_nothing_wherever_the_worker_dies() -> None:
    hook = Hook.objects.create(name="Tracker", url="https://tracker.example/", sealed_secret=seal("secret"))
    trigger("First", {}, tag("one"), {"do": "note", "text": "Seen."}, {"do": "webhook", "webhook": hook.pk})
    trigger("Second", leaf("tags", "has_any", ["one"]), tag("two"), {"do": "add_task", "text": "Call back"})
    ticket = factories.ticket(people.customer())
    event = TicketEvent.objects.get(kind="opened")
    whole = {"tags": ["one", "two"], "notes": 1, "tasks": 1, "calls": 1, "events": 5, "runs": ["First", "Second"]}
    states = killed_everywhere(lambda: notifications.handle(event.pk), lambda: done(ticket))
    assert len(states) > 20  # so many less one died
    assert all(state in (NOTHING, whole) for state in states)
    assert states == sorted(states, key=lambda state: state == whole)  # once done it stays
    TicketEvent.objects.unhandled().update(next_attempt_at=timezone.now() - timedelta(hours=1))
    for _time in range(2):
        notifications.sweep()
        notifications.handle(event.pk)
    handled()
    assert done(ticket) == whole
    assert RuleCheck.objects.filter(ticket=ticket, event=event).count() == 1


def test_automations_take_each_ticket_once_wherever_the_sweep_dies() -> None:
    made = rule(
        "automation", "Old", leaf("since_created", "at_least", MINUTES), tag("old"), {"do": "note", "text": "Old."}
    )
    long_ago = timezone.now() - timedelta(hours=9)
    Rule.objects.update(swept_until=long_ago, active_since=long_ago)
    rulebook.forget_rules()
    tickets = [factories.age(factories.ticket(), minutes=MINUTES + number) for number in range(3)]
    whole = {**NOTHING, "tags": ["old"], "notes": 1, "events": 2, "runs": ["Old"]}
    states = killed_everywhere(sweeping.sweep, lambda: [done(ticket) for ticket in tickets])
    assert len(states) > 10
    assert all(state in (NOTHING, whole) for row in states for state in row)
    for number in range(3):  # what one worker has done, the next finds done
        column = [row[number] for row in states]
        assert column == sorted(column, key=lambda state: state == whole)
    handled()
    sweeping.sweep()
    assert [done(ticket) for ticket in tickets] == [whole] * 3
    assert RuleFiring.objects.filter(rule=made).count() == 3
