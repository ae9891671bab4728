from __future__ import annotations

import uuid
from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import Permission, User
from tickets.models.ticket import Ticket


class CannedFolder(models.Model):
    """Where canned responses lie. Folders form a tree, which everybody shares."""

    parent = models.ForeignKey(
        "self", verbose_name=_("in"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["name"]
        verbose_name = _("folder of canned responses")
        verbose_name_plural = _("folders of canned responses")
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="folder_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return self.path

    @property
    def path(self) -> str:
        return f"{self.parent.path} › {self.name}" if self.parent_id and self.parent else self.name

    def clean(self) -> None:
        """Refuses a folder placed in itself, at any depth: it would never end."""
        above = self.parent
        while above is not None:
            if above.pk == self.pk and self.pk is not None:
                raise ValidationError({"parent": _("A folder cannot lie in itself.")})
            above = above.parent


class CannedQuerySet(models.QuerySet["CannedResponse"]):
    def readable_by(self, user: User) -> Self:
        """Everybody's, those of the person's departments and teams, and their own. Other people's own are nobody
        else's business, admins' neither."""
        if not user.is_active or not (user.is_agent or user.is_superuser):
            return self.none()
        if user.is_superuser:
            return self.filter(Q(owner=None) | Q(owner=user))
        departments = [pk for pk, granted in user.grants.items() if Permission.VIEW in granted]
        rows = _EVERYBODYS | Q(owner=user) | Q(department__in=departments)
        return self.filter(rows | Q(team__in=user.team_ids) if user.team_ids else rows)

    def offered_for(self, ticket: Ticket, user: User) -> Self:
        """What fits the ticket: of departments only the ticket's own."""
        rows = self.readable_by(user).filter(is_enabled=True)
        return rows.filter(Q(department=None) | Q(department=ticket.department_id))


_EVERYBODYS = Q(owner=None, department=None, team=None)


class CannedResponse(models.Model):
    """A text that agents put into replies and notes, with variables (`tickets.wording`). It belongs to at most one of
    a department, a team or a person; to everybody when it belongs to none."""

    folder = models.ForeignKey(
        CannedFolder,
        verbose_name=_("folder"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="responses",
    )
    title = models.CharField(_("title"), max_length=120)
    shortcut = models.SlugField(
        _("shortcut"), max_length=40, blank=True, db_index=False, help_text=_("Typed after / while writing.")
    )
    body = models.TextField(_("text"))
    language = models.CharField(
        _("language of the text"), max_length=10, blank=True,
        help_text=_("For requesters whose language is not among the translations, too."),
    )  # fmt: skip
    department = models.ForeignKey(
        "tickets.Department", verbose_name=_("of the department"), null=True, blank=True, on_delete=models.PROTECT
    )
    team = models.ForeignKey(
        "tickets.Team", verbose_name=_("of the team"), null=True, blank=True, on_delete=models.PROTECT
    )
    owner = models.ForeignKey(
        User,
        verbose_name=_("of the agent"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="canned_responses",
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        User, verbose_name=_("changed by"), null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects = CannedQuerySet.as_manager()

    class Meta:
        ordering = ["title", "id"]
        verbose_name = _("canned response")
        verbose_name_plural = _("canned responses")
        constraints = [
            models.CheckConstraint(
                condition=Q(department=None, team=None) | Q(department=None, owner=None) | Q(team=None, owner=None),
                name="canned_one_scope",
                violation_error_message=_("A response belongs to a department, a team or an agent, not to several."),
            ),
            models.UniqueConstraint(
                fields=["shortcut", "department", "team", "owner"],
                condition=~Q(shortcut=""),
                nulls_distinct=False,
                name="canned_shortcut_once",
                violation_error_message=_("This shortcut is taken by another response of the same kind."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CannedTranslation(models.Model):
    """The text in another language."""

    response = models.ForeignKey(CannedResponse, on_delete=models.CASCADE, related_name="translations")
    language = models.CharField(_("language"), max_length=10)
    body = models.TextField(_("text"))

    class Meta:
        ordering = ["language"]
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        constraints = [models.UniqueConstraint(fields=["response", "language"], name="canned_language_once")]

    def __str__(self) -> str:
        return self.language


class CannedAttachment(models.Model):
    """A file that goes along. Its bytes lie in the blob store, as those of attachments do."""

    response = models.ForeignKey(CannedResponse, on_delete=models.CASCADE, related_name="attachments")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["id"]
        verbose_name = _("file of a canned response")
        verbose_name_plural = _("files of canned responses")

    def __str__(self) -> str:
        return self.name
