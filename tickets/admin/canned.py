from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets import canned, wording
from tickets.admin.base import DeskModelAdmin
from tickets.models import CannedAttachment, CannedFolder, CannedResponse, CannedTranslation


class WordingForm(forms.ModelForm):
    """Refuses a text that could not be filled in, and offers the languages by their names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            required = self.fields["language"].required
            choices = [] if required else [("", _("Any"))]
            self.fields["language"] = forms.ChoiceField(
                label=self.fields["language"].label, choices=[*choices, *canned.LANGUAGES.items()], required=required
            )

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        if problems := wording.check(body):
            raise ValidationError([str(problem) for problem in problems])
        return body

    def clean_shortcut(self) -> str:
        return self.cleaned_data["shortcut"].lower()


class TranslationInline(admin.StackedInline):
    model = CannedTranslation
    form = WordingForm
    extra = 0


class FileInline(admin.TabularInline):
    """Files are added in the workspace."""

    model = CannedAttachment
    extra = 0
    fields = ("name", "size")
    readonly_fields = ("name", "size")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CannedResponse)
class CannedResponseAdmin(DeskModelAdmin):
    form = WordingForm
    list_display = ("title", "shortcut", "folder", "department", "team", "language", "is_enabled", "updated_at")
    list_filter = ("is_enabled", "department", "team", "language")
    list_select_related = ("folder__parent__parent", "department", "team")
    search_fields = ("title", "shortcut", "body")
    autocomplete_fields = ("folder", "department", "team")
    fields = ("title", "shortcut", "folder", "department", "team", "language", "body", "is_enabled")
    inlines = (TranslationInline, FileInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CannedResponse]:
        """Other agents' own responses are theirs."""
        return CannedResponse.objects.readable_by(request.user)  # type: ignore[arg-type]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.updated_at, obj.updated_by = timezone.now(), request.user
        super().save_model(request, obj, form, change)


@admin.register(CannedFolder)
class CannedFolderAdmin(DeskModelAdmin):
    list_display = ("path",)
    list_select_related = ("parent__parent__parent",)
    search_fields = ("name",)
    autocomplete_fields = ("parent",)
    instead = _("Empty it first, or delete it in the workspace: then what lies in it moves up.")
