"""The knowledge base, to read."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import articles
from tickets.api.views.base import DeskView
from tickets.models import Article

_MOST = 100


class ArticleShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    url = serializers.URLField()


class WholeArticleShape(ArticleShape):
    language = serializers.CharField(help_text="The language of the text: the one asked for, or the nearest.")
    languages = serializers.ListField(child=serializers.CharField())
    category = serializers.CharField()
    html = serializers.CharField()
    updated_at = serializers.DateTimeField()


class Articles(DeskView):
    outputs = {"GET": ArticleShape}
    many = True  # a hundred at most: no pages

    def get(self, request: Request) -> Response:
        """Articles that the token's person may read: the best for `q`, else the newest; `lang` chooses the language."""
        words, language = request.query_params.get("q", "")[:200], _language(request)
        if words:
            found = articles.search(self.person, words, language)
            return Response([_short(one.slug, one.title, one.summary) for one in found])
        rows = articles.titled(Article.objects.visible_to(self.person).order_by("-updated_at", "-id")[:_MOST], language)
        return Response([_short(**row) for row in rows])


class OneArticle(DeskView):
    outputs = {"GET": WholeArticleShape}

    def get(self, request: Request, slug: str) -> Response:
        """One article with its HTML."""
        rows = Article.objects.visible_to(self.person).select_related("category").filter(slug=slug)
        row = rows.first()
        texts = list(row.texts.defer("search", "text")) if row else []
        text = articles.in_language(texts, _language(request), row.language) if row else None
        if row is None or text is None:
            raise Http404
        whole = {
            "language": text.language, "languages": sorted(one.language for one in texts),
            "category": row.category.name, "html": text.html, "updated_at": text.updated_at,
        }  # fmt: skip
        return Response(WholeArticleShape(_short(slug, text.title, text.summary) | whole).data)


def _language(request: Request) -> str:
    return request.query_params.get("lang", "")[:10] or settings.LANGUAGE_CODE


def _short(slug: str, title: str, summary: str) -> dict[str, str]:
    url = settings.BASE_URL + reverse("portal:kb_article", args=[slug])
    return {"slug": slug, "title": title, "summary": summary, "url": url}
