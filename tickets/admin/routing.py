from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import CharField, F, Func, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, LPad
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tickets.actions import tags
from tickets.admin.base import DeskModelAdmin
from tickets.models import Department, HelpTopic, Status, Tag

# Topics deeper than this are listed under the fourth level, in their own order.
_LEVELS = ("parent__parent__parent__", "parent__parent__", "parent__", "")


def _place(level: str) -> Coalesce:
    """Sorts a topic among its siblings; empty where the tree is not that deep."""
    position = LPad(Cast(f"{level}position", CharField()), 5, Value("0"))
    # || and not Concat: where there is no topic above, all of it has to be null
    parts = Func(position, F(f"{level}name"), Value("\t"), template="(%(expressions)s)", arg_joiner=" || ")
    return Coalesce(parts, Value(""), output_field=TextField())


@admin.register(Department)
class DepartmentAdmin(DeskModelAdmin):
    list_display = ("name", "is_public", "mailbox", "sla_policy", "auto_response", "auto_close_days", "allow_reopen")
    list_filter = ("is_public", "sla_policy")
    list_select_related = ("mailbox", "sla_policy")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("mailbox", "sla_policy", "business_hours")
    instead = _("Move them to another department first.")
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_public")}),
        (_("Mail"), {"fields": ("mailbox", "auto_response", "signature")}),
        (
            _("Time"),
            {"fields": ("sla_policy", "business_hours", "auto_close_days", "allow_reopen", "reopen_window_days")},
        ),
    )


@admin.register(HelpTopic)
class HelpTopicAdmin(DeskModelAdmin):
    list_display = ("path", "position", "department", "priority", "team", "assignee", "is_public", "is_enabled")
    list_editable = ("position",)
    list_filter = ("department", "is_public", "is_enabled")
    search_fields = ("name", "slug", "parent__name")
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("parent", "department", "team", "assignee", "sla_policy")
    ordering = (Concat(*map(_place, _LEVELS)).asc(),)
    sortable_by = ()
    used_by = ("children", "ticket_set")
    instead = _("Switch it off instead.")
    fieldsets = (
        (None, {"fields": ("parent", "name", "slug", "description", "icon", "position", "form")}),
        (_("Routing"), {"fields": ("department", "team", "assignee", "priority", "sla_policy")}),
        (_("For customers"), {"fields": ("is_public", "is_enabled", "auto_response", "allow_reopen")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With all that a row shows; the look-up of the parent field needs the topics above too."""
        rows = super().get_queryset(request)
        return rows.select_related("parent__parent__parent", "department", "team", "assignee")

    @admin.display(description=_("help topic"))
    def path(self, topic: HelpTopic) -> str:
        return topic.path


@admin.register(Status)
class StatusAdmin(DeskModelAdmin):
    """A status keeps its state: tickets that carry it would otherwise stand in two places at once."""

    list_display = ("label", "state", "customer_label", "colour", "position", "pauses_sla",
                    "ends_on_customer_message", "is_enabled")  # fmt: skip
    list_editable = ("position",)
    list_filter = ("state", "is_enabled", "pauses_sla")
    search_fields = ("label", "customer_label", "slug")
    prepopulated_fields = {"slug": ("label",)}
    instead = _("Switch it off instead: tickets keep it, and nobody can choose it any more.")
    fieldsets = (
        (None, {"fields": ("state", "label", "slug", "customer_label", "colour", "position", "is_enabled")}),
        (_("What it does"), {"fields": ("pauses_sla", "ends_on_customer_message")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Status | None = None) -> tuple[str, ...]:
        return ("state",) if obj else ()


class TagForm(forms.ModelForm):
    class Meta:
        model = Tag
        fields = ("name",)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].lower().split())


@admin.register(Tag)
class TagAdmin(DeskModelAdmin):
    form = TagForm
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        if change:
            tags.rename(obj, form.initial["name"])
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        tags.delete(obj)
