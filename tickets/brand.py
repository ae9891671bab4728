"""How the desk looks to customers: colours, logo and texts that admins chose, remembered by a process for some
seconds like the desk's settings, so that pages pay nothing for them."""

from __future__ import annotations

import hashlib
import time
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from tickets import colours
from tickets.models import Desk, PortalText

_SECONDS = 5.0
_remembered: tuple[float, dict[tuple[str, str], str]] | None = None


class Look(NamedTuple):
    """Addresses of what pages link to; empty where nothing was chosen."""

    style: str
    logo: str


def look(desk: Desk) -> Look:
    style = reverse("portal:brand_style", args=[_version(desk)]) if desk.accent_light else ""
    return Look(style, reverse("portal:brand_logo", args=[desk.logo_sha256]) if desk.logo_sha256 else "")


def mail_logo(desk: Desk) -> str:
    """The absolute address of the logo for mails, which show no SVG."""
    shown = desk.logo_sha256 and desk.logo_type == "image/png"
    return settings.BASE_URL + look(desk).logo if shown else ""


def dark_of(light: str, dark: str) -> str:
    return dark or colours.nearest(light, colours.DARK)


def stylesheet(desk: Desk) -> str:
    """What stands over the tokens; empty without colours."""
    if not desk.accent_light:
        return ""
    return colours.stylesheet(desk.accent_light, dark_of(desk.accent_light, desk.accent_dark))


def _version(desk: Desk) -> str:
    return hashlib.sha256(stylesheet(desk).encode()).hexdigest()[:12]


def text(place: str) -> SafeString:
    """What stands at this place in the language of the page; empty where it has the desk's own words. It was cleaned
    when it was saved."""
    language = get_language() or settings.LANGUAGE_CODE
    found = _texts()
    return mark_safe(found.get((place, language)) or found.get((place, language.partition("-")[0]), ""))  # noqa: S308


def line(place: str) -> str:
    """As `text`, without any markup."""
    return strip_tags(text(place)).strip()


def _texts() -> dict[tuple[str, str], str]:
    global _remembered
    if _remembered is None or _remembered[0] < time.monotonic():
        rows = PortalText.objects.order_by().values_list("place", "language", "html")
        _remembered = (time.monotonic() + _SECONDS, {(place, language): html for place, language, html in rows})
    return _remembered[1]


def forget() -> None:
    """To be called after a text was changed."""
    global _remembered
    _remembered = None
