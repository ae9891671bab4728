from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tickets.models.people import Team, User
from tickets.models.routing import Department, HelpTopic
from tickets.models.ticket import Ticket
from tickets.states import Priority


class RecurringTicket(models.Model):
    """A ticket that the desk opens by itself again and again: a backup to check, a licence to renew."""

    class Every(models.TextChoices):
        DAY = "day", _("Days")
        WEEK = "week", _("Weeks")
        MONTH = "month", _("Months")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    interval = models.PositiveSmallIntegerField(
        _("every"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    unit = models.CharField(_("unit"), max_length=5, choices=Every.choices, default=Every.WEEK)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday.choices),
        verbose_name=_("on these days"),
        default=list,
        blank=True,
        help_text=_("For weeks. None: the weekday of the first day."),
    )
    day_of_month = models.PositiveSmallIntegerField(
        _("day of the month"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("For months. In a shorter month it is the last day."),
    )
    at = models.TimeField(_("at"), default=time(8))
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: that of the desk."))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    requester = models.ForeignKey(User, verbose_name=_("requester"), on_delete=models.CASCADE, related_name="+")
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="recurring_tickets"
    )
    help_topic = models.ForeignKey(
        HelpTopic, verbose_name=_("help topic"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        Team, verbose_name=_("team"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    assignee = models.ForeignKey(
        User,
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_agent": True},
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    subject = models.CharField(_("subject"), max_length=255, help_text=_("May hold variables, as canned responses do."))
    body = models.TextField(_("text"), max_length=20_000, help_text=_("May hold variables, as canned responses do."))

    next_at = models.DateTimeField(_("next"), null=True, editable=False)
    last_at = models.DateTimeField(_("last"), null=True, editable=False)
    last_ticket = models.ForeignKey(Ticket, null=True, editable=False, on_delete=models.SET_NULL, related_name="+")
    last_error = models.CharField(_("trouble"), max_length=300, default="", editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("recurring ticket")
        verbose_name_plural = _("recurring tickets")
        indexes = [models.Index(fields=["next_at"], name="recurring_due", condition=Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.ends_on and self.starts_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("This is before the first day.")})
