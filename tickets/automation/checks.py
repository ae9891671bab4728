"""What is wrong with a rule, told when it is saved: in words, by the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import said, wording
from tickets.automation.catalogue import Catalogue
from tickets.automation.conditions import GROUPS, anchors, leaves
from tickets.automation.effect_kinds import EFFECTS, Param
from tickets.automation.fields import CUSTOM, Field, field
from tickets.automation.operators import CHANGES, OPERATORS
from tickets.automation.references import REFERENCES, missing
from tickets.models import Rule

MOST_CONDITIONS, DEEPEST, MOST_EFFECTS = 100, 6, 30
LONGEST_VALUE, MOST_VALUES = 2000, 200
Problems = dict[str, str]
# Values that are answers to a form's field: they are read as a ticket's would be.
_ANSWERED = ("amount", "date", "date_time", "choices")


def problems(kind: str, on: list[str], conditions: Any, effects: Any) -> Problems:
    """Where it stands ("conditions.0.1", "effects.2.team") -> what is wrong. Empty when the rule can be saved."""
    found: Problems = {}
    catalogue = Catalogue()
    if kind == Rule.Kind.TRIGGER and not on:
        found["on"] = _("Choose at least one thing that makes the trigger look.")
    if unknown := [word for word in on if word not in Rule.On.values]:
        found["on"] = _("There is no such moment: %(word)s.") % {"word": unknown[0]}
    _check_tree(kind, conditions, "conditions", 0, found, catalogue)
    if not found and len(list(leaves(conditions))) > MOST_CONDITIONS:
        found["conditions"] = _("At most %(max)d conditions fit.") % {"max": MOST_CONDITIONS}
    if kind == Rule.Kind.AUTOMATION and any(
        leaf["field"] == "working_time" and not leaf.get("value") for leaf in leaves(conditions)
    ):
        found["conditions"] = _("An automation has to name the business hours.")
    if kind == Rule.Kind.AUTOMATION and not found and not anchors(conditions):
        found["conditions"] = _("An automation needs a condition on time, such as “time since it was opened”.")
    _check_effects(kind, effects, found, catalogue)
    if not found:
        _check_references(conditions, effects, found)
    return found


def named(conditions: Any, effects: Any) -> list[tuple[str, str, int]]:
    """What the rule names: (place, reference, id)."""
    found = []
    for number, leaf in enumerate(leaves(conditions)):
        known = field(leaf["field"])
        if known and known.refers:
            values = leaf.get("value")
            values = values if isinstance(values, list) else [values]
            found += [(f"condition {number + 1}", known.refers, pk) for pk in values if isinstance(pk, int) and pk]
    for number, effect in enumerate(effects):
        for param in EFFECTS[effect["do"]].params:
            if param.refers and effect.get(param.name):
                found.append((f"effects.{number}.{param.name}", param.refers, effect[param.name]))
    return found


def _check_references(conditions: Any, effects: Any, found: Problems) -> None:
    wanted = named(conditions, effects)
    gone = set(missing((kind, pk) for _place, kind, pk in wanted))
    for place, kind, pk in wanted:
        if (kind, pk) in gone:
            where = "conditions" if place.startswith("condition ") else place
            found[where] = gone_sentence(kind)


def gone_sentence(kind: str) -> str:
    """As `said` keeps it."""
    return said.keep(gettext_lazy("The %(what)s it names is gone or switched off."), what=REFERENCES[kind].label)


def _check_tree(
    kind: str, tree: Any, place: str, depth: int, found: Problems, catalogue: Catalogue
) -> None:  # fmt: skip
    if tree == {} and depth == 0:
        return
    if not isinstance(tree, dict) or depth > DEEPEST:
        found[place] = _("These conditions are nested too deeply.") if depth > DEEPEST else _not_a_condition()
        return
    if len(tree) == 1 and isinstance(tree.get(group := next(iter(tree))), list) and group in GROUPS:
        for number, one in enumerate(tree[group]):
            _check_tree(kind, one, f"{place}.{number}", depth + 1, found, catalogue)
    elif set(tree) == {"not"}:
        _check_tree(kind, tree["not"], f"{place}.not", depth + 1, found, catalogue)
    elif "field" in tree and set(tree) <= {"field", "op", "value"}:
        if problem := _leaf_problem(kind, tree, catalogue):
            found[place] = problem
    else:
        found[place] = _not_a_condition()


def _not_a_condition() -> str:
    return _("This is no condition: give all, any, not, or a field with an operator.")


def _leaf_problem(kind: str, leaf: Mapping[str, Any], catalogue: Catalogue) -> str:
    known = catalogue.field(leaf["field"]) if isinstance(leaf["field"], str) else None
    if known is None:
        return _("There is no field %(field)s.") % {"field": leaf["field"]}
    if known.kinds and kind not in known.kinds:
        return _("“%(field)s” cannot be asked by this kind of rule.") % {"field": known.label}
    op = leaf.get("op")
    if not isinstance(op, str) or op not in known.operators:
        return _("“%(field)s” cannot be asked “%(op)s”.") % {"field": known.label, "op": op}
    if op in CHANGES and kind != Rule.Kind.TRIGGER:
        return _("Only triggers can ask what has just changed.")
    return _value_problem(known, op, leaf.get("value"), catalogue)


def _value_problem(known: Field, op: str, value: Any, catalogue: Catalogue) -> str:
    takes = OPERATORS[op].takes
    if takes == "nothing":
        return ""
    values = value if takes == "values" else [value]
    if not isinstance(values, list) or not values or len(values) > MOST_VALUES:
        return _("Choose at least one value, at most %(max)d.") % {"max": MOST_VALUES}
    if known.type in _ANSWERED:
        key = known.key.removeprefix(CUSTOM)
        return next((told for one in values if (told := catalogue.problem(key, one) or _emptiness(one))), "")
    if any(not _fits(known, op, one) for one in values):
        return _("This value does not fit “%(field)s”.") % {"field": known.label}
    if op in ("matches", "matches_not"):
        return _pattern_problem(value)
    return ""


def _emptiness(value: Any) -> str:
    return _("Please fill this in.") if value in (None, "", []) else ""


def _pattern_problem(value: str) -> str:
    try:
        OPERATORS["matches"].prepared(value)
    except ValueError as error:
        return _("This pattern cannot be read: %(error)s.") % {"error": error}
    return ""


def _fits(known: Field, op: str, value: Any) -> bool:
    if known.type == "flag":
        return isinstance(value, bool)
    if known.type in ("number", "since"):
        return _is_number(value) and (known.type == "number" or value >= 0)
    if known.type == "hours":
        return isinstance(value, int) and not isinstance(value, bool)  # 0: those of the ticket's own policy
    if known.type in ("choice", "level"):
        if known.refers:
            return isinstance(value, int) and not isinstance(value, bool)
        return value in [option for option, _label in known.choices()]
    return isinstance(value, str) and 0 < len(value) <= LONGEST_VALUE


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_effects(kind: str, effects: Any, found: Problems, catalogue: Catalogue) -> None:
    if not isinstance(effects, list) or not effects:
        found["effects"] = _("Say what the rule does.")
        return
    if len(effects) > MOST_EFFECTS:
        found["effects"] = _("At most %(max)d effects fit.") % {"max": MOST_EFFECTS}
        return
    for number, effect in enumerate(effects):
        place = f"effects.{number}"
        known = EFFECTS.get(effect.get("do", "")) if isinstance(effect, dict) else None
        if known is None or kind not in known.kinds:
            found[place] = _("This kind of rule cannot do that.")
            continue
        for param in known.params:
            if problem := _param_problem(kind, param, effect, catalogue):
                found[f"{place}.{param.name}"] = problem
        if extra := set(effect) - {"do", *(param.name for param in known.params)}:
            found[place] = _("It does not take “%(name)s”.") % {"name": sorted(extra)[0]}


def _param_problem(kind: str, param: Param, effect: Mapping[str, Any], catalogue: Catalogue) -> str:
    value = effect.get(param.name)
    if value in (None, "", []):
        return _("Please fill this in.") if param.is_required or _is_asked(param, effect) else ""
    if kind == Rule.Kind.FILTER and param.name == "how" and value not in ("agent", "nobody"):
        return _("A filter can name an agent; to choose one, use a trigger.")
    if param.type == "field":
        fits = value in dict(catalogue.answerable())
    elif param.type == "answer":
        known = isinstance(effect.get("name"), str) and effect["name"] in catalogue.items
        return catalogue.problem(effect["name"], value) if known else ""
    elif param.type in ("number", "minutes"):
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= (param.most or value)
    elif param.type == "tags":
        fits = isinstance(value, list) and all(isinstance(one, str) and 0 < len(one.strip()) <= 40 for one in value)
    elif param.refers:
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif param.options:
        fits = value in [option for option, _label in param.choices()]
    else:
        fits = isinstance(value, str) and bool(value.strip()) and len(value) <= 20_000
        if fits and param.type == "template" and (wrong := wording.check(value)):
            return " ".join(map(str, wrong[:5]))
    return "" if fits else _("This value does not fit “%(field)s”.") % {"field": param.label}


def _is_asked(param: Param, effect: Mapping[str, Any]) -> bool:
    """Whether another parameter makes this one needed."""
    way = effect.get("how") or effect.get("to")
    if param.name == "agent":
        return way == "agent"
    if param.name == "team":
        return way in ("round_robin", "least_loaded")
    return False
