from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.states import Priority, State


class Department(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    is_public = models.BooleanField(_("customers see its name"), default=True)
    mailbox = models.ForeignKey(
        "tickets.Mailbox",
        verbose_name=_("sends from"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="sending_departments",
        help_text=_("Empty: the desk's default mailbox."),
    )
    sla_policy = models.ForeignKey(
        "tickets.SlaPolicy",
        verbose_name=_("SLA policy"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="departments",
        help_text=_("Used when the help topic names none."),
    )
    business_hours = models.ForeignKey(
        "tickets.BusinessHours",
        verbose_name=_("business hours"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="departments",
        help_text=_("Used for SLA policies that have none of their own. Empty: day and night."),
    )
    auto_response = models.BooleanField(
        _("auto-response"), default=True, help_text=_("Tell the requester by e-mail that the ticket arrived.")
    )
    auto_close_days = models.PositiveSmallIntegerField(
        _("close quiet resolved tickets after (days)"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("A resolved ticket closes by itself when the customer stays quiet this long."),
    )
    allow_reopen = models.BooleanField(_("closed tickets may be reopened"), default=True)
    reopen_window_days = models.PositiveSmallIntegerField(
        _("reopen window (days)"),
        default=14,
        validators=[MaxValueValidator(3650)],
        help_text=_("A customer's message this long after closing reopens the ticket; later it starts a new one."),
    )
    signature = models.TextField(_("signature"), blank=True, help_text=_("Put under e-mails of this department."))

    class Meta:
        ordering = ["name"]
        verbose_name = _("department")
        verbose_name_plural = _("departments")

    def __str__(self) -> str:
        return self.name


class HelpTopic(models.Model):
    """What customers choose from, and how their choice is routed. Topics form a tree."""

    parent = models.ForeignKey(
        "self", verbose_name=_("under"), null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("short name in addresses"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    icon = models.CharField(_("icon"), max_length=40, blank=True, help_text=_("Name of a heroicon, such as key."))
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="help_topics"
    )
    form = models.ForeignKey(
        "tickets.Form",
        verbose_name=_("form"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="help_topics",
        limit_choices_to={"is_field_set": False},
        help_text=_("Empty: the form of the topic above it, else the default form."),
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    sla_policy = models.ForeignKey(
        "tickets.SlaPolicy", verbose_name=_("SLA policy"), null=True, blank=True, on_delete=models.SET_NULL
    )
    team = models.ForeignKey("tickets.Team", verbose_name=_("team"), null=True, blank=True, on_delete=models.SET_NULL)
    assignee = models.ForeignKey(
        "tickets.User",
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_agent": True},
    )
    is_public = models.BooleanField(_("shown in the portal"), default=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    auto_response = models.BooleanField(_("auto-response"), default=True)
    allow_reopen = models.BooleanField(_("closed tickets may be reopened"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("help topic")
        verbose_name_plural = _("help topics")
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="topic_name_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return self.path

    @property
    def path(self) -> str:
        return f"{self.parent.path} › {self.name}" if self.parent_id and self.parent else self.name

    def clean(self) -> None:
        """Refuses a topic placed under itself, at any depth: it would never end."""
        above = self.parent
        while above is not None:
            if above.pk == self.pk and self.pk is not None:
                raise ValidationError({"parent": _("A topic cannot lie under itself.")})
            above = above.parent


class Status(models.Model):
    """A label that the organisation adds under a state of the lifecycle."""

    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=60)
    customer_label = models.CharField(
        _("customers read"), max_length=60, blank=True, help_text=_("Empty: what customers read for the state.")
    )
    colour = models.CharField(
        _("colour"),
        max_length=10,
        default="neutral",
        choices=[
            ("neutral", _("Grey")),
            ("accent", _("Teal")),
            ("info", _("Blue")),
            ("ok", _("Green")),
            ("warn", _("Amber")),
            ("danger", _("Red")),
            ("violet", _("Violet")),
        ],
    )
    pauses_sla = models.BooleanField(_("pauses the SLA clock"), default=False)
    ends_on_customer_message = models.BooleanField(
        _("ends when the customer writes"), default=False, help_text=_("For statuses that wait for the customer.")
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        ordering = ["position", "label"]
        verbose_name = _("status")
        verbose_name_plural = _("statuses")

    def __str__(self) -> str:
        return self.label
