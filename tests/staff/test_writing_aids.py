"""What helps while writing: links to articles the reader may read, and what is known of the customer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories, people
from tickets.actions import collaborators, drafts
from tickets.actions.drafts import Written
from tickets.models import Department, Ticket, User
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> Department:
    return factories.department()


@pytest.fixture
def agent(home: Department) -> User:
    return people.agent(home)


@pytest.fixture
def ticket(home: Department) -> Ticket:
    return factories.ticket(department=home, subject="The scanner blinks")


def offered(client: Client, ticket: Ticket, words: str, kind: str = "reply") -> list[dict[str, Any]]:
    address = reverse("staff:article_pick", args=[ticket.number])
    return client.get(address, {"q": words, "for": kind}, headers={"Accept": "application/json"}).json()["articles"]


def test_a_reply_links_to_what_the_customer_may_read_and_a_note_to_more(
    browser: Any, agent: User, ticket: Ticket
) -> None:
    factories.article("The scanner: lamp & glass")
    factories.article("The scanner inside", audience="internal")
    client = browser(agent)
    (found,) = offered(client, ticket, "scanner")
    assert found["html"].endswith(">The scanner: lamp &amp; glass</a> ")
    assert found["text"].startswith("The scanner: lamp & glass: http")
    assert {row["title"] for row in offered(client, ticket, "scann", "note")} == {
        "The scanner: lamp & glass", "The scanner inside",
    }  # fmt: skip


def test_without_words_what_fits_the_subject_comes_else_what_is_read_most(
    browser: Any, agent: User, ticket: Ticket, home: Department
) -> None:
    factories.article("Cleaning a scanner")
    factories.article("Opening hours")
    client = browser(agent)
    assert [row["title"] for row in offered(client, ticket, "")] == ["Cleaning a scanner"]
    other = factories.ticket(department=home, subject="xyzzy")
    assert {row["title"] for row in offered(client, other, "")} == {"Cleaning a scanner", "Opening hours"}
    assert offered(client, other, "xyzzy\0") == []


@pytest.mark.parametrize("count", [1, 3])
def test_more_articles_cost_no_more_queries(browser: Any, agent: User, ticket: Ticket, count: int) -> None:
    for number in range(count):
        factories.article(f"Scanner {number}")
    client = browser(agent)
    offered(client, ticket, "scanner")
    with CaptureQueriesContext(connection) as counted:
        assert len(offered(client, ticket, "scanner")) == count
    assert len(counted) <= 10, [query["sql"] for query in counted]


def test_without_scripts_a_link_comes_below_what_is_written(browser: Any, agent: User, ticket: Ticket) -> None:
    article, hidden = factories.article("Cleaning a scanner"), factories.article("Secret", audience="internal")
    drafts.save(ticket, by=agent, kind="reply", written=Written("Please look here:"), version=0)
    client = browser(agent)
    page = client.get(reverse("staff:article_pick", args=[ticket.number])).content.decode()
    address = f"{reverse('staff:ticket', args=[ticket.number])}?article={article.pk}&for=reply"
    assert address.replace("&", "&amp;") in page
    page = client.get(address).content.decode()
    assert "Please look here:\n\nCleaning a scanner: http" in page
    assert client.get(address.replace(str(article.pk), str(hidden.pk))).status_code == 404


def test_articles_and_solved_tickets_about_the_like_are_shown(browser: Any, agent: User, ticket: Ticket) -> None:
    factories.article("Cleaning a scanner")
    page = browser(agent).get(reverse("staff:similar", args=[ticket.number])).content.decode()
    assert "Cleaning a scanner" in page


def test_only_who_may_write_articles_is_offered_to(browser: Any, home: Department, ticket: Ticket) -> None:
    address, link = reverse("staff:ticket", args=[ticket.number]), reverse("staff:ticket_article", args=[ticket.number])
    assert link not in browser(people.reader(home)).get(address).content.decode()
    assert link in browser(people.admin()).get(address).content.decode()


def test_notes_about_the_customer_stand_on_all_their_tickets(browser: Any, agent: User, ticket: Ticket) -> None:
    client, address = browser(agent), reverse("staff:customer_notes", args=[ticket.number])
    client.post(address, {"notes": "Rings <twice>.\r\nAt the back.", "before": ""})
    ticket.requester.refresh_from_db()
    assert ticket.requester.notes == "Rings <twice>.\nAt the back."
    assert ticket.events.filter(kind="requester_described", actor=agent).count() == 1
    other = factories.ticket(ticket.requester, ticket.department)
    page = client.get(reverse("staff:ticket", args=[other.number])).content.decode()
    assert "Rings &lt;twice&gt;.<br>At the back." in page
    client.post(address, {"notes": "Rings <twice>.\r\nAt the back.", "before": "Rings <twice>.\r\nAt the back."})
    assert ticket.events.filter(kind="requester_described").count() == 1


def test_of_two_who_write_at_once_neither_loses_the_text(browser: Any, agent: User, ticket: Ticket) -> None:
    collaborators.describe_requester(ticket, by=people.admin(), notes="Speaks French.", before="")
    client, address = browser(agent), reverse("staff:customer_notes", args=[ticket.number])
    answer = client.post(address, {"notes": "Rings twice.", "before": ""})
    assert answer.status_code == 400
    assert "They read now: Speaks French." in answer.content.decode()
    assert "Rings twice.</textarea>" in answer.content.decode()
    assert 'value="Speaks French."' in answer.content.decode()
    ticket.requester.refresh_from_db()
    assert ticket.requester.notes == "Speaks French."


def test_who_may_not_write_notes_changes_none(ticket: Ticket, home: Department) -> None:
    with pytest.raises(NotAllowed):
        collaborators.describe_requester(ticket, by=people.reader(home), notes="x", before="")
    with pytest.raises(Invalid):
        collaborators.describe_requester(ticket, by=people.admin(), notes="x", before="y")
