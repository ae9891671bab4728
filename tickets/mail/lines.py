"""A mail's text as lines with their places, the form in which folding looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from tickets.mail import quote_patterns, signature_patterns

MAX_LINE = 400
MAX_LINES = 20_000
# Marks of writing direction, byte order and soft hyphens: unseen, and in the way of every pattern.
_UNSEEN = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xAD])


class Kind(StrEnum):
    """What a mail program says of a part of its HTML: quoted; quoted from here on; introduces a quote; quoted by the
    writer himself, as part of what he says; a signature."""

    QUOTE = "quote"
    REST = "rest"
    INTRO = "intro"
    OWN = "own"
    SIGNATURE = "signature"


class Mark(NamedTuple):
    """Characters `start` to `end` of a text made from HTML are of that kind."""

    kind: Kind
    start: int
    end: int


@dataclass(slots=True)
class Line:
    """One line with its place in the text; `text` is cut to a bounded length for matching.

    `quoted` lines surely are, `cited` ones if something introduced them. The mail program marked `begins` as where a
    quote begins, `rest` as where everything that follows is quoted, `signed` as a signature.
    """

    start: int
    end: int
    text: str
    quoted: bool = False
    begins: bool = False
    rest: bool = False
    signed: bool = False

    @property
    def empty(self) -> bool:
        return not self.text.strip()

    @property
    def cited(self) -> bool:
        return self.quoted or bool(quote_patterns.CITED.match(self.text))

    @property
    def idle(self) -> bool:
        """Nothing anybody wrote: blank, a ruler, or what a device adds."""
        return (
            self.empty
            or bool(quote_patterns.RULE.match(self.text))
            or (len(self.text) < 200 and bool(signature_patterns.DEVICE.match(self.text)))
        )


def split(text: str, marks: Iterable[Mark] = ()) -> list[Line]:
    """At most MAX_LINES lines of `text`, first to last."""
    lines = list(islice(_lines(text), MAX_LINES))
    found = _outermost(marks)
    reply = any(mark.kind in (Kind.QUOTE, Kind.INTRO, Kind.REST) for mark in found)
    for mark in found:
        if not (reply and mark.kind is Kind.OWN):
            _apply(mark, lines)
    return lines


def _outermost(marks: Iterable[Mark]) -> list[Mark]:
    """Of marks of one kind within each other only the outer one counts; looking at each would take quadratic time."""
    found: list[Mark] = []
    ends: dict[Kind, int] = {}
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.start >= ends.get(mark.kind, 0):
            ends[mark.kind] = mark.end
            found.append(mark)
    return found


def _lines(text: str) -> Iterator[Line]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        shown = text[start : min(end, start + MAX_LINE)].rstrip("\r\n")
        if not shown.isascii():
            shown = shown.translate(_UNSEEN).replace("\xa0", " ")
        yield Line(start, end, shown, quoted=bool(quote_patterns.QUOTED.match(shown)))
        start = end


def _apply(mark: Mark, lines: list[Line]) -> None:
    inside = lines[_place(lines, mark.start) : _place(lines, mark.end)]
    if not inside:
        return
    if mark.kind in (Kind.SIGNATURE, Kind.OWN):
        for line in inside:
            line.signed = line.signed or mark.kind is Kind.SIGNATURE
            line.quoted = line.quoted and mark.kind is Kind.SIGNATURE
        return
    inside[0].begins = True
    if mark.kind is Kind.REST:
        inside[0].rest = True
    elif mark.kind is Kind.QUOTE and not any(line.quoted for line in inside):
        for line in inside:
            line.quoted = not line.empty


def _place(lines: list[Line], offset: int) -> int:
    """The first line that begins at `offset` or later."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        if lines[middle].start < offset:
            low = middle + 1
        else:
            high = middle
    return low
