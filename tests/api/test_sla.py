from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tickets.api import shapes
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def promised(department, customer) -> Ticket:
    department.sla_policy = factories.sla_policy(60, 480, name="Gold", business_hours=factories.business_hours())
    department.save()
    return factories.ticket(customer, department)


def test_the_answer_adds_up_and_keeps_to_its_shape(calling, agent, promised):
    answer = calling(agent, "read").get(f"{promised.number}/sla/").json()
    assert set(answer) == set(shapes.SlaShape().fields)
    assert (answer["policy"], answer["as_if"]) == ("Gold", False)
    for target in answer["targets"]:
        assert set(target) == set(shapes.SlaTargetShape().fields)
        assert all(set(step) == set(shapes.SlaStepShape().fields) for step in target["steps"])
        assert sum(step["ran"] for step in target["steps"]) == target["ran"]
        assert target["ran"] + target["left"] == target["seconds"]
    assert [target["seconds"] for target in answer["targets"]] == [3600, 28_800]


def test_as_if(calling, agent, promised):
    factories.sla_policy(30, 60, name="Platinum")
    factories.business_hours("Asia/Tokyo", name="Tokyo")
    answer = calling(agent, "read").get(f"{promised.number}/sla/", policy="platinum", calendar="Tokyo").json()
    assert (answer["policy"], answer["calendar"], answer["time_zone"]) == ("Platinum", "Tokyo", "Asia/Tokyo")
    assert answer["as_if"]


@pytest.mark.parametrize("field", ["policy", "calendar"])
def test_a_wrong_name_is_answered_with_those_there_are(calling, agent, promised, field):
    refusal = calling(agent, "read").get(f"{promised.number}/sla/", **{field: "Iron"})
    assert refusal.status_code == 400
    assert "“Iron” does not exist. There is:" in refusal.json()["errors"][field][0]


def test_customers_are_not_told(calling, customer, promised):
    assert calling(customer).get(f"{promised.number}/sla/").status_code == 403


def test_nothing_promised_is_no_targets(calling, agent, ticket):
    answer = calling(agent, "read").get(f"{ticket.number}/sla/").json()
    assert (answer["policy"], answer["targets"]) == (None, [])


def test_it_costs_the_same_with_one_pause_and_three(calling, agent, promised):
    caller = calling(agent, "read")
    promised.sla_pauses.create(started_at=promised.created_at, ended_at=promised.created_at, reason="On hold")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert caller.get(f"{promised.number}/sla/").status_code == 200
        return len(captured)

    cost()
    once = cost()
    for _ in range(2):
        promised.sla_pauses.create(started_at=promised.created_at, ended_at=promised.created_at, reason="On hold")
    assert cost() == once <= 14
