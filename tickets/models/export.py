from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User


class Export(models.Model):
    """A list as a file, made in the background for one person, who alone may have it, for a week."""

    class State(models.TextChoices):
        RUNNING = "running", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Not made")

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="exports", db_index=False)
    # The list as its address names it, and the columns; empty for all.
    place = models.JSONField(default=dict)
    label = models.CharField(max_length=200)
    columns = models.JSONField(default=list)
    progress = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rows = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="")
    size = models.PositiveBigIntegerField(default=0, help_text=_("Bytes."))
    created_at = models.DateTimeField(default=timezone.now)
    # Whoever works on it; past that moment somebody else may.
    leased_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            models.Index(fields=["by", "-id"], name="export_of_person"),
            models.Index(fields=["created_at"], name="export_running", condition=Q(progress="running")),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.progress}"
