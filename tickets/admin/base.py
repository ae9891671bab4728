"""What all admin pages of the desk have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

COUNTED = 1000  # of what hangs on a row, beyond which a figure says nothing more


class DeskModelAdmin(admin.ModelAdmin):
    """Nothing is deleted in bulk, and nothing that is in use is deleted at all.

    `used_by`: names of reverse relations whose rows would lose something, besides the protected ones.
    `instead`: what to do with something in use, one sentence.
    """

    actions_selection_counter = True
    list_per_page = 50
    show_full_result_count = False
    used_by: ClassVar[tuple[str, ...]] = ()
    instead: ClassVar[Any] = ""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """In a list no label stands beside a field; who cannot see the column's head needs the words."""
        formset = super().get_changelist_formset(request, **kwargs)
        for name in self.list_editable:
            field = formset.form.base_fields[name]
            field.widget.attrs["aria-label"] = field.label
        return formset

    def users_of(self, obj: models.Model) -> list[str]:
        """What hangs on `obj`, in words such as "3 tickets"; empty when it may go."""
        relations = [one for one in obj._meta.related_objects if _holds(one, self.used_by)]
        counts = [(_count(obj, one), one.related_model._meta) for one in relations]
        return [_words(count, meta) for count, meta in counts if count]

    @transaction.atomic
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is not None and (users := self.users_of(obj)):
            self.refuse(request, _("%(what)s cannot be deleted: it is used by %(users)s. %(instead)s") % {
                "what": obj, "users": get_text_list(users, _("and")), "instead": self.instead,
            })  # fmt: skip
            return redirect(self.page_of(obj))
        return super().delete_view(request, object_id, extra_context)

    def refuse(self, request: HttpRequest, sentence: str) -> None:
        messages.error(request, sentence.strip())

    def page_of(self, obj: models.Model) -> str:
        return reverse(f"{self.admin_site.name}:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])


class ReadOnlyAdmin(DeskModelAdmin):
    """Looks without touching: what is shown here changes only through the verbs of the desk."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SharedChoices:
    """For inlines: the choices of a relation are read once, not once per row."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(field, forms.ModelChoiceField):
            field.choices = [*field.choices]  # type: ignore[misc]
        return field


def _holds(relation: Any, named: tuple[str, ...]) -> bool:
    return relation.on_delete is models.PROTECT or relation.get_accessor_name() in named


def _count(obj: models.Model, relation: Any) -> int:
    rows = relation.related_model._base_manager.filter(**{relation.field.name: obj})
    return rows.order_by()[: COUNTED + 1].count()


def _words(count: int, meta: Any) -> str:
    number = _("more than %(count)s") % {"count": COUNTED} if count > COUNTED else str(count)
    return f"{number} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"
