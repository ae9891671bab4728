"""Where mail is fetched from, and the permissions that mail providers gave the desk."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.secrets import SealedField

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def check_endpoint(url: str) -> None:
    """Refuses an address that tokens must not travel to: anything but https, unless it is this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValidationError(_("Must begin with https://."))


class OAuthGrant(models.Model):
    """A mail account that its owner has let the desk use (OAuth 2.0): what to show to which server for access."""

    class Provider(models.TextChoices):
        GOOGLE = "google", _("Google")
        MICROSOFT = "microsoft", _("Microsoft 365")
        OTHER = "other", _("Another provider")

    name = models.CharField(_("name"), max_length=80, unique=True)
    provider = models.CharField(_("provider"), max_length=10, choices=Provider.choices)
    account = models.EmailField(_("account"), help_text=_("Address of the mail account that is signed in to."))
    client_id = models.CharField(
        _("client ID"), max_length=250, help_text=_("From the app registration at the provider, see docs/mail.md.")
    )
    client_secret = SealedField(_("client secret"), help_text=_("Stored encrypted and never shown again."))
    authorize_url = models.URLField(
        _("authorization endpoint"), blank=True, max_length=500, validators=[check_endpoint],
        help_text=_("Empty: the provider's own. Microsoft with one tenant: its address with the tenant in it."),
    )  # fmt: skip
    token_url = models.URLField(
        _("token endpoint"), blank=True, max_length=500, validators=[check_endpoint],
        help_text=_("Empty: the provider's own."),
    )  # fmt: skip
    scope = models.CharField(_("scope"), max_length=500, blank=True, help_text=_("Empty: what mail needs."))
    refresh_token = SealedField(editable=False)
    access_token = SealedField(editable=False)
    expires_at = models.DateTimeField(_("access until"), null=True, editable=False)
    granted_at = models.DateTimeField(_("granted"), null=True, editable=False)
    last_error = models.TextField(_("last error"), default="", blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("OAuth grant")
        verbose_name_plural = _("OAuth grants")

    def __str__(self) -> str:
        return f"{self.name} <{self.account}>"

    def clean(self) -> None:
        """Only the large providers have endpoints that are known here."""
        if self.provider == self.Provider.OTHER:
            missing = [name for name in ("authorize_url", "token_url", "scope") if not getattr(self, name)]
            if missing:
                raise ValidationError({name: _("Needed for another provider.") for name in missing})


class MailSource(models.Model):
    """An account at a mail server or mail provider from which a mailbox gets its mail, and how that is going."""

    class Kind(models.TextChoices):
        IMAP = "imap", _("IMAP")
        POP = "pop", _("POP3")
        HOOK = "webhook", _("Webhook of a mail provider")

    class Provider(models.TextChoices):
        MAILGUN = "mailgun", "Mailgun"
        MANDRILL = "mandrill", "Mandrill"
        POSTMARK = "postmark", "Postmark"
        SENDGRID = "sendgrid", "SendGrid"
        SPARKPOST = "sparkpost", "SparkPost"

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the start")
        STARTTLS = "starttls", _("STARTTLS")
        PLAIN = "plain", _("None (only on this machine)")

    class Afterwards(models.TextChoices):
        DELETE = "delete", _("Delete it")
        MOVE = "move", _("Move it to another folder (IMAP)")
        KEEP = "keep", _("Leave it, marked as read")

    mailbox = models.ForeignKey(
        "tickets.Mailbox", verbose_name=_("mailbox"), on_delete=models.CASCADE, related_name="sources"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.IMAP)
    provider = models.CharField(
        _("provider"), max_length=10, choices=Provider.choices, blank=True, default="", help_text=_("Webhooks only.")
    )
    host = models.CharField(_("server"), max_length=253, blank=True, help_text=_("Such as imap.example.org."))
    port = models.PositiveIntegerField(
        _("port"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text=_("Empty: 993 or 143 for IMAP, 995 or 110 for POP3."),
    )  # fmt: skip
    security = models.CharField(_("encryption"), max_length=8, choices=Security.choices, default=Security.TLS)
    username = models.CharField(_("user name"), max_length=250, blank=True, help_text=_("Often the whole address."))
    password = SealedField(
        _("password"),
        help_text=_(
            "Stored encrypted. Not needed with an OAuth grant. For a webhook: the signing key (Mailgun, Mandrill), or "
            "user:password as it stands in the address (Postmark, SendGrid, SparkPost)."
        ),
    )
    grant = models.ForeignKey(
        OAuthGrant, verbose_name=_("OAuth grant"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="mail_sources", help_text=_("Instead of a password; Google and Microsoft ask for it."),
    )  # fmt: skip
    folder = models.CharField(_("folder"), max_length=250, default="INBOX", help_text=_("IMAP only."))
    afterwards = models.CharField(
        _("what happens to a mail on the server"), max_length=8, choices=Afterwards.choices, default=Afterwards.KEEP,
        help_text=_("After the desk has stored it. A mail that is not stored is never touched."),
    )  # fmt: skip
    processed_folder = models.CharField(
        _("folder for processed mail"), max_length=250, default="Processed",
        help_text=_("Where it is moved to; used for deleting, too, at servers that cannot delete single mails."),
    )  # fmt: skip
    fetch_since = models.DateTimeField(
        _("only mail since"), null=True, blank=True, default=timezone.now,
        help_text=_("What the server got earlier stays untouched. Empty: everything. POP3 knows no dates: everything."),
    )  # fmt: skip
    is_enabled = models.BooleanField(_("enabled"), default=True)
    changed_at = models.DateTimeField(auto_now=True, editable=False)

    # How it is going: written with update(), so that changed_at tells a change of the settings.
    uidvalidity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False, help_text=_("All mails up to this one are stored."))
    next_attempt_at = models.DateTimeField(default=timezone.now, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    lease_owner = models.CharField(max_length=32, default="", blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_error = models.TextField(_("last error"), default="", blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    stored_count = models.PositiveBigIntegerField(_("mails stored"), default=0, editable=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("mail source")
        verbose_name_plural = _("mail sources")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "host", "username", "grant", "folder"],
                condition=~Q(kind="webhook"),
                nulls_distinct=False,
                name="mail_source_read_once",
                violation_error_message=_("Another mail source reads this folder already."),
            )
        ]

    def __str__(self) -> str:
        if self.kind == self.Kind.HOOK:
            return self.get_provider_display()
        return f"{self.get_kind_display()} {self.signs_in_as} @ {self.host}"

    def save(self, *args: Any, **given: Any) -> None:
        """New settings are tried at once, whatever failed before. Another account gives other mails the same numbers:
        with it, or another folder, the desk knows none of them."""
        self.next_attempt_at, self.failures = timezone.now(), 0
        before = type(self).objects.filter(pk=self.pk).select_related("grant").first() if self.pk else None
        with transaction.atomic():
            super().save(*args, **given)
            if before and before._place() != self._place():
                type(self).objects.filter(pk=self.pk).update(uidvalidity=None, last_uid=0)
                if before._account() != self._account():
                    self._free_numbers()

    def _account(self) -> tuple[str, str, str]:
        return self.kind, self.host.lower(), self.signs_in_as

    def _place(self) -> tuple[object, ...]:
        return *self._account(), self.folder

    def _free_numbers(self) -> None:
        """What is stored keeps its folder and a UIDVALIDITY that no server gives: should it be the same account by
        another name after all, its mails are known by their bytes, as after any renumbering."""
        key = Concat(Value("was "), Cast("pk", models.CharField()))
        numbered = self.mails.filter(uid__isnull=False)
        numbered.update(uidvalidity=-F("pk"), delivery_key=key)
        named = self.mails.filter(pop_uidl__isnull=False)
        named.update(pop_uidl=None, delivery_key=key)

    @property
    def signs_in_as(self) -> str:
        return self.grant.account if self.grant else self.username

    @property
    def port_number(self) -> int:
        ports = {self.Kind.IMAP: (993, 143), self.Kind.POP: (995, 110)}[self.Kind(self.kind)]
        return self.port or ports[self.security != self.Security.TLS]

    def clean(self) -> None:
        """Passwords travel encrypted or not at all, and somebody has to sign in."""
        if self.kind == self.Kind.HOOK:
            return self._clean_hook()
        if not self.host:
            raise ValidationError({"host": _("Name the server.")})
        if self.security == self.Security.PLAIN and self.host not in LOOPBACK:
            raise ValidationError({"security": _("Without encryption only to a server on this machine.")})
        if not self.grant and not self.username:
            raise ValidationError({"username": _("Give a user name and password, or choose an OAuth grant.")})
        if self.kind == self.Kind.POP and self.afterwards == self.Afterwards.MOVE:
            raise ValidationError({"afterwards": _("POP3 has no folders.")})
        if self.afterwards == self.Afterwards.MOVE and self.processed_folder == self.folder:
            raise ValidationError({"processed_folder": _("Must be another folder than the one that is read.")})
        return None

    def _clean_hook(self) -> None:
        if not self.provider:
            raise ValidationError({"provider": _("Choose who sends.")})
        if not self.password:
            raise ValidationError({"password": _("Without a secret anybody could send mail here.")})


class HookToken(models.Model):
    """A token of a webhook's signature that was used: it is good once. Hashes only."""

    source = models.ForeignKey(MailSource, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    said = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "token"], name="hook_token_once")]

    def __str__(self) -> str:
        return self.token
