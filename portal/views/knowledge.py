"""The knowledge base as customers read it."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal import wording
from portal.access import network
from portal.shelves import Shelf, shelves
from tickets import article_html, articles, blobs, limits
from tickets.actions import articles as writing
from tickets.models import Article, ArticleFile, ArticleText, KnowledgeUse
from tickets.sizes import size

_LONGEST = 200
_RECENT = 5
_MARK = "reader"
_SAYINGS = [(30, limits.HOUR)]
_COUNTED = [(120, limits.HOUR)]
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Search, shelves and what is read most; with ?q= what was found."""
    words = request.GET.get("q", "").replace("\0", "").strip()
    if len(words) > _LONGEST:
        raise BadRequest("search text too long")
    context: dict[str, Any] = {"query": words}
    if words:
        context["found"] = find(request, words)
        return render(request, "portal/kb/search.html", context)
    tree = shelves(request.user, _language(request))
    context["shelves"] = [shelf for shelf in tree.values() if shelf.parent is None]
    context["popular"] = articles.popular(request.user, _language(request))
    return render(request, "portal/kb/home.html", context)


def find(request: HttpRequest, words: str) -> list[articles.Found]:
    """What the reader may read for the words; counted for the reports, within limits."""
    found = articles.search(request.user, words, _language(request))
    if limits.hit(f"kb:count:{network(request)}", _COUNTED) == 0:
        articles.count_use(KnowledgeUse.Kind.SEARCH if found else KnowledgeUse.Kind.EMPTY, words=words)
    return found


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    tree = shelves(request.user, _language(request))
    shelf = tree.get(slug)
    if shelf is None:
        raise Http404
    rows = Article.objects.visible_to(request.user).published().filter(category=shelf.pk)
    context = {"shelf": shelf, "articles": articles.titled(rows.order_by("-view_count", "-id"), _language(request))}
    return render(request, "portal/kb/category.html", context)


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    row = _readable(request, slug)
    text = _text(request, row)
    if not _is_agent(request) and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        writing.count_view(row)
        articles.count_use(KnowledgeUse.Kind.VIEW, article=row.pk)
    shelf = shelves(request.user, _language(request)).get(row.category.slug)
    context = {"article": _shown(row, text, shelf), "related": articles.related_to(row, request.user, text.language)}
    return render(request, "portal/kb/article.html", context)


def _readable(request: HttpRequest, slug: str) -> Article:
    row = Article.objects.visible_to(request.user).select_related("category").filter(slug=slug).first()
    if row is None:
        raise Http404
    return row


def _text(request: HttpRequest, row: Article) -> ArticleText:
    texts = list(row.texts.defer("search", "text"))
    row.languages = [text.language for text in texts]  # type: ignore[attr-defined]
    text = articles.in_language(texts, _language(request), row.language)
    if text is None:
        raise Http404
    return text


def _shown(row: Article, text: ArticleText, shelf: Shelf | None) -> dict[str, Any]:
    url = reverse("portal:kb_article", args=[row.slug])
    others = [language for language in row.languages if language != text.language]  # type: ignore[attr-defined]
    names = dict(settings.LANGUAGES)
    contents = article_html.contents(text.html)
    return {
        "slug": row.slug, "title": text.title, "summary": text.summary, "html": article_html.shown(text.html),
        "language": text.language,
        "contents": contents if len(contents) > 2 else [], "path": shelf.path if shelf else [],
        "updated": wording.day_and_time(text.updated_at), "updated_iso": text.updated_at.isoformat(),
        "files": [_file(file) for file in row.files.all() if file.content_type not in _PICTURES],
        "others": [{"url": f"{url}?lang={code}", "code": code, "name": names.get(code, code)} for code in others],
        "canonical": f"{settings.BASE_URL}{url}", "is_public": row.audience == Article.Audience.PUBLIC,
        "is_published": row.is_published, "audience": row.get_audience_display(), "feedback_url": f"{url}feedback/",
        "helpful_count": row.helpful_count,
    }  # fmt: skip


def _file(file: ArticleFile) -> dict[str, str]:
    url = reverse("portal:kb_file", args=[file.key])
    return {"name": file.name, "size": size(file.size), "url": url}


@require_POST
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether it helped; after a no, what was missing."""
    row = _readable(request, slug)
    limits.check(f"kb:feedback:{network(request)}", _SAYINGS)
    said, comment = request.POST.get("helpful"), request.POST.get("comment", "")
    if said not in ("yes", "no"):
        raise BadRequest("helpful must be yes or no")
    language = request.POST.get("language", "")[:10]
    writing.give_feedback(row, reader=_mark(request), is_helpful=said == "yes", language=language, comment=comment)
    if said == "no" and not comment.strip():
        return render(request, "portal/kb/missing.html", {"article": row, "language": language})
    messages.success(request, _("Thank you. The people who write these articles read it."))
    return redirect("portal:kb_article", slug=row.slug)


@require_POST
def solved(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody who was writing a ticket found the answer in an article instead."""
    row = _readable(request, slug)
    if limits.hit(f"kb:count:{network(request)}", _COUNTED) == 0:
        articles.count_use(KnowledgeUse.Kind.DEFLECTED, article=row.pk)
    return render(request, "portal/kb/solved.html", {"article": row})


def _mark(request: HttpRequest) -> str:
    """Who speaks: the person, or this browser."""
    if request.user.is_authenticated:
        return f"person:{request.user.pk}"
    return request.session.setdefault(_MARK, secrets.token_urlsafe(16))


@require_safe
def file(request: HttpRequest, key: str) -> FileResponse:
    """A file of an article that one may read. Pictures are shown, everything else is a download in a sandbox."""
    row = ArticleFile.objects.filter(key=key, article__in=Article.objects.visible_to(request.user).values("pk")).first()
    if row is None:
        raise Http404
    is_picture = row.content_type in _PICTURES
    try:
        blob = blobs.open_blob(row.sha256)
    except FileNotFoundError:
        raise Http404 from None
    kind = row.content_type if is_picture else "application/octet-stream"
    response = FileResponse(blob, as_attachment=not is_picture, filename=row.name, content_type=kind)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _language(request: HttpRequest) -> str:
    """The language the page is in, or one that a link asks for."""
    asked = request.GET.get("lang", "")
    return asked[:10] if asked else (get_language() or settings.LANGUAGE_CODE)


def _is_agent(request: HttpRequest) -> bool:
    return request.user.is_authenticated and (request.user.is_agent or request.user.is_superuser)
