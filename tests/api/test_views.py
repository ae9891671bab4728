from __future__ import annotations

import pytest

from tests import factories, people
from tests.e2e.company import token
from tickets.actions import views
from tickets.models import SavedView

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    return people.agent(factories.department("Support"))


def headers(person):
    return {"Authorization": f"Bearer {token(person)}"}


def test_views_are_made_and_listed(client, agent):
    given = {"name": "High", "query": "is:open priority:>=high", "order": "oldest"}
    made = client.post("/api/v1/views/", given, content_type="application/json", headers=headers(agent))
    assert made.status_code == 201
    assert made.json()["slug"] == "high"
    listed = client.get("/api/v1/views/", headers=headers(agent)).json()
    assert listed["results"] == [made.json()]
    assert client.get("/api/v1/views/", headers=headers(people.admin())).json()["results"] == []


@pytest.mark.parametrize(("field", "value"), [("query", "is:opne"), ("order", "x"), ("group", "x"), ("name", " ")])
def test_what_is_wrong_is_named(client, agent, field, value):
    given = {"name": "High", "query": "is:open", field: value}
    answer = client.post("/api/v1/views/", given, content_type="application/json", headers=headers(agent))
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not SavedView.objects.exists()


def test_the_list_costs_the_same_with_one_view_and_three(client, agent):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost():
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/v1/views/", headers=sent)
        return len(captured)

    sent = headers(agent)
    views.save_view(None, by=agent, name="A", query="is:open")
    cost()
    first = cost()
    for name in "BC":
        views.save_view(None, by=agent, name=name, query="is:open")
    assert cost() == first
