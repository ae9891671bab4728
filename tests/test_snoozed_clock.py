"""Snoozing stops the SLA clock where the policy says so, and lets it go on at exactly the moment it was put off to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import said, sla
from tickets.actions import assignment, conversation, lifecycle, snoozing, timers, triage
from tickets.explanation import explain
from tickets.models import Department, SlaPause, SlaPolicy, Status, Ticket, TicketEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy() -> SlaPolicy:
    return factories.sla_policy(60, 480, name="Gold", next_response_minutes=120, pauses_on_snooze=True)


@pytest.fixture
def department(policy) -> Department:
    return factories.department(sla_policy=policy)


@pytest.fixture
def ana(department) -> User:
    return people.agent(department, name="Ana Weber")


@pytest.fixture
def ticket(department) -> Ticket:
    return factories.age(factories.ticket(department=department), minutes=30)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def hours_ahead(hours: int) -> datetime:
    return timezone.now() + timedelta(hours=hours)


def test_the_due_moment_is_known_while_it_sleeps(ticket, ana):
    before = fresh(ticket).first_response_due_at
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    pause = SlaPause.objects.get(ticket=ticket)
    moved = fresh(ticket)
    assert moved.first_response_due_at - before == pause.ended_at - pause.started_at
    assert moved.next_breach_at > timezone.now() + timedelta(hours=3)
    target = explain(moved).targets[0]
    assert (target.state, target.laid.due) == ("snoozed", moved.first_response_due_at)
    assert [step.text for step in target.laid.steps][1] == "Paused: Snoozed, by Ana Weber"


def test_a_policy_that_does_not_say_so_keeps_its_deadlines(ticket, ana, policy):
    SlaPolicy.objects.update(pauses_on_snooze=False)
    before = fresh(ticket).first_response_due_at
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    assert fresh(ticket).first_response_due_at == before
    assert not SlaPause.objects.exists()


def test_it_goes_on_at_the_moment_itself_however_late_a_worker_looks(ticket, ana):
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    due = fresh(ticket).first_response_due_at
    factories.age(ticket, hours=3, minutes=20)
    snoozing.sweep_snoozed()
    row = fresh(ticket)
    assert row.snoozed_until is None
    assert row.first_response_due_at == due - timedelta(hours=3, minutes=20)
    assert SlaPause.objects.get(ticket=ticket).ended_at < timezone.now() - timedelta(minutes=19)


def test_waking_early_gives_back_the_rest(ticket, ana):
    before = fresh(ticket).first_response_due_at
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    factories.age(ticket, hours=1)
    snoozing.wake(ticket, by=ana)
    slept = fresh(ticket).first_response_due_at - (before - timedelta(hours=1))
    assert timedelta(hours=1) <= slept < timedelta(hours=1, minutes=1)


@pytest.mark.parametrize("deed", ["receive", "assign", "resolve"])
def test_whatever_wakes_it_lets_the_clock_go_on(ticket, ana, department, deed):
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    factories.age(ticket, minutes=10)
    if deed == "receive":
        conversation.receive(fresh(ticket), by=ticket.requester, body="Hello?", source="web")
    elif deed == "assign":
        assignment.assign(fresh(ticket), by=ana, agent=people.agent(department))
    else:
        lifecycle.resolve(fresh(ticket), by=ana)
    assert SlaPause.objects.get(ticket=ticket).ended_at <= timezone.now()


def test_snoozed_once_more_the_last_moment_counts(ticket, ana):
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    until = hours_ahead(5)
    snoozing.snooze(ticket, by=ana, until=until)
    assert list(SlaPause.objects.filter(ticket=ticket).values_list("ended_at", flat=True)) == [until]


def test_a_status_that_pauses_and_a_snooze_overlap(ticket, ana):
    conversation.reply(ticket, by=ana, body="On it.")
    triage.set_status(ticket, by=ana, status=Status.objects.get(slug="on_hold"))
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    assert explain(fresh(ticket)).targets[-1].state == "paused"
    triage.set_status(ticket, by=ana, status=None)
    last = explain(fresh(ticket)).targets[-1]
    assert last.state == "snoozed"
    assert last.laid.ran == 480 * 60
    names = [said.told(step.what) for step in last.laid.steps if step.kind == "paused"]
    assert names == ["On hold", "Snoozed"]


def test_a_transfer_wakes_it_under_the_same_policy_too(ticket, ana, policy):
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    other = factories.department(sla_policy=policy)
    assignment.transfer(ticket, by=people.agent(ticket.department, other), department=other)
    assert SlaPause.objects.get(ticket=ticket).ended_at <= timezone.now()


def test_another_policy_that_does_not_heed_it_runs_on(ticket, ana):
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    other = factories.department(sla_policy=factories.sla_policy(60, 480))
    assignment.transfer(ticket, by=people.agent(ticket.department, other), department=other)
    assert SlaPause.objects.get(ticket=ticket).ended_at <= timezone.now()


def test_nothing_is_told_while_it_sleeps(ticket, ana):
    snoozing.snooze(ticket, by=ana, until=hours_ahead(3))
    factories.age(ticket, hours=2)
    timers.check_clock(ticket.pk)
    assert not TicketEvent.objects.filter(ticket=ticket, kind__startswith="sla_").exists()
    sla.stamp(row := fresh(ticket))
    assert row.first_response_breached_at is None
