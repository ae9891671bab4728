"""Every verb over HTTP: done, forbidden, unknown to strangers, closed to the anonymous, harmless when repeated."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories, people
from tickets.models import Status, Ticket

pytestmark = pytest.mark.django_db

# verb -> (state it starts from, state it leads to)
MOVES = {
    "start": ("new", "in_progress"),
    "resolve": ("in_progress", "resolved"),
    "close": ("open", "closed"),
    "reopen": ("closed", "reopened"),
}
PANELS = ["assign", "status", "priority", "due", "tags", "snooze", "transfer", "task", "link", "merge", "side",
          "collaborator", "requester", "spam"]  # fmt: skip
ADMINS = ["archive", "trash"]
QUIET = ["follow", "unfollow", "revoke-links"]
ALL = [*MOVES, *PANELS, "wake", "unmerge", *ADMINS, "unarchive", "restore", *QUIET, "reply", "note"]


def url(verb, ticket):
    return reverse(f"staff:{verb}", args=[ticket.number])


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


@pytest.mark.parametrize("verb", MOVES)
def test_moves_the_ticket_and_says_so(verb, browser, agent, home):
    source, target = MOVES[verb]
    ticket = factories.ticket_in(source, agent, department=home)
    response = browser(agent).post(url(verb, ticket), follow=True)
    assert response.status_code == 200
    assert fresh(ticket).state == target
    assert b"toast--success" in response.content


@pytest.mark.parametrize("verb", MOVES)
def test_the_second_of_two_equal_posts_is_refused_and_shown(verb, browser, agent, home):
    ticket = factories.ticket_in(MOVES[verb][0], agent, department=home)
    browser(agent).post(url(verb, ticket))
    events = ticket.events.count()
    response = browser(agent).post(url(verb, ticket))
    assert response.status_code == 409
    assert "is not possible" in response.content.decode()
    assert ticket.events.count() == events


@pytest.mark.parametrize("verb", ALL)
def test_a_stranger_is_told_nothing(verb, browser, outsider, ticket):
    assert browser(outsider).post(url(verb, ticket)).status_code == 404


@pytest.mark.parametrize("verb", ALL)
def test_the_anonymous_sign_in_first(verb, ticket):
    response = Client().post(url(verb, ticket))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("verb", ALL)
def test_customers_are_refused(verb, browser, ticket):
    assert browser(ticket.requester).post(url(verb, ticket)).status_code == 403


@pytest.mark.parametrize("verb", [verb for verb in ALL if verb not in QUIET])
def test_who_may_only_read_is_refused(verb, browser, reader, ticket):
    values = {"reply": {"reply-body": "Hello"}, "note": {"note-body": "Hello"}}.get(verb, {})
    response = browser(reader).post(url(verb, ticket), values)
    assert response.status_code == 403
    assert ticket.events.count() == 1


@pytest.mark.parametrize("verb", ALL)
def test_a_verb_opened_like_a_page_shows_the_ticket_or_its_form(verb, browser, agent, ticket):
    response = browser(agent).get(url(verb, ticket), follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize("verb", ADMINS)
def test_agents_cannot_do_what_admins_do(verb, browser, agent, home):
    ticket = factories.ticket_in("closed", agent, department=home)
    assert browser(agent).post(url(verb, ticket)).status_code == 403


def test_an_admin_archives_and_takes_back(browser, agent, home):
    ticket, admin = factories.ticket_in("closed", agent, department=home), browser(people.admin())
    admin.post(url("archive", ticket))
    assert fresh(ticket).is_archived
    admin.post(url("unarchive", ticket))
    assert not fresh(ticket).is_archived


def test_an_admin_deletes_and_restores(browser, ticket):
    admin = browser(people.admin())
    admin.post(url("trash", ticket))
    assert fresh(ticket).deleted_at
    page = admin.get(reverse("staff:ticket", args=[ticket.number])).content.decode()
    assert url("restore", ticket) in page
    assert url("resolve", ticket) not in page
    admin.post(url("restore", ticket))
    assert fresh(ticket).deleted_at is None


def test_takes_a_ticket_and_hands_it_on(browser, agent, colleague, ticket):
    client, team = browser(agent), people.team(colleague, name="Second line")
    client.post(url("assign", ticket), {"to": f"agent:{agent.pk}"})
    assert (fresh(ticket).assignee, fresh(ticket).state) == (agent, "open")
    client.post(url("assign", ticket), {"to": f"agent:{colleague.pk}"})
    assert fresh(ticket).assignee == colleague
    client.post(url("assign", ticket), {"to": f"team:{team.pk}"})
    assert fresh(ticket).team == team
    client.post(url("assign", ticket), {"to": "nobody"})
    assert fresh(ticket).assignee is None


def test_assigning_twice_is_one_event(browser, agent, ticket):
    client = browser(agent)
    for _ in range(2):
        client.post(url("assign", ticket), {"to": f"agent:{agent.pk}"})
    assert ticket.events.filter(kind="assigned").count() == 1


def test_cannot_assign_to_somebody_of_another_department(browser, agent, outsider, ticket):
    response = browser(agent).post(url("assign", ticket), {"to": f"agent:{outsider.pk}"})
    assert response.status_code == 400
    assert fresh(ticket).assignee is None


def test_sets_priority_status_and_tags(browser, agent, home):
    ticket = factories.ticket_in("in_progress", agent, department=home)
    client, waiting = browser(agent), Status.objects.get(slug="waiting_on_customer")
    client.post(url("priority", ticket), {"priority": 4})
    client.post(url("status", ticket), {"status": waiting.pk})
    client.post(url("tags", ticket), {"tags": "VPN, invoice,, vpn"})
    now = fresh(ticket)
    assert (now.priority, now.status, now.tag_names) == (4, waiting, ["invoice", "vpn"])


def test_a_form_that_is_not_understood_comes_back_with_what_was_typed(browser, agent, ticket):
    response = browser(agent).post(url("tags", ticket), {"tags": "x" * 41})
    assert response.status_code == 400
    assert "x" * 41 in response.content.decode()


def test_transfers_with_a_note(browser, agent, ticket):
    other = factories.department("Facilities")
    people.agent(other)
    browser(agent).post(url("transfer", ticket), {"department": other.pk, "note": "Yours, I think."})
    assert fresh(ticket).department == other
    assert ticket.messages.filter(kind="note", body="Yours, I think.").exists()


def test_follows_and_stops_following(browser, agent, ticket):
    client = browser(agent)
    client.post(url("follow", ticket))
    assert ticket.followers.filter(user=agent).exists()
    assert url("unfollow", ticket) in client.get(reverse("staff:ticket", args=[ticket.number])).content.decode()
    client.post(url("unfollow", ticket))
    assert not ticket.followers.exists()


def test_makes_earlier_links_invalid(browser, agent, ticket):
    browser(agent).post(url("revoke-links", ticket))
    assert fresh(ticket).guest_links_revoked_at


def test_htmx_gets_the_panel_alone_and_its_errors_in_place(browser, agent, ticket):
    client = browser(agent)
    response = client.get(url("assign", ticket), headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert b"<select" in response.content
    response = client.post(url("assign", ticket), {"to": "agent:0"}, headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Retarget"]) == (400, "#assign-form")


def test_the_place_in_the_list_is_kept(browser, agent, ticket):
    response = browser(agent).post(url("start", ticket) + "?view=unassigned")
    assert response["Location"].endswith("?view=unassigned")
