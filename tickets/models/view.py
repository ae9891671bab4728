from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import Permission, User

if TYPE_CHECKING:
    from django.db.models.query import QuerySet

_VIEW = [Permission.VIEW.value]


class ViewAudience(models.TextChoices):
    ME = "me", _("Only me")
    SOME = "some", _("Departments, teams and roles")
    EVERYONE = "everyone", _("All agents")


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """Views that stand in the person's rail; the tickets in them are still only those that they may see."""
        if not user.is_agent and not user.is_superuser:
            return self.none()
        return self.in_reach_of(user.pk)

    def in_reach_of(self, agent: int) -> Self:
        """As `visible_to`, for the key of somebody who is an agent or an admin."""
        works = {"department__memberships__user": agent, "department__memberships__role__permissions__contains": _VIEW}
        some = Q(pk__in=_shared("departments", **works))
        some |= Q(pk__in=_shared("teams", team__members=agent, team__is_enabled=True))
        some |= Q(pk__in=_shared("roles", role__memberships__user=agent))
        return self.filter(Q(owner=agent) | Q(audience=ViewAudience.EVERYONE) | Q(audience=ViewAudience.SOME) & some)

    def changeable_by(self, user: User) -> Self:
        """Their own; an admin also changes what is shared, never what is personal to somebody else."""
        mine = Q(owner=user)
        return self.filter(mine | ~Q(audience=ViewAudience.ME) if user.is_superuser else mine)


def _shared(name: str, **lookups: object) -> QuerySet:
    through = SavedView._meta.get_field(name).remote_field.through  # type: ignore[union-attr]
    return through._default_manager.filter(**lookups).values("savedview")


class SavedView(models.Model):
    """A question that agents ask again and again, in the search language, and how its answer is laid out. `order`,
    `group` and `columns` are keys of tickets.listing; a key that no longer exists is passed over."""

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True, editable=False)
    owner = models.ForeignKey(
        User, verbose_name=_("belongs to"), null=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    audience = models.CharField(_("who sees it"), max_length=8, choices=ViewAudience.choices, default=ViewAudience.ME)
    departments = models.ManyToManyField("tickets.Department", verbose_name=_("departments"), blank=True)
    teams = models.ManyToManyField("tickets.Team", verbose_name=_("teams"), blank=True)
    roles = models.ManyToManyField("tickets.Role", verbose_name=_("roles"), blank=True)
    query = models.TextField(_("query"), validators=[MaxLengthValidator(500)])
    order = models.CharField(_("order"), max_length=60, default="latest")
    group = models.CharField(_("group by"), max_length=20, blank=True, default="")
    columns = ArrayField(models.CharField(max_length=60), verbose_name=_("columns"), default=list, blank=True)
    is_table = models.BooleanField(_("opens as a table"), default=False)
    position = models.PositiveIntegerField(_("place"), default=0)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name", "id"]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        indexes = [models.Index(fields=["audience"], name="view_audience")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_personal(self) -> bool:
        return self.audience == ViewAudience.ME


class Preferences(models.Model):
    """How one agent likes to work. No row: everything as it comes."""

    class AfterSend(models.TextChoices):
        STAY = "stay", _("Stay on the ticket")
        NEXT = "next", _("Open the next ticket of the list")
        LIST = "list", _("Go back to the list")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="preferences")
    default_view = models.CharField(_("view to begin with"), max_length=90, blank=True, default="")
    after_send = models.CharField(
        _("after sending a reply"), max_length=4, choices=AfterSend.choices, default=AfterSend.STAY
    )
    has_single_keys = models.BooleanField(
        _("single keys work"), default=True, help_text=_("Such as r for reply. Keys together with Ctrl always work.")
    )

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)


class Viewed(models.Model):
    """An agent had the ticket open, last at that moment; the newest few are kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="viewed_once")]
        indexes = [models.Index(fields=["user", "-at"], name="viewed_newest")]

    def __str__(self) -> str:
        return f"{self.user} · {self.ticket_id}"
