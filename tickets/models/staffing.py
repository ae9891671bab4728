"""Who is there to take tickets, and what for."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.routing import HelpTopic


class Skill(models.Model):
    """Something that some agents can do and some tickets ask for, such as a language or a product."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    agents = models.ManyToManyField(
        User,
        verbose_name=_("agents who have it"),
        related_name="skills",
        blank=True,
        limit_choices_to={"is_agent": True},
    )
    topics = models.ManyToManyField(
        HelpTopic, verbose_name=_("needed for help topics"), related_name="skills", blank=True
    )
    tags = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("needed for tags"),
        default=list,
        blank=True,
        help_text=_("Names of tags, separated by commas. A ticket with one of them needs this skill."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("skill")
        verbose_name_plural = _("skills")

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """An agent is away; who takes over meanwhile, if anybody. Several may be planned ahead."""

    user = models.ForeignKey(
        User, verbose_name=_("agent"), on_delete=models.CASCADE, related_name="absences", db_index=False
    )
    starts_at = models.DateTimeField(_("away from"), default=timezone.now)
    ends_at = models.DateTimeField(
        _("back on"), null=True, blank=True, help_text=_("Empty: until you say that you are back.")
    )
    delegate = models.ForeignKey(
        User,
        verbose_name=_("delegate"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_agent": True, "is_active": True},
        help_text=_("Gets the tickets and notices meanwhile, as far as they may see them."),
    )

    class Meta:
        ordering = ["starts_at", "id"]
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="absence_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(delegate__isnull=True) | ~Q(delegate=F("user")), name="absence_delegate_is_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.starts_at:%Y-%m-%d}"
