from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.sources import LOOPBACK, OAuthGrant
from tickets.secrets import SealedField

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?|[0-9a-f:.]{2,45}", re.IGNORECASE)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.IGNORECASE)


def check_host(host: str) -> None:
    if not _HOST.fullmatch(host):
        raise ValidationError(_("This is no host name, such as smtp.example.com."))


def check_selector(selector: str) -> None:
    if not _SELECTOR.fullmatch(selector):
        raise ValidationError(_("Use letters, digits and dashes, such as desk2026."))


def check_domain(domain: str) -> None:
    if not _DOMAIN.fullmatch(domain):
        raise ValidationError(_("This is no domain, such as example.com."))


class MailRelay(models.Model):
    """A mail server that takes outgoing mail of some mailboxes. All others use the one that SMTP_URL names."""

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the start (port 465)")
        STARTTLS = "starttls", _("STARTTLS (port 587)")
        NONE = "none", _("None (a relay on the same machine)")

    name = models.CharField(_("name"), max_length=80, unique=True)
    host = models.CharField(_("host"), max_length=253, validators=[check_host])
    port = models.PositiveIntegerField(
        _("port"), default=465, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("security"), max_length=8, choices=Security.choices, default=Security.TLS)
    user = models.CharField(_("user"), max_length=254, blank=True, help_text=_("Empty: the relay asks for no sign-in."))
    password = SealedField(_("password"), help_text=_("Stored encrypted and never shown again."))
    grant = models.ForeignKey(
        OAuthGrant, verbose_name=_("OAuth grant"), null=True, blank=True, on_delete=models.PROTECT,
        help_text=_("Signs in by OAuth (XOAUTH2) instead of a password, as Google and Microsoft want it."),
    )  # fmt: skip

    class Meta:
        ordering = ["name"]
        verbose_name = _("mail relay")
        verbose_name_plural = _("mail relays")

    def __str__(self) -> str:
        return f"{self.name} ({self.host})"

    def clean(self) -> None:
        """No secret travels in the clear, unless within this machine."""
        is_open = self.security == self.Security.NONE and self.host not in LOOPBACK
        if is_open and (self.user or self.grant_id):
            raise ValidationError(
                {"security": _("With a sign-in, choose TLS or STARTTLS: it would be readable by all.")}
            )

    @property
    def key(self) -> str:
        """Names its health."""
        return f"relay {self.pk}"


class DkimKey(models.Model):
    """Signs the mail of one domain (RFC 6376). The public half stands in the DNS."""

    domain = models.CharField(_("domain"), max_length=253, unique=True, validators=[check_domain])
    selector = models.CharField(_("selector"), max_length=63, default="desk", validators=[check_selector])
    private_key = SealedField(editable=False)
    public_key = models.TextField(editable=False, default="")
    is_enabled = models.BooleanField(
        _("sign outgoing mail"), default=False,
        help_text=_("Switch it on when the record is in the DNS: the page Mail domains tells."),
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["domain"]
        verbose_name = _("DKIM key")
        verbose_name_plural = _("DKIM keys")

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What the DNS has to say there, as one TXT value."""
        return f"v=DKIM1; k=rsa; p={self.public_key}"


class RelayHealth(models.Model):
    """How a relay has answered lately. While it is paused its mails wait, and nobody tries it."""

    # "settings" for the one that SMTP_URL names
    key = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text=_("One after the other, without a success."))
    pauses = models.PositiveSmallIntegerField(default=0, help_text=_("One after the other; each is longer."))
    paused_until = models.DateTimeField(null=True)
    # True when an admin has to change something; False when merely nobody answered.
    is_refused = models.BooleanField(default=False)
    reason = models.TextField(default="")

    class Meta:
        verbose_name = _("relay health")
        verbose_name_plural = _("relay health")

    def __str__(self) -> str:
        return self.key
