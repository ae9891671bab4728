"""The same life through the API of the running desk alone: two programs with tokens, the customer's and Ana's."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.e2e.company import Company, token
from tests.e2e.desk import RunningDesk
from tests.wait import until
from tickets.models import Limit, Ticket

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def ana(desk: RunningDesk, company: Company) -> Any:
    secret = token(company.ana)
    return lambda method, path, body=None: desk.call(secret, method, path, body)


@pytest.fixture
def tomas(desk: RunningDesk, company: Company) -> Any:
    secret = token(company.tomas)
    return lambda method, path, body=None: desk.call(secret, method, path, body)


def test_a_ticket_lives_from_intake_to_reopening(desk: RunningDesk, company: Company, ana: Any, tomas: Any) -> None:
    Limit.objects.filter(key__startswith="auto").delete()  # other tests wrote to the same person a lot
    asked = {"subject": "The printer is on fire", "body": "It burns.", "help_topic": "broken"}
    opened = tomas("POST", "", asked | {"requester": {"email": company.tomas.email, "name": "Tomás Herrera"}})
    assert opened.status_code == 201, opened.text
    made = opened.json()
    number = made["number"]
    assert (made["state"], made["source"]) == ("new", "api")
    assert ana("GET", f"{number}/").json()["first_response_due_at"]
    desk.letter("auto_response", number, to=company.tomas.email)

    assert state(ana("POST", f"{number}/assign/", {"agent": company.ana.email})) == "open"
    assert ana("POST", f"{number}/note/", {"body": "The old model."}).status_code == 201
    assert ana("POST", f"{number}/reply/", {"body": "Please unplug it."}).json()["ticket"]["state"] == "in_progress"
    desk.letter("reply", number, to=company.tomas.email)
    assert tomas("POST", f"{number}/messages/", {"body": "Unplugged."}).json()["ticket"]["state"] == "in_progress"
    assert state(ana("POST", f"{number}/resolve/")) == "resolved"
    desk.letter("confirmation", number, to=company.tomas.email)
    assert state(tomas("POST", f"{number}/confirm/")) == "closed"

    refused = ana("POST", f"{number}/reply/", {"body": "One more thing."})
    assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")
    assert refused.json()["allowed"]
    again = tomas("POST", f"{number}/messages/", {"body": "It burns again."}).json()["ticket"]
    assert (again["state"], again["assignee"]["name"]) == ("reopened", company.ana.name)

    assert "The old model." not in tomas("GET", f"{number}/messages/").text
    breach(desk, ana, number)


def breach(desk: RunningDesk, ana: Any, number: str) -> None:
    factories.age(Ticket.objects.get(number=number), days=1)
    desk.run_task("sweep_sla")
    kinds = until(lambda: [kind for kind in happened(ana, number) if "breach" in kind])
    assert kinds
    assert number in ana("GET", "?q=is:overdue").text


def happened(ana: Any, number: str) -> list[str]:
    return [event["kind"] for event in ana("GET", f"{number}/events/").json()["results"]]


def state(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["state"]
