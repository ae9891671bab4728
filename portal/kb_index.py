"""What machines read of the knowledge base: a sitemap for search engines, and a feed of new articles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.syndication.views import Feed
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tickets.articles import in_language
from tickets.models import Article, ArticleText, Desk

_MOST = 5000
_NEWEST = 30


def _public(most: int) -> list[Article]:
    texts = ArticleText.objects.only("article_id", "language", "title", "summary")
    rows = Article.objects.visible_to(AnonymousUser()).order_by("-updated_at", "-id")
    return list(rows.prefetch_related(Prefetch("texts", texts))[:most])


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public article with its translations, https://www.sitemaps.org/protocol.html."""
    rows = [
        {"url": _url(row), "changed": row.updated_at.date().isoformat(), "languages": _languages(row)}
        for row in _public(_MOST)
    ]
    base = settings.BASE_URL
    return render(request, "portal/kb/sitemap.xml", {"rows": rows, "base": base}, content_type="application/xml")


def _url(row: Article) -> str:
    return settings.BASE_URL + reverse("portal:kb_article", args=[row.slug])


def _languages(row: Article) -> list[dict[str, str]]:
    codes = [text.language for text in row.texts.all()]
    return [{"code": code, "url": f"{_url(row)}?lang={code}"} for code in codes] if len(codes) > 1 else []


class NewArticles(Feed):
    feed_type = Atom1Feed

    def title(self) -> str:
        return _("New answers of %(desk)s") % {"desk": Desk.current().name}

    def link(self) -> str:
        return reverse("portal:kb")

    def subtitle(self) -> str:
        return _("Articles of the knowledge base, the newest first")

    def items(self) -> list[tuple[Article, ArticleText]]:
        language = get_language() or settings.LANGUAGE_CODE
        pairs = [(row, in_language(row.texts.all(), language, row.language)) for row in _public(_NEWEST)]
        return [(row, text) for row, text in pairs if text]

    def item_title(self, item: Any) -> str:
        return item[1].title

    def item_description(self, item: Any) -> str:
        return item[1].summary

    def item_link(self, item: Any) -> str:
        return reverse("portal:kb_article", args=[item[0].slug])

    def item_updateddate(self, item: Any) -> datetime:
        return item[0].updated_at

    def item_pubdate(self, item: Any) -> datetime:
        return item[0].publish_at
