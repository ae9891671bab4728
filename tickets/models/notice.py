"""What agents are told of, and how they want to hear it."""

from __future__ import annotations

from datetime import time

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.event import TicketEvent
from tickets.models.people import User


class NoticePreferences(models.Model):
    """How an agent wants to hear of things; without a row everything comes at once, by both ways."""

    class Digest(models.TextChoices):
        OFF = "", _("At once")
        HOURLY = "hourly", _("Together, every hour")
        DAILY = "daily", _("Together, once a day")

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="notice_preferences")
    channels = models.JSONField(default=dict, help_text=_("Group of notices -> both, app, mail or none."))
    digest = models.CharField(_("e-mails come"), max_length=6, choices=Digest.choices, default=Digest.OFF, blank=True)
    digest_time = models.TimeField(_("once a day at"), default=time(8))
    quiet_from = models.TimeField(_("do not disturb from"), null=True, blank=True)
    quiet_until = models.TimeField(_("until"), null=True, blank=True)
    in_browser = models.BooleanField(_("show notices of the browser while the workspace is open"), default=False)

    class Meta:
        verbose_name = _("notice preferences")
        verbose_name_plural = _("notice preferences")

    def __str__(self) -> str:
        return str(self.user)


class Notice(models.Model):
    """One event as one agent was told of it in the workspace."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices", db_index=False)
    event = models.ForeignKey(TicketEvent, on_delete=models.CASCADE, related_name="notices", db_index=False)
    is_shown = models.BooleanField(default=True, help_text=_("Not when the agent wants it by mail only."))
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True, help_text=_("When it is mailed together with others."))

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["event", "user"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_user"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["mail_at"], name="notice_mail", condition=Q(mail_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.event_id}"
