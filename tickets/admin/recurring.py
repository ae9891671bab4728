from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets import wording
from tickets.actions import recurring
from tickets.admin.base import DeskModelAdmin
from tickets.models import RecurringTicket


class RecurringForm(forms.ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        choices=RecurringTicket.Weekday.choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For weeks. None: the weekday of the first day."),
    )

    class Meta:
        model = RecurringTicket
        fields = (
            "name", "is_enabled", "interval", "unit", "weekdays", "day_of_month", "at", "time_zone", "starts_on",
            "ends_on", "requester", "department", "help_topic", "team", "assignee", "priority", "subject", "body",
        )  # fmt: skip

    def clean_time_zone(self) -> str:
        name = self.cleaned_data["time_zone"].strip()
        if name and name not in available_timezones():
            raise forms.ValidationError(_t("There is no such time zone. Write it as Europe/Lisbon."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("subject", "body"):
            for problem in wording.check(data[name]) if name in data else ():
                self.add_error(name, str(problem))
        return data


@admin.register(RecurringTicket)
class RecurringTicketAdmin(DeskModelAdmin):
    form = RecurringForm
    list_display = ("name", "next_at", "last_at", "last_ticket", "last_error", "department", "is_enabled")
    list_filter = ("is_enabled", "department")
    list_select_related = ("last_ticket", "department")
    search_fields = ("name", "subject")
    autocomplete_fields = ("requester", "department", "help_topic", "team", "assignee")
    readonly_fields = ("next_at", "last_at", "last_ticket", "last_error")
    fieldsets = (
        (None, {"fields": ("name", "is_enabled")}),
        (_("When"), {"fields": (("interval", "unit"), "weekdays", "day_of_month", "at", "time_zone",
                                ("starts_on", "ends_on"))}),
        (_("The ticket"), {"fields": ("requester", "department", "help_topic", "team", "assignee", "priority",
                                      "subject", "body")}),
        (_("How it goes"), {"fields": ("next_at", "last_at", "last_ticket", "last_error")}),
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: RecurringTicket, form: Any, change: bool) -> None:
        """A change of the text alone leaves the next moment as it is."""
        when = {"is_enabled", "interval", "unit", "weekdays", "day_of_month", "at", "time_zone", "starts_on", "ends_on"}
        if not change or when & set(form.changed_data):
            recurring.schedule(obj)
        super().save_model(request, obj, form, change)
