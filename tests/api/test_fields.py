"""Custom fields through the API: asked, checked, changed, and shown to those who may see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.forms import DEVICE, EVERY_ANSWER, EVERY_KIND, EVERY_VALUE, form
from tickets.models import Ticket

BODY = {"subject": "Broken", "body": "It does not start."}


@pytest.fixture
def topic(department: Any) -> Any:
    return factories.help_topic(department, form=form(DEVICE))


def new(topic: Any, **fields: Any) -> dict[str, Any]:
    return BODY | {"help_topic": topic.slug, "fields": fields}


def test_answers_come_with_the_ticket(calling: Any, agent: Any, topic: Any) -> None:
    answer = calling(agent).post(body=new(topic, device="Laptop", serial="4711", age=3))
    assert answer.status_code == 201
    assert answer.json()["fields"] == {"device": "laptop", "serial": "4711", "age": 3}


def test_each_answer_that_will_not_do_is_named(calling: Any, agent: Any, topic: Any) -> None:
    problem = calling(agent).post(body=new(topic, device="laptop", age="old", colour=1)).json()
    assert set(problem["errors"]) == {"fields.serial", "fields.age", "fields.colour"}
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("key", ["\0", "\ud800", "x" * 500, "", "a.b", "__proto__"])
def test_keys_that_cannot_be(calling: Any, agent: Any, department: Any, key: str) -> None:
    ticket = factories.ticket(department=department)
    for answer in (
        calling(agent).post(body=BODY | {"fields": {key: 1}}),
        calling(agent).patch(f"{ticket.number}/", body={"fields": {key: 1}}),
    ):
        assert answer.status_code == 400
        assert all(name.startswith("fields.") for name in answer.json()["errors"])


@pytest.mark.parametrize("value", [{"a": 1}, [1], [[]], 10**300, "\0", "\ud800", True, None, "x" * 100_000])
def test_values_that_cannot_be_are_refused_or_left_out(calling: Any, agent: Any, topic: Any, value: Any) -> None:
    answer = calling(agent).post(body=new(topic, device="phone", age=value))
    assert answer.status_code in (201, 400)


def test_changing_takes_part_of_them(calling: Any, agent: Any, topic: Any) -> None:
    number = calling(agent).post(body=new(topic, device="laptop", serial="4711")).json()["number"]
    answer = calling(agent).patch(f"{number}/", body={"fields": {"cause": "Water", "serial": None}})
    assert answer.json()["fields"] == {"device": "laptop", "cause": "Water"}
    refused = calling(agent).patch(f"{number}/", body={"fields": {"age": 99}, "subject": "Other"})
    assert refused.json()["errors"] == {"fields.age": ["At most 50, please."]}
    assert Ticket.objects.get(number=number).subject == "Broken"


def test_resolving_names_what_is_missing(calling: Any, agent: Any, topic: Any) -> None:
    number = calling(agent).post(body=new(topic, device="phone")).json()["number"]
    answer = calling(agent).post(f"{number}/resolve/", body={})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"fields": ["Before it is resolved, please answer: Cause."]},
    )


def test_customers_see_and_change_no_agents_fields(calling: Any, agent: Any, customer: Any, topic: Any) -> None:
    number = calling(customer).post(body=new(topic, device="phone", vendor_case="mine")).json()["number"]
    calling(agent).patch(f"{number}/", body={"fields": {"vendor_case": "V1", "repair": "Monday"}})
    shown = {"device": "phone", "repair": "Monday"}
    assert calling(customer).get(f"{number}/").json()["fields"] == shown
    assert calling(customer).get().json()["results"][0]["fields"] == shown
    assert calling(customer).patch(f"{number}/", body={"fields": {"device": "laptop"}}).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same(calling: Any, customer: Any, topic: Any, rows: int) -> None:
    for _row in range(rows):
        calling(customer).post(body=new(topic, device="phone"))
    caller = calling(customer)
    caller.get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        caller.get()
    assert len(queries) <= 8


def test_every_kind_is_read_and_told(calling: Any, agent: Any, department: Any) -> None:
    topic = factories.help_topic(department, form=form(EVERY_KIND))
    answer = calling(agent).post(body=new(topic, **{key: typed for key, (typed, _kept) in EVERY_ANSWER.items()}))
    assert answer.status_code == 201, answer.content
    assert answer.json()["fields"] == EVERY_VALUE
    refused = calling(agent).post(body=new(topic, scan=[{"name": "a", "key": "b"}]))
    assert set(refused.json()["errors"]) == {"fields.scan"}
