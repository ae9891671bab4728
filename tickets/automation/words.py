"""A rule told in plain words: what makes it look, what has to hold, what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.automation.catalogue import Catalogue
from tickets.automation.checks import leaves
from tickets.automation.effect_kinds import EFFECTS, Param
from tickets.automation.fields import CUSTOM, Field, field
from tickets.automation.operators import OPERATORS
from tickets.automation.predictions import MAX_TASKS
from tickets.automation.references import REFERENCES
from tickets.models import Rule
from tickets.reading import quoted

LONGEST = 60
Definition = Mapping[str, Any]


class Names:
    """The names of the rows that rules mention, read once for all of them; also of rows that are switched off."""

    def __init__(self, wanted: Iterable[tuple[str, int]] = ()) -> None:
        by_kind: dict[str, set[int]] = {}
        for kind, pk in wanted:
            by_kind.setdefault(kind, set()).add(pk)
        self._rows = {kind: _names(kind, pks) for kind, pks in by_kind.items()}
        self.catalogue = Catalogue()

    def of(self, kind: str, pk: Any) -> str:
        return self._rows.get(kind, {}).get(pk) or _("(gone)")

    def label(self, key: str) -> str:
        known = self.catalogue.field(key) or field(key)
        return str(known.label) if known else key


def _names(kind: str, pks: set[int]) -> dict[int, str]:
    rows = REFERENCES[kind].usable().model._default_manager.filter(pk__in=pks)
    return {row.pk: str(row) for row in (rows.select_related("parent") if kind == "help_topic" else rows)}


def names_for(definitions: Iterable[Definition]) -> Names:
    definitions = list(definitions)
    return Names(pair for one in definitions for pair in mentioned(one))


def mentioned(definition: Definition) -> list[tuple[str, int]]:
    """The rows that a rule names."""
    found = [pair for leaf in leaves(definition["conditions"]) for pair in fact_pairs(leaf["field"], leaf.get("value"))]
    for effect in definition["effects"]:
        kind = EFFECTS.get(effect.get("do", ""))
        for param in kind.params if kind else ():
            if param.refers and _is_key(pk := effect.get(param.name)):
                found.append((param.refers, pk))
    return found


def fact_pairs(key: Any, value: Any) -> list[tuple[str, int]]:
    """The rows that a value of this field names."""
    known = field(str(key))
    if known is None or not known.refers:
        return []
    return [(known.refers, pk) for pk in (value if isinstance(value, list) else [value]) if _is_key(pk)]


def _is_key(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def sentence(definition: Definition, names: Names | None = None) -> str:
    """The whole rule in one sentence."""
    names = names or names_for([definition])
    when, held = _when(definition), condition(definition["conditions"], names)
    deeds = _joined([effect(one, names) for one in definition["effects"]], _("and")) or _("do nothing yet")
    if definition["kind"] == Rule.Kind.MACRO and not held:
        told = _("When an agent runs it: %(deeds)s.") % {"deeds": deeds}
    elif held:
        told = _("%(when)s, if %(held)s: %(deeds)s.") % {"when": when, "held": held, "deeds": deeds}
    else:
        told = _("%(when)s, always: %(deeds)s.") % {"when": when, "deeds": deeds}
    if definition["stops_after"]:
        told += " " + _("No later rule of this kind is asked then.")
    return told


def _when(definition: Definition) -> str:
    kind = definition["kind"]
    if kind == Rule.Kind.TRIGGER:
        labels = [str(Rule.On(one).label) for one in definition["on"] if one in Rule.On.values]
        return _("When %(what)s") % {"what": _joined(labels, _("or")) or _("(nothing yet)")}
    if kind == Rule.Kind.FILTER:
        return _("Before a request becomes a ticket")
    return _("When the time has come") if kind == Rule.Kind.AUTOMATION else _("When an agent runs it")


def condition(tree: Mapping[str, Any], names: Names, *, inner: bool = False) -> str:
    """The conditions in words; empty for none."""
    if not tree:
        return ""
    if "field" in tree:
        return leaf_words(tree, names)
    if "not" in tree:
        return _("not (%(what)s)") % {"what": condition(tree["not"], names)}
    group = next(iter(tree))
    parts = [part for one in tree[group] if (part := condition(one, names, inner=True))]
    told = _joined(parts, _("or") if group == "any" else _("and"))
    return f"({told})" if inner and len(parts) > 1 else told


def leaf_words(leaf: Mapping[str, Any], names: Names) -> str:
    known, operator = names.catalogue.field(str(leaf["field"])), OPERATORS.get(str(leaf.get("op")))
    label = names.label(str(leaf["field"]))
    if known is None or operator is None:
        return _("%(field)s (unknown)") % {"field": label}
    if known.type == "flag":
        return label if leaf.get("value") is True else _("not: %(what)s") % {"what": label}
    if operator.takes == "nothing":
        return f"{label} {operator.label}"
    return f"{label} {operator.label} {value_words(known, leaf.get('value'), names)}"


def value_words(known: Field, value: Any, names: Names) -> str:
    """A value as people read it: a name for an id, a duration for minutes."""
    if isinstance(value, list):
        return _joined([value_words(known, one, names) for one in value], _("or"))
    if known.type == "since" and isinstance(value, (int, float)):
        return duration(value)
    if known.type == "hours" and value == 0:
        return _("the hours of its SLA policy")
    if known.refers and _is_key(value):
        return names.of(known.refers, value)
    if known.group == "custom" and known.type not in ("text", "any"):
        return names.catalogue.words(known, value)
    if known.type in ("choice", "level"):
        return str(next((label for option, label in known.choices() if option == value), value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return quoted(_cut(value)) if isinstance(value, str) else str(value)


def fact_words(key: str, value: Any, names: Names) -> str:
    """What was found on the ticket."""
    known = names.catalogue.field(key)
    if value is None or value == "" or value == []:
        return _("nothing")
    if known is None:
        return str(value)
    if isinstance(value, list) and known.type != "hours":
        return ", ".join(fact_words(key, one, names) for one in value)
    return value_words(known, round(value, 1) if isinstance(value, float) else value, names)


def duration(minutes: float) -> str:
    if minutes >= 1440 and minutes % 1440 == 0:
        return ngettext("%(count)d day", "%(count)d days", int(minutes // 1440)) % {"count": minutes // 1440}
    hours, rest = divmod(round(minutes), 60)
    parts = [_("%(count)d h") % {"count": hours}] if hours else []
    return " ".join([*parts, _("%(count)d min") % {"count": rest}] if rest or not hours else parts)


def effect(said: Mapping[str, Any], names: Names) -> str:
    """One effect in words, with what it takes."""
    kind = EFFECTS.get(said.get("do", ""))
    if kind is None:
        return _("(unknown)")
    given = [_param(param, said, names) for param in kind.params if said.get(param.name) not in (None, "", [])]
    return f"{kind.label}: {', '.join(given)}" if given else str(kind.label)


def refusal(code: str) -> str:
    """Why a plan says that the ticket would refuse an effect; empty when it would not."""
    kind, _colon, names = code.partition(":")
    told = {
        "state": _("The ticket is not in a state for this."), "agent": _("The agent does not work in this department."),
        "same": _("It is in this department already."), "tags": _("These are too many tags."),
        "field": _("The field does not take this answer here."),
        "status": _("This status belongs to another state."), "rated": _("The requester has been asked already."),
        "too_many_tasks": _("At most %(max)d tasks fit.") % {"max": MAX_TASKS},
        "answers": _("Before it is resolved, please answer: %(fields)s.") % {"fields": names},
        "tasks": _("Tasks are still open: %(names)s. Do or remove them first.") % {"names": names},
    }  # fmt: skip
    return told.get(kind, code)


def _param(param: Param, said: Mapping[str, Any], names: Names) -> str:
    value = said[param.name]
    if param.type == "field":
        return names.label(f"{CUSTOM}{value}")
    if param.type == "answer" and (asked := names.catalogue.field(f"{CUSTOM}{said.get('name')}")):
        return quoted(_cut(names.catalogue.words(asked, value)))
    if param.refers:
        return names.of(param.refers, value)
    if param.type == "minutes" and isinstance(value, (int, float)):
        return duration(value)
    if param.type == "tags" and isinstance(value, list):
        return ", ".join(map(str, value))
    if param.options:
        return str(next((label for option, label in param.choices() if option == value), value))
    return quoted(_cut(" ".join(str(value).split())))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _joined(parts: list[str], word: str | Promise) -> str:
    """ "a, b and c" """
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def capitalized(text: str) -> str:
    return str(capfirst(text))
