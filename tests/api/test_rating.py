"""Rating a closed ticket by the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories, people
from tickets.models import Rating


@pytest.fixture
def closed(agent: Any, customer: Any, department: Any) -> Any:
    return factories.ticket_in("closed", agent, requester=customer, department=department)


def test_the_requester_rates_and_changes_it(calling: Any, customer: Any, agent: Any, closed: Any) -> None:
    requester, address = calling(customer), f"{closed.number}/rate/"
    answer = requester.post(address, {"score": 2, "comment": "Slow"})
    assert answer.status_code == 200, answer.content
    requester.post(address, {"score": 5})
    [row] = calling(agent).get(address).json()["ratings"]
    assert (row["score"], row["comment"], row["round"]) == (5, "", 0)
    assert [one["kind"] for one in calling(agent).get(f"{closed.number}/events/").json()["results"]].count("rated") == 2


def test_the_same_key_rates_once(calling: Any, customer: Any, closed: Any) -> None:
    for _time in range(2):
        calling(customer).post(f"{closed.number}/rate/", {"score": 3}, Idempotency_Key="one")
    assert closed.events.filter(kind="rated").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "score"),
        ({"score": 0}, "score"),
        ({"score": 6}, "score"),
        ({"score": 10**40}, "score"),
        ({"score": "good"}, "score"),
        ({"score": 3, "comment": "x" * 2001}, "comment"),
        ({"score": 3, "stars": 5}, "stars"),
    ],
)
def test_what_will_not_do_is_named(calling: Any, customer: Any, closed: Any, body: Any, field: str) -> None:
    answer = calling(customer).post(f"{closed.number}/rate/", body)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})
    assert not Rating.objects.exists()


def test_only_what_is_closed_and_only_ones_own(calling: Any, customer: Any, agent: Any, ticket: Any) -> None:
    refused = calling(customer).post(f"{ticket.number}/rate/", {"score": 5})
    assert (refused.status_code, refused.json()["verb"]) == (409, "rate")
    assert calling(people.customer()).get(f"{ticket.number}/rate/").status_code == 404
    assert calling(agent).post(f"{ticket.number}/rate/", {"score": 5}).status_code == 403
