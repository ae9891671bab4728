"""Writing the knowledge base: texts with every version kept, who reads them, files, and what readers say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from tickets import article_html, blobs, permissions
from tickets.actions.writing import Upload, check_text, safe_name
from tickets.models import (
    Article,
    ArticleFeedback,
    ArticleFile,
    ArticleText,
    ArticleVersion,
    Category,
    Organization,
    Ticket,
    User,
)
from tickets.refusals import Invalid, NotAllowed

MAX_HTML = 500_000
MAX_FILES = 50
_MOST_COMMENT = 2000


class Outdated(Invalid):
    """Somebody saved the text since the writer opened it; nothing was changed."""


def create(
    *, by: User, category: Category, language: str, title: str, html: str, summary: str = "",
    source_ticket: Ticket | None = None,
) -> Article:  # fmt: skip
    """A new article, a draft until `place` says otherwise. Raises Invalid by field, NotAllowed."""
    _require(by)
    with transaction.atomic():
        title = check_text("title", title, 200)
        article = Article.objects.create(
            category=category, language=language, slug=_free_slug(title), created_by=by, source_ticket=source_ticket
        )
        save_text(article, by=by, language=language, title=title, html=html, summary=summary)
    return article


def save_text(
    article: Article, *, by: User, language: str, title: str, html: str, summary: str = "", comment: str = "",
    seen: int | None = None,
) -> ArticleText:  # fmt: skip
    """Saves the article in one language as a new version; the same text again makes none.

    `seen` is the version that the writer began from: when a colleague has saved since, Outdated is raised.
    """
    _require(by)
    title = check_text("title", title, 200)
    given = {"title": title, "summary": " ".join(summary.split())[:300], "html": _checked(html)}
    with transaction.atomic():
        Article.objects.select_for_update().get(pk=article.pk)
        text = article.texts.filter(language=language).first() or ArticleText(article=article, language=language)
        if seen is not None and text.version != seen:
            raise Outdated(html=_("A colleague saved this text meanwhile. Yours is still here: compare, then save."))
        if all(getattr(text, name) == value for name, value in given.items()):
            return text
        return _save(text, by, comment, given)


def _checked(html: str) -> str:
    if len(html) > MAX_HTML:
        raise Invalid(
            html=_("This is too long: %(has)d characters, %(max)d fit.") % {"has": len(html), "max": MAX_HTML}
        )
    cleaned = article_html.clean(html.replace("\0", ""))
    if not article_html.words_of(cleaned) and "<img" not in cleaned:
        raise Invalid(html=_("Please write something here."))
    return cleaned


def _save(text: ArticleText, by: User, comment: str, given: dict[str, str]) -> ArticleText:
    now = timezone.now()
    for name, value in given.items():
        setattr(text, name, value)
    text.text, text.version, text.updated_at = article_html.words_of(text.html), text.version + 1, now
    text.save()
    ArticleVersion.objects.create(
        of=text, number=text.version, saved_by=by, saved_at=now, comment=comment[:200], **given
    )
    Article.objects.filter(pk=text.article_id).update(updated_at=now)
    return text


def restore(version: ArticleVersion, *, by: User) -> ArticleText:
    """Makes an older text the newest, as a version of its own: nothing is lost by it."""
    text = version.of
    comment = _("as in version %(number)d") % {"number": version.number}
    return save_text(
        text.article, by=by, language=text.language, title=version.title, html=version.html, summary=version.summary,
        comment=comment,
    )  # fmt: skip


def place(
    article: Article, *, by: User, category: Category, audience: str, organizations: Iterable[Organization] = (),
    publish_at: datetime | None = None, related: Iterable[Article] = (), slug: str = "",
) -> Article:  # fmt: skip
    """Where the article lies, who reads it and from when. Raises Invalid by field, NotAllowed."""
    _require(by)
    chosen = list(organizations)
    if audience not in Article.Audience.values:
        raise Invalid(audience=_("There is no such audience."))
    if audience == Article.Audience.ORGANIZATIONS and not chosen:
        raise Invalid(organizations=_("Choose at least one organization, or another audience."))
    with transaction.atomic():
        fresh = Article.objects.select_for_update().get(pk=article.pk)
        if slug and slug != fresh.slug:
            if Article.objects.filter(slug=slug).exists():
                raise Invalid(slug=_("Another article has this short name already."))
            fresh.slug = slug
        fresh.category, fresh.audience, fresh.updated_at = category, audience, timezone.now()
        fresh.publish_at = publish_at or fresh.publish_at
        fresh.save(update_fields=["category", "audience", "publish_at", "slug", "updated_at"])
        fresh.organizations.set(chosen)
        fresh.related.set(other for other in related if other.pk != fresh.pk)
    return fresh


def delete(article: Article, *, by: User) -> None:
    _require(by)
    article.delete()


def attach(article: Article, *, by: User, uploads: Sequence[Upload]) -> list[ArticleFile]:
    """Keeps files with the article. Raises Invalid when one is empty or too large; then none is kept."""
    _require(by)
    if article.files.count() + len(uploads) > MAX_FILES:
        raise Invalid(files=_("At most %(max)d files fit.") % {"max": MAX_FILES})
    return ArticleFile.objects.bulk_create([_file(article, upload) for upload in uploads])


def _file(article: Article, upload: Upload) -> ArticleFile:
    name = safe_name(upload.name)
    try:
        sha256, size = blobs.put(upload.content, longest=settings.MAX_ATTACHMENT)
    except blobs.TooLarge:
        words = {"name": name, "max": settings.MAX_ATTACHMENT // 1024 // 1024}
        raise Invalid(files=_("%(name)s is too large: %(max)d MB fit.") % words) from None
    if not size:
        raise Invalid(files=_("%(name)s is empty.") % {"name": name})
    return ArticleFile(article=article, name=name, size=size, sha256=sha256, content_type=upload.content_type[:120])


def detach(file: ArticleFile, *, by: User) -> None:
    _require(by)
    file.delete()


@transaction.atomic
def give_feedback(article: Article, *, reader: str, is_helpful: bool, language: str, comment: str = "") -> None:
    """One word per reader; saying it again replaces it. `reader` is opaque: a person's or a browser's mark."""
    fresh = Article.objects.select_for_update().get(pk=article.pk)
    said: dict[str, Any] = {"is_helpful": is_helpful, "language": language, "created_at": timezone.now()}
    if comment.strip():
        said["comment"] = comment.replace("\0", "").strip()[:_MOST_COMMENT]
    ArticleFeedback.objects.update_or_create(article=fresh, reader=reader, defaults=said)
    counted = fresh.feedback.aggregate(
        yes=Count("pk", filter=Q(is_helpful=True)), no=Count("pk", filter=Q(is_helpful=False))
    )
    Article.objects.filter(pk=fresh.pk).update(helpful_count=counted["yes"], unhelpful_count=counted["no"])


def count_view(article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(view_count=F("view_count") + 1)


def _require(by: User) -> None:
    if not permissions.can_write_articles(by):
        raise NotAllowed(_("You are not allowed to write articles."))


def _free_slug(title: str) -> str:
    base = slugify(title)[:100].strip("-") or "article"
    taken = set(Article.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 1
    slug = base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
