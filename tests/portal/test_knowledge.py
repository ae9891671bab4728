from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories, people
from tickets.actions import articles as writing
from tickets.actions.writing import Upload
from tickets.models import Desk, KnowledgeUse, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(desk: Desk) -> Any:
    return factories.article(
        "Change the address on your invoices", "<h2>Open billing</h2><p>x</p><h2>Type it</h2><p>y</p><h2>Save</h2>",
        summary="Two minutes, no phone call.", category=factories.category("Invoices"),
    )  # fmt: skip


def page(article: Any) -> str:
    return reverse("portal:kb_article", args=[article.slug])


def test_the_way_from_the_front_to_an_article(client: Client, article: Any) -> None:
    front = client.get("/kb/").content.decode()
    assert "Invoices" in front
    assert "1 article" in front
    assert article.slug in front
    shelf = client.get(f"/kb/categories/{article.category.slug}/").content.decode()
    assert "Change the address on your invoices" in shelf
    assert "Two minutes" in shelf
    text = client.get(page(article)).content.decode()
    assert "<title>Change the address on your invoices" in text
    assert 'name="description" content="Two minutes' in text
    assert text.count('href="#') >= 3
    assert 'id="open-billing"' in text


def test_searching_says_what_was_found_and_counts_it(client: Client, article: Any) -> None:
    assert "<mark>billing</mark>" in client.get("/kb/", {"q": "billing"}).content.decode().lower()
    assert "Nothing found" in client.get("/kb/", {"q": "unicorn"}).content.decode()
    counted = KnowledgeUse.objects.order_by("kind").values_list("kind", "words", "count")
    assert list(counted) == [("empty", "unicorn", 1), ("search", "billing", 1)]
    assert client.get("/kb/", {"q": "x" * 201}).status_code == 400


@pytest.mark.parametrize("audience", ["draft", "internal"])
def test_what_is_not_for_customers_is_not_there(client: Client, signed_in: Client, audience: str, desk: Desk) -> None:
    article = factories.article("Hidden matter", audience=audience)
    for reader in (client, signed_in):
        assert reader.get(page(article)).status_code == 404
        assert reader.get(f"/kb/categories/{article.category.slug}/").status_code == 404
        assert reader.post(f"{page(article)}feedback/", {"helpful": "yes"}).status_code == 404
        for address in ("/kb/", "/kb/?q=hidden", "/sitemap.xml", "/kb/new.atom", "/"):
            assert article.slug not in reader.get(address).content.decode()


def test_views_of_customers_count_and_those_of_agents_do_not(client: Client, article: Any, agent: User) -> None:
    client.get(page(article))
    client.get(page(article), headers={"Sec-Purpose": "prefetch"})
    client.force_login(agent)
    client.get(page(article))
    article.refresh_from_db()
    assert article.view_count == 1
    assert KnowledgeUse.objects.get(kind="view").count == 1


def test_feedback_counts_once_for_each_reader(client: Client, article: Any) -> None:
    assert client.post(f"{page(article)}feedback/", {"helpful": "yes"}).status_code == 302
    asked = client.post(f"{page(article)}feedback/", {"helpful": "no", "language": "en"})
    assert "What was missing?" in asked.content.decode()
    client.post(f"{page(article)}feedback/", {"helpful": "no", "comment": "the photo"})
    Client().post(f"{page(article)}feedback/", {"helpful": "yes"})
    article.refresh_from_db()
    assert (article.helpful_count, article.unhelpful_count) == (1, 1)
    assert article.feedback.get(is_helpful=False).comment == "the photo"
    assert client.post(f"{page(article)}feedback/", {"helpful": "maybe"}).status_code == 400
    assert client.get(f"{page(article)}feedback/").status_code == 405


def test_an_answer_found_while_writing_is_counted(client: Client, article: Any) -> None:
    assert "Glad that it helped" in client.post(f"{page(article)}solved/").content.decode()
    assert KnowledgeUse.objects.get(kind="deflected").article == article
    assert client.get(f"{page(article)}solved/").status_code == 405


def test_readers_get_their_language_and_links_to_the_others(client: Client, article: Any) -> None:
    writing.save_text(
        article, by=people.admin(), language="de", title="Rechnungsadresse ändern", html="<p>So geht es.</p>"
    )
    assert "Rechnungsadresse" in client.get(page(article), {"lang": "de"}).content.decode()
    text = Client().get(page(article)).content.decode()
    assert "Change the address" in text
    assert 'hreflang="de"' in text
    assert 'hreflang="de"' in client.get("/sitemap.xml").content.decode()


def test_search_engines_and_feeds_read_what_is_public(client: Client, article: Any) -> None:
    sitemap = client.get("/sitemap.xml")
    assert sitemap["Content-Type"].startswith("application/xml")
    assert re.findall(r"<loc>(.*?)</loc>", sitemap.content.decode())[-1].endswith(page(article))
    assert "Change the address" in client.get("/kb/new.atom").content.decode()


def test_files_are_for_readers_of_the_article_only(client: Client, article: Any) -> None:
    admin = people.admin()
    picture, script = writing.attach(
        article,
        by=admin,
        uploads=[Upload("a.png", b"\x89PNG", "image/png"), Upload("x.html", b"<script>", "text/html")],
    )
    shown = client.get(f"/kb/files/{picture.key}/")
    assert shown["Content-Type"] == "image/png"
    assert "attachment" not in shown["Content-Disposition"]
    served = client.get(f"/kb/files/{script.key}/")
    assert served["Content-Type"] == "application/octet-stream"
    assert "attachment" in served["Content-Disposition"]
    assert "sandbox" in served["Content-Security-Policy"]
    writing.place(article, by=admin, category=article.category, audience="internal")
    assert client.get(f"/kb/files/{picture.key}/").status_code == 404


def test_pages_cost_the_same_for_one_and_three(client: Client, desk: Desk, django_assert_max_num_queries: Any) -> None:
    shelf = factories.category()
    for _count in range(3):
        article = factories.article("Printer on fire", category=shelf)
        for address in ("/kb/", "/kb/?q=printer", f"/kb/categories/{shelf.slug}/"):
            with django_assert_max_num_queries(8):
                assert client.get(address).status_code == 200
        with django_assert_max_num_queries(10):  # two of them count the view
            client.get(page(article))


def test_an_empty_knowledge_base_leads_on(client: Client, desk: Desk) -> None:
    assert "Write to us" in client.get("/kb/").content.decode()
