"""Whether the items of a form can be, one by one and together; what admins and files write goes through here. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from tickets.branching import DEEPEST, OPERATORS, WITHOUT_VALUE, fields_of
from tickets.field_values import Item, Unreadable, read
from tickets.fields import asks, by_key
from tickets.models.forms import Audience, FieldKind, Form, Required
from tickets.refusals import Invalid

MOST_ITEMS = 150
MOST_CHOICES = 200
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEPT = {
    "kind", "key", "label", "help", "required", "audience", "choices", "min", "max", "default", "show",
    "require", "form",
}  # fmt: skip
_LISTED = (FieldKind.CHOICE, FieldKind.MULTI_CHOICE)


def cleaned(items: Sequence[Item], form: Form) -> list[Item]:
    """The items with what they may hold, each checked by itself. Raises Invalid."""
    if len(items) > MOST_ITEMS:
        raise Invalid(items=_("At most %(max)d items fit into a form.") % {"max": MOST_ITEMS})
    found = [_item(item, form) for item in items]
    keys = [item["key"] for item in found if asks(item)]
    for key in keys:
        if keys.count(key) > 1:
            raise Invalid(key=_("There is a field “%(key)s” in this form already.") % {"key": key})
    return found


def _item(given: Mapping[str, Any], form: Form) -> Item:
    item = {name: value for name, value in given.items() if name in _KEPT and value not in (None, "", [], {})}
    if item.get("kind") not in FieldKind.values:
        raise Invalid(kind=_("There is no such kind of field."))
    if item["kind"] == FieldKind.FIELD_SET:
        if form.is_field_set:
            raise Invalid(form=_("A field set cannot take in another."))
        return {"kind": item["kind"], "form": str(item.get("form", "")), **_only(item, "show")}
    label = " ".join(str(item.get("label", "")).split())
    if not label or len(label) > 120:
        raise Invalid(label=_("Give it a label of at most %(max)d characters.") % {"max": 120})
    item["label"] = label
    item["help"] = str(item.get("help", ""))[:2000]
    for name in ("show", "require"):
        _check_condition(name, item.get(name))
    return _field(item) if asks(item) else {"kind": item["kind"], "label": label, **_only(item, "help", "show")}


def _only(item: Item, *names: str) -> Item:
    return {name: item[name] for name in names if item.get(name)}


def _field(item: Item) -> Item:
    if not _KEY.fullmatch(str(item.get("key", ""))):
        raise Invalid(key=_("A key begins with a letter and has only small letters, digits and _; at most 40."))
    item.setdefault("audience", Audience.CUSTOMERS.value)
    item.setdefault("required", Required.NEVER.value)
    if item["audience"] not in Audience.values or item["required"] not in Required.values:
        raise Invalid(kind=_("There is no such kind of field."))
    if item["audience"] != Audience.CUSTOMERS and item["required"] == Required.SEND:
        raise Invalid(required=_("What customers cannot fill in cannot be required of them."))
    if item["kind"] in _LISTED:
        item["choices"] = _choices(item.get("choices", []))
    else:
        item.pop("choices", None)
    if not item["help"]:
        del item["help"]
    _check_default(item)
    return item


def _choices(given: Sequence[Any]) -> list[dict[str, str]]:
    found = [{"value": str(one["value"]).strip()[:120], "label": str(one["label"]).strip()[:120]} for one in given]
    if not found or len(found) > MOST_CHOICES or not all(one["value"] and one["label"] for one in found):
        raise Invalid(choices=_("Give between 1 and %(max)d choices, one on each line.") % {"max": MOST_CHOICES})
    values = [one["value"].casefold() for one in found]
    if len(set(values)) < len(values):
        raise Invalid(choices=_("Each choice can stand there once only."))
    if any("," in one["value"] for one in found):
        raise Invalid(choices=_("What is stored for a choice has no comma."))
    return found


def _check_default(item: Item) -> None:
    if "default" not in item:
        return
    try:
        read(item, item["default"])
    except Unreadable as error:
        raise Invalid(default=str(error)) from None


def _check_condition(name: str, condition: Any) -> None:
    if condition is not None and not _is_condition(condition, 0):
        raise Invalid(**{name: _("This condition cannot be read.")})


def _is_condition(condition: Any, depth: int) -> bool:
    if not isinstance(condition, dict) or depth > DEEPEST:
        return False
    for group in ("all", "any"):
        if group in condition:
            parts = condition[group]
            return isinstance(parts, list) and bool(parts) and all(_is_condition(one, depth + 1) for one in parts)
    if "not" in condition:
        return _is_condition(condition["not"], depth + 1)
    op = condition.get("op")
    if not isinstance(condition.get("field"), str) or op not in OPERATORS:
        return False
    return op in WITHOUT_VALUE or isinstance(condition.get("value"), str | int | float | bool)


def laid_out(source: Sequence[Item], sets: Mapping[str, Sequence[Item]], names: Mapping[str, str]) -> list[Item]:
    """The items with each field set replaced by its fields. Raises Invalid."""
    found: list[Item] = []
    for item in source:
        if item["kind"] != FieldKind.FIELD_SET:
            found.append(item)
            continue
        if item["form"] not in sets:
            name = names.get(item["form"], item["form"])
            raise Invalid(form=_("Publish the field set “%(name)s” first.") % {"name": name})
        found += [_under(inner, item.get("show")) for inner in sets[item["form"]]]
    return found


def _under(item: Item, show: Any) -> Item:
    """The item of a set that is shown only under a condition."""
    if not show:
        return item
    return item | {"show": {"all": [show, item["show"]]} if item.get("show") else show}


def check_whole(items: Sequence[Item], kinds: Mapping[str, str]) -> None:
    """Raises Invalid unless the items fit together: every condition asks something above it, which can be compared so,
    and a key means what it means elsewhere."""
    above: dict[str, Item] = {}
    for item in items:
        for name in ("show", "require"):
            for key in fields_of(item.get(name)):
                if key not in above:
                    raise Invalid(**{name: _misplaced(item, key, by_key(items))})
        if not asks(item):
            continue
        key = item["key"]
        if key in above:
            raise Invalid(key=_("There is a field “%(key)s” in this form already.") % {"key": key})
        if kinds.get(key, item["kind"]) != item["kind"]:
            kind = FieldKind(kinds[key]).label
            raise Invalid(
                key=_("“%(key)s” was a field of another kind (%(kind)s). Take another key.")
                % {"key": key, "kind": kind}
            )
        above[key] = item


def _misplaced(item: Item, key: str, items: Mapping[str, Item]) -> str:
    if key not in items:
        return _("“%(label)s” depends on a field that is not in this form: %(key)s.") % {
            "label": item["label"], "key": key,
        }  # fmt: skip
    return _("“%(label)s” depends on “%(other)s”, which has to stand above it.") % {
        "label": item["label"], "other": items[key]["label"],
    }  # fmt: skip


def origins(given: Sequence[str]) -> list[str]:
    """Origins such as https://www.company.example, cleaned. Raises Invalid."""
    found = []
    for text in given:
        parts = urlsplit(text.strip().rstrip("/"))
        local = parts.hostname in ("localhost", "127.0.0.1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise Invalid(origins=_("Give origins such as https://www.company.example, one on each line."))
        if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            raise Invalid(
                origins=_("“%(text)s” is not an origin: no path, only https and the name.") % {"text": text[:80]}
            )
        if not re.fullmatch(r"[a-z0-9.-]+(?::\d{1,5})?", parts.netloc.lower()):
            raise Invalid(
                origins=_("“%(text)s” is not an origin: no path, only https and the name.") % {"text": text[:80]}
            )
        found.append(f"{parts.scheme}://{parts.netloc.lower()}")
    return list(dict.fromkeys(found))
