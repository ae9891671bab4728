from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets import said
from tickets.admin.base import DeskModelAdmin, ReadOnlyAdmin, SharedChoices
from tickets.mail import automatic, fetch
from tickets.models import InboundEmail, Mailbox, MailSource, OutboundEmail


class MailSourceInline(SharedChoices, admin.StackedInline):
    model = MailSource
    extra = 0
    readonly_fields = ("state",)
    fieldsets = (
        (
            None,
            {"fields": ("kind", "is_enabled", "provider", "host", "port", "security", "username", "password", "grant")},
        ),
        (_("What is read"), {"fields": ("folder", "fetch_since", "afterwards", "processed_folder")}),
        (_("How it goes"), {"fields": ("state",)}),
    )

    @admin.display(description=_("state"))
    def state(self, source: MailSource) -> str:
        if source.pk is None:
            return gettext("Read within a minute of being saved.")
        success = (
            formats.date_format(timezone.localtime(source.last_success_at), "DATETIME_FORMAT")
            if (source.last_success_at)
            else gettext("never")
        )
        said = gettext("Last read: %(when)s. Mails stored: %(count)s.") % {
            "when": success, "count": source.stored_count,
        }  # fmt: skip
        if source.failures:
            said += " " + gettext("Failed attempts since: %(count)s.") % {"count": source.failures}
        return f"{said} {source.last_error}".strip()


@admin.register(Mailbox)
class MailboxAdmin(DeskModelAdmin):
    change_form_template = "admin/tickets/mailbox/change_form.html"
    inlines = (MailSourceInline,)
    list_display = ("name", "address", "automatic_mail", "department", "help_topic", "is_default", "is_enabled")
    readonly_fields = ("automatic_mail",)
    actions = ("resume_automatic_mail",)
    list_filter = ("is_enabled", "department")
    list_select_related = ("department", "help_topic__parent__parent__parent")
    search_fields = ("name", "address")
    autocomplete_fields = ("department", "help_topic")
    used_by = ("sending_departments", "received")
    instead = _("Switch it off instead: the record of its mail stays.")

    def response_change(self, request: HttpRequest, obj: Mailbox) -> HttpResponse:
        if "_test" not in request.POST:
            return super().response_change(request, obj)
        sources = obj.sources.select_related("grant", "mailbox")
        if not sources:
            messages.info(request, gettext("This mailbox has no mail source to test."))
        for source in sources:
            try:
                messages.success(request, f"{source}: {fetch.test(source)}")
            except fetch.Trouble as error:
                messages.error(request, f"{source}: {error}")
        return redirect(self.page_of(obj))

    @admin.display(description=_("automatic mail"))
    def automatic_mail(self, box: Mailbox) -> str:
        if not box.automatic_paused_at:
            return gettext("runs")
        return gettext("paused (%(why)s)") % {"why": said.told(box.automatic_pause_reason)}

    @admin.action(description=_("Resume automatic mail"))
    def resume_automatic_mail(self, request: HttpRequest, boxes: QuerySet[Mailbox]) -> None:
        resumed = [str(box) for box in boxes if automatic.resume(box)]
        if resumed:
            said = gettext("Automatic mail goes again from: %(names)s") % {"names": ", ".join(resumed)}
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(request, gettext("None of them was paused."), messages.WARNING)


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
        "last_code", "last_error", "bounced_at", "bounce_reason", "bounce_score",
    )  # fmt: skip
