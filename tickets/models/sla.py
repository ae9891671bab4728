from __future__ import annotations

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.states import Priority


def validate_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("%(zone)s is not a time zone. Example: Europe/Berlin."), params={"zone": value})


class BusinessHours(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    country = models.CharField(
        _("public holidays of"),
        max_length=2,
        blank=True,
        help_text=_("Two letters, such as DE. They are kept as rows below, a year ahead."),
    )
    region = models.CharField(_("region"), max_length=20, blank=True, help_text=_("Such as BY; empty: nationwide."))
    feed_url = models.CharField(
        _("holidays from an iCal feed"),
        max_length=500,
        blank=True,
        validators=[URLValidator(["http", "https", "webcal"])],
        help_text=_("A public address, read once a day. What was read stays when it cannot be read."),
    )
    next_fetch_at = models.DateTimeField(null=True, editable=False)
    fetched_at = models.DateTimeField(_("last read"), null=True, editable=False)
    fetch_error = models.CharField(_("could not be read"), max_length=300, default="", editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("business hours")
        verbose_name_plural = _("business hours")
        indexes = [
            models.Index(fields=["next_fetch_at"], name="hours_fetch", condition=models.Q(next_fetch_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    business_hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="ranges")
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"), help_text=_("00:00 means midnight at the end of the day."))

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"

    @property
    def minutes(self) -> tuple[int, int]:
        """Start and end in minutes after midnight, local time; the end may be 1440."""
        end = self.closes.hour * 60 + self.closes.minute
        return self.opens.hour * 60 + self.opens.minute, end or 1440

    def clean(self) -> None:
        if self.opens is not None and self.closes is not None and self.minutes[0] >= self.minutes[1]:
            raise ValidationError({"closes": _("Closing time must be after opening time.")})


class DateHours(models.Model):
    """A single date with hours of its own, or none; wins over the week and over holidays."""

    business_hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="dates")
    date = models.DateField(_("date"))
    opens = models.TimeField(_("opens"), null=True, blank=True, help_text=_("Both empty: closed."))
    closes = models.TimeField(
        _("closes"), null=True, blank=True, help_text=_("00:00 means midnight at the end of the day.")
    )
    name = models.CharField(_("name"), max_length=80, blank=True)

    class Meta:
        ordering = ["date", "opens"]
        verbose_name = _("date with its own hours")
        verbose_name_plural = _("dates with their own hours")

    def __str__(self) -> str:
        return f"{self.date} {self.name}".strip()

    @property
    def minutes(self) -> tuple[int, int] | None:
        """Start and end in minutes after midnight; None for closed."""
        if self.opens is None or self.closes is None:
            return None
        return self.opens.hour * 60 + self.opens.minute, self.closes.hour * 60 + self.closes.minute or 1440

    def clean(self) -> None:
        if (self.opens is None) != (self.closes is None):
            raise ValidationError({"closes": _("Give both, or neither for a day that is closed.")})
        if self.minutes and self.minutes[0] >= self.minutes[1]:
            raise ValidationError({"closes": _("Closing time must be after opening time.")})


class Holiday(models.Model):
    class Origin(models.TextChoices):
        TYPED = "typed", _("typed")
        LIBRARY = "library", _("public")
        FEED = "feed", _("feed")

    business_hours = models.ForeignKey(BusinessHours, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80)
    origin = models.CharField(_("from"), max_length=8, choices=Origin.choices, default=Origin.TYPED, editable=False)

    class Meta:
        ordering = ["date"]
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints = [models.UniqueConstraint(fields=["business_hours", "date"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


MINUTES = [MinValueValidator(1), MaxValueValidator(525_600)]


class SlaPolicy(models.Model):
    class OnReopening(models.TextChoices):
        RESTART = "restart", _("starts anew")
        CONTINUE = "continue", _("goes on where it stopped")

    name = models.CharField(_("name"), max_length=80, unique=True)
    business_hours = models.ForeignKey(
        BusinessHours,
        verbose_name=_("business hours"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        help_text=_("Empty: those of the ticket's department; without any, day and night."),
    )
    first_response_minutes = models.PositiveIntegerField(_("first response within (minutes)"), validators=MINUTES)
    next_response_minutes = models.PositiveIntegerField(
        _("next responses within (minutes)"),
        null=True,
        blank=True,
        validators=MINUTES,
        help_text=_("From each later customer message that waits for an answer. Empty: not promised."),
    )
    resolution_minutes = models.PositiveIntegerField(_("resolution within (minutes)"), validators=MINUTES)
    warn_percent = models.PositiveSmallIntegerField(
        _("warn at (percent of the time)"), default=80, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    on_reopening = models.CharField(
        _("on reopening the clock"),
        max_length=8,
        choices=OnReopening.choices,
        default=OnReopening.RESTART,
    )
    pauses_on_snooze = models.BooleanField(
        _("the clock stands still while a ticket is snoozed"), default=False,
        help_text=_("Otherwise snoozing hides a ticket, and its deadlines stay."),
    )  # fmt: skip
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("SLA policy")
        verbose_name_plural = _("SLA policies")

    def __str__(self) -> str:
        return self.name


class SlaTarget(models.Model):
    """What a policy promises for one priority where that differs from what it promises for all."""

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="by_priority")
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices)
    first_response_minutes = models.PositiveIntegerField(
        _("first response within (minutes)"), null=True, blank=True, validators=MINUTES
    )
    next_response_minutes = models.PositiveIntegerField(
        _("next responses within (minutes)"), null=True, blank=True, validators=MINUTES
    )
    resolution_minutes = models.PositiveIntegerField(
        _("resolution within (minutes)"), null=True, blank=True, validators=MINUTES
    )

    class Meta:
        ordering = ["-priority"]
        verbose_name = _("targets of a priority")
        verbose_name_plural = _("targets by priority (empty: the policy's own)")
        constraints = [models.UniqueConstraint(fields=["policy", "priority"], name="sla_target_once")]

    def __str__(self) -> str:
        return str(self.get_priority_display())


class SlaPause(models.Model):
    """A stretch in which the ticket's clock stood still. The open one has no end."""

    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="sla_pauses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField()
    actor_name = models.CharField(max_length=200, default="", help_text=_("Who stopped the clock, as named then."))
    is_snooze = models.BooleanField(default=False, help_text=_("By snoozing: its end is known from the beginning."))

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=models.Q(ended_at__isnull=True), name="sla_pause_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.started_at:%Y-%m-%d %H:%M}"
