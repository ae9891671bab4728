"""What hangs on a ticket, on its page: shown, changed by small forms, and never a query more than is needed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories, people
from tickets.actions import checklist, conversation, linking, merging, side_conversations
from tickets.models import Ticket, TicketEvent

pytestmark = pytest.mark.django_db


def url(name, ticket, *args):
    return reverse(f"staff:{name}", args=[ticket.number, *args])


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def page(client, ticket):
    return client.get(reverse("staff:ticket", args=[ticket.number])).content.decode()


@pytest.fixture
def other(home):
    return factories.ticket(department=home, subject="The other one")


def test_the_page_shows_tasks_links_people_and_third_parties(browser, agent, ticket, other):
    client = browser(agent)
    client.post(url("task", ticket), {"title": "Order the fuser", "due_at": "2031-05-01T10:00"})
    client.post(url("link", ticket), {"relation": "blocks", "number": f"#{other.number}"})
    client.post(url("side", ticket), {"to": "help@supplier.example", "subject": "Fuser", "body": "Have you one?"})
    client.post(url("collaborator", ticket), {"email": "boss@customers.example", "role": "view"})
    text = page(client, ticket)
    for words in ("Order the fuser", "The other one", "help@supplier.example: Fuser", "only reads"):
        assert words in text, words
    assert "is blocked by" in page(client, other)


def test_many_of_each_take_no_more_queries_than_one(browser, agent, ticket, home):
    client, found = browser(agent), []
    for count in (1, 2):
        for number in range(count):
            checklist.add_task(ticket, by=agent, title=f"Step {number}", assignee=people.agent(home))
            linking.link(ticket, by=agent, other=factories.ticket(department=home), relation="relates")
            merging.merge(ticket, by=agent, sources=[factories.ticket(department=home)])
            side_conversations.start(ticket, by=agent, to=f"help{number}{count}@supplier.example", body="?")
        page(client, ticket)
        with CaptureQueriesContext(connection) as queries:
            page(client, ticket)
        found.append(len(queries))
    assert found[0] == found[1]


def test_a_ticket_with_nothing_asks_for_nothing(browser, agent, ticket):
    client = browser(agent)
    page(client, ticket)
    with CaptureQueriesContext(connection) as queries:
        page(client, ticket)
    asked = " ".join(query["sql"] for query in queries)
    for table in ("tickets_task", "tickets_ticketlink", "tickets_sideconversation", "tickets_ticketmerge"):
        assert f'FROM "{table}"' not in asked


def test_tasks_by_their_forms(browser, agent, ticket):
    client = browser(agent)
    client.post(url("task", ticket), {"title": "a"})
    client.post(url("task", ticket), {"title": "b"})
    first, second = ticket.tasks.all()
    client.post(url("task_up", ticket, second.pk))
    client.post(url("task_done", ticket, first.pk), {"done": "1"})
    client.post(url("task_done", ticket, first.pk), {"done": "1"})
    assert [(one.title, one.done_at is not None) for one in ticket.tasks.all()] == [("b", False), ("a", True)]
    client.post(url("task_edit", ticket, second.pk), {"title": "bb", "assignee": agent.pk})
    second.refresh_from_db()
    assert (second.title, second.assignee) == ("bb", agent)
    refused = client.post(url("resolve", ticket))
    assert (refused.status_code, "“bb”" in refused.content.decode()) == (400, True)
    client.post(url("task_remove", ticket, second.pk))
    assert client.post(url("resolve", ticket)).status_code == 302


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("link", {"relation": "blocks", "number": "999999999"}, "no ticket #999999999"),
        ("merge", {"number": " # ", "way": "here"}, "Name at least one"),
        ("merge", {"number": "1, 2", "way": "there"}, "one other"),
        ("merge", {"number": "999999999", "way": "here"}, "no ticket"),
        ("task", {"title": "x", "due_at": "2020-01-01T10:00"}, "future"),
        ("requester", {"email": "nonsense"}, "nonsense"),
        ("collaborator", {"email": "nonsense", "role": "view"}, "nonsense"),
        ("side", {"to": "nonsense", "body": "All that was typed"}, "All that was typed"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(name, values, words, browser, agent, ticket):
    response = browser(agent).post(url(name, ticket), values)
    assert response.status_code == 400
    assert words in response.content.decode()


def test_merges_either_way_and_shows_where_it_went(browser, agent, ticket, other):
    client = browser(agent)
    response = client.post(url("merge", ticket), {"number": other.number, "way": "there"})
    assert response["Location"] == reverse("staff:ticket", args=[other.number])
    assert f"merged into #{other.number}" in page(client, ticket)
    shown = page(client, other)
    assert ticket.messages.get().body in shown
    assert url("unmerge", ticket) in shown
    client.post(url("unmerge", ticket))
    assert fresh(ticket).merged_into_id is None


def test_merged_files_and_originals_can_be_opened(browser, agent, ticket, other):
    merging.merge(other, by=agent, sources=[ticket])
    answer = conversation.reply(other, by=agent, body="We come.")
    assert f"message-{answer.pk}" in page(browser(agent), other)


def test_splits_and_leads_to_the_new_ticket(browser, agent, ticket):
    response = browser(agent).post(url("split", ticket, ticket.messages.get().pk), {"subject": "Another matter"})
    assert Ticket.objects.get(subject="Another matter").number in response["Location"]


def test_a_message_is_forwarded_with_its_words(browser, agent, ticket):
    message = ticket.messages.get()
    form = browser(agent).get(f"{url('side', ticket)}?message={message.pk}").content.decode()
    assert f'value="{message.pk}"' in form
    browser(agent).post(
        url("side", ticket), {"to": "help@supplier.example", "subject": "Fuser", "body": "See:", "message": message.pk}
    )
    note = ticket.messages.get(kind="note")
    assert note.body.startswith("See:")
    assert f"> {message.body}" in note.body


def test_collaborators_get_roles_and_go(browser, agent, ticket):
    client = browser(agent)
    client.post(url("collaborator", ticket), {"email": "boss@customers.example", "role": "view"})
    row = ticket.followers.get()
    client.post(url("person", ticket, row.user_id), {"role": "reply"})
    assert ticket.followers.get().role == "reply"
    client.post(url("person", ticket, row.user_id), {"role": ""})
    assert not ticket.followers.exists()


def test_the_notice_offers_to_undo_and_undoing_restores(browser, agent, ticket):
    client = browser(agent)
    shown = client.post(url("priority", ticket), {"priority": 4}, follow=True).content.decode()
    event = ticket.events.last()
    assert url("take_back", ticket, event.pk) in shown
    again = client.post(url("take_back", ticket, event.pk), follow=True).content.decode()
    assert (fresh(ticket).priority, "Taken back" in again) == (2, True)
    refused = client.post(url("take_back", ticket, event.pk))
    assert (refused.status_code, "already" in refused.content.decode()) == (409, True)


def test_nobody_undoes_what_others_did(browser, agent, colleague, ticket):
    browser(agent).post(url("priority", ticket), {"priority": 4})
    event = TicketEvent.objects.latest("pk")
    assert browser(colleague).post(url("take_back", ticket, event.pk)).status_code == 404


def test_after_what_hides_the_ticket_the_list_comes_with_the_way_back(browser, agent, ticket):
    client = browser(agent)
    response = client.post(url("spam", ticket), {})
    assert response["Location"] == reverse("staff:view", args=["my-open"])
    event = ticket.events.last()
    assert url("take_back", ticket, event.pk) in client.get(response["Location"]).content.decode()
    client.post(url("take_back", ticket, event.pk))
    assert fresh(ticket).deleted_at is None
    htmx = client.post(url("spam", ticket), {}, headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx["HX-Redirect"]) == (204, reverse("staff:view", args=["my-open"]))


def test_news_bring_along_what_hangs_on_the_ticket(browser, agent, ticket):
    checklist.add_task(ticket, by=agent, title="Order the fuser")
    assert "Order the fuser" in browser(agent).get(url("live", ticket)).content.decode()
