"""What the builder keeps at hand, so that a row is drawn anew in the browser without asking the desk: nothing that is
typed meanwhile can be lost, and nobody waits. Drawn by the same templates as the form itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from staff.rules.draft import Deed, Draft, Group, Leaf
from staff.rules.shown import WAYS, Builder
from tickets.automation.effect_kinds import EffectKind, effects_of

PLACE, WHAT = "__place__", "__what__"


def at_hand(kind: str) -> dict[str, Any]:
    """Empty rows, what follows each field, and what each effect takes."""
    builder = Builder(Draft(kind))
    group = builder.group(Group(PLACE, "any", [Leaf(f"{PLACE}.0")]), 1)
    return {
        "leaf": builder.leaf(Leaf(PLACE)),
        "group": {**group, "place": PLACE},
        "deed": builder.deed(Deed(PLACE), 1),
        "fields": _fields(builder),
        "effects": [(one.key, list(_ways(builder, one))) for one in effects_of(kind)],
    }


def _fields(builder: Builder) -> list[tuple[str, list[dict[str, Any]]]]:
    """(fields, what follows them for each way of being asked); fields that look alike share theirs."""
    alike: dict[str, tuple[list[str], list[dict[str, Any]]]] = {}
    for _group, options in builder.fields:
        for key, _label in options:
            leaves = list(_asked(builder, key))
            alike.setdefault(repr(leaves), ([], leaves))[0].append(key)
    return [(" ".join(keys), leaves) for keys, leaves in alike.values()]


def _asked(builder: Builder, key: str) -> Iterator[dict[str, Any]]:
    seen = set()
    for op, _label, way in builder.leaf(Leaf(PLACE, key))["ops"]:
        if way not in seen:
            seen.add(way)
            yield {**builder.leaf(Leaf(PLACE, key, op)), "takes": way, "label": WHAT, "field": "", "op": ""}


def _ways(builder: Builder, effect: EffectKind) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the effect takes: at first, and for each choice that asks for other things."""
    yield "", builder.deed(Deed(PLACE, effect.key), 1)
    brief = Builder(builder.draft)
    brief.is_brief = True
    if effect.params and (first := effect.params[0]).name in WAYS:
        ways = builder.draft.catalogue.answerable() if first.type == "field" else first.choices()
        for way, _label in ways:
            yield str(way), brief.deed(Deed(PLACE, effect.key, {first.name: [str(way)]}), 1)
