"""Lines that mail programs put above what they quote: "On ... wrote:" and blocks of From/Sent/To/Subject.

Each question looks at a bounded number of lines of bounded length.
"""

from __future__ import annotations

from tickets.mail import quote_patterns as says
from tickets.mail.lines import MAX_LINE, Line

MAX_INTRO_LINES = 8
MAX_FIELD_LINES = 12
MAX_ABOVE = 4


def doubtful(text: str) -> bool:
    """A line with a date, an address or dashes: costly to judge, and rare above a quote."""
    if "@" in text or text.endswith("<") or "--" in text:
        return True
    if not says.DIGIT.search(text):
        return False
    return bool(says.STARTER.match(text) and says.DATE.search(text)) or _whole_time(text)


def introduction(lines: list[Line], place: int) -> int:
    """How many lines from `place` on say who wrote what follows; 0 for none."""
    first = _bare(lines[place].text)
    if says.DASHED.match(first):
        return 1
    if "@" not in first and not any(map(str.isdigit, first)) and not first.endswith("<"):
        return 0
    if _is_intro(first):
        return 1
    dated = says.DATE.search(first) and (says.STARTER.match(first) or _whole_time(first))
    if not dated and not _address_in(first) and not first.endswith("<"):
        return 0
    return _broken(lines, place, first)


def _broken(lines: list[Line], place: int, joined: str) -> int:
    """An introduction that was broken over several lines."""
    used, apart = 1, False
    for line in lines[place + 1 : place + MAX_INTRO_LINES]:
        used += 1
        if line.empty:
            apart = True
            continue
        piece = _bare(line.text)
        if says.FIELD.match(piece) or (apart and says.STARTER.match(piece) and says.DATE.search(piece)):
            return 0  # something of its own begins here
        joined = f"{joined} {piece}"
        if len(joined) > MAX_LINE or joined.count(". ") > 6:
            return 0
        if _is_intro(joined, broken=True) and not _verb_follows(lines, place + used):
            return used
        if piece.endswith((".", "?", "!")) and not _address_in(piece):
            return 0
    return 0


def above(lines: list[Line], place: int, least: int) -> int:
    """The line where an introduction begins that stands right above the quote at `place`, in whatever language: it
    ends in a colon and holds an address and a date, or a date and a time, or ends in a word for writing. `place` for
    none."""
    last = place
    while last > least and lines[last - 1].empty and place - last < MAX_ABOVE:
        last -= 1
    joined = ""
    for first in range(last - 1, max(least, last - MAX_ABOVE) - 1, -1):
        if lines[first].empty or lines[first].cited:
            break
        joined = f"{lines[first].text.strip()} {joined}".strip()
        if not joined.endswith((":", "：")) or len(joined) > MAX_LINE:
            break
        if first == last - 1 and _somebody_wrote(joined):
            return first
        dated = bool(says.FULL_DATE.search(joined) or says.NUMERIC_DATE.search(joined))
        timed = bool(says.CLOCK.search(joined))
        if (dated and timed) or ((dated or timed) and _address_in(joined)):
            return first
    return place


def _somebody_wrote(text: str) -> bool:
    """ "Ana wrote:", which is enough right above a quote."""
    said = says.VERB_LAST.search(text) or (_address_in(text) and says.VERB.search(text))
    return bool(said) and not says.SELF.search(text)


def field_block(lines: list[Line], place: int) -> int:
    """How many lines from `place` on are From/Sent/To/Subject as Outlook and others write them; 0 for none."""
    if not says.FIELD.match(lines[place].text):
        return 0
    fields, author, used, texts = 0, False, 0, []
    for number, line in enumerate(lines[place : place + MAX_FIELD_LINES], place):
        if line.empty and not (number + 1 < len(lines) and says.FIELD.match(lines[number + 1].text)):
            break
        used += 1
        texts.append(line.text)
        if says.FIELD.match(line.text):
            fields += 1
            author = author or bool(says.AUTHOR_FIELD.match(line.text))
    if (author and fields >= 3) or (fields >= 2 and _sent_to(texts)):
        return used
    return 0


def _sent_to(texts: list[str]) -> bool:
    """Two fields are enough where one holds an address and another a whole date with its time."""
    address = any(_address_in(text) and says.FIELD.match(text) for text in texts)
    when = any(
        says.FIELD.match(text) and says.FULL_DATE.search(text) and says.CLOCK.search(text) and not _address_in(text)
        for text in texts
    )
    return address and when


def named_values(lines: list[Line], place: int) -> bool:
    """Whether at least two lines from `place` on read "word: value", in any language."""
    found = [line for line in lines[place : place + MAX_FIELD_LINES] if says.NAMED_VALUE.match(line.text)]
    return len(found) >= 2


def _bare(text: str) -> str:
    return text.strip().lstrip("> ")


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
        return not says.SELF.search(text) and _said(text, ending, mail, bool(date))
    if mail and (says.QUOTING.match(text) or (date and says.SENT_LAST.search(text))):
        return True
    dated = says.FULL_DATE.search(text) and says.STARTER.match(text)
    return bool(
        mail and dated and (says.CLOCK.search(text) or says.DATED_NAME.match(text)) and text.endswith((">:", ">"))
    )


def _said(text: str, ending: str, mail: bool, date: bool) -> bool:
    """A line with a word for writing in it: an address or a date has to be there as well, and the right end."""
    finishes, colon = bool(says.VERB_LAST.search(text)), ending in ":："
    if finishes and colon:
        return mail or date
    starts = bool(says.STARTER.match(text))
    if starts and (mail or finishes):
        return date
    if mail:
        return date and _ends_with_facts(text)
    return date and colon and (_names_after(text) if starts else _names_before(text))


def _names_after(text: str) -> bool:
    """ "Am 03.03.2026 um 10:15 schrieb Ana:": nothing but the time stands before the verb."""
    verb = says.VERB.search(text)
    if verb is None:
        return False
    times = [found.end() for pattern in (says.CLOCK, says.DATE) for found in pattern.finditer(text, 0, verb.start())]
    return bool(times) and sum(map(str.isalpha, text[max(times) : verb.start()])) <= 5


def _names_before(text: str) -> bool:
    """ "Ana kirjoitti 3.3.2026 klo 10.15:": a name, the verb, and the whole time."""
    verb = says.VERB.search(text)
    return verb is not None and len(text[: verb.start()].split()) <= 4 and _whole_time(text) and _ends_with_facts(text)


def _whole_time(text: str) -> bool:
    dated = says.FULL_DATE.search(text) or says.NUMERIC_DATE.search(text)
    return bool(dated and says.CLOCK.search(text))


def _ends_with_facts(text: str) -> bool:
    """Whether nothing much follows the last of verb, address and time: a sentence goes on, an introduction does not."""
    patterns = (says.VERB, says.EMAIL, says.CLOCK, says.DATE)
    last = max((found.end() for pattern in patterns for found in pattern.finditer(text)), default=0)
    return sum(map(str.isalpha, text[last:])) <= 6
