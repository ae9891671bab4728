"""Macros on the ticket page: told before they are run, run with the agent's rights."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from tests.automation.making import rule, tag
from tickets.models import Message, Rule, Ticket, User
from tickets.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def solved() -> Rule:
    return rule(
        "macro", "Solved", {}, {"do": "reply", "text": "Hello {{ requester.first_name }}, it is done."}, tag("solved"),
        {"do": "resolve"},
    )  # fmt: skip


def url(ticket: Ticket, macro: Rule) -> str:
    return reverse("staff:macro", args=[ticket.number, macro.pk])


def test_the_page_offers_macros_and_tells_what_they_do(browser: Any, agent: User, ticket: Ticket, solved: Rule) -> None:
    client = browser(agent)
    assert "macros-form" in client.get(reverse("staff:ticket", args=[ticket.number])).content.decode()
    page = client.get(reverse("staff:macros", args=[ticket.number]))
    assert "Solved" in page.content.decode()
    found = client.get(reverse("staff:macros", args=[ticket.number]), headers={"Accept": "application/json"}).json()
    row = found["macros"][0]
    assert (row["name"], row["url"]) == ("Solved", url(ticket, solved))
    assert len(row["effects"]) == 3


def test_the_preview_fills_the_reply_in_and_does_nothing(
    browser: Any, agent: User, ticket: Ticket, solved: Rule
) -> None:
    client = browser(agent)
    first = ticket.requester.display_name.split()[0]
    page = client.get(url(ticket, solved)).content.decode()
    assert f"Hello {first}, it is done.</textarea>" in page
    told = client.get(url(ticket, solved), headers={"Accept": "application/json"}).json()
    assert (told["reply"], told["refused"]) == (f"Hello {first}, it is done.", "")
    assert Ticket.objects.get(pk=ticket.pk).state == State.NEW


def test_it_is_run_once_with_the_reply_as_changed(browser: Any, agent: User, ticket: Ticket, solved: Rule) -> None:
    client, nonce = browser(agent), uuid.uuid4()
    for _time in range(2):
        client.post(url(ticket, solved), {"body": "Mine, {{ requester.name }}", "nonce": nonce})
    row = Ticket.objects.get(pk=ticket.pk)
    assert (row.state, row.tag_names) == (State.RESOLVED, ["solved"])
    assert Message.objects.get(kind="reply").body == "Mine, {{ requester.name }}"


def test_what_cannot_be_done_is_said_before_and_after(browser: Any, agent: User, ticket: Ticket, solved: Rule) -> None:
    client = browser(agent)
    client.post(url(ticket, solved), {"body": "Done."})
    page = client.get(url(ticket, solved)).content.decode()
    assert "It cannot be run as a whole: The ticket is not in a state for this." in page
    answer = client.post(url(ticket, solved), {"body": "Again."})
    assert answer.status_code == 409
    assert Message.objects.filter(kind="reply").count() == 1


def test_a_macro_that_is_switched_off_is_not_found(browser: Any, agent: User, ticket: Ticket, solved: Rule) -> None:
    Rule.objects.update(is_enabled=False)
    assert browser(agent).get(url(ticket, solved)).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    browser: Any, agent: User, ticket: Ticket, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        rule("macro", f"M{number}", {}, {"do": "assign", "how": "agent", "agent": agent.pk})
    client = browser(agent)
    address = reverse("staff:macros", args=[ticket.number])
    client.get(address)
    with django_assert_max_num_queries(12):
        assert len(client.get(address, headers={"Accept": "application/json"}).json()["macros"]) == count
