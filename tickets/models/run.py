from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SlaRun(models.Model):
    """How the clock of one target ran until it was met, missed or given up, as it was then: calendars, policies and
    their names may change afterwards, and what is reported of the past must not. Times are in seconds of working time.
    """

    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="sla_runs", db_index=False)
    target = models.CharField(max_length=20)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField(help_text=_("What was promised."))
    ran = models.PositiveIntegerField(help_text=_("What it took."))
    policy_name = models.CharField(max_length=80)
    calendar_name = models.CharField(max_length=80)
    calendar_digest = models.CharField(max_length=16, help_text=_("Equal for equal hours, holidays and dates."))
    is_met = models.BooleanField(default=True, help_text=_("False: overdue and open, or closed without."))
    steps = models.JSONField(help_text=_("start, end, kind, seconds, ran, what, by; from the start to the due moment."))

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["ticket", "target", "begun_at"], name="sla_run_once")]

    def __str__(self) -> str:
        return f"{self.target} #{self.ticket_id}"
