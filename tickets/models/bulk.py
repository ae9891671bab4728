from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.ticket import Ticket


class BulkJob(models.Model):
    """One verb done to many tickets for one person. The tickets are chosen when the job is made, so that the number
    that was confirmed is the number that is done."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Not confirmed yet")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Stopped")

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bulk_jobs", db_index=False)
    verb = models.CharField(max_length=20)
    params = models.JSONField(default=dict)
    progress = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    back = models.CharField(max_length=900, default="", help_text=_("The list that the tickets were chosen from."))
    is_cut = models.BooleanField(default=False, help_text=_("There were more tickets than one job takes."))
    total = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Whoever works on it; past that moment somebody else may.
    leased_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        indexes = [
            models.Index(fields=["by", "-id"], name="bulk_of_person"),
            models.Index(fields=["leased_until"], name="bulk_running", condition=Q(progress="running")),
            models.Index(fields=["created_at"], name="bulk_old", condition=~Q(progress="running")),
        ]

    def __str__(self) -> str:
        return f"{self.verb} × {self.total}"

    @property
    def is_running(self) -> bool:
        return self.progress == self.State.RUNNING

    @property
    def is_draft(self) -> bool:
        return self.progress == self.State.DRAFT

    @property
    def tried(self) -> int:
        return self.done_count + self.failed_count

    @property
    def left(self) -> int:
        return self.total - self.tried

    @property
    def percent(self) -> int:
        return self.tried * 100 // self.total if self.total else 100


class BulkItem(models.Model):
    """One ticket of a job. It is marked in the transaction of the verb itself: done once, or not at all."""

    class Result(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Not done")

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="items", db_index=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    result = models.CharField(max_length=8, choices=Result.choices, default=Result.WAITING)
    error = models.TextField(default="")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "ticket"], name="bulk_item_once")]
        indexes = [
            models.Index(fields=["job", "id"], name="bulk_item_waiting", condition=Q(result="waiting")),
            models.Index(fields=["job", "id"], name="bulk_item_failed", condition=Q(result="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.result}"
