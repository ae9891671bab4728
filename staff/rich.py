"""Formatted text on its way: from the editor into a message, back into the editor, and onto the page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from tickets.mail import inert
from tickets.mail.html_text import clean_html, html_to_text

LONGEST = 400_000  # characters of HTML
_KEY = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OURS = re.compile(rf'(<img\b[^<>]*?\ssrc=")/staff/files/({_KEY})/"')
_BY_ID = re.compile(rf'(<img\b[^<>]*?\ssrc=")cid:({_KEY})@draft"')
_PLAIN = re.compile(r"</?(?:p|br)\s*/?>")


def taken(html: str) -> tuple[str, str]:
    """(clean HTML, the same as text) of what the editor gave. The HTML is empty when it says no more than the text."""
    cleaned = clean_html(_OURS.sub(r'\1cid:\2@draft"', html[:LONGEST]), with_cid=True)
    is_plain = "<" not in _PLAIN.sub("", cleaned)
    text = html_to_text(cleaned)
    return "" if is_plain else cleaned, text


def for_editor(html: str) -> str:
    """Clean HTML with the addresses of its pictures."""
    return _BY_ID.sub(lambda found: f'{found[1]}{reverse("staff:file", args=[found[2]])}"', html)


def shown(html: str, pictures: Mapping[str, str]) -> SafeString | None:
    """What an agent wrote, to be shown; None when it is not what cleaning makes, then the text has to do. `pictures`
    are addresses by Content-ID."""
    try:
        inert.check(html)
    except inert.NotInert:
        return None
    return mark_safe(inert.with_pictures(html, pictures))  # noqa: S308 - checked just now
