"""How a fact is compared with what a condition says. Pure, and true for no fact that is missing unless it says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import re2
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST_PATTERN = 500


@dataclass(frozen=True)
class Operator:
    """`takes` is what stands beside it: "value", "values" (a list of them) or "nothing". `compares(fact, value)` gets
    the value as `prepared` made it; those of `on_change` get the pair [before, after], None when nothing changed."""

    label: str | Promise
    takes: str
    compares: Callable[[Any, Any], bool]
    prepared: Callable[[Any], Any] = lambda value: value
    on_change: bool = False


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return [_folded(one) for one in value] if isinstance(value, list) else value


def _text(fact: Any) -> str:
    return "\n".join(map(str, fact)).casefold() if isinstance(fact, list) else str(fact or "").casefold()


def pattern(value: str) -> Any:
    """Compiled for a linear-time engine: no text makes it slow. Raises ValueError."""
    if len(value) > LONGEST_PATTERN:
        raise ValueError("too long")
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.max_mem = False, False, 2_000_000
    try:
        return re2.compile(value, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error


def _matches(fact: Any, compiled: Any) -> bool:
    texts = fact if isinstance(fact, list) else [fact or ""]
    return any(compiled.search(str(text)) is not None for text in texts)


def _is(fact: Any, value: Any) -> bool:
    return fact is not None and _folded(fact) == value


def _any_of(fact: Any, values: Any) -> bool:
    return fact is not None and _folded(fact) in values


def _number(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda fact, value: fact is not None and compare(fact, value)


OPERATORS: dict[str, Operator] = {
    "is": Operator(_("is"), "value", _is, _folded),
    "is_not": Operator(_("is not"), "value", lambda fact, value: not _is(fact, value), _folded),
    "any_of": Operator(_("is one of"), "values", _any_of, _folded),
    "none_of": Operator(_("is none of"), "values", lambda fact, values: not _any_of(fact, values), _folded),
    "empty": Operator(_("is empty"), "nothing", lambda fact, _v: fact in (None, "", [])),
    "not_empty": Operator(_("is not empty"), "nothing", lambda fact, _v: fact not in (None, "", [])),
    "contains": Operator(_("contains"), "value", lambda fact, value: value in _text(fact), _folded),
    "contains_not": Operator(_("does not contain"), "value", lambda fact, value: value not in _text(fact), _folded),
    "contains_any": Operator(
        _("contains one of"), "values", lambda fact, values: any(one in _text(fact) for one in values), _folded
    ),
    "begins": Operator(_("begins with"), "value", lambda fact, value: _text(fact).startswith(value), _folded),
    "ends": Operator(_("ends with"), "value", lambda fact, value: _text(fact).endswith(value), _folded),
    "matches": Operator(_("matches the pattern"), "value", _matches, pattern),
    "matches_not": Operator(
        _("does not match the pattern"), "value", lambda fact, value: not _matches(fact, value), pattern
    ),
    "at_least": Operator(_("is at least"), "value", _number(lambda fact, value: fact >= value)),
    "at_most": Operator(_("is at most"), "value", _number(lambda fact, value: fact <= value)),
    "more_than": Operator(_("is more than"), "value", _number(lambda fact, value: fact > value)),
    "less_than": Operator(_("is less than"), "value", _number(lambda fact, value: fact < value)),
    "before": Operator(_("is before"), "value", _number(lambda fact, value: fact < value)),
    "after": Operator(_("is after"), "value", _number(lambda fact, value: fact > value)),
    "ticked": Operator(_("is ticked"), "nothing", lambda fact, _v: fact is True),
    "not_ticked": Operator(_("is not ticked"), "nothing", lambda fact, _v: fact is not True),
    "has": Operator(_("has"), "value", lambda fact, value: value in _folded(fact or []), _folded),
    "has_not": Operator(_("does not have"), "value", lambda fact, value: value not in _folded(fact or []), _folded),
    "has_any": Operator(
        _("has one of"), "values", lambda fact, values: not set(values).isdisjoint(_folded(fact or [])), _folded
    ),
    "has_all": Operator(
        _("has all of"), "values", lambda fact, values: set(values).issubset(_folded(fact or [])), _folded
    ),
    "inside": Operator(_("is inside"), "value", lambda fact, value: value in (fact or [])),
    "outside": Operator(_("is outside"), "value", lambda fact, value: value not in (fact or [])),
    "changed": Operator(_("has just changed"), "nothing", lambda pair, _v: pair is not None, on_change=True),
    "changed_to": Operator(
        _("has just changed to"), "value",
        lambda pair, value: pair is not None and _folded(pair[1]) == value, _folded, on_change=True,
    ),
    "changed_from": Operator(
        _("has just changed from"), "value",
        lambda pair, value: pair is not None and _folded(pair[0]) == value, _folded, on_change=True,
    ),
}  # fmt: skip

_ONE = ("is", "is_not", "any_of", "none_of", "empty", "not_empty")
_ORDER = ("at_least", "at_most", "more_than", "less_than")
CHANGES = ("changed", "changed_to", "changed_from")

# type of a field -> what it can be asked
TYPES: dict[str, tuple[str, ...]] = {
    "choice": _ONE,
    "level": ("is", "is_not", "at_least", "at_most", "any_of", "none_of"),
    "text": (
        "contains", "contains_not", "contains_any", "is", "is_not", "any_of", "none_of", "begins", "ends",
        "matches", "matches_not", "empty", "not_empty",
    ),
    "number": ("is", "is_not", *_ORDER),
    "flag": ("is",),
    "tags": ("has", "has_not", "has_any", "has_all", "empty", "not_empty"),
    "amount": ("is", "is_not", *_ORDER, "empty", "not_empty"),
    "date": ("is", "is_not", "before", "after", "empty", "not_empty"),
    "date_time": ("before", "after", "empty", "not_empty"),
    "choices": ("has", "has_not", "has_any", "has_all", "empty", "not_empty"),
    "box": ("ticked", "not_ticked"),
    "files": ("empty", "not_empty"),
    "since": (*_ORDER, "empty", "not_empty"),
    "hours": ("inside", "outside"),
    # What a form asks, as long as nobody has looked up its kind (catalogue.py).
    "any": (*_ONE, "contains", "contains_not", "contains_any", "begins", "ends", "matches", "matches_not", *_ORDER),
}  # fmt: skip
