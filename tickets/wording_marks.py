"""Braces and blocks of a text with variables, looked at in one pass; and how a fault is told."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

from tickets.wording_language import BLOCKS, MOST_IN_MARK, MOST_MARKS, MOST_NESTED, MOST_SOURCE, SINGLE, TAGS

_MARK = re.compile(r"\{\{|\{%|\}\}|%\}")
_END = {"{{": "}}", "{%": "%}"}
_PARTS = ("elsif", "else", "when")
_TAG = re.compile(r"\{%-?\s*(\w*)")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a text, and where: `line` and `column` count from 1."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return _("Line %(line)d: %(text)s") % {"line": self.line, "text": self.text}


def broken_mark(text: str) -> Problem | None:
    """The first fault of a text's length, braces and blocks. Ask before parsing: the lexer of the library takes time
    with the square of a text that opens marks and never closes them."""
    if len(text) > MOST_SOURCE:
        message = _("This is too long: %(has)d characters, %(max)d fit.")
        return Problem(1, 1, message % {"has": len(text), "max": MOST_SOURCE})
    return next(_check_marks(text), None)


def _check_marks(text: str) -> Iterator[Problem]:
    """Braces and blocks, in one pass."""
    opened, count, blocks = None, 0, list[tuple[str, int]]()
    for found in _MARK.finditer(text):
        if opened is None:
            opened = found if found[0] in _END else None
            continue
        if found[0] != _END[opened[0]]:
            if found[0] in _END:
                break
            continue
        count += 1
        if found.end() - opened.start() > MOST_IN_MARK or count > MOST_MARKS:
            yield problem_at(text, opened.start(), _("This is too long or too much for one text."))
            return
        if opened[0] == "{%":
            yield from _check_tag(text, opened.start(), blocks)
        opened = None
    if opened is not None:
        close = {"mark": around(text, opened.start()), "end": _END[opened[0]]}
        yield problem_at(text, opened.start(), _("“%(mark)s” has no %(end)s.") % close)
    elif blocks:
        name, start = blocks[-1]
        yield problem_at(text, start, _("“%(tag)s” is never ended: {%% end%(tag)s %%} is missing.") % {"tag": name})


def _check_tag(text: str, start: int, blocks: list[tuple[str, int]]) -> Iterator[Problem]:
    found = _TAG.match(text, start)
    name = found[1] if found else ""
    inside = blocks[-1][0] if blocks else ""
    if inside == "comment" and name != "endcomment":
        return
    if sentence := _out_of_place(name, inside, [one for one, _start in blocks]):
        yield problem_at(text, start, sentence)
    if name in BLOCKS:
        blocks.append((name, start))
    elif name == "end" + inside:
        blocks.pop()


def _out_of_place(name: str, inside: str, blocks: list[str]) -> str:
    """Why a tag cannot stand where it does; `inside` is the innermost of the open `blocks`."""
    if name in BLOCKS:
        deep = len(blocks) >= MOST_NESTED or (name == "for" and "for" in blocks)
        return _("“%(tag)s” is nested too deep.") % {"tag": name} if deep else ""
    if name.startswith("end") and name[3:] in BLOCKS:
        return "" if inside == name[3:] else _("“%(tag)s” ends nothing here.") % {"tag": name}
    if name not in (*SINGLE, *_PARTS):
        return unknown(_("There is no tag “%(name)s”."), name, TAGS)
    fits = name == "assign" or name in BLOCKS.get(inside, ()) or (name in ("break", "continue") and "for" in blocks)
    return "" if fits else _("“%(tag)s” does not belong here.") % {"tag": name}


def unknown(sentence: str, name: str, known: Collection[str], likely: str = "", *, named: str = "") -> str:
    """The sentence, what was probably meant, else what there is."""
    said = sentence % {"name": named or name}
    close = [likely] if likely else get_close_matches(name, known, 1)
    if close:
        return said + " " + _("Did you mean “%(name)s”?") % {"name": close[0]}
    if known:
        return said + " " + _("Known: %(names)s.") % {"names": ", ".join(sorted(known))}
    return said


def problem_at(text: str, index: int, sentence: str) -> Problem:
    before = text[:index]
    return Problem(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1, sentence)


def around(text: str, index: int) -> str:
    """The mark that `index` lies in, cut short."""
    start = max(text.rfind("{{", 0, index + 2), text.rfind("{%", 0, index + 2), 0)
    ends = [place + 2 for place in (text.find("}}", start), text.find("%}", start)) if place >= 0]
    line = text[start : min(ends, default=start + 40)].split("\n")[0]
    return line if len(line) <= 60 else line[:59] + "…"
