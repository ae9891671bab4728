"""HTML of mails: cleaned for the page (`clean_html`) and turned into readable text (`html_to_text`).

nh3 (html5ever) reads what senders write; its output is regular enough to be walked with one expression.
"""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass
from functools import lru_cache

import nh3

from tickets.mail.client_marks import kind_of
from tickets.mail.inert import ATTRIBUTES, BLOCKS, LINK, LINK_REL, LINK_TARGET, NUMBER, PICTURE, TAGS, VOID, WEB
from tickets.mail.lines import Kind, Mark

MAX_PASSES = 4
MAX_QUOTE = 20
MAX_DEPTH = 400
MAX_TAGS = 60_000
MAX_LONE = 50_000
MAX_MARKS = 2000
_DROPPED = {"script", "style", "title", "noscript", "template", "iframe", "object", "svg", "math", "textarea", "select"}
_IMAGE = re.compile(r'<img((?: [^\s=>"]+="[^"]*")*)>')
_SOURCE = re.compile(r' src="(https?://[^"]*)"', re.IGNORECASE)
_BLOCKED = re.compile(r'<img((?: [^\s=>"]+="[^"]*")*?) data-blocked="(https?://[^"]*)"', re.IGNORECASE)
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [^\s=>"]+="[^"]*")*)>|([^<]+)|<')
_ATTRIBUTE = re.compile(r' ([^\s=>"]+)="([^"]*)"')
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_ANY_TAG = re.compile(r"<[^<>]*>?")
# Elements that end by themselves or close their own kind, so that leaving them open does not nest.
_SHALLOW = {"p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "br", "img", "hr", "meta",
            "link", "input", "col", "base", "wbr", "area", "source", "html", "body", "head"}  # fmt: skip
_LONE_AMPERSAND = re.compile(r"&(?![a-zA-Z0-9#]{1,40};)")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre"}


def _too_complex(html: str) -> bool:
    """Whether building the tree could take quadratic time: HTML's algorithm walks the open elements each time."""
    waiting: dict[str, int] = {}
    depth = tags = 0
    if html.count("<") > 3 * MAX_TAGS:
        return True
    if html.count("&") > MAX_LONE and len(_LONE_AMPERSAND.findall(html)) > MAX_LONE:
        return True  # html5ever takes 5 µs for each of them
    for match in _TAG.finditer(html):
        name = match[2].lower()
        tags += 1
        if name in _SHALLOW:
            continue
        step = -1 if match[1] else 1
        if step > 0 or waiting.get(name, 0) > 0:
            waiting[name] = waiting.get(name, 0) + step
            depth += step
        if depth > MAX_DEPTH or tags > MAX_TAGS:
            return True
    return False


def _without_tags(html: str) -> str:
    return entities.unescape(_ANY_TAG.sub(" ", html))


def clean_html(html: str, *, with_cid: bool = False) -> str:
    """HTML that can be shown: an allow-list of tags, no styles, no ids, nothing that loads from elsewhere.

    Pictures by Content-ID keep their `cid:` address if so asked, else they lose it. Remote images keep their address
    in `data-blocked`. Links open outside without referrer. Cleaning clean HTML changes nothing; what does not settle
    after a few passes, or is nested beyond reason, is returned as escaped text.
    """
    if _too_complex(html):
        return entities.escape(_without_tags(html))
    seen = html
    for _ in range(MAX_PASSES):
        cleaned = _clean(seen, with_cid)
        if cleaned == seen:
            return cleaned
        seen = cleaned
    return entities.escape(html_to_text(html))


def _clean(html: str, with_cid: bool) -> str:
    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "src":
            value = value.strip()
            return value if WEB.match(value) or (with_cid and PICTURE.match(value)) else None
        if name == "href":
            value = value.strip()
            return value if LINK.match(value) else None
        if name == "data-blocked":
            return value if WEB.match(value) else None
        if name in ("width", "height", "colspan", "rowspan", "start"):
            return value if NUMBER.match(value) else None
        return value

    cleaned = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=_DROPPED,
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        set_tag_attribute_values={"a": {"target": LINK_TARGET}},
        link_rel=LINK_REL,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
    )
    return _IMAGE.sub(_block_remote, cleaned)


def _block_remote(match: re.Match[str]) -> str:
    attributes = match[1]
    found = _SOURCE.search(attributes)
    if not found:
        return match[0]
    rest = re.sub(r' data-blocked="[^"]*"', "", _SOURCE.sub("", attributes))
    return f'<img{rest} data-blocked="{found[1]}">'


def has_blocked(cleaned: str) -> bool:
    """Whether images of clean HTML lie elsewhere."""
    return _BLOCKED.search(cleaned) is not None


def with_images(cleaned: str) -> str:
    """Clean HTML with its images from elsewhere, for who asked for them."""
    return _BLOCKED.sub(r'<img\1 src="\2"', cleaned)


@dataclass(frozen=True, slots=True)
class Page:
    """Text made from HTML, and which parts of it the mail program marked as quoted or as a signature.

    `is_rough` when the HTML was nested beyond reason and its tags were only taken out.
    """

    text: str = ""
    marks: tuple[Mark, ...] = ()
    is_rough: bool = False


def html_to_text(html: str) -> str:
    """Readable text: paragraphs, list marks, `> ` before quoted lines, links as `words <address>`."""
    return marked_text(html).text


