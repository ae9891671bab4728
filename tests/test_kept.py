"""How the clocks ran is kept when a target is met, and stays whatever happens to calendars and policies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import sla
from tickets.actions import conversation, lifecycle, timers, triage
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


def unmet(ticket: Ticket) -> list[str]:
    return list(SlaRun.objects.filter(ticket=ticket, is_met=False).values_list("target", flat=True))


def look_after(ticket: Ticket, **delta: int) -> None:
    factories.age(ticket, **delta)
    timers.check_clock(ticket.pk)


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
    assert runs(ticket) == [("resolution", 30), ("first_response", 30)]
    assert unmet(ticket) == ["first_response"]  # nobody has answered, and nobody will


def test_what_is_missed_is_kept_at_that_moment_and_its_lateness_later(policy, ticket, ana):
    """Calendars and names that change between the breach and the answer do not move what was promised."""
    look_after(ticket, minutes=40)
    first = SlaRun.objects.get(ticket=ticket)
    assert (first.target, first.ran, first.seconds, first.is_met) == ("first_response", 3600, 3600, False)
    assert first.ended_at == first.due_at == fresh(ticket).first_response_due_at
    steps = first.steps
    policy.business_hours = factories.business_hours("Asia/Tokyo")
    policy.business_hours.ranges.all().delete()
    for weekday in range(7):
        policy.business_hours.ranges.create(weekday=weekday, opens="00:00", closes="00:00")
    policy.save()
    sla.forget_calendars()
    assert explain(fresh(ticket)).targets[0].laid.due == first.due_at
    conversation.reply(fresh(ticket), by=ana, body="Sorry.")
    late = SlaRun.objects.get(ticket=ticket)
    assert (late.is_met, late.due_at, late.steps, late.calendar_name) == (True, first.due_at, steps, "Day and night")
    assert late.ran == 3600 + 10 * 60


def test_another_promise_meanwhile_is_the_one_that_counts(policy, ticket, ana):
    look_after(ticket, minutes=40)
    policy.by_priority.create(priority=1, first_response_minutes=90)
    sla.forget_calendars()
    triage.set_priority(ticket, by=ana, priority=1)
    conversation.reply(ticket, by=ana, body="Sorry.")
    run = SlaRun.objects.get(ticket=ticket)
    assert (run.seconds, run.ran, run.is_met) == (5400, 4200, True)


def test_a_missed_target_of_a_ticket_closed_without_stays_missed(policy, ticket, ana):
    look_after(ticket, minutes=40)
    lifecycle.close(ticket, by=ana)
    row = SlaRun.objects.get(ticket=ticket, target="first_response")
    assert (row.is_met, row.ran // 60, row.seconds // 60) == (False, 70, 60)
    before = [target.laid for target in explain(fresh(ticket)).targets]
    policy.business_hours = factories.business_hours("Asia/Tokyo")
    policy.save()
    sla.forget_calendars()
    assert [target.laid for target in explain(fresh(ticket)).targets] == before


def test_a_late_reply_taken_back_leaves_the_breach(undo_window, ticket, ana):
    look_after(ticket, minutes=40)
    kept = SlaRun.objects.values().get(ticket=ticket)
    message = conversation.reply(fresh(ticket), by=ana, body="Oops.")
    assert SlaRun.objects.get(ticket=ticket).is_met
    conversation.undo_reply(message, by=ana)
    assert SlaRun.objects.values().get(ticket=ticket) == kept


def test_a_due_date_set_by_hand_is_what_is_kept(ticket, ana):
    due = timezone.now() + timedelta(hours=2)
    triage.set_due(ticket, by=ana, due=due)
    lifecycle.resolve(ticket, by=ana)
    run = SlaRun.objects.get(ticket=ticket, target="resolution")
    assert (run.due_at, run.is_met, run.seconds // 60) == (due, True, 150)


def test_a_new_due_date_forgets_that_the_old_one_was_missed(ticket, ana):
    conversation.reply(ticket, by=ana, body="On it.")
    look_after(ticket, minutes=480)
    assert unmet(ticket) == ["resolution"]
    triage.set_due(ticket, by=ana, due=timezone.now() + timedelta(hours=2))
    assert unmet(ticket) == []
    lifecycle.resolve(fresh(ticket), by=ana)
    assert SlaRun.objects.get(ticket=ticket, target="resolution").is_met


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
