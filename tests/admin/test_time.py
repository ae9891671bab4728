from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.admin.test_routing import address, fields_of
from tests.test_holidays import feed_of
from tickets import policies, sla
from tickets.models import BusinessHours, SlaChoice, SlaPolicy

pytestmark = pytest.mark.django_db


@pytest.fixture
def hours() -> BusinessHours:
    return factories.business_hours()


def save(client: Client, hours: BusinessHours, **typed: Any) -> Any:
    here = address("businesshours", "change", hours.pk)
    return client.post(here, fields_of(client.get(here), **typed))


def test_a_country_is_read_by_a_worker_soon(at_work: Client, hours: BusinessHours) -> None:
    assert save(at_work, hours, country="de", region="by").status_code == 302
    hours.refresh_from_db()
    assert (hours.country, hours.region) == ("DE", "BY")
    assert hours.next_fetch_at is not None


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"country": "XX"}, "The country XX is not known."),
        ({"country": "DE", "region": "ZZ"}, "DE has no region ZZ. There is: BB"),
        ({"region": "BY"}, "A region needs its country."),
        ({"feed_url": "file:///etc/passwd"}, "Enter a valid URL."),
    ],
)
def test_wrong_places_and_addresses_are_refused(at_work: Client, hours: BusinessHours, typed: Any, words: str) -> None:
    answer = save(at_work, hours, **typed)
    assert answer.status_code == 200
    assert words in answer.content.decode()


def test_a_file_becomes_holidays(at_work: Client, hours: BusinessHours) -> None:
    day = timezone.now().date() + timedelta(30)
    answer = save(at_work, hours, ical_file=SimpleUploadedFile("days.ics", feed_of(day)))
    assert answer.status_code == 302
    assert hours.holidays.get().date == day


@pytest.mark.parametrize("content", [b"<html>", b"x"])
def test_a_file_that_is_no_calendar_is_refused(at_work: Client, hours: BusinessHours, content: bytes) -> None:
    answer = save(at_work, hours, ical_file=SimpleUploadedFile("days.ics", content))
    assert "This is not an iCalendar file." in answer.content.decode()


def test_why_a_feed_could_not_be_read_is_shown(at_work: Client, hours: BusinessHours) -> None:
    BusinessHours.objects.filter(pk=hours.pk).update(fetch_error="The address answers with status 500.")
    assert "status 500" in at_work.get(address("businesshours", "change", hours.pk)).content.decode()
    assert "status 500" in at_work.get(address("businesshours", "changelist")).content.decode()


def test_a_policy_with_its_levels_is_used_at_once(at_work: Client) -> None:
    policy = factories.sla_policy(60, 480)
    assert sla.minutes_of(policy, "first_response", 2) == 60
    row = policy.by_priority.create(priority=2, first_response_minutes=30)
    here = address("slapolicy", "change", policy.pk)
    typed = fields_of(at_work.get(here), **{"by_priority-0-first_response_minutes": 15})
    assert at_work.post(here, typed).status_code == 302
    assert sla.minutes_of(SlaPolicy.objects.get(pk=policy.pk), "first_response", 2) == 15
    row.refresh_from_db()
    assert row.first_response_minutes == 15


def test_a_choice_is_used_at_once(at_work: Client) -> None:
    assert policies.choices() == ()
    page = at_work.get(address("slachoice", "add"))
    policy = factories.sla_policy()
    assert (
        at_work.post(address("slachoice", "add"), fields_of(page, policy=policy.pk, source="phone")).status_code == 302
    )
    assert [row.pk for row in policies.choices()] == [SlaChoice.objects.get().pk]
