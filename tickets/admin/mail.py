from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tickets.admin.base import DeskModelAdmin, ReadOnlyAdmin
from tickets.models import InboundEmail, Mailbox, OutboundEmail


@admin.register(Mailbox)
class MailboxAdmin(DeskModelAdmin):
    list_display = ("name", "address", "department", "help_topic", "is_default", "is_enabled")
    list_filter = ("is_enabled", "department")
    list_select_related = ("department", "help_topic__parent__parent__parent")
    search_fields = ("name", "address")
    autocomplete_fields = ("department", "help_topic")
    used_by = ("sending_departments", "received")
    instead = _("Switch it off instead: the record of its mail stays.")


@admin.register(InboundEmail)
class InboundEmailAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "sender", "subject", "state", "reason", "ticket")
    list_filter = ("state", "source", "reason", "mailbox")
    list_select_related = ("ticket",)
    search_fields = ("sender", "subject", "=rfc_message_id", "=ticket__number")
    search_help_text = _("Sender, words of the subject, a Message-ID or a ticket number")
    fields = (
        "received_at", "source", "mailbox", "state", "reason", "detail", "verdict", "flags", "released_by",
        "ticket", "message", "sender", "subject",
        "envelope_from", "envelope_to", "rfc_message_id", "raw_size", "raw_sha256", "attempts", "next_attempt_at",
    )  # fmt: skip


@admin.register(OutboundEmail)
class OutboundEmailAdmin(ReadOnlyAdmin):
    """Its context is not shown: mails about accounts carry links there that sign somebody in."""

    list_display = ("created_at", "kind", "recipient", "state", "attempt", "ticket")
    list_filter = ("state", "kind", "is_automatic", "is_uncertain")
    list_select_related = ("ticket",)
    search_fields = ("recipient", "=rfc_message_id", "=ticket__number")
    search_help_text = _("Address, a Message-ID or a ticket number")
    fields = (
        "created_at", "kind", "ticket", "message", "event", "mailbox", "recipient", "recipient_name", "user",
        "is_automatic", "rfc_message_id", "state", "attempt", "next_attempt_at", "sent_at", "is_uncertain",
        "last_code", "last_error",
    )  # fmt: skip
