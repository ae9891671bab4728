"""Bulk work as pages: chosen in a list, confirmed with the number, followed."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests import factories, people
from tickets.actions import assignment
from tickets.models import BulkJob, Ticket, User
from tickets.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(home):
    return [factories.ticket(department=home) for _ in range(3)]


def choose(client, verb, tickets=(), **more):
    return client.post("/staff/bulk/", {"verb": verb, "ticket": [ticket.pk for ticket in tickets], **more})


def test_chosen_tickets_are_resolved_after_the_number_was_confirmed(browser, agent, three):
    client = browser(agent)
    page = client.get("/staff/views/all-open/").content.decode()
    assert len(re.findall(r'form="bulk" name="ticket"', page)) == 3
    asked = choose(client, "resolve", three[:2], view="all-open")
    page = client.get(asked["Location"]).content.decode()
    assert "Resolve: 2 tickets" in page
    assert Ticket.objects.filter(state=State.RESOLVED).count() == 0
    started = client.post(asked["Location"] + "start/")
    assert started["Location"] == "/staff/views/all-open/"
    assert Ticket.objects.filter(state=State.RESOLVED).count() == 2
    assert "Resolve: 2 tickets." in client.get(started["Location"]).content.decode()


def test_all_of_a_list_are_more_than_the_page_shows(browser, agent, three, monkeypatch):
    asked = choose(browser(agent), "priority", view="all-open", all="1")
    assert BulkJob.objects.get().total == 3
    page = browser(agent).post(asked["Location"] + "start/", {"priority": "4"})
    assert page.status_code == 302
    assert Ticket.objects.filter(priority=4).count() == 3


def test_all_of_a_search(browser, agent, three):
    assignment.assign(three[0], by=agent, agent=agent)
    choose(browser(agent), "tags", q="is:open -assignee:me", all="1")
    assert BulkJob.objects.get().total == 2


def test_a_query_that_is_not_understood_is_not_taken_for_all(browser, agent, three):
    client = browser(agent)
    response = choose(client, "close", q="is:open is:opne", all="1")
    assert not BulkJob.objects.exists()
    assert "not understood" in client.get(response["Location"], follow=True).content.decode()


def test_a_list_longer_than_a_job_is_cut_and_says_so(browser, agent, three, monkeypatch):
    from tickets.actions import bulk

    monkeypatch.setattr(bulk, "MOST", 2)
    asked = choose(browser(agent), "close", view="all-open", all="1")
    assert "the first 2" in browser(agent).get(asked["Location"]).content.decode()


def test_nothing_chosen_is_told(browser, agent):
    response = browser(agent).post("/staff/bulk/", {"verb": "close", "view": "all-open"}, follow=True)
    assert "Choose at least one ticket." in response.content.decode()


def test_what_is_asked_has_to_be_given(browser, agent, three):
    client = browser(agent)
    for verb, given in (
        ("tags", {}),
        ("reply", {"body": ""}),
        ("snooze", {"until": "x"}),
        ("assign", {"to": "agent:0"}),
    ):
        asked = choose(client, verb, three)
        assert client.post(asked["Location"] + "start/", given).status_code == 400, verb
    assert not BulkJob.objects.exclude(progress="draft").exists()


def test_a_due_date_is_set_by_the_persons_clock_and_cleared(browser, agent, three):
    User.objects.filter(pk=agent.pk).update(time_zone="Europe/Lisbon")
    typed = timezone.now().astimezone(ZoneInfo("Europe/Lisbon")).replace(tzinfo=None, second=0, microsecond=0)
    typed += timedelta(days=2)
    client = browser(agent)
    asked = choose(client, "due", three)["Location"]
    client.post(asked + "start/", {"due": f"{typed:%Y-%m-%dT%H:%M}"})
    found = set(Ticket.objects.values_list("manual_due_at", flat=True))
    assert found == {typed.replace(tzinfo=ZoneInfo("Europe/Lisbon"))}
    asked = choose(client, "due", three)["Location"]
    client.post(asked + "start/", {"due": ""})
    assert not Ticket.objects.filter(manual_due_at__isnull=False).exists()


def test_results_are_told_by_ticket(browser, agent, three):
    from tickets.actions import lifecycle

    lifecycle.close(three[1], by=agent)
    client = browser(agent)
    asked = choose(client, "resolve", three)
    page = client.post(asked["Location"] + "start/", follow=True).content.decode()
    assert "2 done" in page
    assert "1 not done" in page
    assert re.search(rf"#{three[1].number}</a>[^<]*<p class=\"message__problem\">[^<]*Closed", page)


def test_progress_asks_for_itself_until_it_is_done(browser, agent, three, monkeypatch):
    client = browser(agent)
    asked = choose(client, "close", three)["Location"]
    BulkJob.objects.update(progress="running", done_count=1)
    part = client.get(asked, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" in part
    assert "<html" not in part
    assert 'value="1"' in part
    client.post(asked + "cancel/")
    part = client.get(asked, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in part
    assert "2 left as they were" in part


def test_jobs_are_their_owners(browser, agent, colleague, three):
    asked = choose(browser(agent), "close", three)["Location"]
    assert browser(colleague).get(asked).status_code == 404
    for what in ("start/", "cancel/"):
        assert browser(colleague).post(asked + what).status_code == 404


def test_the_list_of_jobs(browser, agent, three):
    client = browser(agent)
    asked = choose(client, "close", three)["Location"]
    assert "Nothing yet" in client.get("/staff/bulk/").content.decode()
    client.post(asked + "start/")
    assert "3 of 3" in client.get("/staff/bulk/").content.decode()


def test_where_it_leads_back_is_a_list_of_ours(browser, agent, three):
    asked = choose(browser(agent), "close", three, view="//evil.example")["Location"]
    BulkJob.objects.update(back="https://evil.example/")
    assert browser(agent).post(asked + "start/")["Location"] == "/staff/"


def test_strangers_see_none_of_it(browser, three):
    assert browser(people.customer()).post("/staff/bulk/", {"verb": "close"}).status_code == 403
