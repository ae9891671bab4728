"""When a form shows or requires a field, by the answers to fields above it. Pure. static/js/form-branches.js says the
same in the browser; tests/portal/test_branching.py holds both against one table.

A condition is {"field", "op", "value"}, or {"all": […]}, {"any": […]}, {"not": …} of conditions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.field_values import Item, is_empty, words

Condition = dict[str, Any]

# op -> how it is told; what compares with nothing takes no value
OPERATORS: dict[str, Any] = {
    "is": gettext_lazy("%(field)s is %(value)s"),
    "is_not": gettext_lazy("%(field)s is not %(value)s"),
    "contains": gettext_lazy("%(field)s contains %(value)s"),
    "answered": gettext_lazy("%(field)s is answered"),
    "empty": gettext_lazy("%(field)s is empty"),
    "at_least": gettext_lazy("%(field)s is at least %(value)s"),
    "at_most": gettext_lazy("%(field)s is at most %(value)s"),
}
WITHOUT_VALUE = ("answered", "empty")
DEEPEST = 5


def holds(condition: Condition | None, values: Mapping[str, Any]) -> bool:
    """Whether the condition is true of these answers; no condition always is."""
    if not condition:
        return True
    if "all" in condition:
        return all(holds(one, values) for one in condition["all"])
    if "any" in condition:
        return any(holds(one, values) for one in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], values)
    return _compare(condition["op"], values.get(condition["field"]), condition.get("value"))


def _compare(op: str, has: Any, wanted: Any) -> bool:
    if op == "answered":
        return not is_empty(has)
    if op == "empty":
        return is_empty(has)
    if op == "is":
        return _is(has, wanted)
    if op == "is_not":
        return not _is(has, wanted)
    if op == "contains":
        return _contains(has, wanted)
    return _ordered(op, has, wanted)


def _is(has: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return bool(has) is wanted
    if isinstance(has, list):
        return [wanted] == has
    if isinstance(has, str) and isinstance(wanted, str):
        return has.casefold() == wanted.casefold()
    return has is not None and has == wanted


def _contains(has: Any, wanted: Any) -> bool:
    if isinstance(has, list):
        return wanted in has
    return isinstance(has, str) and str(wanted).casefold() in has.casefold()


def _ordered(op: str, has: Any, wanted: Any) -> bool:
    alike = (isinstance(has, str) and isinstance(wanted, str)) or (_is_number(has) and _is_number(wanted))
    if not alike:
        return False
    return has >= wanted if op == "at_least" else has <= wanted


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def fields_of(condition: Condition | None) -> Iterator[str]:
    """The keys that the condition looks at."""
    if not condition:
        return
    for part in (*condition.get("all", ()), *condition.get("any", ())):
        yield from fields_of(part)
    if "not" in condition:
        yield from fields_of(condition["not"])
    if "field" in condition:
        yield condition["field"]


def sentence(condition: Condition | None, items: Mapping[str, Item]) -> str:
    """The condition for people, such as “Device is Laptop and Age is at least 3”."""
    if not condition:
        return ""
    if "all" in condition:
        return _(" and ").join(sentence(one, items) for one in condition["all"])
    if "any" in condition:
        return _(" or ").join(sentence(one, items) for one in condition["any"])
    if "not" in condition:
        return _("not (%(what)s)") % {"what": sentence(condition["not"], items)}
    item = items.get(condition["field"], {"kind": "text", "label": condition["field"]})
    said = {"field": item["label"], "value": words(item, condition.get("value"))}
    return str(OPERATORS[condition["op"]]) % said
