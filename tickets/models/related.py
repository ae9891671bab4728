"""What hangs on a ticket besides its messages: links to others, tasks, mergers, conversations with third parties."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.ticket import Ticket


class TicketLink(models.Model):
    """`ticket` relates to, duplicates, blocks or is the parent of `other`; read from there it is the reverse."""

    class Kind(models.TextChoices):
        RELATES = "relates", _("relates to")
        DUPLICATES = "duplicates", _("duplicates")
        BLOCKS = "blocks", _("blocks")
        PARENT = "parent", _("is the parent of")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="links_here")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "other", "kind"], name="link_once"),
            models.UniqueConstraint(fields=["other"], name="link_one_parent", condition=Q(kind="parent")),
            models.CheckConstraint(condition=~Q(ticket=F("other")), name="link_not_to_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.other_id}"


class Task(models.Model):
    """A step of the work on a ticket. While one is open the ticket can neither be resolved nor closed."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(_("title"), max_length=200)
    assignee = models.ForeignKey(
        User, verbose_name=_("assignee"), null=True, on_delete=models.SET_NULL, related_name="tasks"
    )
    due_at = models.DateTimeField(_("due"), null=True)
    told_at = models.DateTimeField(null=True, help_text=_("When the assignee was told that it is due."))
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [
            models.Index(fields=["due_at"], name="task_due", condition=Q(done_at__isnull=True, told_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.title


class TicketMerge(models.Model):
    """`ticket` is handled together with `target` since `merged_at`. Nothing of it moves: its messages are shown there
    too. `before` is what unmerging brings back, `added` are the followers that the target got by it."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="mergers")
    target = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="merged_here")
    merged_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    merged_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    before = models.JSONField(default=dict)
    added = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        verbose_name = _("merger")
        verbose_name_plural = _("mergers")
        constraints = [
            models.UniqueConstraint(fields=["ticket"], name="merged_once", condition=Q(ended_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} → {self.target_id}"


class SideConversation(models.Model):
    """A talk about the ticket with somebody who takes no part in it: a supplier, another firm's support. It has its own
    mail address; what is said there stands among the internal notes and never reaches the customer."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="side_conversations")
    address = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=200, default="", blank=True)
    subject = models.CharField(_("subject"), max_length=255)
    started_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("side conversation")
        verbose_name_plural = _("side conversations")

    def __str__(self) -> str:
        return f"{self.subject} ({self.address})"
