from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets import sla
from tickets.admin.base import DeskModelAdmin
from tickets.models import BusinessHours, Escalation, Holiday, OpeningHours, SlaPolicy, SlaTarget


class SlaTargetInline(admin.TabularInline):
    model = SlaTarget
    extra = 0


class EscalationInline(admin.StackedInline):
    model = Escalation
    extra = 0
    fields = (("amount", "timing", "target"), ("effect", "agent", "team"))
    autocomplete_fields = ("agent", "team")


@admin.register(SlaPolicy)
class SlaPolicyAdmin(DeskModelAdmin):
    list_display = ("name", "first_response_minutes", "next_response_minutes", "resolution_minutes", "business_hours",
                    "warn_percent", "is_enabled")  # fmt: skip
    list_filter = ("is_enabled", "business_hours")
    list_select_related = ("business_hours",)
    search_fields = ("name",)
    autocomplete_fields = ("business_hours",)
    inlines = (SlaTargetInline, EscalationInline)
    used_by = ("departments", "helptopic_set", "ticket_set")
    instead = _("Switch it off instead.")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        sla.forget_calendars()


class OpeningHoursInline(admin.TabularInline):
    model = OpeningHours
    extra = 0


class HolidayInline(admin.TabularInline):
    model = Holiday
    extra = 0


@admin.register(BusinessHours)
class BusinessHoursAdmin(DeskModelAdmin):
    list_display = ("name", "zone", "week")
    search_fields = ("name", "zone")
    inlines = (OpeningHoursInline, HolidayInline)
    used_by = ("slapolicy_set",)
    instead = _("Choose other business hours there first.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessHours]:
        return super().get_queryset(request).prefetch_related("ranges")

    @admin.display(description=_("opening hours"))
    def week(self, hours: BusinessHours) -> str:
        return ", ".join(str(one) for one in hours.ranges.all()) or _t("Day and night")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Calendars are kept in memory, and what changes here are mostly the rows inside."""
        super().save_related(request, form, formsets, change)
        sla.forget_calendars()

    def delete_model(self, request: HttpRequest, obj: BusinessHours) -> None:
        super().delete_model(request, obj)
        sla.forget_calendars()
