"""What of a mail's text is new, and what is quoted, signed or repeated and may be folded away.

Nothing is cut: `fold` returns ranges that cover the whole text. It rather shows too much than too little: of an inline
reply only the lines that name who is quoted are folded, of a forwarded mail at most its header, and a text that would
vanish altogether is shown whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from tickets.mail import quote_patterns as says
from tickets.mail import signature_patterns
from tickets.mail.introductions import MAX_INTRO_LINES, above, doubtful, field_block, introduction, named_values
from tickets.mail.lines import MAX_LINES, Line, Mark, split
from tickets.mail.signatures import NOBODY, Writer, trimmed

MAX_DOUBTS = 300

Range = tuple[int, int, bool]
Span = tuple[int, int]


def fold(text: str, *, marks: Iterable[Mark] = (), writer: Writer = NOBODY, subject: str = "") -> list[Range]:
    """(start, end, visible) ranges in order, without gaps, covering `text`; offsets are characters.

    `marks` is what `html_text.marked_text` found, `writer` what is known of the sender, `subject` tells a forwarded
    mail from a reply.
    """
    lines = split(text, marks)
    if not lines:
        return []
    spans = _Reader(lines, writer, bool(says.FORWARDED_SUBJECT.match(subject))).folded()
    if len(lines) == MAX_LINES and lines[-1].end < len(text):
        spans = [(first, last) for first, last in spans if last < len(lines)]  # what was not looked at is shown
    ranges = _ranges(text, [(lines[first].start, lines[last - 1].end) for first, last in spans if first < last])
    return ranges if any(visible for *_, visible in ranges) else [(0, len(text), True)]


def visible_text(text: str) -> str:
    """The visible ranges joined and stripped of surrounding blank lines."""
    return "".join(text[start:end] for start, end, visible in fold(text) if visible).strip()


def _ranges(text: str, hidden: list[Span]) -> list[Range]:
    """Alternating ranges; a blank one joins its neighbour, so that every range holds something to see."""
    cuts: list[Range] = []
    position = 0
    for start, end in sorted(hidden):
        cuts += [(position, start, True), (start, end, False)]
        position = end
    ranges: list[Range] = []
    for start, end, visible in [*cuts, (position, len(text), True)]:
        if start >= end:
            continue
        if ranges and (visible == ranges[-1][2] or not text[start:end].strip()):
            ranges[-1] = (ranges[-1][0], end, ranges[-1][2])
        elif ranges and not text[: ranges[-1][1]].strip():
            ranges[-1] = (0, end, visible)
        else:
            ranges.append((start, end, visible))
    return ranges


class _Reader:
    """Looks for the first line that belongs to a quote and decides what that makes of the others.

    Spans are of line numbers. The costly questions are asked of MAX_DOUBTS lines at most.
    """

    def __init__(self, lines: list[Line], writer: Writer, forwarded: bool) -> None:
        self.lines = lines
        self.writer = writer
        self.forwarded = forwarded
        self.doubts = 0
        self.blocks = 0

    def folded(self) -> list[Span]:
        for place, line in enumerate(self.lines):
            if line.empty:
                continue
            if says.FORWARD.match(line.text):
                return self.of_forward(place)
            found = self.quote_at(place)
            if found is not None:
                return found
        return self.tail(self.quote_at_end(0))

    def quote_at(self, place: int) -> list[Span] | None:
        """The spans to fold if a quote is introduced at `place`."""
        line = self.lines[place]
        if line.begins and (found := self.of_container(place)) is not None:
            return found
        if length := self.introduced(place):
            return self.of_intro(place, place if line.quoted else place + length)
        if line.quoted:
            first = above(self.lines, place, 0)
            return self.of_intro(first, place) if first < place else None
        if ("--" in line.text and says.ORIGINAL.match(line.text)) or says.REPLY_LINE.match(line.text):
            return [] if self.forwarded else self.tail(place)
        if self.header(place):
            return [] if self.forwarded else self.tail(place)
        return None

    def header(self, place: int) -> int:
        text = self.lines[place].text
        if self.blocks > MAX_DOUBTS or not (":" in text or "：" in text) or not says.FIELD.match(text):
            return 0
        self.blocks += 1
        return field_block(self.lines, place)

    def introduced(self, place: int) -> int:
        if self.doubts > MAX_DOUBTS or not doubtful(self.lines[place].text):
            return 0
        self.doubts += 1
        return introduction(self.lines, place)

    def tail(self, end: int) -> list[Span]:
        """Everything from `end` on, and the signature above it."""
        return [(trimmed(self.lines, end, 0, self.writer), len(self.lines))]

    def of_forward(self, place: int) -> list[Span]:
        """The header of a mail that is nothing but a forwarded one; below a comment it is shown as well."""
        if self.written(0, place):
            return []
        first = next((n for n in range(place + 1, min(place + 4, len(self.lines))) if not self.lines[n].empty), 0)
        length = field_block(self.lines, first) if first else 0
        return [(place, first + length)] if length else []

    def of_container(self, place: int) -> list[Span] | None:
        """The mail program itself says that a quote begins here."""
        lines = self.lines
        if any(says.FORWARD.match(line.text) for line in lines[place : place + 4]):
            return self.of_forward(place)
        if lines[place].rest:
            header = next((n for n in range(place, min(place + 4, len(lines))) if not lines[n].idle), place)
            if not named_values(lines, header):
                return None
            return [] if self.forwarded else self.tail(place)
        quote = next((n for n in range(place, len(lines)) if lines[n].quoted), len(lines))
        return self.of_intro(place, quote) if quote - place <= MAX_INTRO_LINES else None

    def of_intro(self, intro: int, body: int) -> list[Span]:
        """An introduction at `intro`, its quote from `body` on: top reply, bottom reply or inline?"""
        lines = self.lines
        quote = next((n for n in range(body, len(lines)) if not lines[n].empty), len(lines))
        before = self.written(0, intro)
        if quote == len(lines) or not lines[quote].cited:
            if before:
                return self.tail(intro)
            return [(intro, body), *self.intros(body), *self.signature(quote)]
        end = self.quote_end(quote)
        rest = trimmed(lines, len(lines), end, self.writer)
        if not self.written(end, rest):
            return self.tail(intro) if before else []
        more = any(line.cited for line in lines[end:rest])
        if self.closing(end, rest) and before:
            return [(intro, end), (rest, len(lines))]
        if before or more:
            last = trimmed(lines, self.quote_at_end(end), end, self.writer)
            heads = [] if self.opening(intro) else [(intro, body), *((a, b) for a, b in self.intros(end) if b <= last)]
            return [*heads, (last, len(lines))]
        return [(0, end), (rest, len(lines))]

    def intros(self, first: int) -> list[Span]:
        """Further introductions, each with something quoted below it."""
        found: list[Span] = []
        for place in range(first, len(self.lines)):
            if self.lines[place].quoted or self.lines[place].empty or (found and place < found[-1][1]):
                continue
            if length := self.introduced(place):
                found.append((place, place + length))
        return found

    def signature(self, least: int) -> list[Span]:
        return [(trimmed(self.lines, len(self.lines), least, self.writer), len(self.lines))]

    def written(self, first: int, last: int) -> bool:
        """Whether somebody wrote something on these lines."""
        return any(not line.idle and not line.cited for line in self.lines[first:last])

    def opening(self, end: int) -> bool:
        """Nothing but "Hi Ana," or nothing at all: an answer between the lines from its beginning, which needs the line
        that says who is quoted."""
        words = [line.text.strip() for line in self.lines[:end] if not line.empty]
        return not words or (
            len(words) == 1 and len(words[0].split()) <= 4 and bool(signature_patterns.GREETING.match(words[0]))
        )

    def closing(self, first: int, last: int) -> bool:
        """Nothing but "Regards, Ana"."""
        words = [line.text.strip() for line in self.lines[first:last] if not line.empty]
        if not 1 <= len(words) <= 2:
            return False
        start = words[0].partition(",")[0] if len(words) == 1 else words[0]
        return bool(signature_patterns.SIGN_OFF.match(start)) and all(len(word.split()) <= 4 for word in words)

    def quote_end(self, place: int) -> int:
        """One past the quoted block that begins at `place`, bridging blank lines and lines broken by wrapping."""
        end = place
        while place < len(self.lines):
            if self.lines[place].cited:
                end = place + 1
            elif not self.lines[place].empty and not self.wrapped(place):
                break
            place += 1
        return end

    def wrapped(self, place: int) -> bool:
        """A piece of the quoted line above that lost its mark when the line was broken."""
        last, here = self.lines[place - 1], self.lines[place].text
        if not last.cited or place + 1 >= len(self.lines):
            return False
        if len(last.text) >= 60 and here[:1].islower() and len(here) < 50:
            return True
        return self.lines[place + 1].cited and len(last.text) >= 40 and " " not in here.strip()

    def quote_at_end(self, least: int) -> int:
        """Where the quoted block at the end begins, or the number of lines when the text does not end in one."""
        last = len(self.lines)
        while last > least and self.lines[last - 1].idle:
            last -= 1
        mark = trimmed(self.lines, len(self.lines), least, self.writer)
        for end in (last, mark):
            start = end
            while start > least and (self.quoted_here(start - 1, least) or self.lines[start - 1].empty):
                start -= 1
            if any(self.quoted_here(n, least) for n in range(start, end)):
                return start
        return len(self.lines)

    def quoted_here(self, place: int, introduced: int) -> bool:
        return self.lines[place].cited if introduced else self.lines[place].quoted
