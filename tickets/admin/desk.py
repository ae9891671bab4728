from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tickets.admin.base import DeskModelAdmin
from tickets.models import Desk


@admin.register(Desk)
class DeskAdmin(DeskModelAdmin):
    """One row that always exists: the list leads straight to it."""

    fields = (
        "name", "number_format", "default_department", "default_form", "claim_on_reply", "undo_seconds",
        "archive_after_days", "trash_days", "guest_link_days", "reply_by_mail_days", "rule_run_days",
        "notice", "notice_from", "notice_until", "is_offline",
        "asks_puzzle",
    )  # fmt: skip
    autocomplete_fields = ("default_department",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        return redirect(self.page_of(Desk.current()))
