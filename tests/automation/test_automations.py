"""Automations: by time, to the minute, each ticket once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories, people
from tests.automation.making import fresh, handled, leaf, rule, tag
from tickets import rulebook
from tickets.actions import conversation, rules, triage
from tickets.automation import sweeping
from tickets.models import SYSTEM, BusinessHours, Rule, RuleFiring, RuleRun, Ticket
from tickets.said import told

pytestmark = pytest.mark.django_db

DAY = 1440


def after_a_day(name: str = "Old", *more, minutes: int = DAY, field: str = "since_created", **given) -> Rule:
    conditions = {"all": [leaf(field, "at_least", minutes), *more]}
    return rule("automation", name, conditions, tag(name.lower()), **given)


def started(rule: Rule, **ago: int) -> None:
    """As if it had been switched on so long ago, and looked at since then by nobody."""
    moment = timezone.now() - timedelta(**ago)
    Rule.objects.filter(pk=rule.pk).update(active_since=moment, swept_until=moment)
    rulebook.forget_rules()


def test_a_ticket_is_taken_in_the_minute_its_time_comes_and_never_again():
    made = after_a_day()
    started(made, minutes=5)
    early, due = factories.ticket(), factories.ticket()
    factories.age(early, minutes=DAY - 1)
    factories.age(due, minutes=DAY)
    for _time in range(3):
        sweeping.sweep()
    assert (fresh(early).tag_names, fresh(due).tag_names) == ([], ["old"])
    factories.age(early, minutes=1)
    started(made, minutes=5)
    sweeping.sweep()
    assert fresh(early).tag_names == ["old"]
    assert (RuleRun.objects.count(), RuleFiring.objects.count()) == (2, 2)


def test_a_worker_asleep_for_a_day_takes_all_of_them_once():
    started(after_a_day(), days=2)
    tickets = [factories.ticket() for _number in range(3)]
    for number, ticket in enumerate(tickets):
        factories.age(ticket, days=1, hours=10 * number)
    sweeping.sweep()
    sweeping.sweep()
    assert [fresh(ticket).tag_names for ticket in tickets] == [["old"]] * 3
    assert RuleRun.objects.count() == 3


def test_old_tickets_are_taken_only_when_the_rule_reaches_back():
    ticket = factories.age(factories.ticket(), days=9)
    after_a_day("Careful")
    sweeping.sweep()
    triage.set_priority(ticket, by=SYSTEM, priority=3)
    handled()
    assert fresh(ticket).tag_names == []
    after_a_day("Thorough", reaches_back=True)
    sweeping.sweep()
    assert fresh(ticket).tag_names == ["thorough"]


def test_a_condition_that_comes_true_later_is_seen_with_its_event():
    started(after_a_day("Late", leaf("priority", "is", 4)), days=3)
    ticket = factories.age(factories.ticket(), days=2)
    sweeping.sweep()
    assert fresh(ticket).tag_names == []
    triage.set_priority(ticket, by=SYSTEM, priority=4)
    handled()
    assert fresh(ticket).tag_names == ["late"]


def test_another_message_makes_it_another_time():
    customer = people.customer()
    made = after_a_day("Waits", field="since_last_message", minutes=60)
    started(made, days=1)
    ticket = factories.age(factories.ticket(customer), hours=2)
    sweeping.sweep()
    assert RuleRun.objects.count() == 1
    conversation.receive(ticket, by=customer, body="Hello?", source="web")
    handled()
    factories.age(ticket, hours=2)
    started(made, days=1)
    sweeping.sweep()
    assert RuleRun.objects.count() == 2


def test_outside_of_hours_tickets_wait_for_the_opening():
    hours = BusinessHours.objects.create(name="Shut", zone="UTC")
    weekday = (timezone.now().weekday() + 3) % 7
    hours.ranges.create(weekday=weekday, opens="09:00", closes="17:00")
    made = after_a_day("Open", leaf("working_time", "inside", hours.pk))
    started(made, minutes=5)
    ticket = factories.age(factories.ticket(), minutes=DAY)
    sweeping.sweep()
    assert fresh(ticket).tag_names == []
    hours.ranges.all().delete()  # without hours: day and night
    from tickets import sla

    sla.forget_calendars()
    sweeping.sweep()
    assert fresh(ticket).tag_names == ["open"]


def test_the_clock_set_back_takes_nothing_twice():
    made = after_a_day()
    started(made, minutes=5)
    ticket = factories.age(factories.ticket(), minutes=DAY)
    sweeping.sweep()
    started(made, hours=3)  # the clock was ahead by that much
    sweeping.sweep()
    assert RuleRun.objects.filter(ticket=ticket).count() == 1


def test_a_killed_sweep_is_taken_up_where_it_broke(monkeypatch):
    started(after_a_day(), minutes=5)
    tickets = [factories.age(factories.ticket(), minutes=DAY) for _number in range(3)]
    take, killed = sweeping.take, []

    def dying(rule, ticket, now):
        if len(killed) == 2:
            raise KeyboardInterrupt
        killed.append(ticket)
        return take(rule, ticket, now)

    monkeypatch.setattr(sweeping, "take", dying)
    with pytest.raises(KeyboardInterrupt):
        sweeping.sweep()
    monkeypatch.setattr(sweeping, "take", take)
    sweeping.sweep()
    assert [fresh(ticket).tag_names for ticket in tickets] == [["old"]] * 3
    assert RuleRun.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_take_each_ticket_once():
    started(after_a_day(), minutes=5)
    for _number in range(4):
        factories.age(factories.ticket(), minutes=DAY)

    def work():
        try:
            sweeping.sweep()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (RuleRun.objects.count(), RuleFiring.objects.count()) == (4, 4)


def test_the_sweep_reads_what_is_due_and_not_what_there_is():
    started(after_a_day("Urgent", leaf("priority", "at_least", 3)), minutes=5)
    factories.age(factories.ticket(priority=4), minutes=DAY)
    others = [factories.ticket(priority=4) for _number in range(3)]

    def price() -> int:
        rulebook.forget_rules()
        with CaptureQueriesContext(connection) as queries:
            sweeping.sweep()
        return len(queries)

    price()
    few = price()
    for _number in range(30):
        others.append(factories.ticket())
    assert price() == few
    assert Ticket.objects.filter(tag_names__contains=["urgent"]).count() == 1


def test_one_ticket_that_raises_does_not_hold_up_the_others(monkeypatch):
    started(after_a_day(), minutes=5)
    first, second = (factories.age(factories.ticket(), minutes=DAY) for _number in range(2))
    take = sweeping.take
    monkeypatch.setattr(sweeping, "take", lambda rule, row, now: 1 / 0 if row.pk == first.pk else take(rule, row, now))
    sweeping.sweep()
    assert (fresh(first).tag_names, fresh(second).tag_names) == ([], ["old"])


def test_rules_that_name_what_is_gone_are_switched_off_by_the_minute():
    team = people.team()
    made = rule("automation", "Give", leaf("since_created", "at_least", 60), {"do": "hand_to_team", "team": team.pk})
    team.is_enabled = False
    team.save()
    sweeping.sweep()
    made.refresh_from_db()
    assert not made.is_enabled
    assert "team" in told(made.disabled_reason)


def test_what_rules_did_is_kept_for_the_days_of_the_desk():
    started(after_a_day(), minutes=5)
    factories.age(factories.ticket(), minutes=DAY)
    sweeping.sweep()
    assert sweeping.sweep_records() == 0
    RuleRun.objects.update(at=timezone.now() - timedelta(days=31))
    assert sweeping.sweep_records() == 1
    sweeping.sweep()
    assert RuleFiring.objects.count() == 1  # or it would be taken once more


def test_switching_off_and_on_begins_anew():
    made = after_a_day()
    rules.disable(made, by=SYSTEM)
    ticket = factories.age(factories.ticket(), days=2)
    rules.enable(made, by=SYSTEM)
    sweeping.sweep()
    assert fresh(ticket).tag_names == []
