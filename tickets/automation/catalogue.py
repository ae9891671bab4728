"""The fields of forms as rules ask and answer them: with the operators, values and words of each one's kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from tickets.automation.conditions import GROUPS
from tickets.automation.fields import CUSTOM, Field, field
from tickets.field_values import Item, Unreadable, read, words
from tickets.models import Field as Row
from tickets.models.forms import FieldKind

# kind of a form's field -> type of a condition; the rest is text
_TYPES = {
    FieldKind.NUMBER: "amount", FieldKind.DATE: "date", FieldKind.DATE_TIME: "date_time", FieldKind.CHOICE: "choice",
    FieldKind.MULTI_CHOICE: "choices", FieldKind.CHECKBOX: "box", FieldKind.FILE: "files",
}  # fmt: skip


class Catalogue:
    """What can be asked about, the fields of forms too; those are read once, when the first is wanted."""

    @cached_property
    def items(self) -> dict[str, Item]:
        """Key of a form's field -> what tickets.field_values reads answers with."""
        rows = Row.objects.order_by("label", "key")
        return {row.key: {"key": row.key, "kind": row.kind, "label": row.label, "choices": row.choices} for row in rows}

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {key: _field(item) for key, item in self.items.items()}

    def field(self, key: str) -> Field | None:
        """None for what no form has ever asked, and what is no field at all."""
        return self._fields.get(key.removeprefix(CUSTOM)) if key.startswith(CUSTOM) else field(key)

    def labels(self) -> list[tuple[str, str]]:
        """(key of a form's field, its name), as people look for them."""
        return [(key, item["label"]) for key, item in self.items.items()]

    def answerable(self) -> list[tuple[str, str]]:
        """Those that a rule can answer: no rule has files."""
        return [(key, label) for key, label in self.labels() if self.items[key]["kind"] != FieldKind.FILE]

    def problem(self, key: str, value: Any) -> str:
        """Why the field cannot take this answer; empty when it can."""
        item = self.items.get(key)
        if item is None:
            return _("There is no field %(field)s.") % {"field": key}
        try:
            read(item, value)
        except Unreadable as refusal:
            return str(refusal)
        return ""

    def words(self, known: Field, value: Any) -> str:
        """An answer as people read it, in its short form."""
        item = self.items[known.key.removeprefix(CUSTOM)]
        try:
            return words(item, value)
        except ValueError:  # kept from before the field was of this kind
            return str(value)

    def settled(self, conditions: Any, effects: Any) -> tuple[Any, Any]:
        """The same with answers as tickets keep them, a choice by its value and not its name. What cannot be read
        stays as it is, for `checks` to tell."""
        return self._settled(conditions), [self._effect(one) for one in effects] if isinstance(
            effects, list
        ) else effects

    def _settled(self, tree: Any) -> Any:
        if not isinstance(tree, Mapping):
            return tree
        if "field" in tree:
            return self._leaf(dict(tree))
        inner = {name: value for name, value in tree.items() if name in GROUPS and isinstance(value, list)}
        found = {**tree, **{name: [self._settled(one) for one in rows] for name, rows in inner.items()}}
        return found | {"not": self._settled(tree["not"])} if "not" in tree else found

    def _leaf(self, leaf: dict[str, Any]) -> dict[str, Any]:
        key, value = str(leaf["field"]), leaf.get("value")
        known = self.field(key) if key.startswith(CUSTOM) and value is not None else None
        if known is None or known.type == "text":
            return leaf
        item = self.items[key.removeprefix(CUSTOM)]
        if known.type == "choices":
            item = {**item, "kind": FieldKind.CHOICE}
        read_all = [_settled(item, one) for one in (value if isinstance(value, list) else [value])]
        return {**leaf, "value": read_all if isinstance(value, list) else read_all[0]}

    def _effect(self, effect: Any) -> Any:
        if not isinstance(effect, dict) or effect.get("do") != "set_field" or "value" not in effect:
            return effect
        item = self.items.get(str(effect.get("name")))
        return {**effect, "value": _settled(item, effect["value"])} if item else effect


def _field(item: Item) -> Field:
    choices = [(choice["value"], choice["label"]) for choice in item["choices"]]
    return Field(
        f"{CUSTOM}{item['key']}", item["label"], _TYPES.get(FieldKind(item["kind"]), "text"), "custom",
        options=lambda: choices,
    )  # fmt: skip


def _settled(item: Item, value: Any) -> Any:
    value = value.isoformat() if isinstance(value, date) else value  # a date of YAML
    try:
        found = read(item, value)
    except Unreadable:
        return value
    return value if found is None else found
