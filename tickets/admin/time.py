from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tickets import feeds, sla
from tickets.actions import holidays
from tickets.admin.base import DeskModelAdmin
from tickets.calendars import NotACalendar, check_place, read_ical
from tickets.models import BusinessHours, DateHours, Escalation, Holiday, OpeningHours, SlaPolicy, SlaTarget
from tickets.tasks import refresh_holidays


class SlaTargetInline(admin.TabularInline):
    model = SlaTarget
    extra = 0


class EscalationInline(admin.StackedInline):
    model = Escalation
    extra = 0
    fields = (("amount", "timing", "target"), ("effect", "agent", "team"), ("repeat_minutes", "repeat_most"))
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
    fields = ("date", "name", "origin")
    readonly_fields = ("origin",)


class DateHoursInline(admin.TabularInline):
    model = DateHours
    extra = 0


class BusinessHoursForm(forms.ModelForm):
    """Also takes an iCalendar file, whose days become typed holidays."""

    ical_file = forms.FileField(
        label=_("holidays from an iCal file"), required=False, help_text=_("Added to the rows below once.")
    )

    class Meta:
        model = BusinessHours
        fields = ("name", "zone", "country", "region", "feed_url")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        country, region = given.get("country", "").upper(), given.get("region", "").upper()
        given |= {"country": country, "region": region}
        if region and not country:
            self.add_error("region", _t("A region needs its country."))
        elif country:
            try:
                check_place(country, region)
            except NotACalendar as error:
                self.add_error("region" if region and len(country) == 2 else "country", str(error))
        return given

    def clean_ical_file(self) -> bytes | None:
        file = self.cleaned_data.get("ical_file")
        if not file:
            return None
        if file.size > feeds.LONGEST:
            raise forms.ValidationError(_t("The file is too large: %(max)d kB fit.") % {"max": feeds.LONGEST // 1000})
        content = bytes(file.read())
        today = timezone.now().date()
        try:
            read_ical(content, today, today)
        except NotACalendar as error:
            raise forms.ValidationError(str(error)) from error
        return content


@admin.register(BusinessHours)
class BusinessHoursAdmin(DeskModelAdmin):
    form = BusinessHoursForm
    list_display = ("name", "zone", "week", "country", "fetch_error")
    search_fields = ("name", "zone")
    fieldsets = (
        (None, {"fields": ("name", "zone")}),
        (_("Holidays from elsewhere"), {
            "fields": ("country", "region", "feed_url", "ical_file", "fetched_at", "fetch_error"),
        }),
    )  # fmt: skip
    readonly_fields = ("fetched_at", "fetch_error")
    inlines = (OpeningHoursInline, DateHoursInline, HolidayInline)
    used_by = ("slapolicy_set", "departments")
    instead = _("Choose other business hours there first.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BusinessHours]:
        return super().get_queryset(request).prefetch_related("ranges")

    @admin.display(description=_("opening hours"))
    def week(self, hours: BusinessHours) -> str:
        return ", ".join(str(one) for one in hours.ranges.all()) or _t("Day and night")

    def save_model(self, request: HttpRequest, obj: BusinessHours, form: Any, change: bool) -> None:
        """A new country or feed is read at once, by a worker."""
        if {"country", "region", "feed_url"} & set(form.changed_data):
            obj.next_fetch_at = timezone.now()
            transaction.on_commit(lambda: refresh_holidays.delay(obj.pk), robust=True)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Calendars are kept in memory, and what changes here are mostly the rows inside."""
        super().save_related(request, form, formsets, change)
        if content := form.cleaned_data.get("ical_file"):
            count = holidays.take_file(form.instance, content)
            self.message_user(
                request,
                ngettext(
                    "%(count)d holiday was added from the file.", "%(count)d holidays were added from the file.", count
                )
                % {"count": count},
            )
        sla.forget_calendars()

    def delete_model(self, request: HttpRequest, obj: BusinessHours) -> None:
        super().delete_model(request, obj)
        sla.forget_calendars()
