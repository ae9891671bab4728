"""What of a plain-text mail is new, and what is quoted, signed or repeated and may be folded away.

Nothing is cut: `fold` returns ranges that cover the whole text. It rather shows too much than too little: an
inline reply, a forwarded mail, or a text that would vanish altogether is shown whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tickets.mail import quote_patterns as says

MAX_LINE = 400
MAX_LINES = 20_000
MAX_DOUBTS = 300
MAX_INTRO_LINES = 5
MAX_SIGNATURE_LINES = 20

Range = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its place in the text; `text` is cut to a bounded length for matching."""

    start: int
    end: int
    text: str

    @property
    def empty(self) -> bool:
        return not self.text.strip()

    @property
    def quoted(self) -> bool:
        return bool(says.QUOTED.match(self.text))

    @property
    def idle(self) -> bool:
        """Nothing anybody wrote: blank, a ruler, or what a device adds."""
        return self.empty or bool(says.RULE.match(self.text) or says.DEVICE.match(self.text))


def fold(text: str) -> list[Range]:
    """(start, end, visible) ranges in order, without gaps, covering `text`; offsets are characters."""
    lines = list(islice(_lines(text), MAX_LINES))
    first, last = _shown(lines)
    start = lines[first].start if first < len(lines) else 0
    end = lines[last - 1].end if last > first else start
    if last == MAX_LINES:  # nothing to fold in what was looked at: show the rest as well
        end = len(text)
    if not text[start:end].strip():
        return [(0, len(text), True)] if text else []
    ranges = [(0, start, False), (start, end, True), (end, len(text), False)]
    if not text[:start].strip():
        ranges[:2] = [(0, end, True)]
    if not text[end:].strip():
        ranges[-2:] = [(ranges[-2][0], len(text), True)]
    return [found for found in ranges if found[0] < found[1]]


def visible_text(text: str) -> str:
    """The visible ranges joined and stripped of surrounding blank lines."""
    return "".join(text[start:end] for start, end, visible in fold(text) if visible).strip()


def _lines(text: str) -> Iterator[Line]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        yield Line(start, end, text[start : min(end, start + MAX_LINE)].rstrip("\r\n"))
        start = end


def _shown(lines: list[Line]) -> tuple[int, int]:
    """First and one past the last line to show; equal when there would be nothing."""
    doubts = 0
    for place, line in enumerate(lines):
        if line.empty or doubts > MAX_DOUBTS:
            continue
        doubts += _doubtful(line.text)
        if says.FORWARD.match(line.text):
            return 0, len(lines)
        if line.quoted:
            if _intro(lines, place):
                return _after_intro(lines, place, place)
            continue
        if says.ORIGINAL.match(line.text) or _field_block(lines, place):
            return 0, _trimmed(lines, place)
        if length := _intro(lines, place):
            return _after_intro(lines, place, place + length)
    return 0, _trimmed(lines, _quote_at_end(lines, 0))


def _after_intro(lines: list[Line], intro: int, body: int) -> tuple[int, int]:
    """An introduction at `intro`, its quote from `body` on: top reply, bottom reply or inline?"""
    quote = next((n for n in range(body, len(lines)) if not lines[n].empty), len(lines))
    before = any(not line.idle and not line.quoted for line in lines[:intro])
    if quote == len(lines) or not lines[quote].quoted:
        return (0, _trimmed(lines, intro)) if before else (0, len(lines))
    end = _quote_end(lines, quote)
    rest = _trimmed(lines, len(lines), end)
    follows = any(not line.idle for line in lines[end:rest])
    if not follows:
        return 0, _trimmed(lines, intro)
    if before or any(line.quoted for line in lines[end:rest]):
        return 0, _trimmed(lines, _quote_at_end(lines, end))
    return end, rest


def _quote_end(lines: list[Line], place: int) -> int:
    """One past the quoted block that begins at `place`, bridging blank lines and lines broken by wrapping."""
    end = place
    while place < len(lines):
        if lines[place].quoted:
            end = place + 1
        elif not lines[place].empty and not _wrapped(lines, place):
            break
        place += 1
    return end


def _wrapped(lines: list[Line], place: int) -> bool:
    """A piece of the quoted line above that lost its mark when the line was broken."""
    above, here = lines[place - 1], lines[place].text
    return above.quoted and len(above.text) >= 60 and here[:1].islower() and len(here) < 50


