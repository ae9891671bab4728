"""Text with light formatting, as people write it where there is no editor: **bold**, *italic*, `code`, lists, links.

What is kept is the text as it was typed; this shows it. All is escaped first, so that nothing else gets through.
"""

from __future__ import annotations

import re

from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe

_BLOCKS = re.compile(r"\n[ \t]*\n+")
_BULLET = re.compile(r"[ \t]*[-*•][ \t]+(?=\S)")
_NUMBER = re.compile(r"[ \t]*\d{1,3}[.)][ \t]+(?=\S)")
_LONGEST = 20_000
# Bounded runs, so that no text is slow.
_INLINE = [
    (re.compile(r"`([^`\n]{1,500})`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(?=\S)([^*\n]{1,500})(?<=\S)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,500})(?<=\S)\*(?![\w*])"), r"<em>\1</em>"),
]


def as_html(text: str) -> SafeString:
    """Safe HTML without line breaks of its own."""
    blocks = _BLOCKS.split(text[:_LONGEST].replace("\r\n", "\n").strip("\n"))
    return mark_safe("".join(_block(block.split("\n")) for block in blocks if block.strip()))  # noqa: S308 - escaped


def _block(lines: list[str]) -> str:
    """Paragraphs and lists, in the order of the lines."""
    html, kind = "", ""
    items: list[str] = []
    for line in lines:
        found = "ul" if _BULLET.match(line) else "ol" if _NUMBER.match(line) else "p"
        if found != kind:
            html += _wrapped(kind, items)
            items, kind = [], found
        items.append(_inline((_BULLET if found == "ul" else _NUMBER).sub("", line, count=1) if found != "p" else line))
    return html + _wrapped(kind, items)


def _wrapped(kind: str, items: list[str]) -> str:
    if not items:
        return ""
    inner = "<br>".join(items) if kind == "p" else "".join(f"<li>{item}</li>" for item in items)
    return f"<{kind}>{inner}</{kind}>"


def _inline(line: str) -> str:
    html = str(urlize(line, nofollow=True, autoescape=True) if "://" in line else escape(line))
    if "<a " in html:
        return html  # marks inside an address would break it
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    return html
