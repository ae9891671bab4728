"""What people typed, as safe HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from django.utils.safestring import SafeString, mark_safe

# In escaped text: an address ends before white space, quotes, brackets and closing punctuation.
_LINK = re.compile(r"https?://[^\s<>\"'\x00-\x20]{1,2000}")
_TAIL = re.compile(r"(?:&(?:gt|lt|quot|#x27|#39);.*|[.,;:!?)\]}*_]+)$", re.DOTALL)


def to_html(text: str) -> SafeString:
    """Escaped text in paragraphs, its web addresses clickable."""
    html = escape(text.strip("\n"))
    if "://" in html:
        html = _LINK.sub(_link, html)
    paragraphs = re.split(r"\n{2,}", html)
    joined = "</p><p>".join(paragraph.replace("\n", "<br>") for paragraph in paragraphs)
    return mark_safe(f"<p>{joined}</p>")  # noqa: S308 - escaped above


def _link(match: re.Match[str]) -> str:
    address = _TAIL.sub("", match[0])
    rest = match[0][len(address) :]
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>{rest}'


def mark(html: str, words: Iterable[tuple[str, bool]]) -> SafeString:
    """The safe `html` with these words of its text marked as mentions; True beside those that mean the reader."""
    spelt = ((spelling, mine) for word, mine in words for spelling in (escape(word), escape(word, quote=False)))
    kinds = {word: " mention--me" if mine else "" for word, mine in spelt}
    names = "|".join(map(re.escape, sorted(kinds, key=len, reverse=True)))
    sought = re.compile(rf"<[^>]*>|(?<![^\s(>])(?:{names})") if names else None
    marked = sought.sub(lambda match: _mention(match[0], kinds), html) if sought else html
    return mark_safe(marked)  # noqa: S308 - it was safe, and only spans came in


def _mention(found: str, kinds: dict[str, str]) -> str:
    return found if found.startswith("<") else f'<span class="mention{kinds.get(found, "")}">{found}</span>'


def fold(body: str, folded: Sequence[Sequence[int]]) -> tuple[str, str]:
    """(shown, folded) parts of a message's text; `folded` are its ranges [start, end] in characters."""
    shown, hidden, position = [], [], 0
    for start, end in folded:
        shown.append(body[position:start])
        hidden.append(body[start:end])
        position = end
    shown.append(body[position:])
    return "".join(shown).strip(), "".join(hidden).strip("\n")
