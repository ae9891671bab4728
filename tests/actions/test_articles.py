from __future__ import annotations

import pytest

from tests import factories, people
from tickets.actions import articles
from tickets.actions.writing import Upload
from tickets.models import Article, User
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def writer() -> User:
    return people.agent(factories.department(), can=["view", "articles"])


def test_a_new_article_is_a_draft_with_its_first_version(writer: User) -> None:
    article = articles.create(
        by=writer, category=factories.category(), language="en", title="Reset a password", html="Just do it"
    )
    text = article.texts.get()
    assert (article.audience, article.slug, text.version) == ("draft", "reset-a-password", 1)
    assert text.html == "<p>Just do it</p>"
    assert text.versions.get().saved_by == writer


def test_titles_may_repeat_and_addresses_do_not(writer: User) -> None:
    shelf = factories.category()
    made = [articles.create(by=writer, category=shelf, language="en", title="Same!", html="x").slug for _ in range(3)]
    assert made == ["same", "same-2", "same-3"]


def test_only_who_may_writes(writer: User) -> None:
    article = factories.article(by=writer)
    for person in (people.reader(factories.department()), people.customer()):
        with pytest.raises(NotAllowed):
            articles.create(by=person, category=article.category, language="en", title="x", html="x")
        with pytest.raises(NotAllowed):
            articles.save_text(article, by=person, language="en", title="x", html="x")
        with pytest.raises(NotAllowed):
            articles.place(article, by=person, category=article.category, audience="public")
        with pytest.raises(NotAllowed):
            articles.delete(article, by=person)
        with pytest.raises(NotAllowed):
            articles.attach(article, by=person, uploads=[Upload("a.txt", b"x")])


def test_saving_keeps_every_version_and_restoring_adds_one(writer: User) -> None:
    article = factories.article("One", "<p>1</p>", by=writer)
    articles.save_text(article, by=writer, language="en", title="Two", html="<p>2</p>", comment="clearer")
    articles.save_text(article, by=writer, language="en", title="Two", html="<p>2</p>")  # nothing changed
    text = article.texts.get()
    assert [version.number for version in text.versions.all()] == [2, 1]
    articles.restore(text.versions.get(number=1), by=writer)
    text.refresh_from_db()
    assert (text.version, text.title, text.html) == (3, "One", "<p>1</p>")


def test_a_colleagues_newer_text_is_not_overwritten(writer: User) -> None:
    article = factories.article(by=writer)
    articles.save_text(article, by=people.admin(), language="en", title="Theirs", html="<p>x</p>", seen=1)
    with pytest.raises(articles.Outdated):
        articles.save_text(article, by=writer, language="en", title="Mine", html="<p>y</p>", seen=1)
    assert article.texts.get().title == "Theirs"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"html": "<p> </p>"}, "html"),
        ({"html": "<script>x</script>"}, "html"),
        ({"html": "x" * 500_001}, "html"),
    ],
)
def test_wrong_texts_are_refused_by_field(writer: User, given: dict, field: str) -> None:
    article = factories.article(by=writer)
    with pytest.raises(Invalid) as caught:
        articles.save_text(article, by=writer, language="en", **{"title": "T", "html": "<p>x</p>"} | given)
    assert list(caught.value.errors) == [field]


def test_placing_for_organizations_names_them(writer: User) -> None:
    article = factories.article(by=writer)
    with pytest.raises(Invalid):
        articles.place(article, by=writer, category=article.category, audience="organizations")
    with pytest.raises(Invalid):
        articles.place(article, by=writer, category=article.category, audience="public", slug=factories.article().slug)
    assert Article.objects.get(pk=article.pk).audience == "public"


def test_files_are_kept_or_refused_with_the_reason(writer: User, settings: object) -> None:
    article = factories.article(by=writer)
    articles.attach(article, by=writer, uploads=[Upload("../../etc/passwd", b"x"), Upload("b.pdf", b"y")])
    assert [file.name for file in article.files.all()] == ["passwd", "b.pdf"]
    with pytest.raises(Invalid, match=r"c\.pdf is empty"):
        articles.attach(article, by=writer, uploads=[Upload("ok.pdf", b"z"), Upload("c.pdf", b"")])
    assert article.files.count() == 2
    articles.detach(article.files.first(), by=writer)
    assert article.files.count() == 1


def test_one_word_of_feedback_each(writer: User) -> None:
    article = factories.article(by=writer)
    articles.give_feedback(article, reader="a", is_helpful=True, language="en")
    articles.give_feedback(article, reader="b", is_helpful=True, language="en")
    articles.give_feedback(article, reader="a", is_helpful=False, language="en", comment=" Step 3 is gone ")
    article.refresh_from_db()
    assert (article.helpful_count, article.unhelpful_count) == (1, 1)
    assert article.feedback.get(reader="a").comment == "Step 3 is gone"
