"""People who want to be forgotten: an admin carries it out, or says why not."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.actions import erasing
from tickets.admin.base import DeskModelAdmin
from tickets.models import ErasureRequest, User


class DecisionForm(forms.ModelForm):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("", _("Not yet")), ("erase", _("Forget this person")), ("refuse", _("Refuse"))],
        required=False,
        help_text=_(
            "Name, addresses and phone number are replaced by a number, in tickets and events too; the account ends. "
            "What was written in tickets stays, and original mails stay as long as their ticket. "
            "Sessions, files and reports keep working. This cannot be undone."
        ),
    )
    sure = forms.BooleanField(label=_("I know that this cannot be undone"), required=False)

    class Meta:
        model = ErasureRequest
        fields = ("answer",)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("decision") == "erase" and not typed.get("sure"):
            self.add_error("sure", _t("Tick this to forget the person."))
        if typed.get("decision") == "refuse" and not typed.get("answer", "").strip():
            self.add_error("answer", _t("Say why not: the person reads it."))
        return typed


@admin.register(ErasureRequest)
class ErasureRequestAdmin(DeskModelAdmin):
    form = DecisionForm
    list_display = ("user", "state", "asked_at", "decided_at", "decided_by")
    list_filter = ("state",)
    search_fields = ("user__name", "user__email")
    list_select_related = ("user", "decided_by")
    fields = ("user", "state", "reason", "asked_at", "decided_at", "decided_by", "decision", "sure", "answer")
    readonly_fields = ("user", "state", "reason", "asked_at", "decided_at", "decided_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        decided = obj is not None and obj.state != ErasureRequest.State.WAITING
        return super().has_change_permission(request, obj) and not decided

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return [name for name in self.fields if name not in ("decision", "sure")]
        return self.fields

    def save_model(self, request: HttpRequest, obj: ErasureRequest, form: Any, change: bool) -> None:
        decision, admin_ = form.cleaned_data.get("decision"), cast(User, request.user)
        if decision == "erase":
            erasing.carry_out(obj, by=admin_)
        elif decision == "refuse":
            erasing.refuse(obj, by=admin_, answer=obj.answer)
