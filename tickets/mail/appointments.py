"""What a text/calendar part says, as a few lines to be read (RFC 5545). Bounded, never raises.

Nothing is expanded or accepted: a rule for repeating is named, not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tickets.mail.headers import one_line

MAX_SIZE = 1024 * 1024
MAX_LINES = 20_000
MAX_APPOINTMENTS = 10
MAX_PEOPLE = 20
MAX_LENGTH = 1000
_LINE = re.compile(r'([A-Za-z0-9-]{1,60})((?:;[^:"]*(?:"[^"]*"[^:"]*)*)?):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]{1,60})=(?:"([^"]*)"|([^;"]*))')
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?\Z")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Appointment:
    """One VEVENT or VTODO. Times are `2026-03-02 10:00 Europe/Berlin` or a bare date, as the sender names the zone;
    `repeats` is the frequency of the rule in lower case; `method` is that of the calendar (request, cancel, reply)."""

    summary: str = ""
    start: str = ""
    end: str = ""
    place: str = ""
    organizer: str = ""
    people: tuple[str, ...] = ()
    repeats: str = ""
    method: str = ""
    is_cancelled: bool = False


@dataclass(slots=True)
class _Draft:
    """An appointment while its lines are read."""

    values: dict[str, str] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)

    def take(self, name: str, params: dict[str, str], value: str) -> None:
        if name == "ATTENDEE":
            if len(self.people) < MAX_PEOPLE:
                self.people.append(_person(params, value))
        elif name == "ORGANIZER":
            self.values.setdefault(name, _person(params, value))
        elif name in ("DTSTART", "DTEND", "DUE"):
            self.values.setdefault(name, _time(params, value))
        elif name == "RRULE":
            found = re.search(r"FREQ=([A-Za-z]{1,20})", value)
            self.values.setdefault(name, found[1].lower() if found else "")
        elif name in ("SUMMARY", "LOCATION", "STATUS"):
            self.values.setdefault(name, _words(value))

    def finished(self, method: str) -> Appointment:
        get = self.values.get
        return Appointment(
            get("SUMMARY", ""), get("DTSTART", ""), get("DTEND", "") or get("DUE", ""), get("LOCATION", ""),
            get("ORGANIZER", ""), tuple(dict.fromkeys(person for person in self.people if person)), get("RRULE", ""),
            method, method == "cancel" or get("STATUS", "").upper() == "CANCELLED",
        )  # fmt: skip


def read(text: str) -> tuple[Appointment, ...]:
    """The appointments of a calendar, in order, at most `MAX_APPOINTMENTS`; none when it is no calendar."""
    found: list[Appointment] = []
    draft: _Draft | None = None
    method, depth = "", 0
    for name, params, value in _lines(text[:MAX_SIZE]):
        word = value.strip().upper()
        if name == "BEGIN" and draft is None and word in ("VEVENT", "VTODO"):
            draft, depth = _Draft(), 0
        elif name == "BEGIN":
            depth += 1  # an alarm inside, or a time zone
        elif name == "END" and draft is not None and word in ("VEVENT", "VTODO"):
            found.append(draft.finished(method))
            draft = None
            if len(found) == MAX_APPOINTMENTS:
                break
        elif name == "END":
            depth = max(0, depth - 1)
        elif draft is not None and depth == 0:
            draft.take(name, params, value)
        elif name == "METHOD" and not method:
            method = _words(value)[:20].lower()
    return tuple(item for item in found if item.summary or item.start)


def _lines(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """(NAME, parameters, value); folded lines are joined, what is no line is left out."""
    whole = re.sub(r"\r?\n[ \t]", "", text)
    for line in whole.split("\n", MAX_LINES)[:MAX_LINES]:
        match = _LINE.match(line[: 10 * MAX_LENGTH].rstrip("\r"))
        if match:
            given = {name.upper(): quoted or bare for name, quoted, bare in _PARAMETER.findall(match[2])}
            yield match[1].upper(), given, match[3]


def _words(value: str) -> str:
    return one_line(_ESCAPED.sub(lambda m: " " if m[1] in "nN" else m[1], value[:MAX_LENGTH]))


def _person(params: dict[str, str], value: str) -> str:
    address = re.sub(r"\Amailto:", "", value.strip(), flags=re.IGNORECASE)[:254]
    name = one_line(params.get("CN", ""))[:200]
    address = one_line(address)
    return f"{name} <{address}>" if name and name != address else address


def _time(params: dict[str, str], value: str) -> str:
    match = _TIME.match(value.strip())
    if not match:
        return _words(value)[:60]
    year, month, day, hour, minute, _second, utc = match.groups()
    date = f"{year}-{month}-{day}"
    if hour is None:
        return date
    zone = "UTC" if utc else one_line(params.get("TZID", ""))[:60]
    return f"{date} {hour}:{minute} {zone}".strip()
