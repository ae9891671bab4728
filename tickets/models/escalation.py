from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.sla import SlaPolicy


class Escalation(models.Model):
    """A level of a policy: at a moment before or after a target is due, something is done, once."""

    class Timing(models.TextChoices):
        PERCENT = "percent", _("percent of the time")
        BEFORE = "before", _("minutes before it is due")
        AFTER = "after", _("minutes after it was due")

    class Effect(models.TextChoices):
        TELL_ASSIGNEE = "tell_assignee", _("tell the assignee")
        TELL_TEAM = "tell_team", _("tell its team")
        TELL_DEPARTMENT = "tell_department", _("tell who answers in its department")
        TELL_AGENT = "tell_agent", _("tell an agent")
        GIVE_AGENT = "give_agent", _("assign it to an agent")
        GIVE_TEAM = "give_team", _("hand it to a team")
        RAISE_PRIORITY = "raise_priority", _("raise the priority by one")

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="escalations")
    target = models.CharField(
        _("target"),
        max_length=20,
        blank=True,
        choices=[
            ("first_response", _("First response")),
            ("next_response", _("Next response")),
            ("resolution", _("Resolution")),
        ],
        help_text=_("Empty: each of them."),
    )
    amount = models.PositiveIntegerField(
        _("how much"), validators=[MaxValueValidator(525_600)], help_text=_("In working time.")
    )
    timing = models.CharField(_("when"), max_length=8, choices=Timing.choices, default=Timing.AFTER)
    repeat_minutes = models.PositiveIntegerField(
        _("again every (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(525_600)],
        help_text=_("In working time, until it is answered. Only after it was due. Empty: once."),
    )
    repeat_most = models.PositiveSmallIntegerField(
        _("at most so many times again"), default=12, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    effect = models.CharField(_("what"), max_length=16, choices=Effect.choices, default=Effect.TELL_ASSIGNEE)
    agent = models.ForeignKey(
        "tickets.User",
        verbose_name=_("agent"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_agent": True},
    )
    team = models.ForeignKey(
        "tickets.Team", verbose_name=_("team"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("warning or escalation")
        verbose_name_plural = _("warnings and escalations")

    def __str__(self) -> str:
        words = f"{self.amount} {self.get_timing_display()}: {self.get_effect_display()}"
        if not self.repeat_minutes:
            return words
        again = _("again every %(minutes)d minutes, at most %(most)d times")
        return f"{words}, {again % {'minutes': self.repeat_minutes, 'most': self.repeat_most}}"

    @property
    def times(self) -> int:
        """How often it may be done for one target."""
        return 1 + (self.repeat_most if self.repeat_minutes else 0)

    def key(self, number: int = 0) -> str:
        """Of its first time, or of its repetition `number`."""
        return f"escalation:{self.pk}#{number}" if number else f"escalation:{self.pk}"

    @property
    def is_early(self) -> bool:
        """Before the target is due."""
        return self.timing != self.Timing.AFTER

    @property
    def tells(self) -> str:
        """Whom it tells: assignee, team, department or agent; empty when it does something to the ticket."""
        return self.effect.removeprefix("tell_") if self.effect.startswith("tell_") else ""

    def clean(self) -> None:
        if self.amount is None:
            return
        if self.timing == self.Timing.PERCENT and not 1 <= self.amount <= 99:
            raise ValidationError({"amount": _("A percentage is between 1 and 99.")})
        if self.timing == self.Timing.BEFORE and self.amount < 1:
            raise ValidationError({"amount": _("At least one minute.")})
        if self.repeat_minutes and self.is_early:
            raise ValidationError({"repeat_minutes": _("Only what comes after it was due can be repeated.")})
        if self.effect in (self.Effect.TELL_AGENT, self.Effect.GIVE_AGENT) and self.agent is None:
            raise ValidationError({"agent": _("Choose the agent.")})
        if self.effect == self.Effect.GIVE_TEAM and self.team is None:
            raise ValidationError({"team": _("Choose the team.")})


class SlaFired(models.Model):
    """A warning, breach or escalation that was done, or skipped because it came too late to help (a warning after the
    breach, a reminder when the next one is due already). One row for each step of each target of each run of the
    clock; the unique key keeps it at once."""

    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="sla_fired", db_index=False)
    target = models.CharField(max_length=20)
    begun_at = models.DateTimeField(help_text=_("When the target's clock began."))
    step = models.CharField(max_length=30, help_text=_("warning, breach, or escalation: and its key."))
    planned_at = models.DateTimeField()
    fired_at = models.DateTimeField(default=timezone.now)
    is_skipped = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "target", "begun_at", "step"], name="sla_fired_once")]

    def __str__(self) -> str:
        return f"{self.target} {self.step}"
