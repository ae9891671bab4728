"""The HTML of articles: cleaned when saved, its headings named, so that showing it costs nothing."""

from __future__ import annotations

import difflib
import re
from html import escape, unescape
from typing import NamedTuple

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

_TAGS = {
    "h2", "h3", "h4", "p", "br", "hr", "ul", "ol", "li", "strong", "b", "em", "i", "u", "s", "code", "pre",
    "blockquote", "a", "img", "table", "thead", "tbody", "tr", "th", "td", "sub", "sup", "figure", "figcaption",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}, "th": {"scope"}, "ol": {"start"}}
_PICTURE = re.compile(r"/kb/files/[0-9a-f-]{36}/")
_IS_HTML = re.compile(r"</[a-z][a-z0-9]*>|<(?:br|hr|img)\b", re.IGNORECASE)
_HEADING = re.compile(r"<(h[23])>(.*?)</\1>", re.DOTALL)
_BLOCK_END = re.compile(r"</(?:p|h[2-4]|li|pre|blockquote|tr|figcaption)>|<(?:br|hr)>")
_MARKUP = re.compile(r"<[^>]*>")


class Heading(NamedTuple):
    """A line of the contents; `level` is 2 or 3."""

    level: int
    anchor: str
    words: str


def clean(html: str) -> str:
    """Safe HTML with a name on each heading. Text without any tag becomes paragraphs, a blank line between two.
    A first-level heading becomes one of the second: the title is the page's only one."""
    if not _IS_HTML.search(html):
        html = _paragraphs(html)
    html = re.sub(r"(</?)h1(?=[\s>])", r"\1h2", html, flags=re.IGNORECASE)
    cleaned = nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_attribute, link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto", "tel"}, clean_content_tags={"script", "style", "template"},
    )  # fmt: skip
    return _named(cleaned.strip())


def _paragraphs(text: str) -> str:
    blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "".join(f"<p>{escape(unescape(block))}</p>".replace("\n", "<br>") for block in blocks if block.strip())


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Pictures come from the article's own files: nobody learns who reads it from a picture elsewhere."""
    if (tag, name) == ("img", "src"):
        return value if _PICTURE.fullmatch(value) else None
    return value


def _named(html: str) -> str:
    taken: set[str] = set()

    def name(match: re.Match[str]) -> str:
        anchor = base = slugify(words_of(match[2]), allow_unicode=True)[:60] or "part"
        number = 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        taken.add(anchor)
        return f'<{match[1]} id="{escape(anchor)}">{match[2]}</{match[1]}>'

    return _HEADING.sub(name, html)


def shown(html: str) -> SafeString:
    """Cleaned HTML for a template."""
    return mark_safe(html)  # noqa: S308 - `clean` made it, before it was stored


def contents(html: str) -> list[Heading]:
    """The headings of cleaned HTML, in order."""
    found = re.findall(r'<h([23]) id="([^"]*)">(.*?)</h\1>', html, re.DOTALL)
    return [Heading(int(level), unescape(anchor), words_of(inner)) for level, anchor, inner in found]


def words_of(html: str) -> str:
    """The words of cleaned HTML, one line for each block."""
    text = unescape(_MARKUP.sub("", _BLOCK_END.sub("\n", html)))
    return "\n".join(line for line in (" ".join(line.split()) for line in text.split("\n")) if line)


class Line(NamedTuple):
    """A line of a comparison; `kind` is same, added or removed."""

    kind: str
    words: str


def compare(old: str, new: str) -> list[Line]:
    """What changed between two cleaned texts, line by line as readers see them."""
    kinds = {" ": "same", "+": "added", "-": "removed"}
    lines = difflib.ndiff(words_of(old).split("\n"), words_of(new).split("\n"))
    return [Line(kinds[line[0]], line[2:]) for line in lines if line[0] in kinds]
