"""The languages that pages can be in: what is offered, and where a choice is kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language, get_language_info

LINK = "lang"


def remember(response: HttpResponse, code: str) -> None:
    """Has the browser keep the language for the next pages."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=settings.LANGUAGE_COOKIE_AGE, samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE, httponly=True,
    )  # fmt: skip


def menu() -> list[dict[str, Any]]:
    """Every language under its own name; empty when there is nothing to choose."""
    now, codes = get_language(), [code for code, _name in settings.LANGUAGES]
    rows = [{"code": code, "name": get_language_info(code)["name_local"], "is_current": code == now} for code in codes]
    return rows if len(rows) > 1 else []


def alternates(path: str) -> list[dict[str, str]]:
    """The addresses of a public page in every language, for search engines."""
    page = settings.BASE_URL + path
    return [{"code": row["code"], "url": f"{page}?{urlencode({LINK: row['code']})}"} for row in menu()]


def worth_keeping() -> str:
    """The page's language for the person who is made on it; empty when it is the desk's own, which needs no choice."""
    now = get_language() or ""
    return "" if now == settings.LANGUAGE_CODE else now
