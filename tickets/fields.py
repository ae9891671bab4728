"""What a form asks of somebody, and whether the answers will do: one pure function, `check`, for portal, API, mail and
agents. An item of a form is JSON:

{"kind", "key", "label", "help", "required": never|send|close, "audience": customers|readers|agents,
"choices": [{"value", "label"}], "min", "max", "default", "show": condition, "require": condition}

Conditions are those of tickets.branching. Items that ask nothing have only kind, label, help and show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from tickets.branching import holds
from tickets.compiled import Compiled
from tickets.field_values import Item, Unreadable, is_empty, read, words
from tickets.formatted import as_html
from tickets.models import Desk, Field, Form, FormVersion, HelpTopic
from tickets.models.forms import LAYOUT_KINDS, Audience, FieldKind, Required

_PREFIX = "fields."
_LINE = re.compile(r"^[ \t>*-]*([^:\n]{1,120}?)[ \t*]*:[ \t*]*(\S[^\n]*)$", re.MULTILINE)
_form = Compiled(lambda pk: Form.objects.select_related("current").filter(pk=pk).order_by())
_hidden: Compiled[tuple[str]] = Compiled(
    lambda: Field.objects.filter(audience=Audience.AGENTS).order_by().values_list("key")
)


@dataclass
class Checked:
    """`values` are what to keep; `errors` sentences by key; `shown` the keys that were asked; `required` those of
    them that must be answered to send the form."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)

    def refusals(self) -> dict[str, str]:
        """The errors as `refusals.Invalid` takes them."""
        return {_PREFIX + key: sentence for key, sentence in self.errors.items()}


def asks(item: Item) -> bool:
    return item["kind"] not in LAYOUT_KINDS


def by_key(items: Iterable[Item]) -> dict[str, Item]:
    return {item["key"]: item for item in items if asks(item)}


def may_fill(item: Item, *, inside: bool) -> bool:
    """Whether the person writes this field; `inside`: as an agent."""
    return inside or item.get("audience", Audience.CUSTOMERS) == Audience.CUSTOMERS


def may_see(item: Item, *, inside: bool) -> bool:
    return inside or item.get("audience", Audience.CUSTOMERS) != Audience.AGENTS


def check(
    items: Iterable[Item], given: Mapping[str, Any], *, inside: bool = False, complete: bool = True,
    before: Mapping[str, Any] | None = None,
) -> Checked:  # fmt: skip
    """Reads the answers in the order of the form; a condition looks at those above it. An answer to what is not shown,
    or not for the person to give, is left out. `complete`: what is required must be there. `before` are answers that
    stay where nothing is given; without it a default stands there."""
    found = Checked()
    for item in items:
        if asks(item) and holds(item.get("show"), found.values):
            _check_one(item, given, found, inside, complete, before)
    return found


def _check_one(
    item: Item, given: Mapping[str, Any], found: Checked, inside: bool, complete: bool, before: Mapping[str, Any] | None
) -> None:
    key = item["key"]
    value = (before or {}).get(key) if before is not None else _default(item)
    if not may_fill(item, inside=inside):
        found.values |= {} if is_empty(value) else {key: value}
        return
    found.shown.add(key)
    if key in given:
        try:
            value = read(item, given[key])
        except Unreadable as error:
            found.errors[key] = str(error)
            return
    if is_required(item, found.values):
        found.required.add(key)
        if complete and is_empty(value):
            found.errors[key] = _("Please answer this.")
    if value is not None:
        found.values[key] = value


def _default(item: Item) -> Any:
    try:
        return read(item, item["default"]) if item.get("default") not in (None, "") else None
    except Unreadable:
        return None


def is_required(item: Item, values: Mapping[str, Any]) -> bool:
    """Whether a shown field must be answered to send the form."""
    if item.get("required") == Required.SEND:
        return True
    return bool(item.get("require")) and holds(item["require"], values)


def answered(
    items: Iterable[Item], before: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers when an agent or a rule has changed those in `given`, and what is wrong with them as
    `refusals.Invalid` takes it."""
    items = list(items)
    checked, known = check(items, given, inside=True, complete=False, before=before), by_key(items)
    errors = checked.refusals()
    for key in given:
        if key not in checked.shown:
            errors |= _not_shown(known[key]) if key in known else unknown(key)
    kept = {key: value for key, value in before.items() if key not in known or key in checked.values}
    return kept | checked.values, errors


def _not_shown(item: Item) -> dict[str, str]:
    sentence = _("“%(label)s” is not asked with these other answers.") % {"label": item["label"]}
    return {_PREFIX + item["key"]: sentence}


def asked_with(version: FormVersion | None, keys: Iterable[str]) -> list[Item]:
    """What a ticket was asked, and what else of `keys` is known."""
    items: list[Item] = list(version.items) if version else []
    others = {key for key in set(keys) - set(by_key(items)) if key.isidentifier()}
    rows = Field.objects.filter(key__in=others) if others else ()
    return items + [{"key": row.key, "kind": row.kind, "label": row.label, "choices": row.choices} for row in rows]


def missing_to_close(items: Iterable[Item], values: Mapping[str, Any]) -> list[str]:
    """Labels of the empty fields that must be answered before the ticket is resolved."""
    return [
        item["label"]
        for item in items
        if asks(item)
        and item.get("required") == Required.CLOSE
        and holds(item.get("show"), values)
        and is_empty(values.get(item["key"]))
    ]


def told(items: Iterable[Item], values: Mapping[str, Any], *, inside: bool) -> list[dict[str, Any]]:
    """The answers to be shown, in the order of the form: item, value, words, and `shown`, which is HTML where the text
    has formatting. Empty ones too for agents."""
    return [
        {
            "item": item,
            "value": (value := values.get(item["key"])),
            "words": (text := words(item, value)),
            "shown": as_html(text) if item["kind"] == FieldKind.RICH_TEXT else text,
        }
        for item in items
        if asks(item)
        and may_see(item, inside=inside)
        and holds(item.get("show"), values)
        and (inside or not is_empty(values.get(item["key"])))
    ]


def hidden_keys() -> frozenset[str]:
    """The fields that only agents see."""
    return frozenset(key for (key,) in _hidden.all())


def unknown(key: str) -> dict[str, str]:
    """The refusal of a key that no form has, however it was spelt."""
    return {_PREFIX + key[:80].encode(errors="replace").decode(): _("There is no such custom field.")}


def in_text(items: Iterable[Item], text: str) -> dict[str, str]:
    """Answers written as lines such as “Order number: 4711”, by the label or key of a field that customers fill in.
    What cannot be read is left alone: it still stands in the text."""
    lines = {match[1].strip().casefold(): match[2].strip() for match in reversed(list(_LINE.finditer(text[:50_000])))}
    found = {}
    for item in items:
        if not asks(item) or not may_fill(item, inside=False):
            continue
        said = lines.get(item["label"].casefold()) or lines.get(item["key"].casefold())
        if said is not None and _is_readable(item, said):
            found[item["key"]] = said
    return found


def _is_readable(item: Item, said: str) -> bool:
    try:
        return read(item, said) is not None
    except Unreadable:
        return False


def form_for(topic: HelpTopic | None) -> FormVersion | None:
    """What is asked with this topic now: its form, that of the topic above, else the desk's default form."""
    above = topic
    while above is not None and above.form_id is None:
        above = above.parent
    pk = above.form_id if above is not None else Desk.current().default_form_id
    form = _form.first(pk) if pk else None
    return form.current if form else None
