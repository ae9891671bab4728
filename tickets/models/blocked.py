from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User


class BlockedSender(models.Model):
    """An address, or a whole domain written as `@example.org`, whose mail is kept back."""

    pattern = models.CharField(_("address or @domain"), max_length=255, unique=True)
    created_by = models.ForeignKey(
        User, verbose_name=_("blocked by"), null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    class Meta:
        ordering = ["pattern"]
        verbose_name = _("blocked sender")
        verbose_name_plural = _("blocked senders")

    def __str__(self) -> str:
        return self.pattern
