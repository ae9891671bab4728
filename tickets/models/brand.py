"""How the desk looks and speaks to customers, as far as admins decide it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.desk import Desk


class Brand(Desk):
    """The part of the desk's settings that is about its looks."""

    class Meta:
        proxy = True
        verbose_name = _("brand")
        verbose_name_plural = _("brand")


def _language() -> models.CharField:
    return models.CharField(_("language"), max_length=10, default=settings.LANGUAGE_CODE)


class PortalText(models.Model):
    """What stands at one place of the portal, in one language, instead of the desk's own words."""

    class Place(models.TextChoices):
        TITLE = "title", _("Start page: heading")
        LANDING = "landing", _("Start page: below the heading")
        THANKS = "thanks", _("After a ticket was sent")
        OFFLINE = "offline", _("While the portal is closed")

    place = models.CharField(_("place"), max_length=8, choices=Place.choices)
    language = _language()
    html = models.TextField(
        _("text"),
        max_length=5000,
        help_text=_("Paragraphs, lists, bold, italics and links; other tags are left out. Plain text will do."),
    )

    class Meta:
        ordering = ["place", "language"]
        verbose_name = _("text of the portal")
        verbose_name_plural = _("texts of the portal")
        constraints = [models.UniqueConstraint(fields=["place", "language"], name="portal_text_once")]

    def __str__(self) -> str:
        return f"{self.get_place_display()} ({self.language})"


class MailWording(models.Model):
    """The words of one kind of mail to customers, in one language, instead of the desk's own."""

    class Kind(models.TextChoices):
        AUTO_RESPONSE = "auto_response", _("We received the request")
        REPLY = "reply", _("An agent's reply")
        CONFIRMATION = "confirmation", _("Is it solved?")
        CLOSED = "closed", _("The ticket was closed")
        RATING = "rating", _("How did we do?")
        FRESH_LINK = "fresh_link", _("A new link to a ticket")
        TOO_LARGE = "mail_too_large", _("A mail was too large to be read")
        VERIFY = "verify", _("Account: confirm the address")
        KNOWN = "known", _("Account: the address is known already")
        CODE = "code", _("Account: a code to sign in")
        NO_CODE = "no_code", _("Account: a code for an unknown address")
        PASSWORD = "password", _("Account: set a new password")
        NO_ACCOUNT = "no_account", _("Account: a new password for an unknown address")
        PASSWORD_CHANGED = "password_changed", _("Account: the password was changed")
        ADDRESS_CHANGED = "address_changed", _("Account: the main address was changed")
        ADDRESS_REMOVED = "address_removed", _("Account: an address was removed")
        JOIN = "join", _("Account: is this address yours too?")
        SIGN_IN = "sign_in", _("Account: a way to sign in was added or removed")
        DATA_READY = "data_ready", _("Account: the copy of the data is ready")
        NOT_ERASED = "not_erased", _("Account: the data is not erased, and why")

    kind = models.CharField(_("mail"), max_length=20, choices=Kind.choices)
    language = _language()
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), max_length=20_000)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ["kind", "language"]
        verbose_name = _("words of a mail")
        verbose_name_plural = _("words of mails")
        constraints = [models.UniqueConstraint(fields=["kind", "language"], name="mail_wording_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.language})"