@lru_cache(maxsize=1)  # choosing the body and showing it ask for the same
def marked_text(html: str) -> Page:
    """As `html_to_text`, with the marks of mail programs as places in the text."""
    if _too_complex(html):
        return Page(_without_tags(html).strip(), is_rough=True)
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=_DROPPED,
        attributes={"*": {"class", "id", "name", "style"}, "a": {"href"}, "img": {"alt"}},
        attribute_filter=_keep_marks,
        link_rel=None,
        url_schemes={"http", "https"},
    )
    writer = _Writer()
    for match in _TOKEN.finditer(cleaned):
        if match[2] is None:
            writer.words(entities.unescape(match[0]).replace("\xa0", " "))
        elif match[1]:
            writer.close(match[2])
        else:
            writer.open(match[2], match[3])
    return writer.result()


def _keep_marks(tag: str, name: str, value: str) -> str | None:
    return value if name in ("href", "alt") else kind_of(tag, name, value)


class _Writer:
    """Collects lines; knows the quote depth, list nesting and whether white space counts."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.quote = 0
        self.pre = 0
        self.lists: list[int] = []
        self.links: list[tuple[str, int]] = []
        self.open_tags: list[tuple[str, Kind | None, int]] = []
        self.marked: list[tuple[Kind, int, int]] = []

    def words(self, text: str) -> None:
        if self.pre:
            *whole, rest = text.split("\n")
            for part in whole:
                self.line += part
                self.end_line(True)
            self.line += rest
            return
        text = _SPACES.sub(" ", text)
        self.line += text.lstrip(" ") if not self.line or self.line.endswith(" ") else text

    def open(self, tag: str, attributes: str) -> None:
        if tag in BLOCKS:
            self.end_line()
        if tag in _PARAGRAPHS:
            self.blank()
        if tag not in VOID:
            self.open_tags.append((tag, _mark(attributes), len(self.lines)))
        if tag in ("br", "hr"):
            self.line += "_" * 32 if tag == "hr" else ""
            self.end_line(True)
        elif tag == "a":
            self.links.append((_attribute(attributes, "href"), len(self.line)))
        elif tag == "img":
            alt = _attribute(attributes, "alt").strip()
            self.line += f"[{alt[:200]}]" if alt else ""
        else:
            self.nest(tag)

    def nest(self, tag: str) -> None:
        if tag == "blockquote":
            self.quote += 1
        elif tag == "pre":
            self.pre += 1
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ul" else 1)
        elif tag == "li":
            self.line = self.list_mark()

    def close(self, tag: str) -> None:
        if tag == "a" and self.links:
            self.end_link(*self.links.pop())
        elif tag in ("td", "th"):
            self.line += " "
        if tag in BLOCKS:
            self.end_block(tag)
        if self.open_tags and self.open_tags[-1][0] == tag:
            _, kind, first = self.open_tags.pop()
            if kind:
                self.marked.append((kind, first, len(self.lines)))

    def end_block(self, tag: str) -> None:
        self.end_line()
        if tag == "blockquote":
            self.quote = max(0, self.quote - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        if tag in _PARAGRAPHS and not (tag in ("ul", "ol") and self.lists):
            self.blank()

    def end_link(self, href: str, start: int) -> None:
        words = self.line[start:].strip()
        if href and words and href.rstrip("/") not in (words.rstrip("/"), f"http://{words}", f"https://{words}"):
            self.line = f"{self.line.rstrip()} <{href}>"

    def list_mark(self) -> str:
        indent = "  " * (min(len(self.lists), 10) - 1)
        if not self.lists or not self.lists[-1]:
            return f"{indent}- "
        self.lists[-1] += 1
        return f"{indent}{self.lists[-1] - 1}. "

    def end_line(self, always: bool = False) -> None:
        if self.line.strip() or always:
            self.lines.append(self.prefix() + self.line.rstrip())
        self.line = ""

    def blank(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(self.prefix().rstrip())
        elif self.lines:  # a blank line between two depths belongs to the shallower one
            self.lines[-1] = min(self.lines[-1], self.prefix().rstrip(), key=len)

    def prefix(self) -> str:
        return "> " if self.quote == 1 else ">" * min(self.quote, MAX_QUOTE) + " " * bool(self.quote)

    def result(self) -> Page:
        """At most one blank line in a row, none at the ends."""
        self.end_line()
        kept: list[str] = []
        places, offset = [], 0
        for line in self.lines:
            line = line.rstrip()
            places.append(offset)
            if line or (kept and kept[-1]):
                kept.append(line)
                offset += len(line) + 1
        places.append(offset)
        text = "\n".join(kept).rstrip("\n")
        marks = [Mark(kind, places[first], min(places[last], len(text))) for kind, first, last in self.marked]
        marks.sort(key=lambda mark: (mark.start, -mark.end))  # the outer ones first: if not all, then these
        return Page(text, tuple(marks[:MAX_MARKS]))


def _mark(attributes: str) -> Kind | None:
    """The kind that `_keep_marks` left in place of a class, id, name or style."""
    if not attributes:
        return None
    names = ("class", "id", "name", "style")
    return next((Kind(value) for key, value in _ATTRIBUTE.findall(attributes) if key in names), None)


def _attribute(attributes: str, name: str) -> str:
    return next((entities.unescape(value) for key, value in _ATTRIBUTE.findall(attributes) if key == name), "")
