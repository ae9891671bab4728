from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.event import TicketEvent
from tickets.models.message import Message
from tickets.models.people import User
from tickets.models.relay import MailRelay
from tickets.models.ticket import Ticket


class Mailbox(models.Model):
    """An address of the desk: mail to it becomes tickets, and its departments answer from it."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    address = models.EmailField(_("address"), unique=True)
    display_name = models.CharField(_("sender name"), max_length=120, blank=True)
    department = models.ForeignKey(
        "tickets.Department",
        verbose_name=_("routes to department"),
        on_delete=models.PROTECT,
        related_name="mailboxes",
    )
    help_topic = models.ForeignKey(
        "tickets.HelpTopic", verbose_name=_("routes to help topic"), null=True, blank=True, on_delete=models.SET_NULL
    )
    relay = models.ForeignKey(
        MailRelay, verbose_name=_("sends by"), null=True, blank=True, on_delete=models.PROTECT,
        help_text=_("Empty: by the relay that SMTP_URL names."),
    )  # fmt: skip
    is_default = models.BooleanField(_("default sender"), default=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    automatic_limit = models.PositiveIntegerField(
        _("automatic mails in 10 minutes"),
        default=100,
        help_text=_("When more go to customers, automatic mail of this mailbox is paused. 0: no limit."),
    )
    automatic_paused_at = models.DateTimeField(_("automatic mail paused"), null=True, blank=True, editable=False)
    automatic_pause_reason = models.TextField(_("why paused"), blank=True, editable=False)
    # What was sent before an admin resumed counts no more.
    automatic_counted_from = models.DateTimeField(null=True, blank=True, editable=False)
    authserv_id = models.CharField(
        _("name in Authentication-Results"),
        max_length=250,
        blank=True,
        help_text=_(
            "What your mail server calls itself in the Authentication-Results field it writes, for example "
            "mx.example.org. Only then senders can be verified. Empty: MAIL_AUTHSERV_ID of the settings counts."
        ),
    )
    authserv_hops = models.PositiveSmallIntegerField(
        _("Received fields above it"),
        default=0,
        validators=[MaxValueValidator(9)],
        help_text=_(
            "How many Received fields your own provider writes above its Authentication-Results. 0 unless it does; "
            "above 0 it has to remove results that senders forge in its name."
        ),
    )
    is_form_relay = models.BooleanField(
        _("receives a web form's mail"),
        default=False,
        help_text=_(
            "The person is then taken from Reply-To instead of From. Only for an address no other mail reaches."
        ),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="mailbox_one_default",
                violation_error_message=_("Another mailbox is the default sender already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


class InboundEmail(models.Model):
    """A mail that reached us. The raw bytes are in the blob store before this row exists, and this row is committed
    before the sender is told; what became of it stands in `state`, `reason`, `ticket` and `message`."""

    class Source(models.TextChoices):
        SMTP = "smtp", _("SMTP")
        PIPE = "pipe", _("Pipe")
        API = "api", _("API")
        IMAP = "imap", _("IMAP")
        POP = "pop", _("POP3")
        LMTP = "lmtp", _("LMTP")
        WEBHOOK = "webhook", _("Webhook")
        IMPORT = "import", _("Import by hand")

    class State(models.TextChoices):
        STORED = "stored", _("Stored")
        APPLIED = "applied", _("Applied")
        SUSPENDED = "suspended", _("Suspended")
        REJECTED = "rejected", _("Rejected")
        FAILED = "failed", _("Failed")

    class Verdict(models.TextChoices):
        UNKNOWN = "unknown", _("Not verified")
        VERIFIED = "verified", _("Verified")
        FAILED = "failed", _("Verification failed")

    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.SET_NULL, related_name="received")
    source = models.CharField(max_length=8, choices=Source.choices)
    # Which mail of which account it is, where it came from one; each of the three kinds of place names one mail.
    origin = models.ForeignKey(
        "tickets.MailSource", null=True, blank=True, on_delete=models.SET_NULL, related_name="mails"
    )
    folder = models.CharField(max_length=250, default="", blank=True)
    uidvalidity = models.BigIntegerField(null=True, blank=True)
    uid = models.BigIntegerField(null=True, blank=True)
    pop_uidl = models.CharField(max_length=250, null=True, blank=True)
    provider_id = models.CharField(max_length=250, null=True, blank=True)
    raw_sha256 = models.CharField(max_length=64)
    raw_size = models.PositiveBigIntegerField(help_text=_("Bytes."))
    envelope_from = models.CharField(max_length=320, default="", blank=True)
    envelope_to = ArrayField(models.CharField(max_length=320), default=list)
    # Names the delivery where the source has no id of its own: the same bytes to the same people are one mail.
    delivery_key = models.CharField(max_length=64, unique=True)
    rfc_message_id = models.CharField(max_length=500, default="")
    sender = models.CharField(max_length=320, default="")
    subject = models.CharField(max_length=255, default="")
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.STORED)
    reason = models.CharField(max_length=40, default="", help_text=_("Code of why it was not applied."))
    detail = models.TextField(default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.SET_NULL, related_name="inbound_emails")
    message = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL, related_name="inbound_email")
    verdict = models.CharField(
        max_length=8, choices=Verdict.choices, default=Verdict.UNKNOWN, help_text=_("Whether the sender is proved.")
    )
    flags = ArrayField(models.CharField(max_length=30), default=list, help_text=_("What is odd about it, as codes."))
    released_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        verbose_name = _("incoming e-mail")
        verbose_name_plural = _("incoming e-mails")
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "folder", "uidvalidity", "uid"],
                condition=Q(uid__isnull=False),
                name="inbound_once_per_uid",
            ),
            models.UniqueConstraint(
                fields=["origin", "pop_uidl"], condition=Q(pop_uidl__isnull=False), name="inbound_once_per_uidl"
            ),
            models.UniqueConstraint(
                fields=["origin", "provider_id"], condition=Q(provider_id__isnull=False), name="inbound_once_per_id"
            ),
        ]
        indexes = [
            models.Index(fields=["rfc_message_id"], name="inbound_message_id"),
            models.Index(fields=["state", "-id"], name="inbound_state"),
            models.Index(fields=["next_attempt_at"], name="inbound_due", condition=Q(next_attempt_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.subject}"


class OutboundEmail(models.Model):
    """One mail to one person: the transactional outbox. It is written in the transaction that wants the mail sent.
    Its Message-ID never changes and its bytes are fixed at the first rendering: a second attempt is the same mail."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        RETRY = "retry", _("Waiting to try again")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=30, help_text=_("Name of its template, such as reply or auto_response."))
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.CASCADE, related_name="outbound_emails")
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="outbound_emails")
    event = models.ForeignKey(TicketEvent, null=True, on_delete=models.SET_NULL, related_name="outbound_emails")
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.SET_NULL, related_name="+")
    recipient = models.EmailField(max_length=254)
    recipient_name = models.CharField(max_length=200, default="")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    is_automatic = models.BooleanField(default=True, help_text=_("Written by the desk, not by a person."))
    rfc_message_id = models.CharField(max_length=250, unique=True)
    context = models.JSONField(default=dict, help_text=_("What the template needs besides the ticket."))
    raw_sha256 = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    # True when a worker died after it may have handed the mail over: sent again with the same Message-ID.
    is_uncertain = models.BooleanField(default=False)
    last_code = models.PositiveSmallIntegerField(null=True)
    last_error = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    delay_told_at = models.DateTimeField(null=True, help_text=_("When the agent heard that it is late."))
    bounced_at = models.DateTimeField(null=True, help_text=_("When a report or the relay said that it failed."))
    bounce_reason = models.CharField(max_length=20, default="")
    bounce_score = models.PositiveSmallIntegerField(default=0, help_text=_("2 hard, 1 soft, 0 says nothing of them."))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("outgoing e-mail")
        verbose_name_plural = _("outgoing e-mails")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "recipient", "kind"],
                condition=Q(message__isnull=False),
                name="outbound_once_per_message",
            ),
            models.UniqueConstraint(
                fields=["event", "recipient", "kind"],
                condition=Q(event__isnull=False),
                name="outbound_once_per_event",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="outbound_due", condition=Q(next_attempt_at__isnull=False)),
            models.Index(fields=["state", "-id"], name="outbound_state"),
            models.Index(fields=["mailbox", "sent_at"], name="outbound_automatic", condition=Q(is_automatic=True)),
            models.Index(fields=["user", "bounced_at"], name="outbound_bounced", condition=Q(bounced_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient}"
