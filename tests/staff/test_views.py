"""Saved views, filter form, tables and preferences as pages."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tickets.actions import assignment, triage, views
from tickets.models import Preferences, SavedView, Status, Tag, Team, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_counted():
    cache.clear()


def saved(by, query="is:open", **more):
    return views.save_view(None, by=by, name=more.pop("name", "VPN, high and up"), query=query, **more)


def fill(**more):
    return {"name": "Mine", "query": "is:open", "order": "latest", "audience": "me", **more}


def cost(client, url, *, cold=True):
    """Statements that read or write; `cold`: no count is remembered."""
    client.get(url)
    if cold:
        cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    around = ("SAVEPOINT", "RELEASE", "SET LOCAL")
    return sum(not query["sql"].startswith(around) for query in captured)


def test_a_view_is_made_shown_in_the_rail_and_deleted(browser, agent, ticket):
    client = browser(agent)
    response = client.post("/staff/views/new/", fill(name="Burning", query="is:open printer"))
    assert response["Location"] == "/staff/views/burning/"
    page = client.get(response["Location"]).content.decode()
    assert ticket.number in page
    assert re.search(r'aria-current="page"><span>Burning', page)
    assert "Change this view" in page
    client.post("/staff/views/burning/delete/")
    assert not SavedView.objects.exists()


def test_a_wrong_query_comes_back_with_its_place_and_nothing_typed_is_lost(browser, agent):
    response = browser(agent).post("/staff/views/new/", fill(query="is:open is:opne"))
    page = response.content.decode()
    assert response.status_code == 400
    assert "At character 9" in page
    assert 'value="is:open is:opne"' in page


def test_a_broken_view_says_so_and_stays_editable(browser, agent, ticket):
    Tag.objects.create(name="vpn")
    saved(agent, "is:open -tag:vpn", name="Old")
    Tag.objects.all().delete()
    client = browser(agent)
    page = client.get("/staff/views/old/").content.decode()
    assert "There is no tag “vpn”" in page
    assert "At character 10" in page
    assert ticket.number not in page
    assert "/staff/views/old/change/" in page
    assert "There is no tag “vpn”" in client.get("/staff/views/old/change/").content.decode()
    assert "There is no tag “vpn”" in client.get("/staff/views/").content.decode()
    client.post("/staff/views/old/change/", fill(name="Old", query="is:open", version=1))
    assert ticket.number in client.get("/staff/views/old/").content.decode()


def test_somebody_elses_change_is_not_overwritten(browser, agent):
    view = saved(agent)
    url = f"/staff/views/{view.slug}/change/"
    assert browser(agent).post(url, fill(version=0)).status_code == 409


@pytest.mark.parametrize("layout", ["list", "table"])
@pytest.mark.parametrize("group", ["", "assignee", "state", "team", "department"])
def test_a_saved_view_costs_the_same_with_one_row_and_three(browser, agent, home, colleague, layout, group):
    query = "is:open tag:lamp department:support team:night -requester:rosa@x.example -organization:acme"
    Tag.objects.create(name="lamp")
    team, status = Team.objects.create(name="Night"), Status.objects.create(slug="parts", label="Parts", state="open")
    people.customer(email="rosa@x.example", organization=people.organization("Acme"))
    view = saved(agent, query, group=group, is_table=layout == "table")
    saved(agent, "tag:lamp status:parts", name="Another")
    client = browser(agent)

    def one_more():
        made = assignment.assign(factories.ticket(department=home), by=agent, agent=colleague)
        triage.set_tags(triage.set_status(made, by=agent, status=status), by=agent, tags=["lamp"])
        Ticket.objects.filter(pk=made.pk).update(team=team)

    one_more()
    url = f"/staff/views/{view.slug}/"
    first = cost(client, url, cold=False), cost(client, url)
    one_more(), one_more()
    assert (cost(client, url, cold=False), cost(client, url)) == first
    assert max(first) <= 12


def test_the_page_of_views_costs_the_same_however_many(browser, agent):
    client = browser(agent)
    saved(agent, "is:open department:support", name="View")
    first = cost(client, "/staff/views/")
    for number in range(2):
        saved(agent, "is:open department:support", name=f"View {number}")
    assert cost(client, "/staff/views/") == first <= 14


def test_fifty_rows_take_few_questions(browser, agent, home, colleague):
    rows = [factories.ticket(department=home) for _ in range(3)]
    Ticket.objects.filter(pk__in=[row.pk for row in rows]).update(assignee=colleague, priority=3)
    assert cost(browser(agent), "/staff/views/all-open/") <= 12


def test_the_table_shows_the_columns_that_were_chosen(browser, agent, ticket):
    triage.set_tags(ticket, by=agent, tags=["lamp"])
    view = saved(agent, columns=["number", "tags", "department", "field.gone"], is_table=True)
    page = browser(agent).get(f"/staff/views/{view.slug}/").content.decode()
    head = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page)
    assert [re.sub("<.*?>", "", one) for one in head] == ["Select", "Subject", "Number", "Tags", "Department"]
    assert "lamp" in page


def test_every_column_can_be_shown(browser, agent, ticket):
    from staff import columns

    view = saved(agent, columns=[key for key, _label in columns.known()][:12], is_table=True)
    assert ticket.number in browser(agent).get(f"/staff/views/{view.slug}/?group=department").content.decode()
    SavedView.objects.update(columns=[key for key, _label in columns.known()])
    assert ticket.number in browser(agent).get(f"/staff/views/{view.slug}/?sort=due").content.decode()


def test_rows_are_grouped_under_headings(browser, agent, home, colleague):
    assignment.assign(factories.ticket(department=home), by=agent, agent=colleague)
    factories.ticket(department=home)
    page = browser(agent).get("/staff/views/all-open/?group=assignee").content.decode()
    assert re.findall(r"<h3>(.*?)</h3></li>", page) == ["Joan Okafor", "Nobody assigned"]


def test_an_order_from_the_address_stays_beside_the_ticket(browser, agent, ticket):
    page = browser(agent).get("/staff/views/all-open/?sort=oldest").content.decode()
    address = re.search(r'class="row__subject" dir="auto" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert parse_qs(urlsplit(address).query) == {"view": ["all-open"], "sort": ["oldest"]}
    assert "Oldest ticket first" in browser(agent).get(address).content.decode()


def test_nonsense_in_the_address_is_ignored(browser, agent, ticket):
    for query in ("sort=x", "group=x", "as=x", "after=x&sort=due", "before=" + "W" * 2000 + "&sort=due"):
        page = browser(agent).get(f"/staff/views/all-open/?{query}")
        assert page.status_code == 200
        assert ticket.number in page.content.decode()


def test_the_form_becomes_a_search_and_back(browser, agent):
    client = browser(agent)
    given = {
        "words": "printer",
        "is": ["open", "new"],
        "priority": "high",
        "tag": "a b, c",
        "rest": "-is:closed",
        "go": "search",
    }
    address = client.get("/staff/filter/", given)["Location"]
    query = parse_qs(urlsplit(address).query)["q"][0]
    assert query == 'printer is:open,new priority:high tag:"a b",c -is:closed'
    page = client.get("/staff/filter/", {"q": query}).content.decode()
    assert re.search(r'name="words" value="printer"', page)
    assert re.search(r'name="tag" value="a b, c"', page)
    assert len(re.findall(r'type="checkbox" name[^>]* checked', page)) == 3
    given["go"] = "save"
    assert client.get("/staff/filter/", given)["Location"].startswith("/staff/views/new/?q=printer")


def test_proposals_while_typing(browser, agent):
    page = browser(agent).get("/staff/complete/", {"q": "printer pri", "at": "11"}).content.decode()
    assert 'data-text="priority:" data-begin="8" data-end="11"' in page
    assert "<li" not in browser(agent).get("/staff/complete/", {"q": "", "at": "x"}).content.decode()


def test_the_view_to_begin_with(browser, agent):
    view, client = saved(agent), browser(agent)
    assert client.get("/staff/")["Location"] == "/staff/views/my-open/"
    client.post("/staff/me/", {"default_view": view.slug, "after_send": "list", "has_single_keys": "on"})
    assert client.get("/staff/")["Location"] == f"/staff/views/{view.slug}/"
    assert Preferences.objects.get().after_send == "list"
    views.delete_view(view, by=agent)
    assert client.get("/staff/")["Location"] == "/staff/views/my-open/"


def test_own_day_is_told(browser, agent, ticket):
    from tickets.actions import conversation

    conversation.reply(ticket, by=agent, body="Hello.")
    page = browser(agent).get("/staff/me/").content.decode()
    assert "<dt>Replies</dt><dd>1</dd>" in page
