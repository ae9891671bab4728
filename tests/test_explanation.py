"""Why a ticket is due when it is: the stretches of time add up, and name what stopped the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories, people
from tests.test_clock import OFFICE, situations
from tickets.actions import conversation, lifecycle, triage
from tickets.clock import NeverDue, add_working
from tickets.explanation import exact, explain, folded
from tickets.laying import Stop, lay_out
from tickets.models import Status, Ticket, User


@settings(max_examples=250, deadline=None)
@given(situations(), st.integers(1, 60 * 24 * 3600), st.integers(0, 999_999), st.booleans())
def test_durations_add_up_to_the_target(situation, seconds, micros, lasts):
    calendar, start, pauses = situation
    begin = start + timedelta(microseconds=micros)
    stops = [Stop(since + timedelta(microseconds=micros // 3), until, "On hold") for since, until, _ in pauses]
    if lasts and stops:
        stops[-1] = stops[-1]._replace(until=None)
    now = start + timedelta(days=3)
    laid = lay_out(calendar, begin, seconds, stops=stops, now=now)
    assert laid.ran + laid.left == seconds
    assert sum(step.ran for step in laid.steps) == laid.ran
    assert all(before.end == after.start for before, after in pairwise(laid.steps))
    running = sum((step.end - step.start for step in laid.steps if step.kind == "running"), timedelta())
    try:
        due = add_working(calendar, begin, seconds, pauses=stops and [stop[:3] for stop in stops])
    except NeverDue:
        assert laid.due is None
        assert running < timedelta(seconds=seconds)
        return
    assert (laid.due, laid.left) == (due, 0)
    assert (laid.steps[0].start, laid.steps[-1].end) == (begin, due)
    assert running == timedelta(seconds=seconds)
    short = folded(laid.steps, 7)
    assert len(short) <= 7
    assert sum(step.ran for step in short) == seconds
    assert sum(step.seconds for step in short) == sum(step.seconds for step in laid.steps)


def test_each_pause_keeps_its_own_reason():
    begin = datetime(2026, 1, 7, 8, tzinfo=UTC)
    stops = [
        Stop(begin + timedelta(hours=1), begin + timedelta(hours=2), "On hold", "Ana"),
        Stop(begin + timedelta(hours=2), begin + timedelta(hours=3), "On hold", "Bo"),
    ]
    laid = lay_out(OFFICE, begin, 2 * 3600, stops=stops, now=begin)
    assert [(step.kind, step.by, step.seconds) for step in laid.steps] == [
        ("running", "", 3600), ("paused", "Ana", 3600), ("paused", "Bo", 3600), ("running", "", 3600),
    ]  # fmt: skip
    assert laid.steps[1].text == "Paused: On hold, by Ana"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (57_600, "16 h"), (5400, "1 h 30 min"), (3543, "59 min 3 s"), (86_461, "24 h 1 min 1 s")],
)
def test_durations_are_exact(seconds, words):
    assert exact(seconds) == words


@pytest.fixture
def hours(db):
    made = factories.business_hours()
    made.holidays.create(date=date(2026, 11, 23), name="Founders' day")
    return made


@pytest.fixture
def department(hours):
    return factories.department(sla_policy=factories.sla_policy(60, 480, name="Gold", business_hours=hours))


@pytest.fixture
def ana(department) -> User:
    return people.agent(department, name="Ana Weber")


@pytest.fixture
def ticket(department) -> Ticket:
    """Opened on a Saturday before a Monday that is a holiday."""
    made = factories.ticket(department=department)
    made.sla_started_at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    made.save()
    return made


def told(ticket: Ticket, **asked):
    return explain(Ticket.objects.get(pk=ticket.pk), **asked)


def test_holidays_are_named(ticket):
    first = told(ticket).targets[0]
    assert [step.text for step in first.laid.steps] == ["Closed", "Holiday: Founders' day", "Closed", "Clock ran"]
    assert first.laid.due == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert first.laid.ran == first.seconds == 3600


def test_a_pause_says_who_stopped_the_clock(department, ana):
    department.sla_policy.business_hours = None
    department.sla_policy.save()
    ticket = factories.ticket(department=department)
    conversation.reply(ticket, by=ana, body="On it.")
    triage.set_status(ticket, by=ana, status=Status.objects.get(slug="on_hold"))
    factories.age(ticket, hours=2)
    first, resolution = told(ticket).targets
    assert (first.state, resolution.state) == ("met", "paused")
    assert resolution.laid.due is None
    assert resolution.laid.steps[-1].text == "Paused: On hold, by Ana Weber"
    assert resolution.laid.ran + resolution.laid.left == 480 * 60
    assert all(step.kind == "running" for step in first.laid.steps)  # what came after the reply is not its story


def test_what_was_met_late_says_so(department, ana):
    department.sla_policy.business_hours = None
    department.sla_policy.save()
    ticket = factories.age(factories.ticket(department=department), minutes=90)
    assert [target.state for target in told(ticket).targets] == ["overdue", "running"]
    conversation.reply(ticket, by=ana, body="Sorry.")
    lifecycle.resolve(ticket, by=ana)
    assert [target.state for target in told(ticket).targets] == ["late", "met"]


def test_as_if_another_policy_or_calendar_held(ticket):
    own = told(ticket)
    assert not own.as_if
    other = told(ticket, policy=factories.sla_policy(30, 60, name="Platinum"))
    assert (other.as_if, other.policy, other.calendar) == (True, "Platinum", "Day and night")
    assert other.targets[0].laid.due == ticket.sla_started_at + timedelta(minutes=30)
    assert other.targets[0].kept_due == ticket.first_response_due_at
    tokyo = told(ticket, hours=factories.business_hours("Asia/Tokyo"))
    assert (tokyo.as_if, tokyo.policy, tokyo.zone) == (True, "Gold", "Asia/Tokyo")
    assert tokyo.targets[0].laid.due == datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_a_ticket_without_policy_has_no_story(db):
    assert told(factories.ticket(department=factories.department())) is None


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("sla_explain", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_the_story(ticket):
    text = command(ticket.number)
    assert "policy Gold" in text
    assert "First response: 1 h from Sat 2026-11-21 12:00:00" in text
    assert "Holiday: Founders' day" in text
    assert "counted 1 h\n" in text
    assert "due Tue 2026-11-24 10:00:00" in text
    assert "(as if)" not in text
    factories.sla_policy(30, 60, name="Platinum")
    assert "policy Platinum" in (other := command(ticket.number, "--policy", "platinum"))
    assert "(as if)" in other


@pytest.mark.parametrize(
    ("arguments", "error"),
    [(["9"], "There is no ticket 9"), (["{number}", "--policy", "Iron"], "There is: Gold"),
     (["{number}", "--calendar", "Mars"], "“Mars” does not exist. There is: Hours")],
)  # fmt: skip
def test_the_command_refuses_in_plain_words(ticket, arguments, error):
    with pytest.raises(CommandError, match=error):
        command(*(argument.format(number=ticket.number) for argument in arguments))


def test_the_command_says_when_nothing_is_promised(db):
    ticket = factories.ticket(department=factories.department())
    with pytest.raises(CommandError, match="No SLA clock runs"):
        command(ticket.number)
