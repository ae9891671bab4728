from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class HeldUploadQuerySet(models.QuerySet["HeldUpload"]):
    def of(self, form: uuid.UUID, keys: Iterable[uuid.UUID]) -> Self:
        """Those of one form that its page named, until they expire. Both are secrets of whoever has the page open."""
        return self.filter(form=form, key__in=list(keys), expires_at__gt=timezone.now())


class HeldUpload(models.Model):
    """A file that came with a form which was not sent yet. Its bytes lie in the blob store under their own hash."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, help_text=_("Names it in the form."))
    form = models.UUIDField(db_index=True, help_text=_("The form's mark, drawn anew for each page."))
    field = models.CharField(max_length=60)
    network = models.CharField(max_length=64, help_text=_("Where it came from; so much fits for each."))
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text=_("Bytes."))
    sha256 = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)
    is_sent = models.BooleanField(default=False, help_text=_("Its form was sent, and the ticket has the file."))

    objects = HeldUploadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("held upload")
        verbose_name_plural = _("held uploads")
        indexes = [models.Index(fields=["network"], name="held_waiting", condition=models.Q(is_sent=False))]

    def __str__(self) -> str:
        return self.name


class UnsentRequest(models.Model):
    """A guest's form that waits until its writer follows the link in a mail, whose secret is the key."""

    key = models.UUIDField(default=uuid.uuid4, unique=True)
    typed = models.JSONField(help_text=_("What the form held: lists of values by name."))
    email = models.EmailField(max_length=254)
    form = models.ForeignKey(
        "tickets.Form", null=True, on_delete=models.CASCADE, help_text=_("Of a form on another site.")
    )
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("unsent request")
        verbose_name_plural = _("unsent requests")

    def __str__(self) -> str:
        return self.email
