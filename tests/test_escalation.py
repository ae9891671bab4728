"""Next responses, targets by priority, levels of escalation: each once and in order, however late or often."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from tests import factories, people
from tickets import notifications, said, sla
from tickets.actions import assignment, conversation, escalation, lifecycle, timers, triage
from tickets.explanation import explain
from tickets.models import Department, Escalation, OutboundEmail, SlaFired, SlaPolicy, Status, Ticket, TicketEvent, User
from tickets.states import Priority

pytestmark = pytest.mark.django_db
TELL, RAISE = Escalation.Effect.TELL_ASSIGNEE, Escalation.Effect.RAISE_PRIORITY


@pytest.fixture
def policy() -> SlaPolicy:
    return factories.sla_policy(first=60, resolution=480, next_response_minutes=120, warn_percent=50)


@pytest.fixture
def department(policy) -> Department:
    return factories.department(sla_policy=policy)


@pytest.fixture
def ana(department) -> User:
    return people.agent(department, name="Ana Weber")


@pytest.fixture
def ticket(department) -> Ticket:
    return factories.ticket(department=department)


def level(policy: SlaPolicy, amount: int, timing: str = "after", effect: str = TELL, **more) -> Escalation:
    made = policy.escalations.create(amount=amount, timing=timing, effect=effect, **more)
    sla.forget_calendars()
    return made


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def look_after(ticket: Ticket, times: int = 2, **delta: int) -> Ticket:
    """Time goes by, and the clock looks, more than once."""
    factories.age(ticket, **delta)
    sla.stamp(row := fresh(ticket))
    row.save()
    for _ in range(times):
        timers.check_clock(ticket.pk)
    return fresh(ticket)


def told(ticket: Ticket) -> list[tuple[str, str]]:
    rows = TicketEvent.objects.filter(ticket=ticket, kind__startswith="sla_").order_by("pk")
    return [(row.kind, said.told(row.data.get("what", ""))) for row in rows]


def minutes(delta: timedelta) -> int:
    return round(delta.total_seconds() / 60)


class TestTargets:
    def test_a_priority_has_its_own_and_falls_back_to_the_policys(self, policy, department):
        policy.by_priority.create(priority=Priority.HIGH, first_response_minutes=15)
        sla.forget_calendars()
        high = factories.ticket(department=department, priority=Priority.HIGH)
        normal = factories.ticket(department=department)
        assert minutes(high.first_response_due_at - high.created_at) == 15
        assert minutes(high.resolution_due_at - high.created_at) == 480
        assert minutes(normal.first_response_due_at - normal.created_at) == 60

    def test_a_new_priority_moves_the_deadline(self, policy, ticket, ana):
        policy.by_priority.create(priority=Priority.HIGH, first_response_minutes=15)
        sla.forget_calendars()
        triage.set_priority(ticket, by=ana, priority=Priority.HIGH)
        assert minutes(fresh(ticket).due_at - ticket.created_at) == 15
        triage.set_priority(ticket, by=ana, priority=Priority.NORMAL)
        assert minutes(fresh(ticket).due_at - ticket.created_at) == 60

    def test_each_later_message_waits_for_its_answer(self, ticket, ana):
        conversation.receive(ticket, by=ticket.requester, body="Hello?", source="web")
        assert fresh(ticket).next_response_due_at is None  # it is the first response that is owed
        conversation.reply(ticket, by=ana, body="Which printer?")
        assert fresh(ticket).next_response_due_at is None
        conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
        first = fresh(ticket)
        assert minutes(first.next_response_due_at - first.waiting_since) == 120
        assert first.due_at == first.next_response_due_at
        conversation.receive(ticket, by=ticket.requester, body="Anybody?", source="web")
        assert fresh(ticket).next_response_due_at == first.next_response_due_at  # it has been waiting since then
        conversation.reply(ticket, by=ana, body="I see.")
        assert fresh(ticket).next_response_due_at is None
        assert fresh(ticket).due_at == fresh(ticket).resolution_due_at

    def test_each_wait_is_warned_of_and_broken_by_itself(self, ticket, ana):
        conversation.reply(ticket, by=ana, body="Which printer?")
        for _ in range(2):
            conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
            look_after(ticket, minutes=61)
            look_after(ticket, minutes=60)
            conversation.reply(ticket, by=ana, body="I see.")
        events = TicketEvent.objects.filter(ticket=ticket, data__target="Next response").order_by("pk")
        assert list(events.values_list("kind", flat=True)) == ["sla_warning", "sla_breach"] * 2

    def test_a_policy_without_next_response_promises_none(self, ana):
        plain = factories.department(sla_policy=factories.sla_policy())
        ticket, bo = factories.ticket(department=plain), people.agent(plain)
        conversation.reply(ticket, by=bo, body="Which printer?")
        conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
        assert fresh(ticket).due_at == fresh(ticket).resolution_due_at

    def test_taking_a_reply_back_does_not_tell_twice(self, undo_window, ticket, ana):
        conversation.reply(ticket, by=ana, body="Which printer?")
        conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
        look_after(ticket, minutes=121)
        before = told(ticket)
        message = conversation.reply(fresh(ticket), by=ana, body="Oops.")
        conversation.undo_reply(message, by=ana)
        timers.check_clock(ticket.pk)
        assert told(ticket) == before
        assert fresh(ticket).next_response_breached_at is not None

    def test_the_story_tells_of_the_wait(self, ticket, ana):
        conversation.reply(ticket, by=ana, body="Which printer?")
        conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
        names = [(target.name, target.state) for target in explain(fresh(ticket)).targets]
        assert names == [("first_response", "met"), ("next_response", "running"), ("resolution", "running")]


class TestLevels:
    def test_several_warnings_and_levels_come_in_order(self, policy, ticket):
        level(policy, 20, effect=RAISE)
        level(policy, 10)
        level(policy, 75, "percent")
        level(policy, 5, "before")
        for target in ("first_response",):
            policy.escalations.update(target=target)
        sla.forget_calendars()
        for _ in range(20):
            look_after(ticket, minutes=5)
        assert told(ticket) == [
            ("sla_warning", ""), ("sla_warning", ""), ("sla_warning", ""), ("sla_breach", ""),
            ("sla_escalated", "tell the assignee"), ("sla_escalated", "raise the priority by one"),
        ]  # fmt: skip
        assert fresh(ticket).priority == Priority.HIGH

    def test_a_clock_that_slept_does_the_rest_in_order_and_skips_what_helps_nobody(self, policy, ticket):
        level(policy, 10, target="first_response")
        level(policy, 20, effect=RAISE, target="first_response")
        level(policy, 5, "before", target="first_response")
        level(policy, 90, "percent", RAISE, target="first_response")
        look_after(ticket, times=3, minutes=130)
        assert told(ticket) == [
            ("sla_escalated", "raise the priority by one"), ("sla_breach", ""),
            ("sla_escalated", "tell the assignee"), ("sla_escalated", "raise the priority by one"),
        ]  # fmt: skip
        assert fresh(ticket).priority == Priority.EMERGENCY
        skipped = SlaFired.objects.filter(ticket=ticket, is_skipped=True).values_list("step", flat=True)
        assert len(skipped) == 2  # the policy's own warning, and the one five minutes before
        assert fresh(ticket).next_breach_at > timezone.now()

    def test_a_worker_asleep_for_a_day_tells_each_once(self, policy, ticket):
        level(policy, 10)
        level(policy, 600)
        look_after(ticket, times=3, days=1)
        labels = ["sla_breach", "sla_escalated", "sla_breach", "sla_escalated", "sla_escalated", "sla_escalated"]
        assert [kind for kind, _ in told(ticket)] == labels
        assert fresh(ticket).next_breach_at is None

    def test_nothing_fires_for_what_was_met(self, policy, ticket, ana):
        level(policy, 10)
        conversation.reply(ticket, by=ana, body="Hello.")
        lifecycle.resolve(ticket, by=ana)
        look_after(ticket, days=3)
        assert told(ticket) == []

    def test_a_late_answer_ends_the_escalation(self, policy, ticket, ana):
        level(policy, 30, target="first_response")
        look_after(ticket, minutes=61)
        conversation.reply(ticket, by=ana, body="Sorry.")
        look_after(ticket, minutes=60)
        assert "sla_escalated" not in dict(told(ticket))

    def test_a_clock_set_back_tells_nothing_again(self, policy, ticket, monkeypatch):
        level(policy, 10, target="first_response")
        look_after(ticket, minutes=75)
        before = told(ticket)
        now = timezone.now()
        for moment in (now - timedelta(hours=2), now):
            monkeypatch.setattr("tickets.actions.timers.timezone.now", lambda moment=moment: moment)
            timers.check_clock(ticket.pk)
        assert told(ticket) == before

    def test_the_sweep_finds_levels_by_the_column(self, policy, ticket):
        level(policy, 10, target="first_response")
        look_after(ticket, minutes=61)
        assert minutes(fresh(ticket).next_breach_at - ticket.created_at) in range(-1, 11 + 61)
        factories.age(ticket, minutes=10)
        timers.sweep_sla()
        assert told(ticket)[-1][0] == "sla_escalated"


class TestEffects:
    def test_a_team_gets_it(self, policy, ticket, department):
        team = people.team(people.agent(department))
        level(policy, 5, effect="give_team", team=team, target="first_response")
        assert look_after(ticket, minutes=66).team == team

    def test_an_agent_gets_it(self, policy, ticket, ana):
        level(policy, 5, effect="give_agent", agent=ana, target="first_response")
        row = look_after(ticket, minutes=66)
        assert (row.assignee, row.state) == (ana, "open")
        assert row.first_response_breached_at is not None

    def test_the_highest_priority_stays(self, policy, ticket, ana):
        triage.set_priority(ticket, by=ana, priority=Priority.EMERGENCY)
        level(policy, 5, effect=RAISE, target="first_response")
        assert look_after(ticket, minutes=66).priority == Priority.EMERGENCY

    def test_what_cannot_be_done_is_told_and_the_others_go_on(self, policy, ticket):
        stranger = people.agent(factories.department(), name="Rui")
        team = people.team()
        level(policy, 1, effect="give_agent", agent=stranger, target="first_response")
        level(policy, 2, effect="give_team", team=team, target="first_response")
        level(policy, 3, effect=RAISE, target="first_response")
        team.delete()
        sla.forget_calendars()
        row = look_after(ticket, minutes=66)
        assert [kind for kind, _ in told(ticket)][1:] == ["sla_not_escalated"] * 2 + ["sla_escalated"]
        errors = (
            TicketEvent.objects.filter(kind="sla_not_escalated").order_by("pk").values_list("data__error", flat=True)
        )
        assert list(errors) == [f"Rui does not work in {ticket.department}.", "The team is gone."]
        assert (row.assignee, row.team, row.priority) == (None, None, Priority.HIGH)

    @pytest.mark.parametrize("whom", ["assignee", "team", "department", "agent"])
    def test_whom_it_tells(self, policy, ticket, department, ana, whom):
        mate, named = people.agent(department), people.agent(department)
        assignment.hand_to_team(ticket, by=people.admin(), team=people.team(mate))
        assignment.assign(ticket, by=people.admin(), agent=ana)
        level(policy, 5, effect=f"tell_{whom}", agent=named, target="first_response")
        look_after(ticket, minutes=66)
        event = TicketEvent.objects.get(ticket=ticket, kind="sla_escalated")
        notifications.handle(event.pk)
        expected = {"assignee": {ana}, "team": {mate}, "department": {ana, mate, named}, "agent": {named}}[whom]
        sent = set(OutboundEmail.objects.filter(event=event).values_list("recipient", flat=True))
        assert sent == {person.email for person in expected}


class TestRepeated:
    """Again every so many minutes, until it is answered."""

    @pytest.fixture
    def again(self, policy) -> Escalation:
        return level(policy, 10, target="first_response", repeat_minutes=30, repeat_most=3)

    def test_each_comes_in_its_time_until_the_bound(self, again, ticket):
        counts = []
        for _ in range(7):
            look_after(ticket, minutes=30)
            counts.append(sum(kind == "sla_escalated" for kind, _ in told(ticket)))
        assert counts == [0, 0, 1, 2, 3, 4, 4]  # due after 60 minutes, first told of after 70
        assert [what for kind, what in told(ticket) if kind == "sla_escalated"] == [
            "tell the assignee", "tell the assignee, again (1 of 3)",
            "tell the assignee, again (2 of 3)", "tell the assignee, again (3 of 3)",
        ]  # fmt: skip
        row = fresh(ticket)
        assert minutes(row.next_breach_at - row.created_at) == 240  # the resolution's warning: nothing is left here

    def test_the_column_is_the_next_reminder(self, again, ticket):
        look_after(ticket, minutes=75)
        row = fresh(ticket)
        assert minutes(row.next_breach_at - row.created_at) == 60 + 10 + 30

    def test_an_answer_ends_it(self, again, ticket, ana):
        look_after(ticket, minutes=75)
        conversation.reply(ticket, by=ana, body="Sorry.")
        look_after(ticket, minutes=120)
        assert sum(kind == "sla_escalated" for kind, _ in told(ticket)) == 1

    def test_after_a_night_without_workers_only_the_last_reminder_is_sent(self, again, ticket):
        look_after(ticket, times=3, minutes=60 + 10 + 75)
        assert told(ticket) == [
            ("sla_breach", ""), ("sla_escalated", "tell the assignee, again (2 of 3)"),
        ]  # fmt: skip
        steps = SlaFired.objects.filter(ticket=ticket, step__startswith="escalation").order_by("pk")
        assert list(steps.values_list("step", "is_skipped")) == [
            (again.key(), True), (again.key(1), True), (again.key(2), False),
        ]  # fmt: skip

    def test_what_changes_the_ticket_is_done_each_time_also_late(self, policy, ticket):
        level(policy, 10, effect=RAISE, target="first_response", repeat_minutes=10, repeat_most=50)
        look_after(ticket, times=2, minutes=60 + 10 + 10)
        assert fresh(ticket).priority == Priority.EMERGENCY
        assert sum(kind == "sla_escalated" for kind, _ in told(ticket)) == 2

    def test_working_time_counts_between_reminders(self, policy, ticket, ana):
        level(policy, 10, target="resolution", repeat_minutes=30, repeat_most=9)
        conversation.reply(ticket, by=ana, body="On it.")
        look_after(ticket, minutes=480 + 15)
        triage.set_status(ticket, by=ana, status=Status.objects.get(slug="on_hold"))
        look_after(ticket, hours=5)
        assert sum(kind == "sla_escalated" for kind, _ in told(ticket)) == 1
        assert fresh(ticket).next_breach_at is None
        triage.set_status(ticket, by=ana, status=None)
        look_after(ticket, minutes=30)
        assert sum(kind == "sla_escalated" for kind, _ in told(ticket)) == 2

    def test_the_story_shows_the_last_and_the_next(self, again, ticket):
        look_after(ticket, minutes=60 + 10 + 40)
        levels = explain(fresh(ticket)).targets[0].levels
        assert [one.text for one in levels] == [
            "10 minutes after it was due: tell the assignee, again every 30 minutes, at most 3 times",
            "tell the assignee, again (1 of 3)", "tell the assignee, again (2 of 3)",
        ]  # fmt: skip
        assert [bool(one.fired_at) for one in levels] == [True, True, False]

    def test_a_day_of_reminders_for_every_target_ends(self, policy, ticket):
        level(policy, 0, repeat_minutes=5, repeat_most=50)
        level(policy, 1, effect=RAISE, repeat_minutes=5, repeat_most=50)
        look_after(ticket, times=8, days=3)
        assert SlaFired.objects.filter(ticket=ticket, step__startswith="escalation").count() == 2 * 2 * 51
        assert fresh(ticket).next_breach_at is None

    def test_only_what_comes_after_can_be_repeated(self, policy):
        with pytest.raises(ValidationError, match="Only what comes after"):
            Escalation(policy=policy, amount=50, timing="percent", repeat_minutes=30).full_clean()
        with pytest.raises(ValidationError, match="greater than or equal to 5"):
            Escalation(policy=policy, amount=50, repeat_minutes=1).full_clean()


def die_while_escalating(pk: int) -> None:
    """In a child process: kills it once the last event is written, before the commit."""
    parents = connection.connection
    connection.connection = None  # a connection of its own; the parent's is neither used nor closed
    honest = escalation.record

    def record(row, kind, **data):
        honest(row, kind, **data)
        if kind == "sla_escalated":
            os.kill(os.getpid(), signal.SIGKILL)

    escalation.record = record
    try:
        timers.check_clock(pk)
    finally:
        os._exit(parents is None)


class TestOnce:
    @pytest.mark.django_db(transaction=True)
    def test_killed_between_the_event_and_the_commit(self, policy, ticket):
        """A worker killed inside the transaction leaves nothing behind, and the next one does it all."""
        level(policy, 5, target="first_response")
        factories.age(ticket, minutes=70)
        child = os.fork()
        if child == 0:
            die_while_escalating(ticket.pk)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        assert told(ticket) == []
        assert not SlaFired.objects.exists()
        timers.check_clock(ticket.pk)
        timers.check_clock(ticket.pk)
        assert [kind for kind, _ in told(ticket)] == ["sla_breach", "sla_escalated"]

    @pytest.mark.django_db(transaction=True)
    def test_killed_at_a_reminder(self, policy, ticket):
        """What was done before the worker died stays done, and the reminder it died over comes once."""
        level(policy, 5, target="first_response", repeat_minutes=30)
        factories.age(ticket, minutes=70)
        timers.check_clock(ticket.pk)
        factories.age(ticket, minutes=30)
        child = os.fork()
        if child == 0:
            die_while_escalating(ticket.pk)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        assert [kind for kind, _ in told(ticket)] == ["sla_breach", "sla_escalated"]
        for _ in range(2):
            timers.check_clock(ticket.pk)
        assert [what for _, what in told(ticket)] == ["", "tell the assignee", "tell the assignee, again (1 of 12)"]

    @pytest.mark.django_db(transaction=True)
    def test_many_beats_at_once(self, policy, ticket):
        level(policy, 5, target="first_response")
        level(policy, 6, effect=RAISE, target="first_response")
        factories.age(ticket, minutes=70)

        def beat() -> None:
            try:
                timers.sweep_sla()
            finally:
                connection.close()

        threads = [Thread(target=beat) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        timers.sweep_sla()
        assert [kind for kind, _ in told(ticket)] == ["sla_breach", "sla_escalated", "sla_escalated"]
        assert fresh(ticket).priority == Priority.HIGH


def test_wrong_levels_are_refused_in_plain_words(policy):
    for wrong, field in (
        ({"amount": 100, "timing": "percent"}, "amount"), ({"amount": 0, "timing": "before"}, "amount"),
        ({"amount": 5, "effect": "give_agent"}, "agent"), ({"amount": 5, "effect": "give_team"}, "team"),
    ):  # fmt: skip
        with pytest.raises(ValidationError) as caught:
            Escalation(policy=policy, **wrong).full_clean()
        assert field in caught.value.message_dict


def test_levels_are_told_with_the_story(policy, ticket):
    level(policy, 10, target="first_response")
    level(policy, 90, "percent", target="first_response")
    look_after(ticket, minutes=75)
    first = explain(fresh(ticket)).targets[0]
    assert [(one.text, one.is_skipped, one.fired_at is not None) for one in first.levels] == [
        ("10 minutes after it was due: tell the assignee", False, True),
        ("90 percent of the time: tell the assignee", True, True),
    ]
