"""A rule while somebody builds it: read from a form with all that is half done, shown again, and turned into what is
saved. Every button of the builder that adds, removes or moves a row sends the whole form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from django.http import QueryDict

from staff.rules import values
from tickets.automation.catalogue import Catalogue
from tickets.models import Rule

DEEPEST, MOST_ROWS = 6, 100
# How a group is asked, and what that is in a rule.
MODES = ("all", "any", "none", "not_all")
_PLAIN = {"none": "any", "not_all": "all"}


@dataclass
class Leaf:
    """One condition. `place` names its inputs; `was` is the field for which its inputs were drawn."""

    place: str = ""
    field: str = ""
    op: str = ""
    given: list[str] = attribute(default_factory=list)
    unit: str = "1"
    header: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        """The field, with the name of a mail's header."""
        return f"{self.field}{self.header.strip().lower()}" if self.field == values.HEADER else self.field


@dataclass
class Group:
    place: str = "c"
    mode: str = "all"
    rows: list[Leaf | Group] = attribute(default_factory=list)
    problem: str = ""


@dataclass
class Deed:
    """One effect: `given` are its parameters as typed."""

    place: str = ""
    do: str = ""
    given: dict[str, list[str]] = attribute(default_factory=dict)
    problems: dict[str, str] = attribute(default_factory=dict)


@dataclass
class Draft:
    kind: str
    name: str = ""
    description: str = ""
    on: list[str] = attribute(default_factory=list)
    stops_after: bool = False
    reaches_back: bool = False
    root: Group = attribute(default_factory=Group)
    deeds: list[Deed] = attribute(default_factory=list)
    problems: dict[str, str] = attribute(default_factory=dict)
    is_refused: bool = False
    catalogue: Catalogue = attribute(default_factory=Catalogue, repr=False)

    def number(self) -> None:
        """Gives every row its place anew, without holes."""
        _number(self.root, "c")
        for count, deed in enumerate(self.deeds):
            deed.place = f"e.{count}"

    def definition(self) -> dict[str, Any]:
        """What `actions.rules.save` takes. Rows in which nothing was chosen are left out."""
        said = [values.effect_said(deed.do, deed.given, self.catalogue) for deed in self.deeds if deed.do]
        conditions, effects = self.catalogue.settled(_said(self.root, self.catalogue) or {}, said)
        return {
            "kind": self.kind, "name": self.name, "description": self.description,
            "on": self.on if self.kind == Rule.Kind.TRIGGER else [],
            "conditions": conditions, "effects": effects,
            "stops_after": self.stops_after,
            "reaches_back": self.reaches_back and self.kind == Rule.Kind.AUTOMATION,
        }  # fmt: skip

    def take(self, problems: Mapping[str, str]) -> None:
        """Puts what is wrong where it stands; what has no place of its own goes above everything."""
        self.is_refused = bool(problems)
        places = dict(_places(self.root, "conditions", self.catalogue))
        deeds = [deed for deed in self.deeds if deed.do]
        for place, text in problems.items():
            number, _, param = place.removeprefix("effects.").partition(".")
            if place in places:
                places[place].problem = text
            elif place.startswith("effects.") and number.isdecimal() and int(number) < len(deeds):
                deeds[int(number)].problems[param] = text
            else:
                self.problems[place] = text


def _number(group: Group, place: str) -> None:
    group.place = place
    for count, row in enumerate(group.rows):
        if isinstance(row, Group):
            _number(row, f"{place}.{count}")
        else:
            row.place = f"{place}.{count}"


def _said(group: Group, catalogue: Catalogue) -> dict[str, Any] | None:
    """The group as a condition; None when nothing in it was chosen."""
    rows = [said for row in group.rows if (said := _row_said(row, catalogue)) is not None]
    if not rows:
        return None
    plain = {_PLAIN.get(group.mode, group.mode): rows}
    return {"not": plain} if group.mode in _PLAIN else plain


def _row_said(row: Leaf | Group, catalogue: Catalogue) -> dict[str, Any] | None:
    if isinstance(row, Group):
        return _said(row, catalogue)
    return values.leaf_said(catalogue.field(row.key), row.key, row.op, row.given, row.unit) if row.field else None


