"""Tickets and what happened to them, to look at only: the lifecycle has one door, and it is not here."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tickets.admin.base import ReadOnlyAdmin
from tickets.models import Message, Ticket, TicketEvent


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    list_display = ("number", "subject", "state", "status", "priority", "department", "assignee", "requester_name",
                    "created_at")  # fmt: skip
    list_filter = ("state", "status", "priority", "source", "department", "team")
    list_select_related = ("status", "department", "assignee")
    search_fields = ("=number", "subject", "=requester__email")
    search_help_text = _("A number, words of the subject, or the requester's whole address")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("number", "subject", "state", "status", "priority", "tags", "source")}),
        (_("People"), {"fields": ("requester", "department", "help_topic", "team", "assignee", "follow_up_of")}),
        (_("Times"), {
            "fields": ("created_at", "first_response_at", "resolved_at", "closed_at", "reopened_at", "archived_at",
                       "deleted_at", "reopen_count"),
        }),
        (_("Clock"), {
            "fields": ("sla_policy", "sla_started_at", "first_response_due_at", "resolution_due_at",
                       "first_response_breached_at", "next_response_breached_at", "resolution_breached_at", "due_at",
                       "next_breach_at",
                       "auto_close_at"),
        }),
    )  # fmt: skip


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "ticket", "kind", "author_name", "source", "is_machine")
    list_filter = ("kind", "source", "is_machine")
    list_select_related = ("ticket",)
    search_fields = ("=ticket__number", "author_name")
    search_help_text = _("A ticket number or a writer's name")
    ordering = ("-id",)
    fields = ("ticket", "kind", "author", "author_name", "created_at", "source", "is_machine", "recipients", "body")


@admin.register(TicketEvent)
class TicketEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "ticket", "kind", "actor_name", "handled_at", "attempts")
    list_filter = ("kind", ("handled_at", admin.EmptyFieldListFilter))
    list_select_related = ("ticket",)
    search_fields = ("=ticket__number", "actor_name")
    search_help_text = _("A ticket number or the name of who did it")
    ordering = ("-id",)
    fields = ("created_at", "ticket", "kind", "actor", "actor_name", "message", "data", "handled_at", "attempts",
              "next_attempt_at")  # fmt: skip
