"""Rules as YAML: names instead of ids, always in the same order, so that a difference can be read. What is in a file is
checked as a whole before anything is written, and mistakes are told with their lines."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext as _

from tickets.actions import rules
from tickets.automation.catalogue import Catalogue
from tickets.automation.effect_kinds import EFFECTS
from tickets.automation.fields import field
from tickets.automation.references import REFERENCES
from tickets.models import Rule
from tickets.permissions import Actor
from tickets.refusals import Invalid, Refused

OWN_HOURS = "own"
_LINE = "\0line"
_WORDS = ("description", "on", "stops_after", "reaches_back")
_KEYS = {"kind", "name", "enabled", "if", "then", *_WORDS}
Swap = Callable[[str, Any], Any]


class Unreadable(Refused):
    """The file cannot be taken; the message has one line for each mistake."""


@dataclass(frozen=True)
class Entry:
    """A rule of a file: where it stands, and what `actions.rules.save` takes."""

    line: int
    is_enabled: bool
    definition: dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """What taking a file would do to one rule: `what` is new, changed or same; or to the order of a kind: order."""

    kind: str
    name: str
    what: str
    diff: str


def exported() -> str:
    """All rules of the desk, by kind and in their order."""
    names: dict[tuple[str, int], str] = {}
    rows = [_entry(rule, names) for rule in Rule.objects.order_by("kind", "position", "pk")]
    return _dumped(rows) if rows else "[]\n"


def _dumped(rows: list[dict[str, Any]]) -> str:
    texts = [yaml.safe_dump([row], sort_keys=False, allow_unicode=True, width=110) for row in rows]
    return "\n".join(texts)


def _entry(rule: Rule, names: dict[tuple[str, int], str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": rule.kind, "name": rule.name, "enabled": rule.is_enabled}
    entry |= {name: value for name in _WORDS if (value := getattr(rule, name))}
    swap = _named(names)
    if rule.conditions:
        entry["if"] = _tree(rule.conditions, swap)
    return {**entry, "then": [_effect(effect, swap) for effect in rule.effects]}


def _named(known: dict[tuple[str, int], str]) -> Swap:
    """Names for ids; each row is read once."""

    def name(refers: str, pk: Any) -> Any:
        if refers == "hours" and pk == 0:
            return OWN_HOURS
        if (refers, pk) not in known:
            reference = REFERENCES[refers]
            row = reference.usable().model._default_manager.filter(pk=pk).first()
            known[refers, pk] = str(getattr(row, reference.name)) if row else pk
        return known[refers, pk]

    return name


def _tree(tree: Mapping[str, Any], swap: Swap) -> dict[str, Any]:
    if "field" in tree:
        known, leaf = field(str(tree["field"])), {key: tree[key] for key in ("field", "op", "value") if key in tree}
        leaf |= {key: value for key, value in tree.items() if key not in leaf and key != _LINE}
        if known and known.refers and "value" in leaf:
            value = leaf["value"]
            leaf["value"] = (
                [swap(known.refers, one) for one in value] if isinstance(value, list) else swap(known.refers, value)
            )
        return leaf
    if isinstance(tree.get("not"), Mapping):
        return {"not": _tree(tree["not"], swap)}
    return {
        group: [_tree(one, swap) if isinstance(one, Mapping) else one for one in rows]
        if isinstance(rows, list)
        else rows
        for group, rows in tree.items()
        if group != _LINE
    }


def _effect(effect: Mapping[str, Any], swap: Swap) -> dict[str, Any]:
    kind = EFFECTS.get(str(effect.get("do")))
    refers = {param.name: param.refers for param in kind.params if param.refers} if kind else {}
    said = {"do": effect.get("do"), **{key: effect[key] for key in sorted(map(str, effect)) if key in effect}}
    return {
        key: swap(refers[key], value) if key in refers and value is not None else value
        for key, value in said.items()
        if key != _LINE
    }


class _Lines(yaml.SafeLoader):
    """Remembers in every mapping on which line it began."""


def _mapping(loader: _Lines, node: yaml.MappingNode) -> dict[Any, Any]:
    return {**loader.construct_mapping(node, deep=True), _LINE: node.start_mark.line + 1}


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(text: str) -> list[Entry]:
    """The rules of a file. Raises Unreadable with every mistake and its line."""
    try:
        rows = yaml.load(text, Loader=_Lines) or []  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable(_("This is no YAML: %(error)s") % {"error": error}) from error
    if not isinstance(rows, list):
        raise Unreadable(_("line 1: a list of rules is expected."))
    mistakes: list[str] = []
    entries = [entry for row in rows if (entry := _read(row, mistakes))]
    seen: dict[tuple[str, str], int] = {}
    for entry in entries:
        key = (entry.definition["kind"], entry.definition["name"])
        if key in seen:
            mistakes.append(_("line %(line)d: “%(name)s” stands there twice.") % {"line": entry.line, "name": key[1]})
        seen[key] = entry.line
    if mistakes:
        raise Unreadable("\n".join(mistakes))
    return entries


def _read(row: Any, mistakes: list[str]) -> Entry | None:
    line = row.get(_LINE, 1) if isinstance(row, dict) else 1
    if not isinstance(row, dict) or row.get("kind") not in Rule.Kind.values or not isinstance(row.get("name"), str):
        mistakes.append(_("line %(line)d: a rule needs kind and name.") % {"line": line})
        return None
    if unknown := sorted(set(map(str, row)) - _KEYS - {_LINE}):
        mistakes.append(_("line %(line)d: “%(key)s” is unknown here.") % {"line": line, "key": unknown[0]})
        return None
    try:
        conditions = _identified(row.get("if") or {}, line, mistakes)
        effects = [_effect_read(one, line, mistakes) for one in row.get("then") or []]
    except (TypeError, AttributeError):
        mistakes.append(_("line %(line)d: this rule cannot be read.") % {"line": line})
        return None
    conditions, effects = Catalogue().settled(conditions, effects)
    definition = {
        "kind": row["kind"], "name": row["name"], "description": str(row.get("description", "")),
        "on": list(row.get("on") or []), "conditions": conditions, "effects": effects,
        "stops_after": row.get("stops_after") is True, "reaches_back": row.get("reaches_back") is True,
    }  # fmt: skip
    return Entry(line, row.get("enabled") is True, definition)


def _identified(tree: Any, line: int, mistakes: list[str]) -> Any:
    """The conditions with ids for names; each mistake is told on the line of its condition."""
    if not isinstance(tree, dict):
        return tree
    here = tree.get(_LINE, line)
    if "field" in tree:
        return _tree(tree, _ids(here, mistakes))
    if "not" in tree:
        return {"not": _identified(tree["not"], here, mistakes)}
    rows = {group: rows for group, rows in tree.items() if group != _LINE}
    return {group: [_identified(one, here, mistakes) for one in rows[group]] for group in rows}


def _effect_read(effect: Any, line: int, mistakes: list[str]) -> dict[str, Any]:
    return _effect(effect, _ids(effect.get(_LINE, line), mistakes))


def _ids(line: int, mistakes: list[str]) -> Swap:
    def find(refers: str, name: Any) -> Any:
        if refers == "hours" and name == OWN_HOURS:
            return 0
        reference = REFERENCES[refers]
        found = list(reference.usable().filter(**{reference.name: str(name)}).values_list("pk", flat=True)[:2])
        if len(found) != 1:
            words = {"line": line, "what": reference.label, "name": name}
            mistakes.append(_("line %(line)d: there is no %(what)s “%(name)s”.") % words)
            return None
        return found[0]

    return find


def differences(entries: list[Entry]) -> list[Difference]:
    """What taking them would change. Rules that the file does not name are left as they are, behind those it names."""
    known = {(rule.kind, rule.name): rule for rule in Rule.objects.order_by("kind", "position", "pk")}
    names: dict[tuple[str, int], str] = {}
    found = [_difference(known.get((one.definition["kind"], one.definition["name"])), one, names) for one in entries]
    return found + [one for kind in Rule.Kind.values if (one := _moved(kind, known, found))]


def _moved(kind: str, known: Mapping[tuple[str, str], Rule], found: list[Difference]) -> Difference | None:
    now = [name for which, name in known if which == kind]
    named = [one.name for one in found if one.kind == kind and one.what != "new"]
    then = named + [name for name in now if name not in named]
    return Difference(kind, "", "order", "\n".join(then)) if named and then != now else None


def _difference(rule: Rule | None, entry: Entry, names: dict[tuple[str, int], str]) -> Difference:
    wanted = Rule(is_enabled=entry.is_enabled, **entry.definition)
    before = _dumped([_entry(rule, names)]) if rule else ""
    after = _dumped([_entry(wanted, names)])
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    diff = "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))
    what = "new" if rule is None else "changed" if before != after else "same"
    return Difference(wanted.kind, wanted.name, what, diff)


@transaction.atomic
def take(entries: list[Entry], *, by: Actor) -> list[Difference]:
    """Makes and changes the rules, all or none, and puts them into the order of the file."""
    changes = differences(entries)
    order: dict[str, list[int]] = {}
    for entry in entries:
        kind, name = entry.definition["kind"], entry.definition["name"]
        row = Rule.objects.filter(kind=kind, name=name).first()
        try:
            row = rules.save(row, by=by, **entry.definition)
            row = rules.enable(row, by=by) if entry.is_enabled else rules.disable(row, by=by)
        except Invalid as refusal:
            told = "; ".join(f"{place}: {text}" for place, text in refusal.errors.items())
            words = {"line": entry.line, "name": name, "told": told}
            raise Unreadable(_("line %(line)d: “%(name)s”: %(told)s") % words) from refusal
        order.setdefault(kind, []).append(row.pk)
    for kind, pks in order.items():
        rules.reorder(kind, pks, by=by)
    return changes
