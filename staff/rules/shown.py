"""The builder as its templates take it: for every row the words that fit its field, and the input for its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from staff.rules import values
from staff.rules.draft import DEEPEST, Deed, Draft, Group, Leaf
from tickets.automation.effect_kinds import EFFECTS, Param, effects_of
from tickets.automation.fields import CUSTOM, Field, field, fields_of
from tickets.automation.operators import CHANGES, OPERATORS
from tickets.automation.references import REFERENCES
from tickets.models import Rule
from tickets.models.forms import FieldKind

Options = list[tuple[str, str]]


def _groups() -> dict[str, str]:
    return {
        "ticket": _("Ticket"), "since": _("Time"), "requester": _("Requester"), "organization": _("Requester"),
        "message": _("Message"), "files": _("Message"), "mail": _("Message"), "event": _("What happened"),
        "counts": _("Counts"), "asked": _("Ticket"), "requester_counts": _("Counts"), "hours": _("Working time"),
    }  # fmt: skip


def modes() -> Options:
    return [
        ("all", _("All of these hold")), ("any", _("At least one of these holds")), ("none", _("None of these holds")),
        ("not_all", _("Not all of these hold")),
    ]  # fmt: skip


def takes(op: str) -> str:
    """What kind of input stands behind the operator."""
    return "pattern" if op in ("matches", "matches_not") else OPERATORS[op].takes


class Builder:
    """Shows one draft; what rows choose from is read once, however many rows there are."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self._choices, self._long = draft, {}, {}  # type: ignore[var-annotated]
        self.is_brief = False  # lists of fields show only what is chosen: for pieces of which there are many

    def context(self) -> dict[str, Any]:
        draft = self.draft
        return {
            "draft": draft,
            "kind": draft.kind,
            "is_trigger": draft.kind == Rule.Kind.TRIGGER,
            "is_automation": draft.kind == Rule.Kind.AUTOMATION,
            "moments": [(key, label, key in draft.on) for key, label in Rule.On.choices],
            "fields": self.fields,
            "root": self.group(draft.root, 0),
            "effects": [(one.key, capfirst(str(one.label))) for one in effects_of(draft.kind)],
            "deeds": [self.deed(deed, count) for count, deed in enumerate(draft.deeds)],
        }

    @cached_property
    def fields(self) -> list[tuple[str, Options]]:
        """What can be asked, in groups for a list."""
        names, found = _groups(), {}  # type: ignore[var-annotated]
        for one in fields_of(self.draft.kind):
            group = names["since"] if one.type == "since" else names[one.group]
            found.setdefault(group, []).append((one.key, capfirst(str(one.label))))
        if custom := self.draft.catalogue.labels():
            found[_("Fields of forms")] = [(f"{CUSTOM}{key}", label) for key, label in custom]
        if self.draft.kind in (Rule.Kind.FILTER, Rule.Kind.TRIGGER):
            found.setdefault(_("Message"), []).append((values.HEADER, _("A header of the mail")))
        return list(found.items())

    def group(self, group: Group, depth: int) -> dict[str, Any]:
        rows = [self.group(row, depth + 1) if isinstance(row, Group) else self.leaf(row) for row in group.rows]
        return {
            "is_group": True, "place": group.place, "mode": group.mode, "rows": rows, "problem": group.problem,
            "modes": modes(), "may_nest": depth + 1 < DEEPEST, "is_root": depth == 0,
        }  # fmt: skip

    def leaf(self, leaf: Leaf) -> dict[str, Any]:
        known = self.draft.catalogue.field(leaf.key) or (
            field(f"{values.HEADER}x") if leaf.field == values.HEADER else None
        )
        shown = {
            "place": leaf.place, "field": leaf.field, "op": leaf.op, "problem": leaf.problem, "unit": leaf.unit,
            "header": leaf.header, "is_header": leaf.field == values.HEADER, "ops": [], "widget": "",
            "label": self._label(leaf),
        }  # fmt: skip
        if leaf.field and leaf.field not in {key for _group, options in self.fields for key, _label in options}:
            shown["stray"] = self._label(leaf)  # a field that is gone, or of another kind of rule: it is not dropped
        if known is None:
            return shown
        ops = [one for one in known.operators if one not in CHANGES or self.draft.kind == Rule.Kind.TRIGGER]
        shown["ops"] = [(one, str(OPERATORS[one].label), takes(one)) for one in ops]
        return {**shown, **self._widget(known, leaf.op or ops[0], leaf.given)}

    def _label(self, leaf: Leaf) -> str:
        known = self.draft.catalogue.field(leaf.key)
        return capfirst(str(known.label)) if known else leaf.field

    def _widget(self, known: Field, op: str, given: Sequence[str]) -> dict[str, Any]:
        way = takes(op) if op in OPERATORS else "nothing"
        text = given[0] if given else ""
        if way == "nothing":
            return {"widget": ""}
        if known.type == "flag":
            return {"widget": "select", "options": _marked([("yes", _("yes")), ("no", _("no"))], given)}
        if known.type == "hours":
            options = [("0", _("the hours of its SLA policy")), *self._rows("hours")]
            return {"widget": "select", "options": _marked(options, given)}
        if known.refers and self._is_long(known.refers):
            return {"widget": "lines" if way == "values" else "text", "text": "\n".join(given), "named": known.refers}
        if known.type in ("choice", "choices", "level"):
            options = self._rows(known.refers) if known.refers else _plain(known.choices())
            if way == "values":
                return {"widget": "checks", "options": _marked(options, given, is_one=False)}
            return {"widget": "select", "options": _marked(options, given)}
        if way == "values":
            return {"widget": "lines", "text": "\n".join(given)}
        if known.type in ("number", "amount", "since"):
            return {"widget": "since" if known.type == "since" else "number", "text": text}
        if known.type in _INPUTS:
            return {"widget": "moment", "input": _INPUTS[known.type], "text": text}
        return {"widget": "text", "text": text, "is_pattern": way == "pattern"}

    def _rows(self, refers: str) -> Options:
        if refers not in self._choices:
            self._choices[refers] = [(str(pk), label) for pk, label in REFERENCES[refers].choices()]
        return self._choices[refers]

    def _is_long(self, refers: str) -> bool:
        if refers not in self._long:
            self._long[refers] = values.is_long(refers)
        return self._long[refers]

    def deed(self, deed: Deed, count: int) -> dict[str, Any]:
        kind = EFFECTS.get(deed.do)
        return {
            "place": deed.place,
            "do": deed.do,
            "label": capfirst(str(kind.label)) if kind else "",
            "is_first": count == 0,
            "is_last": count == len(self.draft.deeds) - 1,
            "problem": deed.problems.get(""),
            "params": [self._param(deed, one) for one in kind.params if _is_wanted(deed, one)] if kind else [],
        }

    def _param(self, deed: Deed, param: Param) -> dict[str, Any]:
        given = deed.given.get(param.name, [])
        shown = {
            "name": f"{deed.place}.p_{param.name}", "label": capfirst(str(param.label)),
            "problem": deed.problems.get(param.name), "redraws": param.name in WAYS, "text": given[0] if given else "",
            "unit": deed.given.get(f"{param.name}_unit", ["1"])[0], "is_required": param.is_required,
            "widget": param.type,
        }  # fmt: skip
        if param.type == "answer":
            return {**shown, **self._answer(deed.given.get("name", [""])[0], given)}
        if param.type == "field":
            fields = self.draft.catalogue.answerable()
            kept = [one for one in fields if not self.is_brief or one[0] in given]
            return {**shown, "widget": "select", "options": _marked(kept, given)}
        if param.refers and self._is_long(param.refers):
            return {**shown, "widget": "line", "named": param.refers}
        if param.refers or param.options:
            empty = [] if param.is_required or (given and given[0]) else [("", "–")]
            options = self._rows(param.refers) if param.refers else _plain(param.choices())
            return {
                **shown,
                "widget": "select",
                "options": _marked([*empty, *options], given or ["" for _one in empty]),
            }
        return shown

    def _answer(self, key: str, given: Sequence[str]) -> dict[str, Any]:
        """The input for the answer to a form's field."""
        item = self.draft.catalogue.items.get(key)
        kind = item["kind"] if item else FieldKind.TEXT
        if item and kind in (FieldKind.CHOICE, FieldKind.MULTI_CHOICE):
            options = [(choice["value"], choice["label"]) for choice in item["choices"]]
            if kind == FieldKind.MULTI_CHOICE:
                return {"widget": "checks", "options": _marked(options, given, is_one=False)}
            return {"widget": "select", "options": _marked([("", "–"), *options], given or [""])}
        if kind == FieldKind.CHECKBOX:
            options = [("", "–"), ("yes", _("yes")), ("no", _("no"))]
            return {"widget": "select", "options": _marked(options, given or [""])}
        if kind in (FieldKind.LONG_TEXT, FieldKind.RICH_TEXT):
            return {"widget": "template"}
        return {"widget": "line", "input": _INPUTS.get(kind, "text")}


