"""The rules that are switched on, ready to be asked, as a process remembers them: needed at every event, changed now
and then. Its own changes a process sees at once, those of others after some seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tickets.automation.engine import Ready, ready
from tickets.automation.kinds import words_of
from tickets.models import Rule

_REMEMBERED = 5.0
Kind = Rule.Kind


@dataclass(frozen=True)
class Book:
    """Rules by kind, in order; triggers also by the words they listen to."""

    by_kind: Mapping[str, tuple[Ready, ...]]
    words: frozenset[str]

    def of(self, kind: str) -> tuple[Ready, ...]:
        return self.by_kind.get(kind, ())


_known: list[tuple[float, Book]] = []


def book() -> Book:
    """One query for everything, once in some seconds."""
    if not _known or _known[0][0] < time.monotonic():
        rules: dict[str, list[Ready]] = {}
        for rule in Rule.objects.active().exclude(kind=Kind.MACRO).order_by("position", "pk"):
            rules.setdefault(rule.kind, []).append(ready(rule))
        words = {word for rule in rules.get(Kind.TRIGGER, ()) for word in rule.on}
        if Kind.AUTOMATION in rules:  # what has changed may be what an automation was waiting for
            words |= {Rule.On.UPDATED, Rule.On.CREATED}
        made = Book({kind: tuple(rows) for kind, rows in rules.items()}, frozenset(map(str, words)))
        _known[:] = [(time.monotonic() + _REMEMBERED, made)]
    return _known[0][1]


def active(kind: str) -> tuple[Ready, ...]:
    """The rules of the kind that are switched on, in order."""
    return book().of(kind)


def listening(words: frozenset[str]) -> tuple[Ready, ...]:
    """The triggers for an event of these words, in order."""
    return tuple(rule for rule in active(Kind.TRIGGER) if not rule.on.isdisjoint(words))


def listens(kind: str, changes: Mapping[str, Any] | None) -> bool:
    """Whether any rule wants to be asked about such an event."""
    words = book().words
    return bool(words) and not words.isdisjoint(words_of(kind, changes))


def keys(rules: tuple[Ready, ...]) -> frozenset[str]:
    """The fields that these rules ask about."""
    return frozenset().union(*(rule.keys for rule in rules))


def forget_rules() -> None:
    _known.clear()


__all__ = ["active", "book", "forget_rules", "keys", "listening", "listens"]
