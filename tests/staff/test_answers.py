"""The answers to a help topic's form beside the ticket, and how agents change them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tests.forms import DEVICE, form
from tickets.models import Ticket, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket() -> Ticket:
    topic = factories.help_topic(factories.department(), form=form(DEVICE))
    return factories.ticket(department=topic.department, help_topic=topic, fields={"device": "phone"})


@pytest.fixture
def agent(ticket: Ticket) -> User:
    return people.agent(ticket.department)


@pytest.fixture
def browser(agent: User) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def test_answers_stand_beside_the_ticket(browser: Client, ticket: Ticket) -> None:
    page = browser.get(f"/staff/tickets/{ticket.number}/").content.decode()
    assert '<dt>Device</dt><dd><div class="prose">Phone</div></dd>' in page
    assert "needed to resolve" in page
    assert "Serial number" not in page


def test_a_ticket_that_was_asked_nothing_shows_none(browser: Client, ticket: Ticket) -> None:
    other = factories.ticket(department=ticket.department)
    assert "fields-form" not in browser.get(f"/staff/tickets/{other.number}/").content.decode()


def test_script_in_an_answer_is_text(browser: Client, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(fields={"device": "<script>alert(1)</script>"})
    assert "<script>alert" not in browser.get(f"/staff/tickets/{ticket.number}/").content.decode()


def test_agents_change_them(browser: Client, ticket: Ticket) -> None:
    address = f"/staff/tickets/{ticket.number}/fields/"
    page = browser.get(address).content.decode()
    assert "Vendor case" in page
    typed = {"field_device": "laptop", "field_serial": "4711", "field_age": "", "field_cause": "Water"}
    assert browser.post(address, typed).status_code == 302
    assert Ticket.objects.get().fields == {"device": "laptop", "serial": "4711", "cause": "Water"}


def test_what_is_wrong_stands_at_its_field(browser: Client, ticket: Ticket) -> None:
    response = browser.post(f"/staff/tickets/{ticket.number}/fields/", {"field_device": "phone", "field_age": "old"})
    assert response.status_code == 400
    assert "This is not a number." in response.content.decode()


def test_resolving_names_what_is_missing(browser: Client, ticket: Ticket) -> None:
    page = browser.post(f"/staff/tickets/{ticket.number}/resolve/", follow=True)
    assert page.status_code == 400
    assert "Before it is resolved, please answer: Cause." in page.content.decode()


def test_the_page_costs_one_query_more(browser: Client, ticket: Ticket) -> None:
    other = factories.ticket(department=ticket.department)
    costs: Any = {}
    for number in (ticket.number, other.number):
        browser.get(f"/staff/tickets/{number}/")
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/staff/tickets/{number}/")
        costs[number] = len(queries)
    assert costs[ticket.number] - costs[other.number] <= 1
