"""Articles as an agent names them in a message: only those that whoever reads the message may read too."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html

from tickets import articles
from tickets.models import Article, Ticket, User

OFFERED = 12


class Link(NamedTuple):
    pk: int
    title: str
    about: str
    url: str

    @property
    def text(self) -> str:
        return f"{self.title}: {self.url}"

    @property
    def html(self) -> str:
        """With the space after it: what is typed on is no part of the link."""
        return format_html('<a href="{}">{}</a> ', self.url, self.title)


def offered(ticket: Ticket, reader: User, words: str, language: str) -> list[Link]:
    """What `reader` may read and fits the words; without words what fits the ticket's subject, else what is read
    most."""
    if words.strip():
        found = articles.search(reader, words, language, OFFERED)
    else:
        found = articles.suggest(reader, ticket.subject, language, OFFERED)
    if found or words.strip():
        return [Link(one.article, one.title, one.summary, _url(one.slug)) for one in found]
    rows = Article.objects.visible_to(reader).published().order_by("-view_count", "-pk")[:OFFERED]
    keys = {row.slug: row.pk for row in rows}
    read_most = articles.titled(rows, language)
    return [Link(keys[one["slug"]], one["title"], one["summary"], _url(one["slug"])) for one in read_most]


def chosen(pk: int, reader: User, language: str) -> Link | None:
    row = Article.objects.visible_to(reader).filter(pk=pk).prefetch_related(articles.titles_only()).first()
    text = row and articles.in_language(row.texts.all(), language, row.language)
    return Link(row.pk, text.title, text.summary, _url(row.slug)) if row and text else None


def _url(slug: str) -> str:
    return settings.BASE_URL + reverse("portal:kb_article", args=[slug])
