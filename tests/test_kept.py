"""How the clocks ran is kept when a target is met, and stays whatever happens to calendars and policies."""

from __future__ import annotations

import pytest

from tests import factories, people
from tickets import sla
from tickets.actions import conversation, lifecycle, triage
from tickets.clock import ALWAYS
from tickets.explanation import explain
from tickets.models import Department, SlaPolicy, SlaRun, Status, Ticket, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy() -> SlaPolicy:
    return factories.sla_policy(60, 480, name="Gold", next_response_minutes=120)


@pytest.fixture
def department(policy) -> Department:
    return factories.department(sla_policy=policy)


@pytest.fixture
def ana(department) -> User:
    return people.agent(department, name="Ana")


@pytest.fixture
def ticket(department) -> Ticket:
    return factories.age(factories.ticket(department=department), minutes=30)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def runs(ticket: Ticket) -> list[tuple[str, int]]:
    """Target, and minutes that it took."""
    return [(run.target, run.ran // 60) for run in SlaRun.objects.filter(ticket=ticket).order_by("pk")]


def test_each_target_is_kept_when_it_is_met(ticket, ana):
    conversation.reply(ticket, by=ana, body="Which printer?")
    for _ in range(2):
        conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
        conversation.reply(ticket, by=ana, body="I see.")
    lifecycle.resolve(ticket, by=ana)
    lifecycle.close(ticket, by=ana)
    assert runs(ticket) == [("first_response", 30), ("next_response", 0), ("next_response", 0), ("resolution", 30)]
    run = SlaRun.objects.get(ticket=ticket, target="resolution")
    assert (run.policy_name, run.calendar_name, run.calendar_digest) == ("Gold", "Day and night", ALWAYS.digest)
    assert run.due_at == fresh(ticket).resolution_due_at


def test_closing_without_solution_is_kept_too(ticket, ana):
    lifecycle.close(ticket, by=ana)
    assert runs(ticket) == [("resolution", 30)]


def test_the_story_of_the_past_does_not_change(policy, ticket, ana):
    conversation.reply(ticket, by=ana, body="Which printer?")
    triage.set_status(ticket, by=ana, status=Status.objects.get(slug="on_hold"))
    lifecycle.resolve(ticket, by=ana)
    before = [target.laid for target in explain(fresh(ticket)).targets]
    assert len(before) == 2
    policy.business_hours = factories.business_hours("Asia/Tokyo")
    policy.first_response_minutes, policy.resolution_minutes = 5, 6
    policy.save()
    sla.forget_calendars()
    after = explain(fresh(ticket)).targets
    assert [target.laid for target in after] == before
    assert [(target.state, target.seconds) for target in after] == [("met", 3600), ("met", 28_800)]
    as_if = explain(fresh(ticket), policy=factories.sla_policy(5, 6)).targets
    assert [target.seconds for target in as_if] == [300, 360]


def test_a_reply_taken_back_takes_its_run_with_it(undo_window, ticket, ana):
    message = conversation.reply(ticket, by=ana, body="Oops.")
    assert runs(ticket) == [("first_response", 30)]
    conversation.undo_reply(message, by=ana)
    assert runs(ticket) == []


def test_nothing_promised_is_nothing_kept(ana):
    plain = factories.department()
    ticket = factories.ticket(department=plain)
    lifecycle.resolve(ticket, by=people.agent(plain))
    assert not SlaRun.objects.exists()


def test_digests_tell_calendars_apart(db):
    hours = factories.business_hours()
    first, again = sla.load_calendar(hours.pk), sla.load_calendar(hours.pk)
    assert first.digest == again.digest != ALWAYS.digest
    hours.holidays.create(date="2026-12-25", name="Christmas")
    assert sla.load_calendar(hours.pk).digest != first.digest
