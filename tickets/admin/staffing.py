from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.admin.base import DeskModelAdmin
from tickets.models import Absence, Skill


class SkillForm(forms.ModelForm):
    class Meta:
        model = Skill
        fields = ("name", "agents", "topics", "tags")

    def clean_tags(self) -> list[str]:
        return sorted({" ".join(tag.lower().split()) for tag in self.cleaned_data["tags"] if tag.strip()})


@admin.register(Skill)
class SkillAdmin(DeskModelAdmin):
    """What tickets ask for and agents can do."""

    form = SkillForm
    list_display = ("name", "listed_tags")
    search_fields = ("name", "tags")
    autocomplete_fields = ("agents", "topics")

    @admin.display(description=_("needed for tags"))
    def listed_tags(self, skill: Skill) -> str:
        return ", ".join(skill.tags)


class AbsenceForm(forms.ModelForm):
    class Meta:
        model = Absence
        fields = ("user", "starts_at", "ends_at", "delegate")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("delegate") and data["delegate"] == data.get("user"):
            self.add_error("delegate", _t("Nobody can stand in for themselves."))
        if data.get("ends_at") and data.get("starts_at") and data["ends_at"] <= data["starts_at"]:
            self.add_error("ends_at", _t("This is before the absence begins."))
        return data


@admin.register(Absence)
class AbsenceAdmin(DeskModelAdmin):
    form = AbsenceForm
    list_display = ("user", "starts_at", "ends_at", "delegate")
    list_select_related = ("user", "delegate")
    search_fields = ("user__name", "user__email")
    autocomplete_fields = ("user", "delegate")
    date_hierarchy = "starts_at"
