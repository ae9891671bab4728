"""The knowledge base as agents read and write it."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, View, agents_only, find_ticket
from staff.article_forms import NewArticleForm, PlaceForm, TextForm
from staff.times import Clock
from tickets import article_html, articles, permissions
from tickets.actions import articles as writing
from tickets.actions import conversation
from tickets.models import Article, ArticleText, ArticleVersion, Category, Message
from tickets.refusals import Invalid

_PAGE = 50


def writers_only(view: View) -> View:
    @agents_only
    @wraps(view)
    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> Any:
        if not permissions.can_write_articles(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@agents_only
def index(request: AgentRequest) -> HttpResponse:
    """All articles, newest change first; ?q= searches, ?show= narrows to one audience."""
    words, show = request.GET.get("q", "").replace("\0", "")[:200], request.GET.get("show", "")
    rows = Article.objects.select_related("category").order_by("-updated_at", "-pk")
    if show in Article.Audience.values:
        rows = rows.filter(audience=show)
    if words:
        rows = rows.filter(pk__in=[one.article for one in articles.search(request.user, words, _language(), _PAGE)])
    if before := _number(request.GET.get("before")):
        edge = get_object_or_404(Article, pk=before)
        rows = rows.filter(Q(updated_at__lt=edge.updated_at) | Q(updated_at=edge.updated_at, pk__lt=edge.pk))
    page = list(rows.prefetch_related(articles.titles_only())[: _PAGE + 1])
    context = {
        "rows": [_row(request, row) for row in page[:_PAGE]], "query": words, "show": show,
        "next_url": f"?q={words}&show={show}&before={page[_PAGE - 1].pk}" if len(page) > _PAGE else "",
        "audiences": [{"value": value, "label": label.partition(":")[0]} for value, label in Article.Audience.choices],
        "may_write": permissions.can_write_articles(request.user), "rail": lists.rail(request.user, "articles"),
    }  # fmt: skip
    return render(request, "staff/articles.html", context)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def _row(request: AgentRequest, row: Article) -> dict[str, Any]:
    text = articles.in_language(row.texts.all(), _language(), row.language)
    return {
        "title": text.title if text else row.slug,
        "url": reverse("staff:article", args=[row.pk]),
        "read_url": reverse("portal:kb_article", args=[row.slug]),
        "category": row.category.name,
        "audience": row.get_audience_display().partition(":")[0],
        "is_scheduled": not row.is_published and row.audience != Article.Audience.DRAFT,
        "languages": ", ".join(sorted(one.language for one in row.texts.all())),
        "views": row.view_count,
        "helpful": row.helpful_count,
        "unhelpful": row.unhelpful_count,
        "when": Clock(request.user).ago(row.updated_at),
        "when_iso": row.updated_at.isoformat(),
    }


@writers_only
def new(request: AgentRequest, number: str = "") -> HttpResponse:
    """An empty article, or one begun from what a ticket's agents answered."""
    ticket = find_ticket(request.user, number) if number else None
    first = {"language": settings.LANGUAGE_CODE, **(_from(ticket) if ticket else {})}
    form = NewArticleForm(request.POST or None, initial=first)
    if not Category.objects.exists():
        Category.objects.get_or_create(slug="general", defaults={"name": _("General")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = writing.create(
                by=request.user, category=data["category"], language=data["language"], source_ticket=ticket,
                **form.taken(),
            )  # fmt: skip
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The article is kept as a draft. Choose who reads it below."))
            return redirect("staff:article", made.pk)
    context = {"form": form, "ticket": ticket, "rail": lists.rail(request.user, "articles")}
    return render(request, "staff/article_new.html", context, status=400 if form.errors else 200)


def _from(ticket: Any) -> dict[str, str]:
    """The subject, and the agents' replies as the text: what the customer wrote is theirs and stays on the ticket."""
    replies = (
        ticket.messages.filter(kind=Message.Kind.REPLY, is_machine=False).order_by("pk").values_list("body", flat=True)
    )
    return {"title": ticket.subject[:200], "body": "\n\n".join(replies[:20])}


@writers_only
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    """One language of an article; ?lang= chooses, one not written yet begins empty."""
    article, language = _article(pk), _asked_language(request)
    text = _text(article, language)
    form = TextForm.of(text, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            seen, comment = form.cleaned_data["seen"], form.cleaned_data["comment"]
            saved = writing.save_text(
                article, by=request.user, language=text.language, seen=seen, comment=comment, **form.taken()
            )
        except writing.Outdated as refusal:
            form = _with_newest(form, text)
            form.refuse(refusal)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved as version %(number)d.") % {"number": saved.version})
            return redirect(f"{reverse('staff:article', args=[pk])}?lang={saved.language}")
    return _page(request, article, text, form, PlaceForm(instance=article), 400 if form.errors else 200)


def _with_newest(form: TextForm, text: ArticleText) -> TextForm:
    """The same typed text over the newest version, so that saving again is a decision and not an accident."""
    again = TextForm.of(text, {**form.data.dict(), "seen": text.version})
    again.is_valid()
    again.newest = text  # type: ignore[attr-defined]
    return again


@require_POST
@writers_only
def place(request: AgentRequest, pk: int) -> HttpResponse:
    article = _article(pk)
    form = PlaceForm(request.POST, request.FILES, instance=article)
    if form.is_valid():
        try:
            writing.place(article, by=request.user, **form.taken())
            if files := form.cleaned_data["attachments"]:
                writing.attach(article, by=request.user, uploads=conversation.uploads(files))
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("staff:article", pk)
    text = _text(article, article.language)
    return _page(request, _article(pk), text, TextForm.of(text), form, 400)


def _page(
    request: AgentRequest, article: Article, text: ArticleText, form: TextForm, place_form: PlaceForm, status: int
) -> HttpResponse:
    clock, newest = Clock(request.user), getattr(form, "newest", None)
    context = {
        "article": article, "text": text, "form": form, "place_form": place_form, "clock": clock,
        "languages": _languages(article, text.language), "files": list(article.files.all()),
        "versions": _versions(text, clock) if text.pk else [],
        "newest": article_html.shown(newest.html) if newest else "",
        "feedback": _feedback(article, clock), "read_url": reverse("portal:kb_article", args=[article.slug]),
        "rail": lists.rail(request.user, "articles"),
    }  # fmt: skip
    return render(request, "staff/article.html", context, status=status)


def _languages(article: Article, shown: str) -> list[dict[str, Any]]:
    written = set(article.texts.values_list("language", flat=True))
    known = dict(settings.LANGUAGES) | {code: code for code in written if code not in dict(settings.LANGUAGES)}
    return [
        {"code": code, "name": name, "is_written": code in written, "is_shown": code == shown}
        for code, name in known.items()
    ]


def _versions(text: ArticleText, clock: Clock) -> list[dict[str, Any]]:
    return [
        {
            "pk": version.pk, "number": version.number, "comment": version.comment,
            "by": version.saved_by.display_name if version.saved_by else "",
            "when": clock.ago(version.saved_at), "when_iso": version.saved_at.isoformat(),
        }
        for version in text.versions.select_related("saved_by").defer("html")[:_PAGE]
    ]  # fmt: skip


def _feedback(article: Article, clock: Clock) -> list[dict[str, str]]:
    rows = article.feedback.exclude(comment="")[:20]
    return [
        {"comment": row.comment, "when": clock.ago(row.created_at), "iso": row.created_at.isoformat()} for row in rows
    ]


@writers_only
def version(request: AgentRequest, pk: int) -> HttpResponse:
    """What an older version said against the one before it and against today's; POST makes it the newest."""
    row = get_object_or_404(ArticleVersion.objects.select_related("of__article", "saved_by"), pk=pk)
    back = f"{reverse('staff:article', args=[row.of.article_id])}?lang={row.of.language}"
    if request.method == "POST":
        saved = writing.restore(row, by=request.user)
        messages.success(request, _("Restored as version %(number)d.") % {"number": saved.version})
        return redirect(back)
    before = row.of.versions.filter(number__lt=row.number).first()
    context = {
        "version": row, "html": article_html.shown(row.html), "back": back, "is_newest": row.number == row.of.version,
        "when": Clock(request.user).ago(row.saved_at), "when_iso": row.saved_at.isoformat(),
        "changed": article_html.compare(before.html if before else "", row.html),
        "since": article_html.compare(row.html, row.of.html), "rail": lists.rail(request.user, "articles"),
    }  # fmt: skip
    return render(request, "staff/article_version.html", context)


@require_POST
@writers_only
def delete(request: AgentRequest, pk: int) -> HttpResponse:
    writing.delete(_article(pk), by=request.user)
    messages.success(request, _("The article is deleted."))
    return redirect("staff:articles")


@require_POST
@writers_only
def detach(request: AgentRequest, pk: int, file: int) -> HttpResponse:
    writing.detach(get_object_or_404(_article(pk).files, pk=file), by=request.user)
    return redirect("staff:article", pk)


def _article(pk: int) -> Article:
    return get_object_or_404(Article.objects.select_related("category"), pk=pk)


def _text(article: Article, language: str) -> ArticleText:
    return article.texts.filter(language=language).first() or ArticleText(article=article, language=language)


def _asked_language(request: AgentRequest) -> str:
    language = request.GET.get("lang", "")
    if (
        language
        and language not in dict(settings.LANGUAGES)
        and not ArticleText.objects.filter(language=language).exists()
    ):
        raise Http404
    return language or settings.LANGUAGE_CODE


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
