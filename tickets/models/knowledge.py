"""The knowledge base: articles in categories, each in one or more languages, every saved text kept."""

from __future__ import annotations

import uuid
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import CombinedSearchVector, SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.message import SEARCHED_CHARACTERS
from tickets.models.people import Organization, System, User
from tickets.models.ticket import Ticket

# What PostgreSQL can reduce to stems, by the first letters of a language's code.
STEMMED = {
    "ar": "arabic", "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish", "fr": "french",
    "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "sv": "swedish",
}  # fmt: skip


def _vector(config: str) -> CombinedExpression:
    words = SearchVector("summary", Left("text", SEARCHED_CHARACTERS), config=config)
    return SearchVector("title", config=config, weight="A") + words


def _stems() -> Case:
    cases = [When(language__startswith=code, then=_vector(config)) for code, config in STEMMED.items()]
    return Case(*cases, default=SearchVector("title", config="simple"), output_field=SearchVectorField())


class Category(models.Model):
    """A shelf of the knowledge base. Readers see those on which something lies that they may read."""

    parent = models.ForeignKey(
        "self", verbose_name=_("under"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("short name in addresses"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name


class CategoryName(models.Model):
    """What a category is called in another language."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="names")
    language = models.CharField(_("language"), max_length=10)
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("name in another language")
        verbose_name_plural = _("names in other languages")
        constraints = [models.UniqueConstraint(fields=["category", "language"], name="category_name_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class ArticleQuerySet(models.QuerySet["Article"]):
    def published(self) -> Self:
        return self.exclude(audience=Article.Audience.DRAFT).filter(publish_at__lte=timezone.now())

    def visible_to(self, user: User | System | AnonymousUser) -> Self:
        """The articles `user` may read: agents all, others what is published for them."""
        if isinstance(user, System) or (isinstance(user, User) and user.is_active and _works_here(user)):
            return self
        rows = Q(audience=Article.Audience.PUBLIC)
        if isinstance(user, User) and user.is_active and user.organization_id:
            theirs = Article.organizations.through.objects.filter(organization=user.organization_id)
            rows |= Q(audience=Article.Audience.ORGANIZATIONS, pk__in=theirs.values("article"))
        return self.published().filter(rows)


def _works_here(user: User) -> bool:
    return user.is_agent or user.is_superuser


class Article(models.Model):
    class Audience(models.TextChoices):
        DRAFT = "draft", _("Draft: only agents, marked as unfinished")
        INTERNAL = "internal", _("Agents")
        ORGANIZATIONS = "organizations", _("People of the chosen organizations")
        PUBLIC = "public", _("Everybody")

    category = models.ForeignKey(
        Category, verbose_name=_("category"), on_delete=models.PROTECT, related_name="articles"
    )
    slug = models.SlugField(_("short name in addresses"), max_length=120, unique=True)
    language = models.CharField(_("written in"), max_length=10, help_text=_("Shown where no translation fits better."))
    audience = models.CharField(_("who reads it"), max_length=13, choices=Audience.choices, default=Audience.DRAFT)
    organizations = models.ManyToManyField(
        Organization, verbose_name=_("organizations"), related_name="articles", blank=True
    )
    publish_at = models.DateTimeField(_("published from"), default=timezone.now)
    related = models.ManyToManyField("self", verbose_name=_("related articles"), symmetrical=True, blank=True)
    source_ticket = models.ForeignKey(
        Ticket, verbose_name=_("written from"), null=True, on_delete=models.SET_NULL, related_name="articles"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)
    view_count = models.PositiveIntegerField(default=0, editable=False)
    helpful_count = models.PositiveIntegerField(default=0, editable=False)
    unhelpful_count = models.PositiveIntegerField(default=0, editable=False)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        indexes = [
            models.Index(fields=["category", "-updated_at"], name="article_category"),
            models.Index(fields=["-view_count", "-id"], name="article_popular", condition=Q(audience="public")),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_published(self) -> bool:
        return self.audience != self.Audience.DRAFT and self.publish_at <= timezone.now()


class ArticleText(models.Model):
    """An article in one language. `version` counts its savings and tells whether a writer saw the newest."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    html = models.TextField(_("text"), help_text=_("Cleaned HTML; headings carry the names that the contents lead to."))
    text = models.TextField(editable=False, help_text=_("The words alone, for searching."))
    version = models.PositiveIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)
    search = models.GeneratedField(
        expression=CombinedSearchVector(_vector("simple"), "||", _stems(), None, SearchVectorField()),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("text of an article")
        verbose_name_plural = _("texts of articles")
        constraints = [models.UniqueConstraint(fields=["article", "language"], name="article_text_once")]
        indexes = [GinIndex(fields=["search"], name="article_search")]

    def __str__(self) -> str:
        return self.title


class ArticleVersion(models.Model):
    """A text as it was once saved."""

    of = models.ForeignKey(ArticleText, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    html = models.TextField()
    comment = models.CharField(max_length=200, blank=True)
    saved_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="article_version_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"


class ArticleFile(models.Model):
    """A file that readers of an article may fetch, or a picture in it. The bytes lie under their hash."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="files")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text=_("Bytes."))
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ArticleFeedback(models.Model):
    """Whether it was what a reader needed. One word per person or browser: a second replaces the first."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="feedback")
    language = models.CharField(max_length=10)
    reader = models.CharField(max_length=64, help_text=_("The person or, of a guest, a random mark of the browser."))
    is_helpful = models.BooleanField()
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["article", "reader"], name="article_feedback_once")]

    def __str__(self) -> str:
        return f"{self.article}: {self.is_helpful}"


class KnowledgeUse(models.Model):
    """What was looked for and found, counted by day, for the reports."""

    class Kind(models.TextChoices):
        VIEW = "view", _("Article read")
        SEARCH = "search", _("Searched")
        EMPTY = "empty", _("Searched, nothing found")
        SUGGESTED = "suggested", _("Suggested to somebody writing a ticket")
        DEFLECTED = "deflected", _("Answered by an article, no ticket written")
        ASKED = "asked", _("Ticket written in the portal")

    day = models.DateField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    article = models.ForeignKey(Article, null=True, on_delete=models.CASCADE, related_name="uses")
    words = models.CharField(max_length=100, default="", help_text=_("What was searched for, in lower case."))
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "article", "words"], name="knowledge_use_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["kind", "day"], name="knowledge_use_kind")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.count}"
