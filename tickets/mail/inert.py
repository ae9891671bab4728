"""What HTML of a mail may hold on our pages, and a look whether a string holds nothing else.

`html_text.clean_html` makes such HTML in the process that reads mails. The worker does not take that for granted: the
look is one walk over the string, and knows of no way in which a browser could see more tags in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import unquote

MAX_LENGTH = 10_000_000
GLOBAL = {"dir", "lang", "title"}
BLOCKS = {
    "address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
INLINE = {
    "a", "abbr", "b", "bdi", "br", "caption", "cite", "code", "col", "colgroup", "del", "dfn", "em", "i", "img", "ins",
    "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "td", "th", "time", "tt", "u",
    "var", "wbr",
}  # fmt: skip
TAGS = BLOCKS | INLINE
VOID = {"br", "hr", "img", "wbr", "col"}
ATTRIBUTES = {
    "*": GLOBAL,
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "data-blocked"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "table": {"align"},
    "ol": {"start"},
}
LINK_TARGET, LINK_REL = "_blank", "noopener noreferrer nofollow"
NUMBER = re.compile(r"\d{1,5}%?\Z", re.ASCII)
WEB = re.compile(r"https?://", re.IGNORECASE)
LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
PICTURE = re.compile(r"cid:", re.IGNORECASE)
_ANY = re.compile("")
# Values as they stand in the HTML: what is asked of their beginning holds no sign that could be written otherwise.
_VALUES = {
    "href": LINK, "data-blocked": WEB, "src": PICTURE, "width": NUMBER, "height": NUMBER, "colspan": NUMBER,
    "rowspan": NUMBER, "start": NUMBER, "target": re.compile(rf"{LINK_TARGET}\Z"), "rel": re.compile(rf"{LINK_REL}\Z"),
}  # fmt: skip
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"<>]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"<>]*)"')
_PICTURE = re.compile(r'(<img(?: [a-z-]+="[^"<>]*")*?) src="cid:([^"<>]*)"', re.IGNORECASE)
_ALLOWED = {tag: GLOBAL | ATTRIBUTES.get(tag, set()) for tag in TAGS} | {
    "a": GLOBAL | ATTRIBUTES["a"] | {"target", "rel"}
}


class NotInert(ValueError):
    """There is more in the HTML than text and allowed tags."""


def check(html: str) -> None:
    """Raises NotInert unless `html` is what cleaning makes: allowed tags, each closed in its turn, with allowed
    attributes, text, and no picture but by its Content-ID. In text so written only these tags begin with `<`."""
    if len(html) > MAX_LENGTH or "\0" in html:
        raise NotInert("too long" if "\0" not in html else "NUL")
    place, waiting = 0, list[str]()
    for match in _TAG.finditer(html):
        if html.find("<", place, match.start()) >= 0:
            break
        place = match.end()
        closes, tag, attributes = match.groups()
        if tag not in TAGS:
            raise NotInert(tag)
        if closes:
            _close(tag, attributes, waiting)
            continue
        if attributes:
            _check_attributes(tag, attributes)
        if tag not in VOID:
            waiting.append(tag)
    if waiting or html.find("<", place) >= 0:
        raise NotInert(waiting[-1] if waiting else "<")


def _close(tag: str, attributes: str, waiting: list[str]) -> None:
    if attributes or not waiting or waiting.pop() != tag:
        raise NotInert(f"/{tag}")


def _check_attributes(tag: str, attributes: str) -> None:
    for name, value in _ATTRIBUTE.findall(attributes):
        if name not in _ALLOWED[tag] or not _VALUES.get(name, _ANY).match(value):
            raise NotInert(f"{tag} {name}")


def with_pictures(html: str, addresses: Mapping[str, str]) -> str:
    """Checked HTML, with the address of each picture whose bare Content-ID is known; the others lose their source.

    `addresses` are ours: nothing that a sender wrote becomes one, and none holds a quotation mark.
    """

    def address(match: re.Match[str]) -> str:
        name = unescape(match[2]).strip("<>")
        found = addresses.get(name) or addresses.get(unquote(name))
        return f'{match[1]} src="{found}"' if found else match[1]

    return _PICTURE.sub(address, html)