# type of a condition on a form's field, or its kind -> the browser's input for it
_INPUTS = {"date": "date", "date_time": "datetime-local"}


def _plain(choices: Sequence[tuple[Any, Any]]) -> Options:
    return [(str(key), str(label)) for key, label in choices]


# Parameters that say which of the others are wanted.
WAYS = ("how", "to", "name")
_WANTED = {
    "agent": ("agent",),
    "team": ("round_robin", "least_loaded", "skill"),
    "skill": ("skill",),
}


def _is_wanted(deed: Deed, param: Param) -> bool:
    way = next((deed.given[name][0] for name in WAYS if deed.given.get(name)), None)
    has_way = EFFECTS[deed.do].params[0].name in WAYS
    return not has_way or param.name not in _WANTED or way in _WANTED[param.name]


def _marked(options: Options, given: Sequence[str], *, is_one: bool = True) -> list[tuple[str, str, bool]]:
    """The options with what is chosen. Nothing is chosen by itself, and what was chosen and is gone stays visible."""
    known = {key for key, _label in options}
    first = [("", _("Choose…"), True)] if is_one and not any(given) and "" not in known else []
    gone = [(one, _("gone (%(value)s)") % {"value": one}, True) for one in given if one and one not in known]
    return [*first, *gone, *((key, label, key in given) for key, label in options)]
