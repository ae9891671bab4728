"""Reading the knowledge base: which text fits a reader's language, searching, suggesting, counting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db import connection
from django.db.models import Case, F, IntegerField, Prefetch, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from tickets.models import Article, ArticleText, User
from tickets.models.knowledge import STEMMED

Reader = User | AnonymousUser
MOST = 30
_RANKED = 200  # of the newest hits; ranking all of them would cost what the table holds
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_OPEN, _SHUT = "\x02", "\x03"
_LONGEST_WORDS = 100


class Found(NamedTuple):
    """A hit: `excerpt` is HTML with the words found in <mark>."""

    slug: str
    title: str
    summary: str
    excerpt: SafeString
    article: int


def in_language(texts: Iterable[ArticleText], wanted: str, written_in: str) -> ArticleText | None:
    """The text for a reader of `wanted` (such as "pt-br"): that, its main language, the language that the article was
    written in, else any."""
    known = {text.language: text for text in texts}
    for language in (wanted, wanted.partition("-")[0], written_in):
        if language in known:
            return known[language]
    return next(iter(known.values()), None)


def search(user: Reader, words: str, language: str, most: int = MOST) -> list[Found]:
    """The best articles that `user` may read for `words`; each word may be the beginning of one. One per article, in
    the language nearest to the reader's."""
    query = _query(words, language, all_words=True)
    if query is None:
        return []
    return _found(user, query, language, most)


def suggest(user: Reader, words: str, language: str, most: int = 3) -> list[Found]:
    """Articles that may answer what somebody is about to write: any longer word will do, the more the better."""
    query = _query(words, language, all_words=False)
    if query is None:
        return []
    return _found(user, query, language, most)


def _query(words: str, language: str, *, all_words: bool) -> SearchQuery | None:
    """The words as they are, each as a beginning, or by their stems in the reader's language."""
    found = [word.lower() for word in _WORD.findall(words)][:20]
    config = STEMMED.get(language[:2])
    if not found:
        return None
    if all_words:
        query = SearchQuery(" & ".join(f"{word}:*" for word in found), config="simple", search_type="raw")
        return query | SearchQuery(" & ".join(found), config=config, search_type="raw") if config else query
    longer = [word for word in found if len(word) > 3] or found
    return SearchQuery(" | ".join(longer), config=config or "simple", search_type="raw")


def _found(user: Reader, query: SearchQuery, language: str, most: int) -> list[Found]:
    readable = Article.objects.visible_to(user)
    newest = ArticleText.objects.filter(search=query, article__in=readable.values("pk")).order_by("-pk")[:_RANKED]
    rows = (
        ArticleText.objects.filter(pk__in=newest.values("pk"))
        .annotate(rank=SearchRank(F("search"), query), slug=F("article__slug"), written_in=F("article__language"))
        .defer("html", "text")
        .order_by("-rank", "-article__view_count", "pk")
    )
    chosen = _one_each(rows, language)[:most]
    excerpts = _excerpts(chosen, query)
    return [Found(row.slug, row.title, row.summary, excerpts[row.pk], row.article_id) for row in chosen]


def _one_each(rows: Iterable[Any], language: str) -> list[Any]:
    """The best row of each article keeps its place, told in the language that fits best."""
    by_article: dict[int, list[Any]] = {}
    for row in rows:
        by_article.setdefault(row.article_id, []).append(row)
    return [in_language(texts, language, texts[0].written_in) for texts in by_article.values()]


def _excerpts(rows: list[Any], query: SearchQuery) -> dict[int, SafeString]:
    headline = SearchHeadline(
        "text", query, config="simple", start_sel=_OPEN, stop_sel=_SHUT, max_words=28, min_words=12, max_fragments=1
    )
    texts = ArticleText.objects.filter(pk__in=[row.pk for row in rows]).annotate(headline=headline)
    return {pk: _marked(words) for pk, words in texts.values_list("pk", "headline")}


def _marked(words: str) -> SafeString:
    safe = escape(" ".join(words.split())).replace(_OPEN, "<mark>").replace(_SHUT, "</mark>")
    return mark_safe(safe)  # noqa: S308 - escaped before the marks were put in


def popular(user: Reader, language: str, most: int = 6) -> list[dict[str, str]]:
    """The most read articles that everybody may read: slug and title."""
    rows = Article.objects.published().filter(audience=Article.Audience.PUBLIC).order_by("-view_count", "-id")[:most]
    return titled(rows, language)


def titled(rows: QuerySet[Article], language: str) -> list[dict[str, str]]:
    """slug, title and summary of articles in the reader's language, in their order; two queries."""
    articles = list(rows.prefetch_related(titles_only()))
    found = []
    for article in articles:
        if text := in_language(article.texts.all(), language, article.language):
            found.append({"slug": article.slug, "title": text.title, "summary": text.summary})
    return found


def titles_only() -> Any:
    return Prefetch("texts", ArticleText.objects.only("article_id", "language", "title", "summary"))


def count_use(kind: str, *, article: int | None = None, words: str = "") -> None:
    """Adds one to today's count, in one statement."""
    words = " ".join(words.replace("\0", "").lower().split())[:_LONGEST_WORDS]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_knowledgeuse (day, kind, article_id, words, count) VALUES (%s, %s, %s, %s, 1) "
            "ON CONFLICT (day, kind, article_id, words) DO UPDATE SET count = tickets_knowledgeuse.count + 1",
            [timezone.localdate(), kind, article, words],
        )


def related_to(article: Article, user: Reader, language: str, most: int = 5) -> list[dict[str, str]]:
    """What the writers named, and what lies on the same shelf."""
    named = Q(pk__in=article.related.through.objects.filter(from_article=article.pk).values("to_article"))
    beside = Q(category=article.category_id)
    rows = Article.objects.visible_to(user).filter(named | beside).exclude(pk=article.pk)
    rows = rows.exclude(audience=Article.Audience.DRAFT)
    return titled(rows.annotate(is_named=_flag(named)).order_by("-is_named", "-view_count", "-id")[:most], language)


def _flag(condition: Q) -> Any:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())
