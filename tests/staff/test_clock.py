from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def promised(home) -> Ticket:
    hours = factories.business_hours(name="Office")
    home.sla_policy = factories.sla_policy(60, 480, name="Gold", business_hours=hours)
    home.save()
    return factories.ticket(department=home)


def why(ticket: Ticket) -> str:
    return reverse("staff:sla", args=[ticket.number])


def test_the_ticket_offers_why_and_fetches_nothing_before(browser, agent, promised):
    page = browser(agent).get(reverse("staff:ticket", args=[promised.number])).content.decode()
    assert f'hx-get="{why(promised)}" hx-trigger="toggle once"' in page
    assert f'<a href="{why(promised)}">' in page
    assert "Clock ran" not in page


def test_a_page_without_scripts_and_a_piece_with_them(browser, agent, promised):
    client = browser(agent)
    page = client.get(why(promised)).content.decode()
    assert "<html" in page
    piece = client.get(why(promised), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in piece
    for text in ("First response: 1 h", "Resolution: 8 h", "Clock ran", "Gold (by department Support) · Office (UTC)"):
        assert text in page
        assert text in piece


def test_as_if_by_the_form(browser, agent, promised):
    other = factories.sla_policy(30, 45, name="Platinum")
    page = browser(agent).get(why(promised), {"policy": other.pk}).content.decode()
    assert "First response: 30 min" in page
    assert "As if:" in page
    assert f'value="{other.pk}" selected' in page
    assert "On the ticket stands" in page


@pytest.mark.parametrize("asked", ["0", "x", "99999999999999999999", "-1"])
def test_a_policy_that_is_gone_is_the_tickets_own(browser, agent, promised, asked):
    page = browser(agent).get(why(promised), {"policy": asked, "calendar": asked}).content.decode()
    assert "First response: 1 h" in page


def test_a_ticket_without_policy(browser, agent, ticket):
    assert "nothing is due" in browser(agent).get(why(ticket)).content.decode()


def test_it_costs_the_same_with_one_row_and_three(browser, agent, promised):
    client = browser(agent)

    def more() -> None:
        promised.sla_pauses.create(started_at=promised.created_at, ended_at=promised.created_at, reason="On hold")
        factories.sla_policy(business_hours=factories.business_hours())

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(why(promised)).status_code == 200
        return len(captured)

    more()
    cost()
    once = cost()
    more(), more()
    assert cost() == once <= 26
