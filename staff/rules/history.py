"""The versions of a rule, each with what it changed: as lines of words, so that a difference can be read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from staff.times import Clock
from tickets.automation import words
from tickets.models import Rule

MOST = 100


def told(rule: Rule, clock: Clock) -> list[dict[str, Any]]:
    """The newest first. Each has its lines with "+", "-" or " " before them."""
    rows = list(rule.versions.select_related("saved_by")[: MOST + 1])
    names = words.names_for(row.definition for row in rows)
    texts = [list(lines(row.definition, names)) for row in rows]
    return [
        {
            "number": row.number,
            "by": row.saved_by.display_name if row.saved_by else _("the desk"),
            "when": clock.at(row.saved_at),
            "iso": row.saved_at.isoformat(),
            "is_now": row.number == rule.version,
            "lines": changed(texts[place + 1] if place + 1 < len(rows) else [], texts[place]),
            "is_first": row.number == 1,
        }
        for place, row in enumerate(rows[:MOST])
    ]


def changed(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    if not before:
        return [(" ", line) for line in after]
    return [(line[0], line[2:]) for line in difflib.ndiff(before, after) if line[0] in "+- "]


def lines(definition: Mapping[str, Any], names: words.Names) -> Iterator[str]:
    """The rule as one thing a line."""
    yield _("Name: %(name)s") % {"name": definition["name"]}
    if definition["description"]:
        yield _("For: %(text)s") % {"text": definition["description"]}
    yield from (_("When: %(what)s") % {"what": Rule.On(one).label} for one in definition["on"])
    yield from _tree(definition["conditions"], names, 0)
    yield from (_("Then: %(what)s") % {"what": words.effect(one, names)} for one in definition["effects"])
    if definition["stops_after"]:
        yield _("Stops after")
    if definition["reaches_back"]:
        yield _("Also takes old tickets")


def _tree(tree: Mapping[str, Any], names: words.Names, depth: int) -> Iterator[str]:
    indent = "\u2003" * depth
    if "field" in tree:
        yield indent + _("If: %(what)s") % {"what": words.leaf_words(tree, names)}
    elif "not" in tree:
        yield indent + _("Not:")
        yield from _tree(tree["not"], names, depth + 1)
    elif tree:
        group = next(iter(tree))
        yield indent + (_("All of:") if group == "all" else _("Any of:"))
        for one in tree[group]:
            yield from _tree(one, names, depth + 1)
