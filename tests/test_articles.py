from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from tests import factories, people
from tickets import article_html, articles
from tickets.actions import articles as writing
from tickets.models import Article, KnowledgeUse

pytestmark = pytest.mark.django_db
GUEST = AnonymousUser()


def slugs(found: list) -> list[str]:
    return [one.slug for one in found]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\n\ntwo & <three", "<p>one</p><p>two &amp; &lt;three</p>"),
        ("<h2>Reset it</h2><p>Now</p>", '<h2 id="reset-it">Reset it</h2><p>Now</p>'),
        ("<h1>Big</h1>", '<h2 id="big">Big</h2>'),
        ("<h2>A</h2><h3>A</h3>", '<h2 id="a">A</h2><h3 id="a-2">A</h3>'),
        ('<h2 id="x" onclick="y()">A</h2>', '<h2 id="a">A</h2>'),
        ("<script>alert(1)</script><p>x</p>", "<p>x</p>"),
        ('<img src="https://spy.example/x.png" alt="x">', '<img alt="x">'),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<p style="color:red">x</p>', "<p>x</p>"),
        ("<h2>密码</h2>", '<h2 id="密码">密码</h2>'),
        ('<h2>"><img src=x></h2>', None),
    ],
)
def test_html_is_cleaned_and_headings_get_names(typed: str, kept: str | None) -> None:
    cleaned = article_html.clean(typed)
    if kept is not None:
        assert cleaned == kept
    assert article_html.clean(cleaned) == cleaned


def test_contents_lead_to_the_headings() -> None:
    html = article_html.clean("<h2>First <em>thing</em></h2><p>x</p><h3>Then</h3><h2>First thing</h2>")
    assert article_html.contents(html) == [
        (2, "first-thing", "First thing"),
        (3, "then", "Then"),
        (2, "first-thing-2", "First thing"),
    ]
    assert all(f'id="{heading.anchor}"' in html for heading in article_html.contents(html))


def test_comparing_shows_lines_as_readers_see_them() -> None:
    lines = article_html.compare("<p>one</p><p>two</p>", "<p>one</p><p>2</p><p>three</p>")
    assert [(line.kind, line.words) for line in lines if line.kind != "same"] == [
        ("removed", "two"),
        ("added", "2"),
        ("added", "three"),
    ]


def test_who_reads_what() -> None:
    acme = people.organization()
    rows = {
        "draft": factories.article(audience="draft"),
        "internal": factories.article(audience="internal"),
        "theirs": factories.article(audience="organizations", organizations=[acme]),
        "public": factories.article(),
        "later": factories.article(publish_at=timezone.now() + timedelta(hours=1)),
    }

    def read_by(user: object) -> set[str]:
        seen = set(Article.objects.visible_to(user).values_list("pk", flat=True))  # type: ignore[arg-type]
        return {name for name, article in rows.items() if article.pk in seen}

    assert read_by(GUEST) == {"public"}
    assert read_by(people.customer()) == {"public"}
    assert read_by(people.customer(organization=people.organization())) == {"public"}
    assert read_by(people.customer(organization=acme)) == {"public", "theirs"}
    assert read_by(people.customer(organization=acme, is_active=False)) == {"public"}
    assert read_by(people.agent(factories.department())) == set(rows)
    assert read_by(people.admin()) == set(rows)


@pytest.mark.parametrize("words", ["invoice", "invoices", "INVOICES address", "addr", "changing", "addresses invoice"])
def test_words_find_what_they_begin_and_what_they_mean(words: str) -> None:
    wanted = factories.article("Change the address on your invoices", "<p>Open the billing page.</p>")
    factories.article("Connect to the VPN", "<p>Choose the profile.</p>")
    assert slugs(articles.search(GUEST, words, "en")) == [wanted.slug]


def test_searching_marks_the_words_and_escapes_the_rest() -> None:
    factories.article("Angle", "<p>billing research&amp;development</p>")
    excerpt = articles.search(GUEST, "billing", "en")[0].excerpt
    assert excerpt == "<mark>billing</mark> research&amp;development"


@pytest.mark.parametrize("words", ["", "   ", "&|!():*'\\", "a" * 5000, "\0", "😀", "' OR 1=1 --", "x:*"])
def test_strange_searches_find_nothing_and_harm_nothing(words: str) -> None:
    factories.article("Ordinary", "<p>No number here.</p>")
    assert articles.search(GUEST, words, "en") == []
    assert articles.suggest(GUEST, words, "en") == []


def test_searching_finds_only_what_one_may_read() -> None:
    factories.article("Secret handshake", audience="internal")
    assert articles.search(GUEST, "handshake", "en") == []
    assert len(articles.search(people.agent(factories.department()), "handshake", "en")) == 1


def test_an_article_in_two_languages_is_found_once_in_the_readers() -> None:
    writer = people.admin()
    article = factories.article("Lost badge", "<p>Ask the reception.</p>", by=writer)
    writing.save_text(
        article, by=writer, language="de", title="Ausweis verloren", html="<p>Fragen Sie am Empfang (badge).</p>"
    )
    found = articles.search(GUEST, "badge", "de")
    assert [(one.slug, one.title) for one in found] == [(article.slug, "Ausweis verloren")]
    assert articles.search(GUEST, "badge", "fr")[0].title == "Lost badge"
    assert articles.search(GUEST, "Ausweise", "de")[0].title == "Ausweis verloren"


def test_suggestions_take_any_of_the_longer_words_best_first() -> None:
    vpn = factories.article("Connect to the VPN after an update", "<p>Restart the client after updating.</p>")
    factories.article("Replace a lost badge", "<p>Ask the reception after lunch.</p>")
    found = slugs(articles.suggest(GUEST, "My client cannot connect since the update yesterday", "en"))
    assert found[0] == vpn.slug


def test_reading_costs_the_same_for_one_and_three(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    for count in (1, 3):
        while Article.objects.count() < count:
            factories.article("Printer on fire")
        with django_assert_num_queries(2):
            assert len(articles.search(GUEST, "printer", "en")) == count
        with django_assert_num_queries(2):
            assert len(articles.popular(GUEST, "en")) == count


def test_uses_are_counted_by_day() -> None:
    article = factories.article()
    for _ in range(3):
        articles.count_use("view", article=article.pk)
        articles.count_use("search", words=" VPN  Update ")
    rows = KnowledgeUse.objects.order_by("kind").values_list("kind", "article", "words", "count")
    assert list(rows) == [("search", None, "vpn update", 3), ("view", article.pk, "", 3)]


def test_related_names_the_chosen_first() -> None:
    shelf, named = factories.category(), factories.article()
    beside = factories.article(category=shelf)
    factories.article(category=shelf, audience="draft")
    article = factories.article(category=shelf, related=[named])
    assert [row["slug"] for row in articles.related_to(article, GUEST, "en")] == [named.slug, beside.slug]