def _quote_at_end(lines: list[Line], least: int) -> int:
    """Where the quoted block at the end begins, or the number of lines when the text does not end in one."""
    last = len(lines)
    while last > least and lines[last - 1].idle:
        last -= 1
    start = last
    while start > least and (lines[start - 1].quoted or lines[start - 1].empty):
        start -= 1
    quoted = any(line.quoted for line in lines[start:last])
    return start if quoted else _quote_before_signature(lines, least)


def _quote_before_signature(lines: list[Line], least: int) -> int:
    mark = _signature(lines, len(lines), least)
    if mark == len(lines):
        return mark
    start = mark
    while start > least and (lines[start - 1].quoted or lines[start - 1].empty):
        start -= 1
    return start if any(line.quoted for line in lines[start:mark]) else len(lines)


def _trimmed(lines: list[Line], end: int, least: int = 0) -> int:
    """`end` moved up over signature, device lines, rulers and blanks, never past `least`."""
    end = _signature(lines, end, least)
    while end > least and lines[end - 1].idle:
        end -= 1
    return end


def _signature(lines: list[Line], end: int, least: int) -> int:
    """The line of the signature mark (`-- `, RFC 3676 4.3) that belongs to the text before `end`, or `end`."""
    content, found = 0, end
    for place in range(end - 1, least - 1, -1):
        if says.SIGNATURE_MARK.match(lines[place].text):
            found = place
        content += not lines[place].empty
        if content > MAX_SIGNATURE_LINES:
            break
    return found


def _field_block(lines: list[Line], place: int) -> bool:
    """From/Sent/To/Subject lines as Outlook and others write them above what they quote."""
    if not says.FIELD.match(lines[place].text):
        return False
    fields, author = 0, False
    for line in lines[place : place + 9]:
        if line.empty and fields:
            break
        if says.FIELD.match(line.text):
            fields += 1
            author = author or bool(says.AUTHOR_FIELD.match(line.text))
    return author and fields >= 3


def _intro(lines: list[Line], place: int) -> int:
    """How many lines from `place` on are an introduction ("On ... wrote:"); 0 for none."""
    first = lines[place].text.strip().lstrip("> ")
    if "@" not in first and not any(map(str.isdigit, first)):
        return 0
    single = _is_intro(first)
    if single:
        return 1
    dated = says.STARTER.match(first) and says.DATE.search(first)
    if not dated and not _address_in(first):
        return 0
    joined, used = first, 1
    for line in lines[place + 1 : place + MAX_INTRO_LINES + 3]:
        used += 1
        if line.empty:
            continue
        piece = line.text.strip().lstrip("> ")
        joined = f"{joined} {piece}"
        if len(joined) > MAX_LINE or joined.count(". ") > 6:
            return 0
        if _is_intro(joined, broken=True) and not _verb_follows(lines, place + used):
            return used
        if piece.endswith((".", "?", "!")) and not _address_in(piece):
            return 0
    return 0


def _doubtful(text: str) -> bool:
    """A line with a date or an address: costly to judge, and rare above a quote."""
    return "@" in text or bool(says.STARTER.match(text) and says.DATE.search(text))


def _address_in(text: str) -> bool:
    return "@" in text and bool(says.EMAIL.search(text))


def _verb_follows(lines: list[Line], place: int) -> bool:
    """The lonely "> wrote:" that some programs put on a line of its own."""
    return place < len(lines) and len(lines[place].text) < 40 and bool(says.VERB_LAST.search(lines[place].text))


def _is_intro(text: str, broken: bool = False) -> bool:
    ending = text.rstrip(" *-")[-1:]
    if len(text) < 8 or (ending not in ":：>)" and not says.VERB_LAST.search(text)):
        return not broken and bool(says.DATED_NAME.match(text)) and len(text) < 90 and "GMT" in text
    mail, date = _address_in(text), says.DATE.search(text)
    if says.VERB.search(text):
        last = bool(says.VERB_LAST.search(text)) and ending in ":："
        return bool(
            (mail and (last or date))
            or (date and (last or (says.STARTER.match(text) and ending in ":：")))
            or (date and says.STARTER.match(text) and says.VERB_LAST.search(text))
        )
    dated = says.FULL_DATE.search(text)
    return bool(
        mail and dated and (says.CLOCK.search(text) or says.DATED_NAME.match(text)) and text.endswith((">:", ">"))
    )
