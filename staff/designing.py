"""The builder of forms: one item as an admin types it, and the draft as its page shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import branching
from tickets.field_values import Item, Unreadable, is_empty, read
from tickets.fields import asks, by_key
from tickets.models import Form
from tickets.models.forms import LAYOUT_KINDS, Audience, FieldKind, Required
from tickets.refusals import Invalid

ROWS = 3
_LISTED = (FieldKind.CHOICE, FieldKind.MULTI_CHOICE)
_BOUNDED = (FieldKind.NUMBER,)
_OPERATORS = [
    ("is", gettext_lazy("is")), ("is_not", gettext_lazy("is not")), ("contains", gettext_lazy("contains")),
    ("answered", gettext_lazy("is answered")), ("empty", gettext_lazy("is empty")),
    ("at_least", gettext_lazy("is at least")), ("at_most", gettext_lazy("is at most")),
]  # fmt: skip


class ItemForm(forms.Form):
    """One item of a form. `above` are the fields that its conditions can ask."""

    label = forms.CharField(label=gettext_lazy("Label"), max_length=120)
    key = forms.CharField(
        label=gettext_lazy("Key"), max_length=40, required=False,
        help_text=gettext_lazy("Names it in searches, rules and the API, such as order_number. Empty: from the label."),
    )  # fmt: skip
    help = forms.CharField(
        label=gettext_lazy("Explanation"), max_length=2000, required=False, widget=forms.Textarea({"rows": 2})
    )
    choices = forms.CharField(
        label=gettext_lazy("Choices"), required=False, widget=forms.Textarea({"rows": 6}),
        help_text=gettext_lazy("One on each line. What is stored can be put before it: laptop = Laptop or tablet"),
    )  # fmt: skip
    form = forms.ChoiceField(label=gettext_lazy("Field set"))
    audience = forms.ChoiceField(label=gettext_lazy("Who"), choices=Audience.choices)
    required = forms.ChoiceField(label=gettext_lazy("Required"), choices=Required.choices)
    default = forms.CharField(label=gettext_lazy("Filled in beforehand"), max_length=500, required=False)
    min = forms.DecimalField(label=gettext_lazy("At least"), required=False)
    max = forms.DecimalField(label=gettext_lazy("At most"), required=False)

    def __init__(self, item: Item, above: Sequence[Item], sets: Sequence[Form], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.item, self.above = item, by_key(above)
        for name in _unused(item["kind"]):
            del self.fields[name]
        if "form" in self.fields:
            self.fields["form"].choices = [(one.slug, one.name) for one in sets]  # type: ignore[attr-defined]
        self.initial = {**item, "choices": _as_lines(item.get("choices", ())), **self.initial}
        self.complex = [name for name in ("show", "require") if _rows(item.get(name)) is None]
        for name in ("show", *(("require",) if asks(item) else ())):
            if name not in self.complex and self.above:
                self._add_condition(name)

    def _add_condition(self, name: str) -> None:
        fields = [("", "–"), *((key, one["label"]) for key, one in self.above.items())]
        join, rows = _rows(self.item.get(name)) or ("all", [])
        joins = [("all", _("all of these hold")), ("any", _("any of these holds"))]
        self.fields[f"{name}_join"] = forms.ChoiceField(label=_("When"), choices=joins, initial=join)
        for number in range(ROWS):
            row = rows[number] if number < len(rows) else {}
            value = row.get("value", "")
            self.fields |= {
                f"{name}_{number}_field": forms.ChoiceField(
                    label=_("Field"), choices=fields, required=False, initial=row.get("field", "")
                ),
                f"{name}_{number}_op": forms.ChoiceField(
                    label=_("Comparison"), choices=_OPERATORS, required=False, initial=row.get("op", "is")
                ),
                f"{name}_{number}_value": forms.CharField(
                    label=_("Value"), required=False, max_length=200,
                    initial={True: _("yes"), False: _("no")}.get(value, value) if isinstance(value, bool) else value,
                ),
            }  # fmt: skip

    @property
    def main(self) -> list[Any]:
        return [field for field in self if "_" not in field.name]

    @property
    def conditions(self) -> list[dict[str, Any]]:
        """The conditions as rows of three controls, or as a sentence where they are more than that."""
        titles = {"show": _("Show it only if"), "require": _("Require it if")}
        found = []
        for name, title in titles.items():
            if name in self.complex:
                found.append({"title": title, "sentence": branching.sentence(self.item[name], self.above)})
            elif f"{name}_join" in self.fields:
                rows = [[self[f"{name}_{row}_{part}"] for part in ("field", "op", "value")] for row in range(ROWS)]
                found.append({"title": title, "join": self[f"{name}_join"], "rows": rows})
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "key" in self.fields and not data.get("key"):
            data["key"] = re.sub(r"\W+", "_", slugify(data.get("label", "")))[:40].strip("_")
        for name in ("show", "require"):
            if f"{name}_join" in self.fields:
                data[name] = self._condition(name, data)
        return data

    def _condition(self, name: str, data: Mapping[str, Any]) -> Any:
        rows = []
        for number in range(ROWS):
            key, op = data.get(f"{name}_{number}_field"), data.get(f"{name}_{number}_op") or "is"
            if not key:
                continue
            row = {"field": key, "op": op}
            if op not in branching.WITHOUT_VALUE:
                row["value"] = self._value(f"{name}_{number}_value", self.above[key], data)
            rows.append(row)
        return rows[0] if len(rows) == 1 else {data[f"{name}_join"]: rows} if rows else None

    def _value(self, name: str, item: Item, data: Mapping[str, Any]) -> Any:
        typed = data.get(name, "")
        try:
            value = read({"kind": FieldKind.TEXT} if item["kind"] in _TYPED_AS_TEXT else _single(item), typed)
        except Unreadable as error:
            self.add_error(name, str(error))
            return ""
        if is_empty(value) and value is not False:
            self.add_error(name, _("Please give a value to compare with."))
        return value

    def result(self) -> Item:
        """The item as `tickets.actions.forms.change` takes it."""
        found = {name: self.cleaned_data.get(name) for name in self.fields if name in ItemForm.base_fields}
        for name in ("min", "max"):
            if found.get(name) is not None:
                found[name] = int(found[name]) if found[name] == found[name].to_integral_value() else float(found[name])
        if "choices" in self.fields:
            found["choices"] = _from_lines(self.cleaned_data["choices"])
        kept = {name: self.item[name] for name in self.complex}
        conditions = {name: self.cleaned_data[name] for name in ("show", "require") if name in self.cleaned_data}
        return {"kind": self.item["kind"], **found, **conditions, **kept}

    def refuse(self, refusal: Invalid) -> None:
        for name, sentence in refusal.errors.items():
            self.add_error(name if name in self.fields else None, sentence)


_TYPED_AS_TEXT = (
    FieldKind.EMAIL, FieldKind.PHONE, FieldKind.URL, FieldKind.USER, FieldKind.LONG_TEXT, FieldKind.RICH_TEXT,
    FieldKind.FILE,
)  # fmt: skip


def _single(item: Item) -> Item:
    return item | {"kind": FieldKind.CHOICE} if item["kind"] == FieldKind.MULTI_CHOICE else item


def _unused(kind: str) -> set[str]:
    """What an item of this kind has not."""
    if kind == FieldKind.FIELD_SET:
        return set(ItemForm.base_fields) - {"form"}
    unused = {"form"} | (set() if kind in _LISTED else {"choices"}) | (set() if kind in _BOUNDED else {"min", "max"})
    if kind in LAYOUT_KINDS:
        unused |= {"key", "audience", "required", "default"}
    if kind in (FieldKind.FILE, FieldKind.MULTI_CHOICE):
        unused |= {"default"}
    return unused


def _rows(condition: Any) -> tuple[str, list[dict[str, Any]]] | None:
    """The condition as `all` or `any` of a few comparisons; None when it is more than that."""
    if not condition:
        return "all", []
    if "field" in condition:
        return "all", [condition]
    for join in ("all", "any"):
        parts = condition.get(join, [])
        if parts and len(parts) <= ROWS and all("field" in part for part in parts):
            return join, parts
    return None


def _as_lines(choices: Sequence[Mapping[str, str]]) -> str:
    return "\n".join(
        one["label"] if one["value"] == one["label"] else f"{one['value']} = {one['label']}" for one in choices
    )


def _from_lines(text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        value, sign, label = (part.strip() for part in line.partition("="))
        if value:
            found.append({"value": value, "label": label if sign and label else value})
    return found


def lines(form: Form, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The draft's items as its page lists them."""
    known = by_key(form.draft)
    return [
        {
            "index": index,
            "label": item.get("label") or names.get(item.get("form", ""), "?"),
            "kind": str(FieldKind(item["kind"]).label),
            "key": item.get("key", ""),
            "facts": _facts(item, known),
            "url": reverse("staff:form_item", args=[form.slug, index]),
            "is_first": index == 0,
            "is_last": index == len(form.draft) - 1,
        }
        for index, item in enumerate(form.draft)
    ]


def _facts(item: Item, known: Mapping[str, Item]) -> list[str]:
    found = []
    if item.get("required") == Required.SEND:
        found.append(_("required"))
    elif item.get("required") == Required.CLOSE:
        found.append(_("needed to resolve"))
    if item.get("audience", Audience.CUSTOMERS) != Audience.CUSTOMERS:
        found.append(str(Audience(item["audience"]).label))
    if item.get("show"):
        found.append(_("only if %(condition)s") % {"condition": branching.sentence(item["show"], known)})
    if item.get("require"):
        found.append(_("required if %(condition)s") % {"condition": branching.sentence(item["require"], known)})
    return found
