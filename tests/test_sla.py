"""Deadlines on tickets: stamped by every verb, paused by statuses, warned of and broken once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories, people
from tickets import sla
from tickets.actions import assignment, conversation, lifecycle, timers, triage
from tickets.models import SlaPause, Status, Ticket, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy():
    return factories.sla_policy(first=60, resolution=480, warn_percent=50)


@pytest.fixture
def department(policy):
    return factories.department(sla_policy=policy)


@pytest.fixture
def ana(department) -> User:
    return people.agent(department)


@pytest.fixture
def ticket(department) -> Ticket:
    return factories.ticket(department=department)


@pytest.fixture
def on_hold() -> Status:
    return Status.objects.get_or_create(
        slug="on_hold", defaults={"state": "in_progress", "label": "On hold", "pauses_sla": True}
    )[0]


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def kinds(ticket: Ticket) -> list[str]:
    return list(ticket.events.filter(kind__startswith="sla_").values_list("kind", flat=True))


def minutes(delta: timedelta) -> float:
    return round(delta.total_seconds() / 60)


def test_a_new_ticket_is_due_by_its_policy(ticket: Ticket) -> None:
    assert minutes(ticket.first_response_due_at - ticket.created_at) == 60
    assert minutes(ticket.resolution_due_at - ticket.created_at) == 480
    assert ticket.due_at == ticket.first_response_due_at
    assert minutes(ticket.next_breach_at - ticket.created_at) == 30  # the warning comes first


def test_the_topic_decides_over_the_department(department) -> None:
    topic = factories.help_topic(department, sla_policy=factories.sla_policy(first=5, resolution=10))
    ticket = factories.ticket(department=department, help_topic=topic)
    assert minutes(ticket.first_response_due_at - ticket.created_at) == 5


def test_a_policy_switched_off_promises_nothing(policy, department) -> None:
    policy.is_enabled = False
    policy.save()
    department.sla_policy = policy
    assert factories.ticket(department=department).due_at is None


def test_business_hours_move_the_deadline(department) -> None:
    department.sla_policy = factories.sla_policy(first=60, resolution=120, business_hours=factories.business_hours())
    department.save()
    ticket = factories.ticket(department=department)
    saturday = datetime(2026, 11, 21, 12, tzinfo=UTC)
    ticket.sla_started_at = saturday
    sla.stamp(ticket)
    assert ticket.first_response_due_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert ticket.resolution_due_at == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_a_holiday_counts_as_closed(department) -> None:
    hours = factories.business_hours()
    hours.holidays.create(date="2026-11-23", name="Founders' day")
    department.sla_policy = factories.sla_policy(first=60, resolution=120, business_hours=hours)
    department.save()
    ticket = factories.ticket(department=department)
    ticket.sla_started_at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    sla.stamp(ticket)
    assert ticket.first_response_due_at == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_hours_without_ranges_are_day_and_night(department) -> None:
    empty = factories.business_hours()
    empty.ranges.all().delete()
    department.sla_policy = factories.sla_policy(first=60, business_hours=empty)
    department.save()
    ticket = factories.ticket(department=department)
    assert minutes(ticket.first_response_due_at - ticket.created_at) == 60


def test_the_first_reply_meets_the_first_target(ticket: Ticket, ana: User) -> None:
    conversation.reply(ticket, by=ana, body="On it.")
    ticket = fresh(ticket)
    assert ticket.first_response_at is not None
    assert ticket.due_at == ticket.resolution_due_at


def test_a_note_meets_nothing(ticket: Ticket, ana: User) -> None:
    conversation.note(ticket, by=ana, body="Hm.")
    assert fresh(ticket).due_at == ticket.first_response_due_at


def test_a_resolved_ticket_owes_nothing(ticket: Ticket, ana: User) -> None:
    lifecycle.resolve(ticket, by=ana)
    ticket = fresh(ticket)
    assert (ticket.due_at, ticket.next_breach_at) == (None, None)
    assert ticket.auto_close_at is not None


def test_reopening_starts_the_clock_anew(ticket: Ticket, ana: User) -> None:
    lifecycle.resolve(ticket, by=ana)
    factories.age(ticket, days=2)
    ticket = lifecycle.reopen(ticket, by=ana)
    assert minutes(ticket.resolution_due_at - timezone.now()) == 480
    assert ticket.due_at == ticket.resolution_due_at  # the first response stays met


def test_a_pausing_status_stops_the_clock_and_leaving_it_starts_it(ticket: Ticket, ana: User, on_hold: Status) -> None:
    conversation.reply(ticket, by=ana, body="Waiting for parts.")
    triage.set_status(ticket, by=ana, status=on_hold)
    paused = fresh(ticket)
    assert (paused.due_at, paused.next_breach_at) == (None, None)
    factories.age(ticket, minutes=30)
    triage.set_status(ticket, by=ana, status=None)
    ticket = fresh(ticket)
    assert minutes(ticket.resolution_due_at - ticket.sla_started_at) == 480 + 30


def test_a_customer_message_ends_waiting_on_the_customer(ticket: Ticket, ana: User) -> None:
    waiting = Status.objects.get_or_create(
        slug="waiting_on_customer",
        defaults={
            "state": "in_progress", "label": "Waiting", "pauses_sla": True, "ends_on_customer_message": True,
        },
    )[0]  # fmt: skip
    conversation.reply(ticket, by=ana, body="Which printer?", status=waiting)
    assert fresh(ticket).due_at is None
    conversation.receive(ticket, by=ticket.requester, body="The big one.", source="web")
    ticket = fresh(ticket)
    assert ticket.status is None
    assert ticket.due_at is not None
    assert not SlaPause.objects.filter(ticket=ticket, ended_at=None).exists()


def test_warning_and_breach_come_once_and_in_order(ticket: Ticket) -> None:
    factories.age(ticket, minutes=31)
    timers.sweep_sla()
    timers.sweep_sla()
    assert kinds(ticket) == ["sla_warning"]
    factories.age(ticket, minutes=30)
    timers.sweep_sla()
    timers.sweep_sla()
    assert kinds(ticket) == ["sla_warning", "sla_breach"]
    ticket = fresh(ticket)
    assert ticket.first_response_breached_at == ticket.first_response_due_at


def test_the_sweep_reads_the_due_rows_from_their_index(ticket: Ticket) -> None:
    """What is not due costs nothing, however many tickets there are."""
    with transaction.atomic(), connection.cursor() as cursor, CaptureQueriesContext(connection) as captured:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is too small for an index to pay
        timers.sweep_sla()
        looked = next(one["sql"] for one in captured if "next_breach_at" in one["sql"] and "LIMIT" in one["sql"])
        cursor.execute(f"EXPLAIN {looked}")
        assert "ticket_next_breach" in "\n".join(row[0] for row in cursor.fetchall())


def test_a_clock_that_slept_tells_breaches_only(ticket: Ticket) -> None:
    factories.age(ticket, days=3)
    timers.sweep_sla()
    assert kinds(ticket) == ["sla_breach", "sla_breach"]
    assert fresh(ticket).next_breach_at is None


def test_nothing_fires_for_a_target_that_was_met(ticket: Ticket, ana: User) -> None:
    conversation.reply(ticket, by=ana, body="Done.")
    lifecycle.resolve(ticket, by=ana)
    factories.age(ticket, days=3)
    timers.sweep_sla()
    assert kinds(ticket) == []


def test_the_sweep_trusts_the_truth_not_the_column(ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(next_breach_at=timezone.now() - timedelta(hours=1))
    timers.sweep_sla()
    assert kinds(ticket) == []
    assert fresh(ticket).next_breach_at == ticket.next_breach_at


def test_a_ticket_that_raises_does_not_stop_the_others(ticket: Ticket, department, monkeypatch) -> None:
    other = factories.ticket(department=department)
    factories.age(ticket, minutes=61)
    factories.age(other, minutes=61)
    honest = timers.check_clock

    def broken_for_one(pk: int) -> None:
        if pk == ticket.pk:
            raise RuntimeError("this row is odd")
        honest(pk)

    monkeypatch.setattr(timers, "check_clock", broken_for_one)
    timers.sweep_sla()
    assert kinds(other) == ["sla_breach"]
    assert fresh(ticket).next_breach_at > timezone.now()  # pushed away, tried again later


def test_a_transfer_takes_the_other_departments_policy(ticket: Ticket, department) -> None:
    elsewhere = factories.department(sla_policy=factories.sla_policy(first=10, resolution=20))
    mover = people.agent(department, elsewhere)
    assignment.transfer(ticket, by=mover, department=elsewhere)
    ticket = fresh(ticket)
    assert minutes(ticket.first_response_due_at - ticket.sla_started_at) == 10


def test_the_trash_owes_nothing(ticket: Ticket) -> None:
    lifecycle.trash(ticket, by=people.admin())
    assert fresh(ticket).due_at is None


def test_nothing_closes_in_the_trash(ticket: Ticket, ana: User) -> None:
    lifecycle.resolve(ticket, by=ana)
    lifecycle.trash(ticket, by=people.admin())
    factories.age(ticket, days=20)
    assert timers.sweep_quiet() == 0
    assert fresh(ticket).state == "resolved"
    lifecycle.restore(ticket, by=people.admin())
    timers.sweep_quiet()
    assert fresh(ticket).state == "closed"


def test_quiet_resolved_tickets_close_once(ticket: Ticket, ana: User) -> None:
    lifecycle.resolve(ticket, by=ana)
    factories.age(ticket, days=3)
    timers.sweep_quiet()
    assert fresh(ticket).state == "resolved"
    factories.age(ticket, days=1)
    timers.sweep_quiet()
    timers.sweep_quiet()
    assert fresh(ticket).state == "closed"
    assert ticket.events.filter(kind="closed_quiet").count() == 1


def test_old_closed_tickets_go_to_the_archive(ticket: Ticket, ana: User) -> None:
    lifecycle.close(ticket, by=ana)
    factories.age(ticket, days=364)
    timers.sweep_retention()
    assert fresh(ticket).archived_at is None
    factories.age(ticket, days=1)
    timers.sweep_retention()
    assert fresh(ticket).archived_at is not None


def test_the_trash_is_emptied(ticket: Ticket) -> None:
    lifecycle.trash(ticket, by=people.admin())
    timers.sweep_retention()
    assert Ticket.objects.filter(pk=ticket.pk).exists()
    factories.age(ticket, days=31)
    timers.sweep_retention()
    assert not Ticket.objects.filter(pk=ticket.pk).exists()
