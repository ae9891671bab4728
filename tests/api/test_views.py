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


def change(client, person, view, **given):
    return client.patch(f"/api/v1/views/{view}/", given, content_type="application/json", headers=headers(person))


def test_what_is_sent_is_changed_and_the_rest_stays(client, agent):
    team = people.team(agent)
    views.save_view(
        None, by=agent, name="High", query="is:open", audience="some", teams=[team], columns=["number"], is_table=True
    )
    answer = change(client, agent, "high", query="is:open priority:>=high", order="oldest")
    assert answer.status_code == 200
    assert answer.json() == client.get("/api/v1/views/high/", headers=headers(agent)).json()
    view = SavedView.objects.get()
    assert (view.name, view.query, view.order) == ("High", "is:open priority:>=high", "oldest")
    assert (view.columns, view.is_table, list(view.teams.all())) == (["number"], True, [team])


def test_somebody_elses_change_in_between_is_kept(client, agent):
    made = views.save_view(None, by=agent, name="High", query="is:open")
    views.save_view(made, by=agent, name="Higher", query="is:open")
    answer = change(client, agent, "high", name="Low", version=made.version)
    assert answer.status_code == 409
    assert SavedView.objects.get().name == "Higher"
    assert change(client, agent, "high", name="Low", version=made.version + 1).json()["version"] == made.version + 2


@pytest.mark.parametrize(("field", "value"), [("query", "is:opne"), ("name", " "), ("group", "x"), ("slug", "x")])
def test_a_wrong_change_is_named_and_nothing_changed(client, agent, field, value):
    views.save_view(None, by=agent, name="High", query="is:open")
    answer = change(client, agent, "high", **{"order": "oldest", field: value})
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert SavedView.objects.get().order == "latest"


def test_a_view_is_deleted(client, agent):
    views.save_view(None, by=agent, name="High", query="is:open")
    assert client.delete("/api/v1/views/high/", headers=headers(agent)).status_code == 204
    assert not SavedView.objects.exists()
    assert client.delete("/api/v1/views/high/", headers=headers(agent)).status_code == 404


def test_others_change_only_what_is_theirs(client, agent):
    boss, other = people.admin(), people.agent(factories.department("Sales"))
    views.save_view(None, by=boss, name="All", query="is:open", audience="everyone")
    views.save_view(None, by=agent, name="Mine", query="is:open")
    assert change(client, agent, "all", name="x").status_code == 403
    assert client.delete("/api/v1/views/all/", headers=headers(agent)).status_code == 403
    for person in (other, people.customer(), boss):
        assert change(client, person, "mine", name="x").status_code == 404
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["All", "Mine"]
    reading = {"Authorization": f"Bearer {token(agent, scope='read')}"}
    assert client.delete("/api/v1/views/mine/", headers=reading).status_code == 403
