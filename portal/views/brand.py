"""Colours and logo, from our own origin. Their addresses change with what they hold, so browsers keep them."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import quote_etag
from django.views.decorators.http import condition, require_safe

from tickets import blobs, brand, colours
from tickets.models import Desk

_FOR_EVER = "public, max-age=31536000, immutable"
_SOON_OLD = "public, max-age=300"


@require_safe
@condition(etag_func=lambda request, version: quote_etag(brand.look(Desk.current()).style))
def style(request: HttpRequest, version: str) -> HttpResponse:
    """The colours as they are now; kept for long only under the address that names them."""
    desk = Desk.current()
    response = HttpResponse(brand.stylesheet(desk), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = _FOR_EVER if version in brand.look(desk).style else _SOON_OLD
    return response


@require_safe
def attempt(request: HttpRequest, light: str, dark: str) -> HttpResponse:
    """Colours that somebody tries; nothing of the desk's is in it."""
    if not all(re.fullmatch(r"[0-9a-f]{6}", one) for one in (light, dark)):
        raise Http404
    response = HttpResponse(colours.stylesheet(f"#{light}", f"#{dark}"), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = _FOR_EVER
    return response


@require_safe
def logo(request: HttpRequest, sha256: str) -> HttpResponse:
    """The logo, in a sandbox: opened by itself an SVG could do nothing either."""
    desk = Desk.current()
    if not desk.logo_sha256 or sha256 != desk.logo_sha256:
        raise Http404
    try:
        content = blobs.read(sha256)
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(content, content_type=desk.logo_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # mail programs in the browser show it
    response["Cache-Control"] = _FOR_EVER
    return response
