from __future__ import annotations

import re
import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

REMEMBERED = 5.0  # seconds
_remembered: tuple[float, list[str], list[Any]] | None = None


def validate_number_format(value: str) -> None:
    if not re.fullmatch(r"[A-Z0-9-]{0,8}#{5,12}", value):
        raise ValidationError(_("Use up to 8 letters, digits or dashes, then 5 to 12 #, for example HD-######."))


class Desk(models.Model):
    """Settings of the whole desk: one row, made by the first migration."""

    name = models.CharField(_("company name"), max_length=80, default="Helpdesk")
    number_format = models.CharField(
        _("ticket number format"),
        max_length=24,
        default="######",
        validators=[validate_number_format],
        help_text=_("Each # becomes a random digit, so that numbers tell nobody how many tickets there are."),
    )
    default_department = models.ForeignKey(
        "tickets.Department", verbose_name=_("default department"), null=True, blank=True, on_delete=models.PROTECT
    )
    default_form = models.ForeignKey(
        "tickets.Form",
        verbose_name=_("default form"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_field_set": False},
        help_text=_("Asked where the help topic has no form, and where no topic was chosen."),
    )
    claim_on_reply = models.BooleanField(
        _("replying takes the ticket"),
        default=True,
        help_text=_("An agent who replies to an unassigned ticket becomes its assignee."),
    )
    undo_seconds = models.PositiveSmallIntegerField(
        _("replies leave after (seconds)"),
        default=10,
        validators=[MaxValueValidator(120)],
        help_text=_("So long the agent who wrote a reply can take it back. 0 sends at once."),
    )
    archive_after_days = models.PositiveSmallIntegerField(
        _("archive closed tickets after (days)"),
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    trash_days = models.PositiveSmallIntegerField(
        _("empty the trash after (days)"), default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    guest_link_days = models.PositiveSmallIntegerField(
        _("links in e-mails work for (days)"), default=60, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )

    reply_by_mail_days = models.PositiveSmallIntegerField(
        _("mail can be answered for (days)"),
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("An answer to an older mail opens a new ticket."),
    )

    rule_run_days = models.PositiveSmallIntegerField(
        _("keep what rules did for (days)"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("So long the desk can tell why a rule did or did not act."),
    )

    notice = models.CharField(
        _("notice in the portal"),
        max_length=500,
        blank=True,
        help_text=_("Stands on every page that customers see, for example while something is down. Plain text."),
    )
    notice_from = models.DateTimeField(_("shown from"), null=True, blank=True, help_text=_("Empty: at once."))
    notice_until = models.DateTimeField(_("shown until"), null=True, blank=True, help_text=_("Empty: until removed."))

    asks_puzzle = models.BooleanField(
        _("guests’ browsers solve a puzzle"),
        default=False,
        help_text=_(
            "Against robots: it takes a browser about a second. Who has no scripts confirms their address by mail."
        ),
    )

    # The brand has a page of its own in the admin.
    accent_light = models.CharField(
        _("colour on light ground"),
        max_length=7,
        blank=True,
        help_text=_("Of buttons and links, as #rrggbb. Empty: the desk's own."),
    )
    accent_dark = models.CharField(
        _("colour on dark ground"),
        max_length=7,
        blank=True,
        help_text=_("Empty: the same hue, as light as it takes to be read there."),
    )
    logo_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    logo_type = models.CharField(max_length=20, blank=True, editable=False)
    is_offline = models.BooleanField(
        _("portal closed"),
        default=False,
        help_text=_("Customers read the text “while closed” instead of the portal. Mail is taken, agents go on."),
    )

    class Meta:
        verbose_name = _("desk settings")
        verbose_name_plural = _("desk settings")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="desk_single_row")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self.forget()

    def clean(self) -> None:
        if self.notice_from and self.notice_until and self.notice_until <= self.notice_from:
            raise ValidationError({"notice_until": _("It would end before it begins.")})

    @property
    def current_notice(self) -> str:
        """What is to be said to customers now; empty when nothing is."""
        now = timezone.now()
        begun = self.notice_from is None or self.notice_from <= now
        ended = self.notice_until is not None and self.notice_until <= now
        return self.notice.strip() if begun and not ended else ""

    @classmethod
    def current(cls) -> Desk:
        """The settings row; made with defaults when it is missing. Every page needs it, so a process remembers it
        for some seconds; its own changes it sees at once."""
        global _remembered
        if _remembered is None or _remembered[0] < time.monotonic():
            row = cls.objects.get_or_create(pk=1)[0]
            names = [field.attname for field in cls._meta.concrete_fields]
            _remembered = (time.monotonic() + REMEMBERED, names, [getattr(row, name) for name in names])
        return cls.from_db("default", _remembered[1], _remembered[2])

    @staticmethod
    def forget() -> None:
        global _remembered
        _remembered = None


class Heartbeat(models.Model):
    """When a background process was last seen; /readyz reads it."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Limit(models.Model):
    """Hits of one key in one window of time. Kept in PostgreSQL so that losing the broker resets nothing."""

    key = models.CharField(max_length=160)
    window_start = models.DateTimeField()
    hits = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window_start"], name="limit_window")]
        indexes = [models.Index(fields=["window_start"], name="limit_window_start")]

    def __str__(self) -> str:
        return self.key


class IdempotencyKey(models.Model):
    """What an API client was answered, so that the same request sent again gets the same answer."""

    user = models.ForeignKey("tickets.User", on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return self.key
