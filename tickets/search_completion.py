"""What may be meant by the word before the caret of a search box."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from tickets.models import Organization, Tag, User
from tickets.search_fields import PREFIX
from tickets.search_filters import FILTERS, Filter, filters
from tickets.search_grammar import quoted
from tickets.search_moments import WORDS
from tickets.search_names import Scope

MOST = 8
SHORTEST = 2  # letters of a person's or an organization's name before they are looked for
_AHEAD = ("<4h", "<24h", "<7d", "today", "tomorrow", "none")
_PAST = ("<1h", "<24h", "<7d", ">2d", ">7d", *WORDS[:2], *WORDS[3:])


@dataclass(frozen=True)
class Proposal:
    """`text` replaces the query from `begin` to `end`; `hint` says what it means."""

    text: str
    begin: int
    end: int
    hint: str = ""


def propose(text: str, at: int, *, by: User) -> list[Proposal]:
    """A few, best first; empty where nothing is known to help."""
    at = max(0, min(at, len(text)))
    begin = _begin(text, at)
    word = text[begin:at]
    lead = word[: len(word) - len(word.lstrip("-("))]
    word, start = word[len(lead) :], begin + len(lead)
    key, colon, value = word.partition(":")
    if not colon:
        return [Proposal(f"{one}:", start, at, hint) for one, hint in _keys(key.lower(), by) if word][:MOST]
    key = key.lower()
    if key not in filters(by) and not key.startswith(PREFIX):
        return []
    done, comma, last = value.rpartition(",")
    sign = last[: len(last) - len(last.lstrip("<>="))]
    wanted = last[len(sign) :].strip('"').lower()
    found = _values(key, sign, wanted, Scope(by))
    kept = f"{key}:{done}{comma}"
    return [Proposal(kept + quoted(one), start, at, hint) for one, hint in found if one.lower() != wanted][:MOST]


def _begin(text: str, at: int) -> int:
    """Where the word before the caret begins; blanks inside quotes belong to it."""
    begin, in_quotes = 0, False
    for place, sign in enumerate(text[:at]):
        if sign == '"':
            in_quotes = not in_quotes
        elif sign.isspace() and not in_quotes:
            begin = place + 1
    return begin


def _keys(start: str, by: User) -> list[tuple[str, str]]:
    known = [(key, str(one.label)) for key, one in filters(by).items() if key.startswith(start)]
    if start and (PREFIX.startswith(start) or start.startswith(PREFIX)) and by.is_agent:
        fields = Scope(by).fields.values()
        known += [(PREFIX + field.key, field.label) for field in fields if (PREFIX + field.key).startswith(start)]
    return known


def _values(key: str, sign: str, start: str, scope: Scope) -> list[tuple[str, str]]:
    if key.startswith(PREFIX):
        field = scope.fields.get(key[len(PREFIX) :])
        pairs = [(str(one["value"]), str(one["label"])) for one in field.choices] if field else []
        return _beginning(pairs, start)
    kind = FILTERS[key]
    if kind.kind == "time":
        ahead = key in {"due", "snoozed"}
        return [
            (one, _meaning(one, ahead=ahead)) for one in (_AHEAD if ahead else _PAST) if one.startswith(sign + start)
        ]
    fixed = [(sign + value, "") for value in kind.values if value.startswith(start)]
    return fixed + _found(kind, start, scope)


def _found(kind: Filter, start: str, scope: Scope) -> list[tuple[str, str]]:
    if kind.kind == "name":
        return _beginning(
            [_name(one.kind, one.name, one.short) for one in scope.names if one.kind == kind.source], start
        )
    if kind.kind == "tag":
        rows = Tag.objects.filter(name__startswith=start).order_by("name").values_list("name", flat=True)[:MOST]
        return [(name, "") for name in rows]
    if len(start) < SHORTEST:
        return []
    if kind.kind == "organization":
        names = Organization.objects.filter(name__istartswith=start).order_by("name")
        return [(name, "") for name in names.values_list("name", flat=True)[:MOST]]
    if kind.kind == "person":
        people = User.objects.filter(email__startswith=start).order_by("email").values_list("email", "name")
        return list(people[:MOST])
    return []


def _name(kind: str, name: str, short: str) -> tuple[str, str]:
    """An agent is named by address, which is unique; the rest by the name that people know."""
    return (short, name) if kind == "agent" else (name, "")


def _beginning(pairs: list[tuple[str, str]], start: str) -> list[tuple[str, str]]:
    """Those where the text or a word of the hint begins so."""

    def fits(pair: tuple[str, str]) -> bool:
        return pair[0].lower().startswith(start) or any(word.startswith(start) for word in pair[1].lower().split())

    return [pair for pair in pairs if fits(pair)]


def _meaning(value: str, *, ahead: bool) -> str:
    unit = {"h": _("hours"), "d": _("days")}.get(value[-1])
    if not value[1:-1].isdigit() or unit is None:
        return ""
    words = {"number": value[1:-1], "unit": unit}
    if ahead:
        return _("within %(number)s %(unit)s") % words
    return (
        _("less than %(number)s %(unit)s ago") if value[0] == "<" else _("more than %(number)s %(unit)s ago")
    ) % words