def _places(group: Group, place: str, catalogue: Catalogue) -> Iterator[tuple[str, Leaf | Group]]:
    """The places of `automation.checks` for the rows that were said."""
    yield place, group
    inside = f"{place}.not" if group.mode in _PLAIN else place
    yield inside, group
    said = [row for row in group.rows if _row_said(row, catalogue) is not None]
    for count, row in enumerate(said):
        if isinstance(row, Group):
            yield from _places(row, f"{inside}.{count}", catalogue)
        else:
            yield f"{inside}.{count}", row


def of_rule(definition: Mapping[str, Any]) -> Draft:
    """The draft of a rule as it was saved."""
    plain = {name: definition[name] for name in ("kind", "name", "description", "stops_after", "reaches_back")}
    draft = Draft(**plain, on=list(definition["on"]))
    draft.root = _group_of(definition["conditions"] or {"all": []}, draft.catalogue)
    draft.deeds = [
        Deed("", effect["do"], values.effect_given(effect, draft.catalogue)) for effect in definition["effects"]
    ]
    draft.number()
    return draft


def _group_of(tree: Mapping[str, Any], catalogue: Catalogue) -> Group:
    mode, rows = "all", [tree]
    if "not" in tree:
        inner = tree["not"]
        group = next((name for name in ("all", "any") if name in inner), None)
        mode, rows = ("not_all" if group == "all" else "none"), inner[group] if group else [inner]
    elif "all" in tree or "any" in tree:
        mode = next(iter(tree))
        rows = tree[mode]
    made = [_leaf_of(row, catalogue) if "field" in row else _group_of(row, catalogue) for row in rows]
    return Group("", mode, made)


def _leaf_of(leaf: Mapping[str, Any], catalogue: Catalogue) -> Leaf:
    key = str(leaf["field"])
    given, unit = values.leaf_given(catalogue.field(key), leaf.get("value"))
    if key.startswith(values.HEADER):
        return Leaf("", values.HEADER, leaf["op"], given, unit, key.removeprefix(values.HEADER))
    return Leaf("", key, leaf["op"], given, unit)


def read(post: QueryDict, kind: str) -> Draft:
    """The draft as the form says it."""
    draft = Draft(
        kind, post.get("name", "").strip(), post.get("description", "").strip(), post.getlist("on"),
        "stops_after" in post, "reaches_back" in post,
    )  # fmt: skip
    tree = _tree(post, "c")
    draft.root = _read_group(tree, draft.catalogue)
    deeds = _tree(post, "e").get("rows", {})
    draft.deeds = [_read_deed(deeds[number]) for number in sorted(deeds)][:MOST_ROWS]
    draft.number()
    return draft


def _tree(post: QueryDict, root: str) -> dict[str, Any]:
    """The inputs named `c.0.1.field` as {rows: {0: {rows: {1: {field: [...]}}}}}."""
    tree: dict[str, Any] = {}
    for name in post:
        first, *way = name.split(".")
        last = way.pop() if way else ""
        if first != root or (not way and last != "mode") or len(way) > DEEPEST:
            continue
        numbers = [one for one in way if one.isdecimal() and len(one) < 4]
        if len(numbers) == len(way):
            node = tree
            for number in numbers:
                node = node.setdefault("rows", {}).setdefault(int(number), {})
            node[last] = post.getlist(name)
    return tree


def _read_group(node: Mapping[str, Any], catalogue: Catalogue) -> Group:
    mode = node.get("mode", ["all"])[0]
    rows = node.get("rows", {})
    found = [
        _read_group(rows[n], catalogue) if "mode" in rows[n] else _read_leaf(rows[n], catalogue) for n in sorted(rows)
    ][:MOST_ROWS]
    return Group("", mode if mode in MODES else "all", found)


def _read_leaf(node: Mapping[str, Any], catalogue: Catalogue) -> Leaf:
    def one(name: str) -> str:
        return str(node.get(name, [""])[0])

    leaf = Leaf("", one("field"), one("op"), list(node.get("value", ())), one("unit") or "1", one("header"))
    if "was" in node and one("was") != leaf.field:  # another field was chosen: the values belong to the old one
        leaf.op, leaf.given, leaf.unit = "", [], "1"
    leaf.op = values.fitting(catalogue.field(leaf.key), leaf.op)
    return leaf


def _read_deed(node: Mapping[str, Any]) -> Deed:
    do = str(node.get("do", [""])[0])
    given = {name.removeprefix("p_"): list(value) for name, value in node.items() if name.startswith("p_")}
    if "was" in node and node["was"][0] != do:
        given = {}
    return Deed("", do, given)
