"""The language of wordings: Liquid with little in it, and nothing that reaches outside or grows without end.

What it lacks (ranges, loops in loops, capture, include, comparisons by size) is what could fail or swell when a
ticket's real values come in. Every filter takes every value. All output goes through one node, which escapes.
"""

from __future__ import annotations

import html
import inspect
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TextIO, cast
from urllib.parse import quote_plus

from django.utils import formats, timezone
from django.utils.text import Truncator
from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.filter import with_context
from liquid.undefined import is_undefined

MOST_SOURCE = 20_000  # characters of a text with variables
MOST_IN_MARK = 500  # characters between {{ and }}
MOST_MARKS = 300
MOST_NESTED = 6
MOST_VALUE = 20_000  # characters of one value; what is longer is cut
MOST_ITEMS = 50  # of a list
MOST_OUTPUT = 400_000  # bytes
MOST_WORK = 4_000_000  # characters looked at in one rendering


class TooMuch(LiquidError):
    """A rendering went beyond what a text can reasonably need."""


class Moment(str):
    """A date and time: the words for it, and the moment for the `date` filter."""

    __slots__ = ("moment",)
    moment: datetime

    @classmethod
    def of(cls, moment: datetime) -> Moment:
        local = timezone.localtime(moment)
        made = cls(formats.date_format(local, "SHORT_DATETIME_FORMAT"))
        made.moment = local
        return made

    @classmethod
    def read(cls, text: str) -> Moment | None:
        """The moment, or the beginning of the day, that is written as in ISO 8601."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if len(text) > 10:
            return cls.of(moment if moment.tzinfo else timezone.make_aware(moment))
        made = cls(formats.date_format(moment, "SHORT_DATE_FORMAT"))
        made.moment = moment
        return made


class Context(RenderContext):
    """Counts what is looked at; a name that is not there gives nothing."""

    __slots__ = ("work",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.work = 0

    def charge(self, value: object) -> None:
        parts = value if isinstance(value, list) else [value]
        self.work += sum(20 + len(part) for part in parts if isinstance(part, str))
        if self.work > MOST_WORK:
            raise TooMuch("too much work", token=None)

    def get(self, path: list[object], **how: Any) -> object:
        value = super().get(path, **how)
        self.charge(value)
        self.work += 20
        return value

    def get_item(self, obj: Any, key: Any) -> Any:
        """Only what stands in a mapping under that name: no attributes, no positions."""
        if isinstance(obj, Mapping) and isinstance(key, str):
            return obj[key]
        raise KeyError(key)


class Template(BoundTemplate):
    context_class = Context


class _OutputNode(output.OutputNode):
    """The only place where values become text."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(context.env.shown(plain(self.expression.evaluate(context))))  # type: ignore[attr-defined]


class _Output(output.Output):
    node_class = _OutputNode


def plain(value: object) -> str:
    """A value as text. None, and what is not there, is nothing; a list is its items with commas between."""
    if value is None or is_undefined(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, (str, int, float)):
        return str(value)
    return ""


def in_html(text: str) -> str:
    """Text as it stands in HTML, between tags or between the quotes of an attribute."""
    return html.escape(text).replace("\n", "<br>")


def _number(value: object, otherwise: int) -> int:
    return min(max(value, 0), MOST_VALUE) if isinstance(value, int) else otherwise


def _each(change: Callable[..., str], value: object, *given: object) -> object:
    """A text filter over a text, or over every item of a list."""
    if isinstance(value, list):
        return [change(plain(item), *given) for item in value[:MOST_ITEMS]]
    return change(plain(value), *given)


def _replace(text: str, old: object = "", new: object = "") -> str:
    """Cut first: n letters each replaced by a long text would be the square."""
    sought, put = plain(old), plain(new)
    if not sought:
        return text
    most = MOST_VALUE // max(len(put), 1)
    return text.replace(sought, put, most + 1)


def _date(value: object, pattern: object = "") -> object:
    """`date: "%d.%m.%Y"`; without a pattern the day as the language writes it."""
    if not isinstance(value, Moment):
        return plain(value)
    if not pattern:
        return formats.date_format(value.moment, "DATE_FORMAT")
    return re.sub(r"%(.)", lambda match: _part(value.moment, match[1]), plain(pattern)[:100])


