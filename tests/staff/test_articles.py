from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import factories, people
from tickets.actions import articles as writing
from tickets.actions import conversation
from tickets.models import Article, Department, Ticket, User

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture
def article(agent: User) -> Article:
    return factories.article("Reset a password", "<h2>First</h2><p>Open the page.</p>", by=agent)


def test_writing_an_article_from_nothing_to_readers(browser: Browser, agent: User) -> None:
    client, shelf = browser(agent), factories.category()
    given = {"title": "Lost badge", "category": shelf.pk, "language": "en", "summary": "", "body": "Ask.\n\nThen wait."}
    page = client.post("/staff/articles/new/", given, follow=True).content.decode()
    article = Article.objects.get()
    assert "kept as a draft" in page
    assert article.texts.get().html == "<p>Ask.</p><p>Then wait.</p>"
    place = {"category": shelf.pk, "audience": "public", "slug": "badge", "publish_at": ""}
    file = SimpleUploadedFile("form.pdf", b"%PDF", "application/pdf")
    assert client.post(f"/staff/articles/{article.pk}/place/", place | {"attachments": file}).status_code == 302
    article.refresh_from_db()
    assert (article.audience, article.slug, article.files.get().name) == ("public", "badge", "form.pdf")
    assert Client().get("/kb/articles/badge/").status_code == 200


def test_what_is_wrong_is_said_and_what_was_typed_stays(browser: Browser, agent: User, article: Article) -> None:
    client = browser(agent)
    refused = client.post(f"/staff/articles/{article.pk}/", {"title": "", "body": "My long text", "seen": 1})
    assert refused.status_code == 400
    assert "My long text" in refused.content.decode()
    empty = client.post(f"/staff/articles/{article.pk}/", {"title": "T", "body": "<script>x</script>", "seen": 1})
    assert "Please write something here." in empty.content.decode()
    wrong = {"category": article.category_id, "audience": "organizations", "slug": article.slug}
    placed = client.post(f"/staff/articles/{article.pk}/place/", wrong)
    assert placed.status_code == 400
    assert "Choose at least one organization" in placed.content.decode()
    article.refresh_from_db()
    assert article.audience == "public"


def test_a_colleagues_version_is_shown_and_nothing_is_lost(browser: Browser, agent: User, article: Article) -> None:
    writing.save_text(article, by=people.admin(), language="en", title="Theirs", html="<p>Their words</p>")
    client, mine = browser(agent), {"title": "Mine", "body": "<p>My words</p>", "seen": 1}
    page = client.post(f"/staff/articles/{article.pk}/", mine)
    text = page.content.decode()
    assert "Their words" in text
    assert "My words" in text
    assert 'name="seen" value="2"' in text
    client.post(f"/staff/articles/{article.pk}/", mine | {"seen": 2})
    assert article.texts.get().title == "Mine"


def test_the_editors_html_wins_over_its_plain_text(browser: Browser, agent: User, article: Article) -> None:
    given = {"title": "T", "body": "Bold", "html": "<p><strong>Bold</strong></p>", "seen": 1}
    browser(agent).post(f"/staff/articles/{article.pk}/", given)
    assert article.texts.get().html == "<p><strong>Bold</strong></p>"


def test_versions_compare_and_come_back(browser: Browser, agent: User, article: Article) -> None:
    writing.save_text(article, by=agent, language="en", title="New", html="<p>Ring us.</p>", comment="shorter")
    client, old = browser(agent), article.texts.get().versions.get(number=1)
    page = client.get(f"/staff/articles/versions/{old.pk}/").content.decode()
    assert "Added:" in page
    assert "Removed:" in page
    client.post(f"/staff/articles/versions/{old.pk}/")
    assert article.texts.get().title == "Reset a password"


def test_an_article_begins_from_a_tickets_replies(browser: Browser, agent: User, ticket: Ticket) -> None:
    conversation.note(ticket, by=agent, body="internal gossip")
    conversation.reply(ticket, by=agent, body="Restart the client.")
    client = browser(agent)
    page = client.get(f"/staff/tickets/{ticket.number}/article/").content.decode()
    assert "Restart the client." in page
    assert ticket.subject in page
    assert "gossip" not in page
    shelf = factories.category()
    given = {"title": "Client", "body": "Restart.", "language": "en", "category": shelf.pk}
    client.post(f"/staff/tickets/{ticket.number}/article/", given)
    assert Article.objects.get().source_ticket == ticket


def test_the_list_narrows_searches_and_costs_the_same(
    browser: Browser, agent: User, home: Department, django_assert_num_queries: Any
) -> None:
    client, counts = browser(agent), []
    factories.article("Printer one", by=agent)
    for _round in range(2):
        client.get("/staff/articles/")
        with django_assert_num_queries(counts[0] if counts else None) if counts else _counted(counts):
            assert client.get("/staff/articles/").status_code == 200
        factories.article("Printer two", audience="draft", by=agent)
        factories.article("Badge", by=agent)
    drafts = client.get("/staff/articles/?show=draft").content.decode()
    assert "Printer two" in drafts
    assert "Printer one" not in drafts
    assert "Badge" not in client.get("/staff/articles/?q=printer").content.decode()


def _counted(counts: list[int]) -> Any:
    import contextlib

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    @contextlib.contextmanager
    def counting() -> Any:
        with CaptureQueriesContext(connection) as queries:
            yield
        counts.append(len(queries))

    return counting()


def test_deleting_takes_a_decision_and_really_deletes(browser: Browser, agent: User, article: Article) -> None:
    assert "Delete for good" in browser(agent).get(f"/staff/articles/{article.pk}/").content.decode()
    browser(agent).post(f"/staff/articles/{article.pk}/delete/")
    assert not Article.objects.exists()
