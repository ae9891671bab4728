"""Conditions over facts: quickly as yes or no, or slowly as a tree that tells what was compared. Pure; both ask the
same leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tickets.automation.fields import ANCHORS
from tickets.automation.operators import OPERATORS

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool]
CHANGES = "changes"
GROUPS = ("all", "any")


def compiled(tree: Mapping[str, Any]) -> Test:
    """The tree as one function. Nothing at all, and a group of nothing, hold always."""
    if "field" in tree:
        return _leaf(tree)
    if "not" in tree:
        inner = compiled(tree["not"])
        return lambda facts: not inner(facts)
    group = next(iter(tree), "")
    tests = [compiled(one) for one in tree.get(group, ())] if group else []
    if not tests:
        return lambda facts: True
    if len(tests) == 1:
        return tests[0]
    if group == "any":
        return lambda facts: any(test(facts) for test in tests)
    return lambda facts: all(test(facts) for test in tests)


def told(tree: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The same tree with `came` (true or false) at every node, and at every leaf the `fact` that was looked at."""
    came = compiled(tree)(facts)
    if "field" in tree:
        return {**tree, "fact": _fact(tree, facts), "came": came}
    if "not" in tree:
        return {"not": told(tree["not"], facts), "came": came}
    group = next(iter(tree), "all")
    return {group: [told(one, facts) for one in tree.get(group, ())], "came": came}


def keys_of(tree: Mapping[str, Any]) -> set[str]:
    """The fields that the tree asks about."""
    if "field" in tree:
        return {tree["field"]}
    if "not" in tree:
        return keys_of(tree["not"])
    return {key for group in tree.values() for one in group for key in keys_of(one)}


def leaves(tree: Any) -> Iterator[dict[str, Any]]:
    """The single conditions of a tree, in order."""
    if not isinstance(tree, Mapping):
        return
    for name in GROUPS:
        for one in tree.get(name, ()) if isinstance(tree.get(name), list) else ():
            yield from leaves(one)
    if "not" in tree:
        yield from leaves(tree["not"])
    if "field" in tree:
        yield dict(tree)


def anchors(conditions: Any) -> list[tuple[str, int]]:
    """The (field, minutes) at which an automation's time can come."""
    return [
        (leaf["field"], leaf["value"])
        for leaf in leaves(conditions)
        if leaf["field"] in ANCHORS and leaf.get("op") in ("at_least", "more_than", "at_most", "less_than")
    ]


def _fact(leaf: Mapping[str, Any], facts: Facts) -> Any:
    if OPERATORS[leaf["op"]].on_change:
        return (facts.get(CHANGES) or {}).get(leaf["field"])
    return facts.get(leaf["field"])


def _leaf(leaf: Mapping[str, Any]) -> Test:
    operator, key = OPERATORS[leaf["op"]], leaf["field"]
    compares, value = operator.compares, operator.prepared(leaf.get("value"))
    if operator.on_change:
        return lambda facts: compares((facts.get(CHANGES) or {}).get(key), value)
    if "." not in key:
        return lambda facts: compares(facts.get(key), value)

    def test(facts: Facts) -> bool:
        try:
            return compares(facts.get(key), value)
        except TypeError:  # an answer of another type than the rule expects
            return False

    return test
