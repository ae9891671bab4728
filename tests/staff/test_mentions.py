"""Mentions on the ticket page: proposed, marked, and refused with the text kept."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from staff import text
from tests import factories, people
from tickets.actions import conversation
from tickets.models import Department, Ticket, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> Department:
    return factories.department()


@pytest.fixture
def agent(home: Department) -> User:
    return people.agent(home, name="Joan Okafor")


@pytest.fixture
def ticket(home: Department) -> Ticket:
    return factories.ticket(department=home)


def proposed(client: Any, ticket: Ticket, typed: str) -> list[str]:
    answer = client.get(reverse("staff:mentions", args=[ticket.number]), {"q": typed})
    assert answer["Cache-Control"] == "private, no-store" or "no-store" in answer["Cache-Control"]
    return [row["text"] for row in answer.json()["people"]]


def test_colleagues_who_see_the_ticket_are_proposed(
    browser: Any, ticket: Ticket, home: Department, agent: User
) -> None:
    people.agent(home, name="Rui Costa", email="rui@desk.example")
    people.agent(factories.department(), name="Rui Far")
    client = browser(agent)
    assert proposed(client, ticket, "") == ["Rui Costa"]
    for typed in ("ru", "cos", "RUI co", "rui@"):
        assert proposed(client, ticket, typed) == ["Rui Costa"], typed
    assert proposed(client, ticket, "ui") == []
    assert proposed(client, ticket, "\0%_") == []


def test_two_of_one_name_are_proposed_by_address(browser: Any, ticket: Ticket, home: Department, agent: User) -> None:
    people.agent(home, name="Rui Costa", email="rui@desk.example")
    people.agent(factories.department(), name="Rui Costa", email="far@desk.example")
    assert proposed(browser(agent), ticket, "rui") == ["rui@desk.example"]


@pytest.mark.parametrize("count", [1, 3])
def test_more_colleagues_cost_no_more_queries(
    browser: Any, ticket: Ticket, home: Department, agent: User, count: int
) -> None:
    for number in range(count):
        people.agent(home, name=f"Rui {number}")
    client = browser(agent)
    proposed(client, ticket, "rui")
    with CaptureQueriesContext(connection) as counted:
        assert len(proposed(client, ticket, "rui")) == count
    assert len(counted) <= 9, [query["sql"] for query in counted]


def test_the_name_is_marked_in_the_note(browser: Any, ticket: Ticket, home: Department, agent: User) -> None:
    rui = people.agent(home, name="Rui <Costa>")
    conversation.note(ticket, by=agent, body="@Rui <Costa> and x@Rui")
    address = reverse("staff:ticket", args=[ticket.number])
    page = browser(agent).get(address).content.decode()
    assert '<span class="mention">@Rui &lt;Costa&gt;</span> and x@Rui' in page
    assert '<span class="mention mention--me">@Rui &lt;Costa&gt;</span>' in browser(rui).get(address).content.decode()


def test_a_refused_mention_keeps_the_text(browser: Any, ticket: Ticket, agent: User) -> None:
    people.agent(factories.department(), name="Zoe Far")
    address = reverse("staff:note", args=[ticket.number])
    answer = browser(agent).post(address, {"note-body": "@Zoe, a long note of mine", "note-nonce": uuid.uuid4()})
    assert answer.status_code == 400
    page = answer.content.decode()
    assert "Zoe Far cannot see this ticket." in page
    assert "@Zoe, a long note of mine</textarea>" in page
    assert ticket.messages.filter(kind="note").count() == 0


def test_the_rail_counts_mentions_and_the_list_has_them(
    browser: Any, ticket: Ticket, home: Department, agent: User
) -> None:
    rui = people.agent(home, name="Rui Costa")
    conversation.note(ticket, by=agent, body="@Rui")
    page = browser(rui).get(reverse("staff:view", args=["mentions"])).content.decode()
    assert ticket.subject in page
    assert '<span>Mentions</span><span class="rail__count">1</span>' in page
    assert ticket.subject not in browser(agent).get(reverse("staff:view", args=["mentions"])).content.decode()


def test_a_name_is_marked_in_formatted_text_too(browser: Any, ticket: Ticket, home: Department, agent: User) -> None:
    people.agent(home, name="Rui O'Neill")
    conversation.note(ticket, by=agent, body="Look, @Rui O'Neill", html="<p><b>Look</b>, @Rui O'Neill</p>")
    page = browser(agent).get(reverse("staff:ticket", args=[ticket.number])).content.decode()
    assert """<b>Look</b>, <span class="mention">@Rui O'Neill</span>""" in page


def test_only_text_is_marked() -> None:
    html = '<p>@Ana <a href="https://x.example/?q= @Ana">(@Ana)</a> x@Ana</p>'
    marked = text.mark(html, {("@Ana", False)})
    assert marked == (
        '<p><span class="mention">@Ana</span> <a href="https://x.example/?q= @Ana">'
        '(<span class="mention">@Ana</span>)</a> x@Ana</p>'
    )
