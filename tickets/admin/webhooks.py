from __future__ import annotations

from django.contrib import admin

from tickets.admin.base import DeskModelAdmin, ReadOnlyAdmin
from tickets.models import Webhook, WebhookDelivery


@admin.register(Webhook)
class WebhookAdmin(DeskModelAdmin):
    """Where rules can tell what happened. The secret is typed, and never shown again."""

    list_display = ("name", "url", "is_enabled")
    list_filter = ("is_enabled",)
    search_fields = ("name", "url")
    fields = ("name", "url", "sealed_secret", "is_enabled")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """To look at: what was told, and what the other side answered."""

    list_display = ("webhook", "ticket", "state", "attempts", "last_status", "created_at", "sent_at")
    list_filter = ("state", "webhook")
    list_select_related = ("webhook", "ticket")
    search_fields = ("ticket__number", "key")
    ordering = ("-id",)
