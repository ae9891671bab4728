from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.message import Message
from tickets.models.people import User
from tickets.models.ticket import Ticket


class DraftQuerySet(models.QuerySet["Draft"]):
    def readable_by(self, user: User | int) -> Self:
        """Their own, and what colleagues show to everybody who works on the ticket."""
        return self.filter(Q(author=user) | Q(is_shared=True))


class Draft(models.Model):
    """What an agent is writing on a ticket, on whatever device; with `send_at`, a reply that leaves by itself then."""

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=8, choices=Message.Kind.choices)
    body = models.TextField(default="", blank=True)
    html = models.TextField(default="", blank=True, help_text=_("Cleaned HTML; empty for plain text."))
    recipients = models.JSONField(default=dict, help_text=_("Other addresses than usual: {to: [...], cc, bcc}."))
    status = models.ForeignKey("tickets.Status", null=True, on_delete=models.SET_NULL, related_name="+")
    resolves = models.BooleanField(default=False, help_text=_("The ticket is resolved with the reply."))
    is_shared = models.BooleanField(default=False, help_text=_("Colleagues on the ticket read it."))
    seen = models.BigIntegerField(default=0, help_text=_("The newest message that the writer had read."))
    send_at = models.DateTimeField(null=True, help_text=_("When it leaves by itself."))
    held_reason = models.TextField(default="", help_text=_("Why it did not leave at its time."))
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-changed_at"]
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint(fields=["author", "ticket", "kind"], name="draft_once")]
        indexes = [models.Index(fields=["send_at"], name="draft_due", condition=Q(send_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.author}: {self.body[:60]}"


class DraftFile(models.Model):
    """A file that came before its message. Its key stays when it becomes an attachment."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    is_inline = models.BooleanField(default=False, help_text=_("A picture in the text."))

    class Meta:
        ordering = ["id"]
        verbose_name = _("file of a draft")
        verbose_name_plural = _("files of drafts")

    def __str__(self) -> str:
        return self.name

    @property
    def content_id(self) -> str:
        return f"{self.key}@draft"