_PARTS = {"d": "d", "e": "j", "m": "m", "Y": "Y", "y": "y", "H": "H", "I": "h", "M": "i", "S": "s", "p": "A",
          "A": "l", "a": "D", "B": "F", "b": "M"}  # fmt: skip


def _part(moment: datetime, letter: str) -> str:
    return formats.date_format(moment, _PARTS[letter]) if letter in _PARTS else letter


def _default(value: object, other: object = "") -> object:
    return other if value in (None, False, "", []) or is_undefined(value) else value


def _item(place: int, value: object) -> object:
    return (value[place] if value else None) if isinstance(value, list) else value


def _join(value: object, between: object = ", ") -> str:
    return plain(between).join(map(plain, value)) if isinstance(value, list) else plain(value)


def _words(text: str, most: object = 15, end: object = "…") -> str:
    return Truncator(text).words(_number(most, 15) or 1, truncate=plain(end))


def _letters(text: str, most: object = 50, end: object = "…") -> str:
    return text if len(text) <= _number(most, 50) else text[: max(_number(most, 50) - len(plain(end)), 0)] + plain(end)


# name -> how it changes a value. Whatever is given, none of them raises.
FILTERS: dict[str, Callable[..., object]] = {
    "append": partial(_each, lambda text, end="": text + plain(end)),
    "capitalize": partial(_each, lambda text: text[:1].upper() + text[1:]),
    "date": _date,
    "default": _default,
    "downcase": partial(_each, lambda text: text.lower()),
    "first": partial(_item, 0),
    "join": _join,
    "last": partial(_item, -1),
    "prepend": partial(_each, lambda text, start="": plain(start) + text),
    "quote": partial(_each, lambda text: "\n".join(f"> {line}".rstrip() for line in text.split("\n"))),
    "remove": partial(_each, lambda text, old="": _replace(text, old)),
    "replace": partial(_each, _replace),
    "strip": partial(_each, lambda text: text.strip()),
    "truncate": partial(_each, _letters),
    "truncatewords": partial(_each, _words),
    "upcase": partial(_each, lambda text: text.upper()),
    "url_encode": partial(_each, lambda text: quote_plus(text)),
}

_TAGS = (
    content.Literal, _Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag, for_tag.ForTag,
    for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, comment_tag.CommentTag,
)  # fmt: skip
# opening word -> what may stand inside on its level
BLOCKS: dict[str, tuple[str, ...]] = {
    "if": ("elsif", "else"),
    "unless": ("elsif", "else"),
    "case": ("when", "else"),
    "for": ("else",),
    "comment": (),
}
SINGLE = ("assign", "break", "continue")
TAGS = (*BLOCKS, *SINGLE)


class Language(Environment):
    """Knows only our tags and filters; there is nothing it could load."""

    template_class = Template
    block_nesting_limit = MOST_NESTED + 2
    loop_iteration_limit = MOST_ITEMS
    output_stream_limit = MOST_OUTPUT

    def __init__(self, shown: Callable[[str], str]) -> None:
        self.shown = shown
        super().__init__()

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in _TAGS:
            self.add_tag(tag)
        for name, change in FILTERS.items():
            self.add_filter(name, _bounded(change))


def takes(name: str) -> int:
    """How many values may follow the filter's name."""
    change = FILTERS.get(name, _default)
    inner = change.args[0] if isinstance(change, partial) and change.func is _each else change
    return len(inspect.signature(inner).parameters) - 1


def _cut(value: object) -> object:
    if isinstance(value, list):
        return [item[: MOST_VALUE // MOST_ITEMS] if isinstance(item, str) else item for item in value[:MOST_ITEMS]]
    return value[:MOST_VALUE] if isinstance(value, str) and not isinstance(value, Moment) else value


def _bounded(change: Callable[..., object]) -> Callable[..., object]:
    """The filter with what it takes and gives counted, and what it gives cut."""

    def changed(value: object, *given: object, context: Context) -> object:
        context.charge(value)
        result = _cut(change(value, *given))
        context.charge(result)
        return result

    return with_context(changed)


KINDS: dict[str, Language] = {"text": Language(str), "html": Language(in_html)}


@lru_cache(maxsize=128)
def parsed(text: str, kind: str) -> Template:
    """Raises LiquidError. Only for what `wording.check` found well-formed: the lexer is slow on some other texts."""
    return cast(Template, KINDS[kind].from_string(text))
