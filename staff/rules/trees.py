"""Conditions as they came out, in words: each with what was found, and the first one that was in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from tickets.automation import words
from tickets.automation.checks import leaves
from tickets.automation.operators import OPERATORS

Tree = Mapping[str, Any]


def shown(tree: Tree, names: words.Names) -> dict[str, Any]:
    """{text, came, rows}: groups have rows, single conditions tell what they found."""
    came = bool(tree.get("came", True))
    if "field" in tree:
        return {"text": words.leaf_words(tree, names), "found": _found(tree, names), "came": came, "rows": []}
    if "not" in tree:
        return {"text": _("Not"), "came": came, "rows": [shown(tree["not"], names)]}
    group = next((name for name in ("all", "any") if name in tree), None)
    if group is None:
        return {"text": _("No conditions: it holds always"), "came": came, "rows": []}
    text = _("All of") if group == "all" else _("At least one of")
    return {"text": text, "came": came, "rows": [shown(one, names) for one in tree[group]]}


def _found(leaf: Tree, names: words.Names) -> str:
    fact, key = leaf.get("fact"), str(leaf["field"])
    operator = OPERATORS.get(str(leaf.get("op")))
    if operator and operator.on_change:
        if not isinstance(fact, list) or len(fact) != 2:
            return _("it did not change")
        old, new = (words.fact_words(key, one, names) for one in fact)
        return _("it changed from %(old)s to %(new)s") % {"old": old, "new": new}
    return _("it was %(fact)s") % {"fact": words.fact_words(key, fact, names)}


def first_failing(tree: Tree, names: words.Names) -> str:
    """The condition that was in the way, with what was found; of several alternatives the first."""
    leaf, negated = _failing(tree, False)
    if leaf is None:
        return ""
    text = words.leaf_words(leaf, names)
    said = _("not (%(what)s)") % {"what": text} if negated else text
    return _("%(condition)s: %(found)s") % {"condition": said, "found": _found(leaf, names)}


def _failing(tree: Tree, negated: bool) -> tuple[Tree | None, bool]:
    """The first leaf whose outcome kept the whole from holding; `negated` below an odd number of nots."""
    if "field" in tree:
        return tree, negated
    if "not" in tree:
        return _failing(tree["not"], not negated)
    for one in tree.get("all", tree.get("any", ())):
        if bool(one.get("came")) == negated:
            return _failing(one, negated)
    return None, negated


def pairs_of(tree: Tree) -> list[tuple[str, int]]:
    """The rows that conditions name, and those that were found instead."""
    found = words.mentioned({"conditions": tree, "effects": []}) if tree else []
    return [*found, *(pair for leaf in leaves(tree) for pair in words.fact_pairs(str(leaf["field"]), leaf.get("fact")))]
