"""A form's items as fields of a Django form. They only carry what was typed: `tickets.fields.check` reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from tickets import branching
from tickets.branching import holds
from tickets.field_values import Item
from tickets.fields import asks, by_key, is_required, may_fill
from tickets.models.forms import FieldKind

PREFIX = "field_"


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class Carried(forms.Field):
    """Its value is what was typed. `required` is what the label says."""

    def __init__(self, item: Item, *, required: bool) -> None:
        self.item = item
        super().__init__(
            label=item["label"], help_text=escape(item.get("help", "")), required=required, widget=_widget(item)
        )

    def clean(self, value: Any) -> Any:
        return value


def _widget(item: Item) -> forms.Widget:
    kind = item["kind"]
    if kind == FieldKind.CHOICE:
        return forms.Select(choices=[("", _("Please choose")), *_pairs(item)])
    if kind == FieldKind.MULTI_CHOICE:
        return forms.CheckboxSelectMultiple(choices=_pairs(item))
    return _WIDGETS[kind]()


def _pairs(item: Item) -> list[tuple[str, str]]:
    return [(choice["value"], choice["label"]) for choice in item["choices"]]


def _input(kind: str, **attrs: Any) -> Any:
    def make() -> forms.Widget:
        widget = forms.TextInput(attrs)
        widget.input_type = kind
        return widget

    return make


_WIDGETS: dict[str, Any] = {
    FieldKind.TEXT: _input("text", maxlength=500),
    FieldKind.LONG_TEXT: lambda: forms.Textarea({"rows": 4}),
    FieldKind.RICH_TEXT: lambda: forms.Textarea({"rows": 6, "data-rich": True}),
    # type=number would lose what cannot be read; this keeps it, to be mended.
    FieldKind.NUMBER: _input("text", inputmode="decimal"),
    FieldKind.DATE: _input("date"),
    FieldKind.DATE_TIME: _input("datetime-local"),
    FieldKind.CHECKBOX: forms.CheckboxInput,
    FieldKind.EMAIL: _input("email"),
    FieldKind.PHONE: _input("tel"),
    FieldKind.URL: _input("text", inputmode="url"),
    FieldKind.FILE: FilesInput,
    FieldKind.USER: _input("email"),
}


def controls(items: Iterable[Item], values: Mapping[str, Any], *, inside: bool) -> dict[str, forms.Field]:
    """The fields that the person fills in, by name. `values` are the answers so far: they tell what is required."""
    return {
        PREFIX + item["key"]: Carried(item, required=is_required(item, values))
        for item in items
        if asks(item) and may_fill(item, inside=inside)
    }


def given(data: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by key, from a form's cleaned data."""
    return {name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)}


def initial(items: Iterable[Item], values: Mapping[str, Any]) -> dict[str, Any]:
    """Kept answers, or the defaults of the form, as their controls show them."""
    return {
        PREFIX + item["key"]: _shown(item, values.get(item["key"], item.get("default"))) for item in items if asks(item)
    }


def _shown(item: Item, value: Any) -> Any:
    if item["kind"] == FieldKind.DATE_TIME and value:
        moment = datetime.fromisoformat(value)
        return f"{timezone.localtime(moment) if moment.tzinfo else moment:%Y-%m-%dT%H:%M}"
    return value


def parts(
    form: forms.BaseForm, items: Iterable[Item], values: Mapping[str, Any], *, inside: bool
) -> list[dict[str, Any]]:
    """The form for a template: what is shown in its order, with its control, and when it is asked, in words. Without
    scripts everything that may be asked is there."""
    items = list(items)
    known = by_key(items)
    return [
        {
            "number": str(number),
            "kind": item["kind"],
            "label": item["label"],
            "help": item.get("help", ""),
            "control": form[PREFIX + item["key"]] if asks(item) else None,
            "when": _when(item, known),
            "is_shown": holds(item.get("show"), values),
        }
        for number, item in enumerate(items)
        if not asks(item) or may_fill(item, inside=inside)
    ]


def _when(item: Item, known: Mapping[str, Item]) -> str:
    if not item.get("show"):
        return ""
    return _("Only if %(condition)s.") % {"condition": branching.sentence(item["show"], known)}


def rules(items: Iterable[Item], *, inside: bool) -> str:
    """What static/js/form-branches.js needs, as JSON; empty when nothing depends on anything."""
    items = list(items)
    if not any(item.get("show") or item.get("require") for item in items):
        return ""
    found = []
    for number, item in enumerate(items):
        if not asks(item) or may_fill(item, inside=inside):
            rule = {"number": number, "kind": item["kind"]}
            rule |= {name: item[name] for name in ("key", "show", "require", "required") if item.get(name)}
            found.append(rule)
    return json.dumps(found)
