from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tickets.admin.base import DeskModelAdmin
from tickets.models import SlaChoice
from tickets.policies import forget_choices


@admin.register(SlaChoice)
class SlaChoiceAdmin(DeskModelAdmin):
    list_display = ("conditions_shown", "position", "policy", "is_enabled")
    list_editable = ("position", "is_enabled")
    list_select_related = ("policy", "department", "organization", "tag", "help_topic__parent__parent__parent")
    search_fields = ("policy__name", "department__name", "organization__name", "tag__name")
    list_filter = ("is_enabled", "policy")
    autocomplete_fields = ("policy", "department", "help_topic", "organization", "tag")

    @admin.display(description=_("for"), ordering="position")
    def conditions_shown(self, choice: SlaChoice) -> str:
        return choice.conditions

    def save_model(self, request: HttpRequest, obj: SlaChoice, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget_choices()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        forget_choices()
