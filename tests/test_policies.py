"""Which policy a ticket gets: the first choice whose conditions hold, else the topic's, else the department's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tickets import clock, policies, sla
from tickets.actions import assignment, conversation, lifecycle, triage
from tickets.explanation import explain
from tickets.models import Organization, SlaChoice, SlaPolicy, Tag, Ticket
from tickets.said import told
from tickets.states import Priority

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold() -> SlaPolicy:
    return factories.sla_policy(30, 120, name="Gold")


@pytest.fixture
def department():
    return factories.department("Support", sla_policy=factories.sla_policy(name="Standard"))


def choice(policy: SlaPolicy, **conditions) -> SlaChoice:
    made = SlaChoice.objects.create(policy=policy, **conditions)
    policies.forget_choices()
    return made


def policy_of(ticket: Ticket) -> str:
    row = Ticket.objects.get(pk=ticket.pk)
    return row.sla_policy.name if row.sla_policy else ""


def test_without_choices_topic_and_department_decide(department, gold):
    assert policy_of(factories.ticket(department=department)) == "Standard"
    topic = factories.help_topic(department, sla_policy=gold)
    assert policy_of(factories.ticket(department=department, help_topic=topic)) == "Gold"


@pytest.mark.parametrize("condition", ["department", "help_topic", "organization", "source", "priority"])
def test_each_condition_takes_its_tickets_and_no_others(department, gold, condition):
    topic, acme = factories.help_topic(department), people.organization("Acme")
    wanted = {
        "department": department, "help_topic": topic, "organization": acme, "source": "phone", "priority": 3,
    }[condition]  # fmt: skip
    choice(gold, **{condition: wanted})
    fitting = factories.ticket(
        people.customer(organization=acme), department, help_topic=topic, source="phone", priority=3
    )
    elsewhere = factories.department(sla_policy=department.sla_policy)
    other = factories.ticket(people.customer(organization=people.organization()), elsewhere)
    assert (policy_of(fitting), policy_of(other)) == ("Gold", "Standard")


def test_all_conditions_must_hold(department, gold):
    choice(gold, department=department, priority=Priority.HIGH)
    assert policy_of(factories.ticket(department=department)) == "Standard"
    assert policy_of(factories.ticket(department=department, priority=Priority.HIGH)) == "Gold"


def test_the_order_decides_and_what_is_switched_off_is_passed_over(department, gold):
    silver = factories.sla_policy(name="Silver")
    second, first = choice(gold, position=2), choice(silver, position=1)
    assert policy_of(factories.ticket(department=department)) == "Silver"
    SlaChoice.objects.filter(pk=first.pk).update(is_enabled=False)
    policies.forget_choices()
    assert policy_of(factories.ticket(department=department)) == "Gold"
    SlaPolicy.objects.filter(pk=gold.pk).update(is_enabled=False)
    policies.forget_choices()
    assert policy_of(factories.ticket(department=department)) == "Standard"
    assert second.policy == gold


def test_a_tag_and_a_priority_change_the_policy_from_the_original_start(department, gold):
    agent = people.agent(department)
    choice(gold, tag=Tag.objects.create(name="vip"), position=1)
    choice(factories.sla_policy(5, 10, name="Fire"), priority=Priority.EMERGENCY, position=2)
    ticket = factories.age(factories.ticket(department=department), minutes=10)
    started = ticket.sla_started_at
    triage.set_tags(ticket, by=agent, tags=["vip"])
    row = Ticket.objects.get(pk=ticket.pk)
    assert (policy_of(ticket), row.sla_started_at) == ("Gold", started)
    assert round((row.first_response_due_at - started).total_seconds()) == 1800
    triage.set_tags(row, by=agent, tags=[])
    assert policy_of(ticket) == "Standard"
    triage.set_priority(row, by=agent, priority=Priority.EMERGENCY)
    assert policy_of(ticket) == "Fire"
    changes = ticket.events.filter(kind="sla_policy_changed").order_by("pk")
    assert [event.data["policy"] for event in changes] == ["Gold", "Standard", "Fire"]
    assert told(changes[0].data["reason"]) == "choice 1"


def test_without_choices_triage_leaves_the_policy_alone(department, gold):
    ticket, agent = factories.ticket(department=department), people.agent(department)
    type(department).objects.update(sla_policy=gold)
    triage.set_priority(ticket, by=agent, priority=Priority.HIGH)
    triage.set_tags(ticket, by=agent, tags=["vip"])
    assert policy_of(ticket) == "Standard"


def test_a_resolved_ticket_keeps_its_policy(department, gold):
    ticket, agent = factories.ticket(department=department), people.agent(department)
    lifecycle.resolve(ticket, by=agent)
    choice(gold)
    triage.set_tags(ticket, by=agent, tags=["vip"])
    assert policy_of(ticket) == "Standard"
    lifecycle.reopen(Ticket.objects.get(pk=ticket.pk), by=agent)
    assert policy_of(ticket) == "Gold"


def test_a_transfer_and_a_message_that_reopens_choose_anew(department, gold):
    elsewhere = factories.department("Billing")
    agent = people.agent(department, elsewhere)
    choice(gold, department=elsewhere)
    ticket = factories.ticket(department=department)
    assignment.transfer(ticket, by=agent, department=elsewhere)
    assert policy_of(ticket) == "Gold"
    lifecycle.resolve(Ticket.objects.get(pk=ticket.pk), by=agent)
    SlaChoice.objects.all().delete()
    policies.forget_choices()
    conversation.receive(Ticket.objects.get(pk=ticket.pk), by=ticket.requester, body="No.", source="web")
    assert policy_of(ticket) == ""


def test_a_choice_goes_with_what_it_names(department, gold):
    """Without its condition it would take every ticket."""
    acme = people.organization("Acme")
    choice(gold, organization=acme)
    Organization.objects.filter(pk=acme.pk).delete()
    assert not SlaChoice.objects.exists()


def test_the_story_says_what_chose_the_policy(department, gold):
    ticket = factories.ticket(department=department)
    assert explain(ticket).reason == "department Support"
    choice(gold, position=3)
    assert explain(ticket).reason == ""  # another would be chosen today
    assert explain(factories.ticket(department=department)).reason == "choice 3"


def test_conditions_in_words(department, gold):
    row = SlaChoice(policy=gold, department=department, source="phone", priority=Priority.HIGH)
    assert row.conditions == "department Support, came by Phone, priority High"
    assert SlaChoice(policy=gold).conditions == "every ticket"


def test_choices_are_read_once_for_many_tickets(department, gold):
    for number in range(3):
        choice(gold, tag=Tag.objects.create(name=f"tag {number}"))
    ticket = factories.ticket(department=department)
    with CaptureQueriesContext(connection) as captured:
        for _ in range(5):
            policies.choose(ticket)
    assert len(captured) == 0


class TestTopics:
    """What is said of a topic holds for all that lies under it."""

    def test_a_choice_takes_the_topics_below(self, department, gold):
        hardware = factories.help_topic(department, "Hardware")
        printers = factories.help_topic(department, "Printers", parent=hardware)
        toner = factories.help_topic(department, "Toner", parent=printers)
        choice(gold, help_topic=printers)
        found = [
            policy_of(factories.ticket(department=department, help_topic=one)) for one in (hardware, printers, toner)
        ]
        assert found == ["Standard", "Gold", "Gold"]

    def test_a_topic_without_policy_has_that_of_the_nearest_above(self, department, gold):
        hardware = factories.help_topic(department, "Hardware", sla_policy=gold)
        toner = factories.help_topic(department, "Toner", parent=factories.help_topic(department, parent=hardware))
        assert policy_of(ticket := factories.ticket(department=department, help_topic=toner)) == "Gold"
        assert explain(ticket).reason == "help topic Hardware"
        toner.sla_policy = factories.sla_policy(name="Silver")
        toner.save()
        assert policy_of(factories.ticket(department=department, help_topic=toner)) == "Silver"

    def test_topics_that_name_each_other_end(self, department, gold):
        one = factories.help_topic(department)
        one.parent = two = factories.help_topic(department, parent=one)
        one.save()
        choice(gold, help_topic=factories.help_topic(department))
        assert policies.choose(Ticket(department=department, help_topic=two)).policy == department.sla_policy


class TestCalendars:
    """A policy's own business hours win, then come the department's, then day and night."""

    @pytest.fixture
    def tokyo(self):
        return factories.business_hours("Asia/Tokyo", name="Tokyo")

    def test_the_departments_hours_fill_in(self, department, tokyo):
        department.business_hours = tokyo
        department.save()
        ticket = factories.ticket(department=department)
        told = explain(Ticket.objects.get(pk=ticket.pk))
        assert (told.calendar, told.zone, told.as_if) == ("Tokyo", "Asia/Tokyo", False)
        assert ticket.first_response_due_at == told.targets[0].laid.due
        assert clock.is_open(sla.load_calendar(tokyo.pk), ticket.first_response_due_at - timedelta(seconds=1))

    def test_the_policys_own_win(self, department, tokyo):
        department.business_hours = tokyo
        department.sla_policy.business_hours = factories.business_hours(name="Berlin", zone="Europe/Berlin")
        department.save()
        department.sla_policy.save()
        assert explain(factories.ticket(department=department)).calendar == "Berlin"

    def test_a_transfer_measures_by_the_other_departments_hours(self, department, tokyo):
        other = factories.department(sla_policy=department.sla_policy, business_hours=tokyo)
        ticket = factories.ticket(department=department)
        assignment.transfer(ticket, by=people.agent(department, other), department=other)
        assert explain(Ticket.objects.get(pk=ticket.pk)).calendar == "Tokyo"

    def test_hours_without_ranges_are_day_and_night_for_a_premium_policy(self, department, tokyo):
        always = factories.business_hours(name="Always")
        always.ranges.all().delete()
        department.business_hours, department.sla_policy.business_hours = tokyo, always
        department.save()
        department.sla_policy.save()
        ticket = factories.ticket(department=department)
        assert ticket.first_response_due_at - ticket.created_at == timedelta(hours=1)

    def test_what_is_kept_names_the_departments_hours(self, department, tokyo):
        department.business_hours = tokyo
        department.save()
        ticket = factories.ticket(department=department)
        lifecycle.resolve(ticket, by=people.agent(department))
        assert set(ticket.sla_runs.values_list("calendar_name", flat=True)) == {"Tokyo"}
