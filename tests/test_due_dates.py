"""Due dates set by hand, and what reopening does to the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories, people
from tickets import said
from tickets.actions import lifecycle, timers, triage
from tickets.explanation import explain
from tickets.models import Department, SlaPolicy, Status, Ticket, User
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy() -> SlaPolicy:
    return factories.sla_policy(60, 480)


@pytest.fixture
def department(policy) -> Department:
    return factories.department(sla_policy=policy)


@pytest.fixture
def ana(department) -> User:
    return people.agent(department, time_zone="Asia/Tokyo")


@pytest.fixture
def ticket(department, ana) -> Ticket:
    return factories.ticket(department=department)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def kinds(ticket: Ticket) -> list[str]:
    return list(ticket.events.exclude(kind="opened").order_by("pk").values_list("kind", flat=True))


def test_it_wins_over_the_policy_and_is_taken_off_again(ticket, ana):
    due = timezone.now() + timedelta(days=3)
    triage.set_due(ticket, by=ana, due=due)
    assert fresh(ticket).resolution_due_at == due
    assert fresh(ticket).due_at == fresh(ticket).first_response_due_at  # the first response is owed as before
    told = explain(fresh(ticket)).targets[-1]
    assert (told.manual_due, told.kept_due) == (due, None)
    triage.set_due(ticket, by=ana, due=None)
    assert fresh(ticket).resolution_due_at == ticket.resolution_due_at
    assert kinds(ticket) == ["due_set", "due_cleared"]


def test_a_pause_does_not_move_it(ticket, ana):
    due = timezone.now() + timedelta(hours=2)
    lifecycle.start(ticket, by=ana)
    triage.set_status(ticket, by=ana, status=Status.objects.get(slug="on_hold"))
    triage.set_due(ticket, by=ana, due=due)
    assert fresh(ticket).due_at == due
    assert explain(fresh(ticket)).targets[-1].state == "running"


def test_it_is_warned_of_and_broken_once(ticket, ana):
    factories.age(ticket, hours=9)
    timers.check_clock(ticket.pk)
    assert kinds(ticket) == ["sla_breach", "sla_breach"]
    triage.set_due(fresh(ticket), by=ana, due=timezone.now() + timedelta(hours=1))
    assert fresh(ticket).resolution_breached_at is None
    factories.age(ticket, hours=2)
    timers.check_clock(ticket.pk)
    timers.check_clock(ticket.pk)
    assert kinds(ticket) == ["sla_breach", "sla_breach", "due_set", "sla_breach"]


def test_without_policy_it_is_all_that_is_owed(ana):
    plain = factories.department()
    bo = people.agent(plain)
    ticket = factories.ticket(department=plain)
    triage.set_due(ticket, by=bo, due=timezone.now() + timedelta(hours=1))
    assert fresh(ticket).due_at == fresh(ticket).manual_due_at == fresh(ticket).next_breach_at
    factories.age(ticket, hours=2)
    timers.sweep_sla()
    assert kinds(ticket) == ["due_set", "sla_breach"]
    triage.set_due(fresh(ticket), by=bo, due=None)
    assert (fresh(ticket).due_at, fresh(ticket).resolution_due_at) == (None, None)


@pytest.mark.parametrize("delta", [timedelta(minutes=-1), timedelta(days=5000)])
def test_moments_that_make_no_sense_are_refused(ticket, ana, delta):
    with pytest.raises(Invalid):
        triage.set_due(ticket, by=ana, due=timezone.now() + delta)


def test_the_form_takes_the_persons_own_time(client, ticket, ana):
    client.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    year = timezone.now().year + 1
    where = reverse("staff:due", args=[ticket.number])
    assert client.post(where, {"due": f"{year}-03-01T09:00"}).status_code == 302
    assert fresh(ticket).manual_due_at == datetime(year, 3, 1, 0, tzinfo=UTC)
    assert f'value="{year}-03-01T09:00"' in client.get(where).content.decode()
    assert "set by hand" in client.get(reverse("staff:ticket", args=[ticket.number])).content.decode()
    assert client.post(where, {"due": "2001-01-01T00:00"}).status_code == 400
    assert client.post(where, {"due": ""}).status_code == 302
    assert fresh(ticket).manual_due_at is None


def reopened(ticket: Ticket, ana: User) -> Ticket:
    factories.age(ticket, hours=1)
    lifecycle.resolve(ticket, by=ana)
    factories.age(ticket, hours=5)
    lifecycle.reopen(fresh(ticket), by=ana)
    return fresh(ticket)


def test_reopening_restarts_the_clock(ticket, ana):
    row = reopened(ticket, ana)
    assert row.sla_started_at == row.reopened_at
    assert round((row.resolution_due_at - row.reopened_at).total_seconds() / 60) == 480


def test_or_lets_it_go_on_where_it_stopped(policy, ticket, ana):
    policy.on_reopening = "continue"
    policy.save()
    row = reopened(ticket, ana)
    assert round((row.reopened_at - row.sla_started_at).total_seconds() / 3600) == 6
    assert round((row.resolution_due_at - row.reopened_at).total_seconds() / 60) == 420  # one of eight hours was used
    steps = explain(row).targets[-1].laid.steps
    assert [(step.kind, said.told(step.what)) for step in steps] == [
        ("running", ""), ("paused", "Resolved"), ("running", ""),
    ]  # fmt: skip
