"""Where what somebody wrote ends and the signature begins: marks, rulers, sign-offs, names, disclaimers, repeats.

Everything is asked of a few lines before a given end. What could be a sentence stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tickets.mail import signature_patterns as says
from tickets.mail.lines import Line

MAX_MARKED = 20
MAX_BLOCK = 8
MAX_FOOTER = 40
MAX_PASSES = 5
_WORDS = re.compile(r"\w+")
_SENTENCE_WORDS = 5
_LONG_WORDS = 10
_BARE_WORDS = 4
_EARLIER = 20_000  # characters of an earlier text that are looked at


@dataclass(frozen=True, slots=True)
class Writer:
    """What is known of who wrote the text: the name, and a way to the texts of earlier mails, asked only if needed."""

    name: str = ""
    earlier: Callable[[], Sequence[str]] = tuple


NOBODY = Writer()


def trimmed(lines: list[Line], end: int, least: int = 0, writer: Writer = NOBODY) -> int:
    """`end` moved up over signature, device lines, rulers and blanks, never past `least`."""
    for _ in range(MAX_PASSES):
        last = _idle(lines, end, least)
        mark = min(_mark(lines, last, least), _mark(lines, end, least))
        end = mark if mark < last else _block(lines, last, least, writer)
        if end == last:
            break
    return _idle(lines, end, least)


def _idle(lines: list[Line], end: int, least: int) -> int:
    while end > least and lines[end - 1].idle:
        end -= 1
    return end


def _mark(lines: list[Line], end: int, least: int) -> int:
    """The line of the signature mark (`-- `, RFC 3676 4.3) that belongs to the text before `end`, or `end`."""
    content, found = 0, end
    for place in range(end - 1, least - 1, -1):
        if says.MARK.match(lines[place].text) or lines[place].signed:
            found = place
        content += not (lines[place].empty or lines[place].signed)
        if content > MAX_MARKED:
            break
    return found


def _block(lines: list[Line], end: int, least: int, writer: Writer) -> int:
    """The first line of an unmarked signature before `end`, or `end`."""
    ways = (_name_line, _under_ruler, _sign_off, _disclaimer)
    found = min([end, *(way(lines, end, least) for way in ways)])
    if found == end and writer.name:
        found = _under_name(lines, end, least, writer.name)
    if found == end:
        found = _card(lines, end, least, writer.name)
    return found if found < end else _repeated(lines, end, least, writer)


def _content(lines: list[Line], end: int, least: int, most: int) -> list[int]:
    """Places of the last non-blank lines before `end`, last first, at most `most`."""
    places = []
    for place in range(end - 1, max(least, end - 3 * most) - 1, -1):
        if not lines[place].empty:
            places.append(place)
            if len(places) == most:
                break
    return places


def _name_line(lines: list[Line], end: int, least: int) -> int:
    """ "-Ana" on the last line, below a whole sentence: below anything else it may be the point of a list."""
    places = _content(lines, end, least, 2)
    if len(places) < 2 or not says.NAME.match(lines[places[0]].text):
        return end
    above = lines[places[1]].text
    return places[0] if says.SENTENCE_END.search(above) and not above.lstrip().startswith("-") else end


def _under_ruler(lines: list[Line], end: int, least: int) -> int:
    """A ruler with a few lines below it that are no sentences."""
    below: list[Line] = []
    for place in _content(lines, end, least, MAX_BLOCK + 4):
        if says.RULER.match(lines[place].text):
            return place if below and _signs(below, bool(says.UNDERSCORES.match(lines[place].text))) else end
        below.append(lines[place])
    return end


def _signs(below: list[Line], loose: bool) -> bool:
    if says.GREETING.match(below[-1].text) or not all(_short(line, _SENTENCE_WORDS if loose else 3) for line in below):
        return False
    reachable = any(says.CONTACT.search(line.text) for line in below)
    bare = len(below) <= 3 and all(len(line.text.split()) <= _BARE_WORDS for line in below)
    return reachable or bare or loose


def _short(line: Line, sentence: int = 3) -> bool:
    """No sentence: a name, a title, an address, a number."""
    words = sum(any(map(str.isalnum, word)) for word in line.text.split())
    if words >= _LONG_WORDS:
        return False
    return words < sentence or not says.STOP.search(line.text)


def _sign_off(lines: list[Line], end: int, least: int) -> int:
    """ "Regards," with a name and more below it. Only a name is left alone: it says who speaks."""
    below: list[Line] = []
    for place in _content(lines, end, least, MAX_BLOCK + 1):
        if says.SIGN_OFF.match(lines[place].text):
            return place if len(below) >= 2 and place > least else end
        if not _short(lines[place]):
            return end
        below.append(lines[place])
    return end


def _card(lines: list[Line], end: int, least: int, writer: str) -> int:
    """A last paragraph like a visiting card: a name, and below or beside it at least two ways to reach its owner, all
    short and no sentence. Somebody else's card is the matter itself, and what is announced by a colon above."""
    first = end
    while first > least and not lines[first - 1].empty and end - first <= MAX_BLOCK:
        first -= 1
    block = [line.text.strip() for line in lines[first:end]]
    above = _content(lines, first, least, 1)
    if not 2 <= len(block) <= MAX_BLOCK or not above or lines[above[0]].text.rstrip().endswith((":", "：")):
        return end
    ways = [found for text in block for found in says.CONTACT.findall(text)]
    name = says.CARD_NAME.match(block[0])
    own = not writer or set(writer.casefold().split()) & set(_WORDS.findall(block[0].casefold()))
    return first if name and own and len(ways) >= 2 and all(map(_short, lines[first:end])) else end


def _under_name(lines: list[Line], end: int, least: int, name: str) -> int:
    """A last paragraph that begins with the writer's name and goes on with how to reach him."""
    first = end
    while first > least and not lines[first - 1].empty and end - first <= MAX_BLOCK:
        first -= 1
    block = lines[first:end]
    if not 2 <= len(block) <= MAX_BLOCK or not all(map(_short, block)):
        return end
    return first if block[0].text.strip(" *_,").casefold() == name.strip().casefold() else end


def _disclaimer(lines: list[Line], end: int, least: int) -> int:
    """The first of the last paragraphs that begins as lawyers begin."""
    found = end
    for place in range(end - 1, max(least, end - MAX_FOOTER) - 1, -1):
        begins = place == least or lines[place - 1].idle
        if begins and says.DISCLAIMER.match(lines[place].text):
            found = place
    return found


def _repeated(lines: list[Line], end: int, least: int, writer: Writer) -> int:
    """Where lines begin that end at `end` and stand in at least two earlier texts as well, or `end`: at least two
    lines, none of them a sentence or a question, and something must be left above them."""
    places = []
    for place in _content(lines, end, least, MAX_FOOTER):
        if not _short(lines[place]) or lines[place].cited:
            break
        places.append(place)
    if len(places) < 2:
        return end
    known = [f"\n{_even(text[:_EARLIER])}\n" for text in writer.earlier()]
    found, block = end, ""
    for count, place in enumerate(places, 1):
        block = f"\n{lines[place].text.strip()}{block}"
        if sum(f"{block}\n" in text for text in known) < 2:
            break
        found = place if count >= 2 else end
    return found


def _even(text: str) -> str:
    return "\n".join(filter(None, map(str.strip, text.splitlines())))
