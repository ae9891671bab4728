"""The rules that are switched on, as a process remembers them: asked at every event, changed now and then."""

from __future__ import annotations

import time

from tickets.models import Rule

_REMEMBERED = 5.0
_known: list[tuple[float, dict[str, tuple[Rule, ...]]]] = []


def active(kind: str) -> tuple[Rule, ...]:
    """The rules of the kind that are switched on, in order. One query for all kinds, once in some seconds."""
    if not _known or _known[0][0] < time.monotonic():
        rules: dict[str, list[Rule]] = {}
        for rule in Rule.objects.active().exclude(kind=Rule.Kind.MACRO).order_by("position", "pk"):
            rules.setdefault(rule.kind, []).append(rule)
        _known[:] = [(time.monotonic() + _REMEMBERED, {name: tuple(rows) for name, rows in rules.items()})]
    return _known[0][1].get(kind, ())


def forget_rules() -> None:
    _known.clear()
