from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from tickets.admin.base import DeskModelAdmin
from tickets.models import Webhook, WebhookDelivery


@admin.register(Webhook)
class WebhookAdmin(DeskModelAdmin):
    """Where rules can tell what happened. The secret is typed, and never shown again."""

    list_display = ("name", "url", "is_enabled")
    list_filter = ("is_enabled",)
    search_fields = ("name", "url")
    fields = ("name", "url", "sealed_secret", "is_enabled")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(DeskModelAdmin):
    """To look at: what was told, and what the other side answered."""

    list_display = ("webhook", "ticket", "state", "attempts", "last_status", "created_at", "sent_at")
    list_filter = ("state", "webhook")
    list_select_related = ("webhook", "ticket")
    search_fields = ("ticket__number", "key")
    ordering = ("-id",)
    fields = readonly_fields = (
        "webhook", "ticket", "key", "body", "state", "attempts", "next_attempt_at", "last_status", "last_error",
        "created_at", "sent_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
