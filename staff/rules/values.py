"""Between what is typed into the builder and what a rule says: ids, numbers, minutes, lists.

What cannot be turned into what the field wants stays text, so that the check of the rule tells it at its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from tickets import commas
from tickets.automation.catalogue import Catalogue
from tickets.automation.effect_kinds import EFFECTS, Param
from tickets.automation.fields import HEADER, Field
from tickets.automation.operators import OPERATORS
from tickets.automation.references import REFERENCES
from tickets.field_values import Item
from tickets.models.forms import FieldKind

__all__ = ["HEADER", "effect_given", "effect_said", "fitting", "is_long", "leaf_given", "leaf_said", "local"]

UNITS = (1440, 60, 1)
# More rows than this are typed by name instead of chosen from a list.
LONG = 150


def fitting(known: Field | None, op: str) -> str:
    """The operator, or the field's first when it cannot be asked that."""
    if known is None:
        return op
    return op if op in known.operators else known.operators[0]


def leaf_said(known: Field | None, key: str, op: str, given: Sequence[str], unit: str) -> dict[str, Any]:
    operator = OPERATORS.get(op)
    if known is None or operator is None or operator.takes == "nothing":
        return {"field": key, "op": op}
    if operator.takes == "value":
        return {"field": key, "op": op, "value": _value(known, given[0].strip() if given else "", unit)}
    return {"field": key, "op": op, "value": [_value(known, one, unit) for one in _many(known, given)]}


def _many(known: Field, given: Sequence[str]) -> list[str]:
    """Several values: boxes that were ticked, or lines and commas of one text."""
    if known.type in ("choice", "choices", "level") and not (known.refers and is_long(known.refers)):
        return [one for one in given if one]
    lines = "\n".join(given).splitlines()
    if known.type == "tags" or known.refers:
        return [part for line in lines for part in commas.split(line)]
    return [line.strip() for line in lines if line.strip()]


def _value(known: Field, text: str, unit: str) -> Any:
    if known.type == "flag":
        return {"yes": True, "no": False}.get(text, text)
    if known.type in ("number", "amount", "since"):
        number = _number(text)
        is_time = known.type == "since" and not isinstance(number, str)
        return number * int(unit if unit in map(str, UNITS) else 1) if is_time else number
    if known.type == "hours":
        return int(text) if text.isdecimal() else text
    if known.refers:
        return _reference(known.refers, text)
    if known.type in ("choice", "level"):
        return next((option for option, _label in known.choices() if str(option) == text), text)
    return text.lower() if known.type == "tags" else text


def _number(text: str) -> int | float | str:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return text
    if not abs(number) < 1e12:  # also what is no number at all
        return text
    return int(number) if number.is_integer() else number


def _reference(refers: str, text: str) -> int | str:
    """The id: chosen from a list, or of the row with the name that was typed."""
    if text.isdecimal():
        return int(text) if len(text) < 10 else text
    reference = REFERENCES[refers]
    found = (
        reference.usable().filter(**{f"{reference.name}__iexact": text}).values_list("pk", flat=True)[:2]
        if text
        else ()
    )
    return found[0] if len(found) == 1 else text


def is_long(refers: str) -> bool:
    """Whether the rows are too many for a list."""
    return len(REFERENCES[refers].usable().values_list("pk")[: LONG + 1]) > LONG


def leaf_given(known: Field | None, value: Any) -> tuple[list[str], str]:
    """The texts that the inputs hold, and the unit of time."""
    if value is None or known is None:
        return [], "1"
    if known.type == "since" and isinstance(value, (int, float)):
        return _time(value)
    if known.type == "flag":
        return ["yes" if value else "no"], "1"
    if known.type == "date_time":
        return [local(str(value))], "1"
    if known.refers and is_long(known.refers):
        return [_name(known.refers, one) for one in (value if isinstance(value, list) else [value])], "1"
    return [str(one) for one in (value if isinstance(value, list) else [value])], "1"


def local(moment: str) -> str:
    """A kept moment as the input of a page holds it: in the person's own zone."""
    try:
        return timezone.localtime(datetime.fromisoformat(moment)).strftime("%Y-%m-%dT%H:%M")
    except ValueError:
        return moment


def _time(minutes: float) -> tuple[list[str], str]:
    unit = next(one for one in UNITS if minutes % one == 0 or one == 1) if minutes else 1
    count = minutes / unit
    return [str(int(count) if float(count).is_integer() else count)], str(unit)


def _name(refers: str, pk: Any) -> str:
    reference = REFERENCES[refers]
    row = reference.find(pk)
    return str(getattr(row, reference.name)) if row else str(pk)


def effect_said(do: str, given: Mapping[str, Sequence[str]], catalogue: Catalogue) -> dict[str, Any]:
    kind = EFFECTS.get(do)
    said: dict[str, Any] = {"do": do}
    for param in kind.params if kind else ():
        texts = given.get(param.name, ())
        if param.type == "answer":
            value = _answer(catalogue.items.get(str(said.get("name"))), texts)
        else:
            value = _param(param, texts[0] if texts else "", given.get(f"{param.name}_unit", ("1",))[0])
        if value not in ("", []):
            said[param.name] = value
    return said


def _answer(item: Item | None, texts: Sequence[str]) -> Any:
    """What is typed for a field of a form; the check of the rule reads it."""
    if item and item["kind"] == FieldKind.MULTI_CHOICE:
        return [one for one in texts if one]
    text = texts[0].strip() if texts else ""
    if item and item["kind"] == FieldKind.NUMBER:
        return _number(text)
    if item and item["kind"] == FieldKind.CHECKBOX:
        return {"yes": True, "no": False}.get(text, text)
    return text


def _param(param: Param, text: str, unit: str) -> Any:
    plain = text.strip()
    if param.type == "tags":
        return [one.lower() for one in commas.split(plain)]
    if param.type in ("number", "minutes") and plain:
        number = _number(plain)
        is_time = param.type == "minutes" and not isinstance(number, str)
        return number * int(unit if unit in map(str, UNITS) else 1) if is_time else number
    if param.refers and plain:
        return _reference(param.refers, plain)
    if param.options:
        return next((option for option, _label in param.choices() if str(option) == plain), plain)
    return text if param.type == "template" else plain


def effect_given(effect: Mapping[str, Any], catalogue: Catalogue) -> dict[str, list[str]]:
    kind = EFFECTS.get(effect["do"])
    given: dict[str, list[str]] = {}
    for param in kind.params if kind else ():
        value = effect.get(param.name)
        if value is None:
            continue
        if param.type == "minutes":
            given[param.name], unit = _time(value)
            given[f"{param.name}_unit"] = [unit]
        elif param.type == "answer":
            given[param.name] = _answer_given(catalogue.items.get(str(effect.get("name"))), value)
        elif param.type == "tags":
            given[param.name] = [", ".join(value)]
        elif param.refers and is_long(param.refers):
            given[param.name] = [_name(param.refers, value)]
        else:
            given[param.name] = [str(value)]
    return given


def _answer_given(item: Item | None, value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if item and item["kind"] == FieldKind.DATE_TIME:
        return [local(str(value))]
    return [str(one) for one in (value if isinstance(value, list) else [value])]
