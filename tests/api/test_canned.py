"""Canned responses through the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories, people
from tests.api.conftest import Caller
from tickets.actions import canned

pytestmark = pytest.mark.django_db
URL = "/api/v1/canned/"


class Reading:
    def __init__(self, person: Any) -> None:
        self.caller = Caller(person, "read")

    def get(self, url: str, query: dict[str, str] | None = None) -> Any:
        return self.caller.client.get(url, query or {}, headers=self.caller.headers())


def test_an_agent_reads_what_he_may_use_and_has_it_filled_in() -> None:
    here, elsewhere = factories.department(), factories.department()
    agent, admin = people.agent(here), people.admin()
    ticket = factories.ticket(people.customer("Grace Hopper"), here)
    canned.save(None, by=admin, title="Hello", body="Hello {{ requester.first_name }}", translations={"de": "Hallo"})
    canned.save(None, by=admin, title="Elsewhere", body="x", department=elsewhere)
    canned.save(None, by=admin, title="Mine", body="x", owner=admin)
    rows = Reading(agent).get(URL).json()["results"]
    assert [(row["title"], row["scope"], row["text"]) for row in rows] == [("Hello", "everybody", None)]
    assert rows[0]["translations"] == [{"language": "de", "body": "Hallo"}]
    rows = Reading(agent).get(URL, {"ticket": ticket.number, "q": "hel"}).json()["results"]
    assert rows[0]["text"] == "Hello Grace"
    assert Reading(agent).get(URL, {"q": "nothing \x00"}).json() == {"results": []}
    assert Reading(agent).get(URL, {"ticket": factories.ticket().number}).status_code == 404
    assert Reading(people.customer()).get(URL).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(count: int, django_assert_max_num_queries: Any) -> None:
    agent = people.agent(factories.department())
    for number in range(count):
        canned.save(None, by=agent, title=f"R{number}", body="x", owner=agent, translations={"de": "y"})
    reading = Reading(agent)
    with django_assert_max_num_queries(8):
        assert len(reading.get(URL).json()["results"]) == count
