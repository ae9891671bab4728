"""Tickets that open themselves: when, once, and with which words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories, people
from tickets.actions import recurring
from tickets.models import RecurringTicket, Ticket
from tickets.recurrence import next_moment

BERLIN = ZoneInfo("Europe/Berlin")


def row(**fields) -> RecurringTicket:
    return RecurringTicket(
        **{"unit": "day", "at": time(8), "time_zone": "Europe/Berlin", "starts_on": date(2026, 3, 2)} | fields
    )


def moments(schedule: RecurringTicket, count: int, after: datetime) -> list[str]:
    found = []
    for _ in range(count):
        moment = next_moment(schedule, after)
        if moment is None:
            break
        after = moment
        found.append(f"{moment.astimezone(BERLIN):%a %d.%m. %H:%M}")
    return found


BEFORE = datetime(2026, 3, 1, tzinfo=BERLIN)


class TestSchedule:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"interval": 1}, ["Mon 02.03. 08:00", "Tue 03.03. 08:00", "Wed 04.03. 08:00"]),
            ({"interval": 3}, ["Mon 02.03. 08:00", "Thu 05.03. 08:00", "Sun 08.03. 08:00"]),
            ({"unit": "week"}, ["Mon 02.03. 08:00", "Mon 09.03. 08:00", "Mon 16.03. 08:00"]),
            ({"unit": "week", "weekdays": [4, 1]}, ["Tue 03.03. 08:00", "Fri 06.03. 08:00", "Tue 10.03. 08:00"]),
            (
                {"unit": "week", "interval": 2, "weekdays": [0, 6]},
                ["Mon 02.03. 08:00", "Sun 08.03. 08:00", "Mon 16.03. 08:00"],
            ),
            ({"unit": "month"}, ["Mon 02.03. 08:00", "Thu 02.04. 08:00", "Sat 02.05. 08:00"]),
            ({"unit": "month", "day_of_month": 31}, ["Tue 31.03. 08:00", "Thu 30.04. 08:00", "Sun 31.05. 08:00"]),
            ({"unit": "month", "interval": 12, "day_of_month": 29, "starts_on": date(2026, 2, 1)},
             ["Sun 28.02. 08:00", "Tue 29.02. 08:00"]),
            ({"interval": 1, "ends_on": date(2026, 3, 3)}, ["Mon 02.03. 08:00", "Tue 03.03. 08:00"]),
        ],
    )  # fmt: skip
    def test_days(self, fields, expected):
        after = BEFORE if "starts_on" not in fields else datetime(2027, 1, 1, tzinfo=BERLIN)
        assert moments(row(**fields), len(expected), after)[: len(expected)] == expected

    def test_it_ends(self):
        assert next_moment(row(ends_on=date(2026, 3, 3)), datetime(2026, 3, 3, 9, tzinfo=BERLIN)) is None

    def test_the_wall_clock_counts_when_the_clocks_change(self):
        found = moments(row(), 2, datetime(2026, 3, 28, 7, tzinfo=BERLIN))
        assert found == ["Sat 28.03. 08:00", "Sun 29.03. 08:00"]

    def test_a_time_that_the_clocks_jump_over(self):
        assert moments(row(at=time(2, 30)), 1, datetime(2026, 3, 28, 12, tzinfo=BERLIN)) == ["Sun 29.03. 03:30"]

    @given(
        st.sampled_from(["day", "week", "month"]), st.integers(1, 100), st.lists(st.integers(0, 6), max_size=3),
        st.integers(1, 31), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
    )  # fmt: skip
    @settings(max_examples=150, deadline=None)
    def test_the_next_is_later_and_after_the_first_day(self, unit, interval, weekdays, day, now):
        schedule = row(unit=unit, interval=interval, weekdays=weekdays, day_of_month=day)
        after = now.replace(tzinfo=BERLIN)
        moment = next_moment(schedule, after)
        assert moment > after
        assert moment.astimezone(BERLIN).date() >= schedule.starts_on
        assert next_moment(schedule, moment - timedelta(seconds=1)) == moment


@pytest.fixture
def backup(db):
    department = factories.department()
    return RecurringTicket.objects.create(
        name="Backup", requester=people.customer("Rosa Okonkwo"), department=department, unit="day",
        starts_on=date(2026, 1, 1), subject="Check the backup of {{ now | date: '%Y' }}",
        body="Dear {{ requester.first_name }}, {{ ticket.department }} looks after it.",
        assignee=people.agent(department), next_at=timezone.now() - timedelta(days=40),
    )  # fmt: skip


def test_what_is_due_opens_once_however_late(backup):
    assert (recurring.sweep_recurring(), recurring.sweep_recurring()) == (1, 0)
    ticket = Ticket.objects.get()
    assert ticket.subject == f"Check the backup of {timezone.now():%Y}"
    assert ticket.messages.get().body == f"Dear Rosa, {backup.department.name} looks after it."
    assert (ticket.assignee, ticket.state, ticket.requester) == (backup.assignee, "open", backup.requester)
    backup.refresh_from_db()
    assert timezone.now() < backup.next_at <= timezone.now() + timedelta(days=1)
    assert backup.last_ticket == ticket


def test_a_killed_worker_leaves_it_due(backup, monkeypatch):
    monkeypatch.setattr("tickets.actions.recurring.assign", lambda *_args, **_more: 1 / 0)
    assert recurring.sweep_recurring() == 0
    assert not Ticket.objects.exists()
    monkeypatch.undo()
    RecurringTicket.objects.update(next_at=timezone.now())
    assert recurring.sweep_recurring() == 1


def test_what_cannot_be_opened_says_why_and_holds_up_no_other(backup, db):
    other = RecurringTicket.objects.create(
        name="Other", requester=backup.requester, department=backup.department, subject="Fine", body="Fine",
        starts_on=date(2026, 1, 1), next_at=timezone.now(),
    )  # fmt: skip
    RecurringTicket.objects.filter(pk=backup.pk).update(subject="{% if organization.name %}x{% endif %}")
    assert recurring.sweep_recurring() == 1
    backup.refresh_from_db()
    assert backup.last_error
    assert backup.next_at > timezone.now()
    assert Ticket.objects.get().subject == other.subject


def test_switched_off_it_is_never_due(backup):
    RecurringTicket.objects.update(is_enabled=False)
    assert recurring.sweep_recurring() == 0
    backup.is_enabled = False
    recurring.schedule(backup)
    assert backup.next_at is None


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_the_same_moment_open_one(backup):
    start = Barrier(3)

    def work(_number: int) -> int:
        try:
            start.wait()
            return recurring.sweep_recurring()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 1
    assert Ticket.objects.count() == 1


def typed(**changed) -> dict[str, object]:
    return {
        "name": "Licences", "is_enabled": "on", "interval": "1", "unit": "month", "day_of_month": "1", "at": "08:00",
        "starts_on": "2026-01-01", "requester": people.customer().pk, "department": factories.department().pk,
        "priority": "2", "subject": "Renew", "body": "Please renew.", **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subject": "{{ nonsense.here }}"}, "nonsense"),
        ({"time_zone": "Mars/Olympus"}, "no such time zone"),
        ({"ends_on": "2020-01-01"}, "before the first day"),
    ],
)
def test_the_admin_is_told_what_is_wrong(client, db, changed, said):
    client.force_login(people.admin(), backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("admin:tickets_recurringticket_add"), typed(**changed))
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not RecurringTicket.objects.exists()


def test_the_admin_plans_it(client, db):
    client.force_login(people.admin(), backend="django.contrib.auth.backends.ModelBackend")
    client.post(reverse("admin:tickets_recurringticket_add"), typed(weekdays=["0", "2"]))
    made = RecurringTicket.objects.get()
    assert made.weekdays == [0, 2]
    assert made.next_at > timezone.now()
    assert timezone.localtime(made.next_at).day == 1
