from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
