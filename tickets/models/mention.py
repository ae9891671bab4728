from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.ticket import Ticket

LISTED = 1000


class MentionQuerySet(models.QuerySet["Mention"]):
    def tickets_of(self, pk: int) -> models.QuerySet:
        """Keys of the tickets on which this agent was mentioned lately; no more than a list could show."""
        return self.filter(user=pk).order_by("-created_at").values("ticket")[:LISTED]


class Mention(models.Model):
    """That an agent was mentioned in notes of a ticket, and when last. Where in a note is said by the note."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MentionQuerySet.as_manager()

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="mention_once")]
        indexes = [models.Index(fields=["user", "-created_at"], name="mention_user")]

    def __str__(self) -> str:
        return f"@{self.user}"
