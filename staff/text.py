"""What people typed, as safe HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def fold(body: str, folded: Sequence[Sequence[int]]) -> tuple[str, str]:
    """(shown, folded) parts of a message's text; `folded` are its ranges [start, end] in characters."""
    shown, hidden, position = [], [], 0
    for start, end in folded:
        shown.append(body[position:start])
        hidden.append(body[start:end])
        position = end
    shown.append(body[position:])
    return "".join(shown).strip(), "".join(hidden).strip("\n")
