from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.message import Message
from tickets.models.people import User
from tickets.models.ticket import Ticket


class EventQuerySet(models.QuerySet["TicketEvent"]):
    def unhandled(self) -> Self:
        return self.filter(handled_at__isnull=True)


class TicketEvent(models.Model):
    """What happened to a ticket: at once the audit log and the outbox of everything that follows from it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=30)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    actor_name = models.CharField(max_length=200, help_text=_("As it was then; also names the desk's own clock."))
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    data = models.JSONField(default=dict)
    changes = models.JSONField(null=True, help_text=_("What it changed on the ticket: {field: [before, after]}."))
    cause = models.JSONField(null=True, help_text=_("The rule that did it: {rule, name, version, depth}."))
    created_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["ticket", "id"], name="event_ticket"),
            models.Index(fields=["actor", "created_at"], name="event_actor", condition=models.Q(actor__isnull=False)),
            models.Index(
                fields=["next_attempt_at"], name="event_unhandled", condition=models.Q(handled_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.ticket_id}"
