from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from portal import wording
from tests import factories, people
from tickets import sla
from tickets.models import Department, Desk, User


@pytest.fixture(autouse=True)
def _forget_calendars() -> None:
    sla.forget_calendars()


def test_shows_public_topics_only(client: Client, department: Department) -> None:
    factories.help_topic(department, "Badges", description="Lost or broken")
    factories.help_topic(department, "Secret", is_public=False)
    factories.help_topic(department, "Old", is_enabled=False)
    hidden = factories.help_topic(department, "Hidden parent", is_public=False)
    factories.help_topic(department, "Child", parent=hidden)
    page = client.get("/").content.decode()
    assert "Badges" in page
    assert "Lost or broken" in page
    assert not any(name in page for name in ("Secret", "Old", "Hidden parent", "Child"))


def test_a_topic_leads_to_the_form_with_it_chosen(client: Client, department: Department) -> None:
    topic = factories.help_topic(department, "Badges")
    assert f"/tickets/new/?topic={topic.slug}" in client.get("/").content.decode()
    form = client.get(f"/tickets/new/?topic={topic.slug}").content.decode()
    assert f'<option value="{topic.slug}" selected>' in form


def test_a_desk_without_any_department_still_opens(client: Client, db: None) -> None:
    assert client.get("/").status_code == 200


def test_own_tickets_only_for_whom_they_belong_to(signed_in: Client, customer: User, department: Department) -> None:
    mine = factories.ticket(customer, department, subject="My own lamp")
    factories.ticket(people.customer(), department, subject="A stranger's lamp")
    page = signed_in.get("/").content.decode()
    assert mine.subject in page
    assert "stranger" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_home_takes_few_queries(
    signed_in: Client, customer: User, department: Department, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        factories.help_topic(department)
        factories.ticket(customer, department)
    with django_assert_num_queries(7):  # session, user, department with SLA, topics, articles, texts, tickets
        signed_in.get("/")


def test_home_of_a_guest_takes_fewer(client: Client, desk: Desk, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(5):
        client.get("/")


class TestExpectation:
    @pytest.fixture
    def office(self, department: Department) -> Department:
        """Answers within an hour, Monday to Friday from 9 to 17."""
        department.sla_policy = factories.sla_policy(first=60, business_hours=factories.business_hours())
        department.save()
        return department

    def at(self, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
        monkeypatch.setattr(timezone, "now", lambda: timezone.datetime.fromisoformat(moment))

    def test_outside_the_hours(self, office: Department, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at(monkeypatch, "2026-03-05T20:00:00+00:00")  # a Thursday
        assert (
            wording.expectation(office) == "We are closed now. Write any time: you will hear from us by tomorrow 10:00."
        )

    def test_over_the_weekend(self, office: Department, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at(monkeypatch, "2026-03-06T20:00:00+00:00")
        assert "Monday 10:00" in wording.expectation(office)

    def test_inside_the_hours(self, office: Department, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at(monkeypatch, "2026-03-05T10:00:00+00:00")
        assert wording.expectation(office) == "Write now and you will hear from us by today 11:00."

    def test_is_on_the_page(self, office: Department, client: Client) -> None:
        assert "hear from us by" in client.get("/").content.decode()

    def test_day_and_night(self, department: Department) -> None:
        department.sla_policy = factories.sla_policy(first=240)
        assert wording.expectation(department) == "You usually hear from us within 4 hours, day and night."

    def test_nothing_is_promised_without_a_policy(self, department: Department) -> None:
        assert wording.expectation(department) == ""
        department.sla_policy = factories.sla_policy(is_enabled=False)
        assert wording.expectation(department) == ""


class TestTopics:
    def test_stand_in_a_tree_with_their_icons(self, client: Client, department: Department) -> None:
        top = factories.help_topic(department, "Devices", icon="computer-desktop")
        middle = factories.help_topic(department, "Phones", parent=top, icon="no-such-icon")
        factories.help_topic(department, "Screen broken", parent=middle, icon="../key")
        page = client.get("/").content.decode()
        card = page.partition('class="topics"')[2].partition("</section>")[0]
        assert card.count("<svg") == 1
        assert card.index("Devices") < card.index("Phones") < card.index("Screen broken")
        form = client.get("/tickets/new/").content.decode()
        assert "Devices › Phones › Screen broken" in form

    def test_are_hidden_with_any_of_those_above(self, client: Client, department: Department) -> None:
        top = factories.help_topic(department, "Devices", is_enabled=False)
        middle = factories.help_topic(department, "Phones", parent=top)
        low = factories.help_topic(department, "Screen broken", parent=middle)
        page = client.get("/").content.decode()
        assert not any(name in page for name in ("Devices", "Phones", "Screen broken"))
        assert low.slug not in client.get("/tickets/new/").content.decode()


class TestNotice:
    @pytest.mark.parametrize(
        ("since", "until", "shown"), [(None, None, True), (-1, 1, True), (1, None, False), (None, -1, False)]
    )
    def test_stands_on_every_page_while_it_holds(
        self, client: Client, desk: Desk, since: int | None, until: int | None, shown: bool
    ) -> None:
        hour, now = timedelta(hours=1), timezone.now()
        desk.notice = "Mail is slow & <b>late</b>"
        desk.notice_from, desk.notice_until = (None if by is None else now + by * hour for by in (since, until))
        desk.save()
        for address in ("/", "/tickets/new/", "/kb/"):
            assert ("Mail is slow &amp; &lt;b&gt;late" in client.get(address).content.decode()) is shown

    def test_does_not_end_before_it_begins(self, desk: Desk) -> None:
        desk.notice_from = desk.notice_until = timezone.now()
        with pytest.raises(ValidationError, match="end before it begins"):
            desk.full_clean()
