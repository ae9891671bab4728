"""The snooze panel: its moments, what is typed, and the view where sleeping tickets are found."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from staff.snooze_form import presets
from tests import factories
from tickets.actions import snoozing
from tickets.models import Ticket

LISBON = ZoneInfo("Europe/Lisbon")


def url(ticket, verb="snooze"):
    return reverse(f"staff:{verb}", args=[ticket.number])


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=LISBON)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (
            "2026-11-24 09:20",
            {"later": "2026-11-24 12:00", "tomorrow": "2026-11-25 09:00", "next_week": "2026-11-30 09:00"},
        ),
        ("2026-11-24 18:30", {"tomorrow": "2026-11-25 09:00", "next_week": "2026-11-30 09:00"}),
        ("2026-11-30 23:30", {"tomorrow": "2026-12-01 09:00", "next_week": "2026-12-07 09:00"}),
        # the night in which the clocks go forward: nine in the morning all the same
        (
            "2026-03-28 16:00",
            {"later": "2026-03-28 19:00", "tomorrow": "2026-03-29 09:00", "next_week": "2026-03-30 09:00"},
        ),
    ],
)
def test_presets_are_moments_of_the_persons_day(now, expected):
    assert presets(at(now)) == {name: at(moment) for name, moment in expected.items()}


@pytest.mark.django_db
def test_snoozes_by_a_preset_and_wakes(browser, agent, ticket):
    client = browser(agent)
    page = client.post(url(ticket), {"when": "next_week"}, follow=True).content.decode()
    until = Ticket.objects.get(pk=ticket.pk).snoozed_until
    assert (until.astimezone().weekday(), until > timezone.now()) == (0, True)
    assert url(ticket, "wake") in page
    assert "Snoozed until" in page
    client.post(url(ticket, "wake"))
    assert Ticket.objects.get(pk=ticket.pk).snoozed_until is None


@pytest.mark.django_db
def test_what_is_typed_is_the_persons_wall_clock(browser, agent, ticket):
    agent.time_zone = "Asia/Tokyo"
    agent.save()
    local = (timezone.now() + timedelta(days=2)).replace(hour=10, minute=30, second=0, microsecond=0, tzinfo=None)
    browser(agent).post(url(ticket), {"when": "at", "at": local.isoformat(timespec="minutes")})
    expected = local.replace(tzinfo=ZoneInfo("Asia/Tokyo"))
    assert Ticket.objects.get(pk=ticket.pk).snoozed_until == expected


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{}, {"when": "at"}, {"when": "at", "at": "2020-01-01T10:00"}, {"when": "soon"}])
def test_a_moment_that_cannot_be_is_said_in_place(values, browser, agent, ticket):
    response = browser(agent).post(url(ticket), values)
    assert response.status_code == 400
    assert "field__errors" in response.content.decode()
    assert Ticket.objects.get(pk=ticket.pk).snoozed_until is None


@pytest.mark.django_db
def test_the_view_lists_who_wakes_next_first(browser, agent, home):
    late, early = factories.ticket(department=home), factories.ticket(department=home)
    for hours, one in ((30, late), (3, early)):
        snoozing.snooze(one, by=agent, until=timezone.now() + timedelta(hours=hours))
    page = browser(agent).get(reverse("staff:view", args=["snoozed"])).content.decode()
    assert page.index(early.number) < page.index(late.number)
    assert "Asleep until" in page


@pytest.mark.django_db
def test_more_sleeping_rows_take_no_more_queries(browser, agent, home):
    client, found = browser(agent), []
    for count in (1, 2):
        for _ in range(count):
            snoozing.snooze(factories.ticket(department=home), by=agent, until=timezone.now() + timedelta(hours=3))
        client.get(reverse("staff:view", args=["snoozed"]))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("staff:view", args=["snoozed"]))
        found.append(len(queries))
    assert found[0] == found[1]
