"""Where mail is fetched from, and the permissions that mail providers gave the desk."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
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
