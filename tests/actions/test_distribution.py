"""Whom the desk gives a ticket to by itself."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories, people
from tickets.actions import assignment, distribution, lifecycle
from tickets.models import SYSTEM, Absence, Skill, Ticket, User
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db


def away(agent: User, delegate: User | None = None, **when) -> Absence:
    now = timezone.now()
    return Absence.objects.create(
        user=agent, delegate=delegate, starts_at=now + when.get("begins", -timedelta(hours=1)),
        ends_at=now + when.get("ends", timedelta(days=3)),
    )  # fmt: skip


def given_out(tickets, **how) -> list[User | None]:
    return [distribution.distribute(one, by=SYSTEM, **how).assignee for one in tickets]


@pytest.fixture
def department():
    return factories.department()


@pytest.fixture
def agents(department):
    return [people.agent(department, name=name) for name in ("Ana", "Ben", "Cleo")]


def tickets(department, count: int) -> list[Ticket]:
    return [factories.ticket(department=department) for _ in range(count)]


class TestWays:
    def test_round_robin_goes_round(self, department, agents):
        assert given_out(tickets(department, 6), how="round_robin") == agents * 2

    def test_round_robin_cares_for_turns_and_not_for_load(self, department, agents):
        busy = tickets(department, 3)
        for ticket in busy:
            assignment.assign(ticket, by=SYSTEM, agent=agents[0])
        assert given_out(tickets(department, 1), how="round_robin") == [agents[0]]

    def test_least_loaded_fills_up_from_below(self, department, agents):
        for ticket in tickets(department, 2):
            assignment.assign(ticket, by=SYSTEM, agent=agents[0])
        found = given_out(tickets(department, 4), how="least_loaded")
        assert Counter(found) == {agents[1]: 2, agents[2]: 2}

    def test_what_is_resolved_is_no_load(self, department, agents):
        for agent in agents[:2]:
            assignment.assign(factories.ticket(department=department), by=SYSTEM, agent=agent)
        lifecycle.resolve(Ticket.objects.filter(assignee=agents[1]).get(), by=agents[1])
        people_given = given_out(tickets(department, 2), how="least_loaded")
        assert set(people_given) == {agents[1], agents[2]}

    def test_a_skill_that_the_topic_needs(self, department, agents):
        topic = factories.help_topic(department)
        skill = Skill.objects.create(name="Portuguese")
        skill.topics.add(topic)
        skill.agents.add(agents[1])
        ticket = factories.ticket(department=department, help_topic=topic)
        assert given_out([ticket], how="skill") == [agents[1]]

    def test_skills_that_tags_need_are_all_needed(self, department, agents):
        for name, has in (("vpn", agents), ("linux", agents[1:])):
            Skill.objects.create(name=name, tags=[name]).agents.set(has)
        (ticket,) = tickets(department, 1)
        Ticket.objects.filter(pk=ticket.pk).update(tag_names=["vpn", "linux"])
        assert given_out([ticket], how="skill") == [agents[1]]

    def test_a_skill_that_a_rule_names(self, department, agents):
        Skill.objects.create(name="Billing").agents.add(agents[2])
        found = given_out(tickets(department, 2), how="round_robin", skill="billing")
        assert found == [agents[2]] * 2

    def test_without_anybody_who_can_it_stays_where_it_is(self, department, agents):
        Skill.objects.create(name="Klingon")
        (ticket,) = tickets(department, 1)
        assert given_out([ticket], how="skill", skill="Klingon") == [None]
        assert Ticket.objects.get(pk=ticket.pk).state == "new"

    @pytest.mark.parametrize("wrong", [{"how": "dice"}, {"how": "skill", "skill": "unheard of"}])
    def test_what_does_not_exist_is_said(self, department, agents, wrong):
        (ticket,) = tickets(department, 1)
        with pytest.raises(Invalid):
            given_out([ticket], **wrong)

    def test_a_ticket_that_somebody_has_is_left_to_them(self, department, agents):
        ticket = factories.ticket_in("open", agents[2], department=department)
        assert given_out([ticket], how="round_robin") == [agents[2]]


class TestPool:
    def test_a_team_that_works_there(self, department, agents):
        outsider = people.agent(factories.department())
        team = people.team(agents[1], outsider)
        assert given_out(tickets(department, 2), how="round_robin", team=team) == [agents[1]] * 2

    def test_the_ticket_s_own_team_when_none_is_named(self, department, agents):
        (ticket,) = tickets(department, 1)
        ticket = assignment.hand_to_team(ticket, by=SYSTEM, team=people.team(agents[2]))
        assert given_out([ticket], how="round_robin") == [agents[2]]

    def test_nobody_who_is_switched_off_unavailable_or_may_only_read(self, department):
        people.agent(department, is_active=False)
        people.agent(department, is_available=False)
        people.reader(department)
        people.agent(factories.department())
        people.admin()
        assert given_out(tickets(department, 1), how="least_loaded") == [None]

    def test_capacity_is_kept(self, department, agents):
        User.objects.filter(pk__in=[one.pk for one in agents]).update(capacity=1)
        assert given_out(tickets(department, 4), how="round_robin") == [*agents, None]

    def test_who_is_away_gets_nothing_by_turns(self, department, agents):
        away(agents[0])
        away(agents[1], begins=timedelta(days=1))
        away(agents[2], begins=-timedelta(days=3), ends=-timedelta(days=1))
        assert given_out(tickets(department, 2), how="round_robin") == agents[1:]


class TestStandIns:
    def test_what_is_assigned_goes_to_the_delegate(self, department, agents):
        away(agents[0], agents[1])
        ticket = assignment.assign(tickets(department, 1)[0], by=agents[2], agent=agents[0])
        assert ticket.assignee == agents[1]
        assert ticket.events.get(kind="assigned").data["agent"] == "Ben (for Ana, who is away)"

    def test_who_takes_a_ticket_gets_it(self, department, agents):
        away(agents[0], agents[1])
        assert assignment.assign(tickets(department, 1)[0], by=agents[0], agent=agents[0]).assignee == agents[0]

    def test_without_a_delegate_it_goes_where_it_was_sent(self, department, agents):
        away(agents[0])
        assert assignment.assign(tickets(department, 1)[0], by=agents[2], agent=agents[0]).assignee == agents[0]

    def test_a_delegate_of_another_department_is_none(self, department, agents):
        away(agents[0], people.agent(factories.department()))
        assert assignment.assign(tickets(department, 1)[0], by=agents[2], agent=agents[0]).assignee == agents[0]

    def test_delegates_who_are_away_themselves_pass_it_on(self, department, agents):
        away(agents[0], agents[1])
        away(agents[1], agents[2])
        assert assignment.assign(tickets(department, 1)[0], by=SYSTEM, agent=agents[0]).assignee == agents[2]

    def test_two_who_stand_in_for_each_other_do_not_hang(self, department, agents):
        away(agents[0], agents[1])
        away(agents[1], agents[0])
        assert assignment.assign(tickets(department, 1)[0], by=SYSTEM, agent=agents[0]).assignee == agents[0]

    def test_a_topic_s_agent_and_reopening_too(self, department, agents):
        topic = factories.help_topic(department, assignee=agents[0])
        ticket = factories.ticket_in("in_progress", agents[0], department=department)
        ticket = lifecycle.close(ticket, by=agents[0])
        away(agents[0], agents[1])
        assert factories.ticket(department=department, help_topic=topic).assignee == agents[1]
        assert lifecycle.reopen(ticket, by=agents[2]).assignee == agents[1]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_can_be_promised():
    ticket = factories.ticket()
    with pytest.raises(TransactionManagementError):
        distribution.choose_agent(ticket, how="round_robin")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    capacities=st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=4),
    steps=st.lists(st.sampled_from(["round_robin", "least_loaded", "resolve"]), max_size=12),
)
def test_whatever_happens_nobody_gets_more_than_fits(capacities, steps):
    """Capacity is never passed, somebody free is never left out, and turns differ by one at most where all are free."""
    with transaction.atomic():
        department = factories.department()
        crew = [people.agent(department, capacity=one) for one in capacities]
        counts = dict.fromkeys(crew, 0)
        for step in steps:
            if step == "resolve":
                for ticket in Ticket.objects.active().filter(assignee=crew[0])[:1]:
                    lifecycle.resolve(ticket, by=crew[0])
                    counts[crew[0]] -= 1
                continue
            (found,) = given_out(tickets(department, 1), how=step)
            free = [one for one in crew if one.capacity is None or counts[one] < one.capacity]
            assert (found in free) if free else (found is None)
            if found and step == "least_loaded":
                assert counts[found] == min(counts[one] for one in free)
            if found:
                counts[found] += 1
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_fill_each_slot_once():
    department = factories.department()
    crew = [people.agent(department, capacity=2) for _ in range(2)]
    waiting = tickets(department, 8)
    start = Barrier(4)

    def work(number: int) -> None:
        try:
            start.wait()
            given_out(waiting[number::4], how="least_loaded")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert Counter(Ticket.objects.values_list("assignee", flat=True)) == {crew[0].pk: 2, crew[1].pk: 2, None: 4}
