from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import System, User
from tickets.models.ticket import Follower, Ticket
from tickets.states import Source

# A search vector may hold 1 MB; long before that nobody finds a ticket by what stands there.
SEARCHED_CHARACTERS = 60_000


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User | System | AnonymousUser) -> Self:
        """Internal notes and machine mail are for agents only, and of tickets that they read from inside: that is for
        the caller to know, see `Ticket.objects.inside` and `permissions.is_inside`."""
        if isinstance(user, System) or (isinstance(user, User) and (user.is_agent or user.is_superuser)):
            return self
        return self.read_by(user) if isinstance(user, User) else self.public()

    def public(self, now: datetime | None = None) -> Self:
        """The conversation as customers read it; a reply that its author can still take back is no part of it yet."""
        left = Q(leaves_at__isnull=True) | Q(leaves_at__lte=now or timezone.now())
        return self.filter(left).exclude(kind=Message.Kind.NOTE).exclude(is_machine=True)

    def read_by(self, person: User | int, now: datetime | None = None) -> Self:
        """The conversation as this one reads it: who was let in from a mail's copy line sees nothing older."""
        joined = Follower.objects.filter(ticket=OuterRef("ticket"), user=person, sees_from__gt=OuterRef("created_at"))
        return self.public(now).filter(~Exists(joined))


class MessageManager(models.Manager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> MessageQuerySet:
        """Without the search vector, which is as long as the text and only read by PostgreSQL."""
        return super().get_queryset().defer("search")


class Message(models.Model):
    class Kind(models.TextChoices):
        CUSTOMER = "customer", _("Message")
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Internal note")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="messages")
    author_name = models.CharField(max_length=200)
    body = models.TextField(help_text=_("Plain text, whole: quoted text and signature are folded, never cut."))
    html = models.TextField(default="", help_text=_("Cleaned HTML as the writer formatted it; empty for plain text."))
    folded = models.JSONField(default=list, help_text=_("Ranges [start, end] of `body` that are shown folded."))
    mentions = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()),
        help_text=_("Of a note: where in `body` which agent is mentioned, [[start, end, id], ...]."),
    )  # fmt: skip
    source = models.CharField(max_length=8, choices=Source.choices)
    leaves_at = models.DateTimeField(null=True, help_text=_("Until then its author may take it back; nobody hears."))
    is_machine = models.BooleanField(default=False, help_text=_("Bounces and automatic answers."))
    recipients = models.JSONField(default=dict, help_text=_("Addresses of a reply: {to: [...], cc: [...]}."))
    origin = models.JSONField(default=dict, help_text=_("Of mail: what is known of its sender, see mail/identity.py."))
    side = models.ForeignKey(
        "tickets.SideConversation", null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False,
        help_text=_("Of a note: the conversation with a third party that it belongs to."),
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now)
    nonce = models.UUIDField(null=True, unique=True, help_text=_("The same form sent twice writes one message."))
    search = models.GeneratedField(
        expression=SearchVector(Left("body", SEARCHED_CHARACTERS), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = MessageManager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["ticket", "id"], name="message_ticket"),
            models.Index(fields=["side", "id"], name="message_side", condition=Q(side__isnull=False)),
            GinIndex(fields=["search"], name="message_search"),
        ]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:60]}"


class Attachment(models.Model):
    """A file of a message. Its bytes lie in the blob store under their own hash, so the name is only shown."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    key = models.UUIDField(default=uuid.uuid4, unique=True, help_text=_("Names it in addresses."))
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text=_("Bytes."))
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=250, default="")
    is_inline = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name
