from __future__ import annotations

from django.db import models
from django.utils import timezone

from tickets.models.people import User
from tickets.models.ticket import Ticket


class Muted(models.Model):
    """Somebody who wants no more notices about a ticket. What agents write to the requester still comes."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="muted")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="muted")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="muted_once")]

    def __str__(self) -> str:
        return f"{self.user} #{self.ticket_id}"
