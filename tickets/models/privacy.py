"""What people may ask of the desk about themselves."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User


class DataExport(models.Model):
    """A copy of everything that somebody wrote and got, made when they ask and gone after some days."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Gone")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="data_exports")
    key = models.UUIDField(default=uuid.uuid4, unique=True, help_text=_("Names it in addresses."))
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    sha256 = models.CharField(max_length=64, default="")
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("copy of somebody's data")
        verbose_name_plural = _("copies of people's data")
        indexes = [
            models.Index(fields=["next_attempt_at"], name="data_export_due", condition=Q(next_attempt_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY and self.expires_at is not None and self.expires_at > timezone.now()


class ErasureRequest(models.Model):
    """Somebody who wants the desk to forget who they are; an admin carries it out or says why not."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REFUSED = "refused", _("Refused")
        DONE = "done", _("Carried out")

    user = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="erasure_requests")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, verbose_name=_("decided by"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answer = models.CharField(_("answer"), max_length=500, blank=True, help_text=_("The person reads it in a mail."))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("request to be forgotten")
        verbose_name_plural = _("requests to be forgotten")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(state="waiting"), name="erasure_request_once")
        ]

    def __str__(self) -> str:
        return str(self.user)
