"""The company's logo: looked at before it is kept, so that what is served is a picture and nothing else.

A picture of dots is drawn anew as PNG, at most as large as the pages show it. An SVG is kept as it is if it has only
shapes in it; it is served in a sandbox and shown as an image, in which no script runs.
"""

from __future__ import annotations

import io
import re
from typing import NamedTuple
from xml.etree import ElementTree

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_BYTES = 2 * 1024 * 1024
MOST_SVG = 20 * 1024
MOST_DOTS = 16_000_000  # looked at before anything is decoded
HEIGHT, WIDTH = 80, 480  # twice what the pages show
_SHAPES = {
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc",
    "defs", "lineargradient", "radialgradient", "stop", "clippath", "mask", "use", "symbol",
}  # fmt: skip
_SVG = "http://www.w3.org/2000/svg"
_FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]


class Logo(NamedTuple):
    content: bytes
    content_type: str


def prepared(content: bytes) -> Logo:
    """The logo as it is kept. Raises ValidationError with the reason."""
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The picture is too large: %(max)d MB fit.") % {"max": MOST_BYTES // 1024 // 1024})
    if content.lstrip()[:5].lower() in (b"<?xml", b"<svg ", b"<svg>", b"<!doc"):
        return Logo(_checked_svg(content), "image/svg+xml")
    return Logo(_redrawn(content), "image/png")


def _redrawn(content: bytes) -> bytes:
    from PIL import Image  # 5 MiB that only this page needs

    try:
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
        if picture.width * picture.height > MOST_DOTS:
            raise ValidationError(_("The picture has too many dots: %(max)d million fit.") % {"max": 16})
        picture.draft("RGB", (WIDTH, HEIGHT))
        drawn = picture.convert("RGBA")
    except ValidationError:
        raise
    except Exception as error:  # whatever a decoder makes of foreign bytes
        raise ValidationError(_("This is not a picture that can be read. PNG, JPEG, WebP, GIF and SVG can.")) from error
    drawn.thumbnail((WIDTH, HEIGHT))
    kept = io.BytesIO()
    drawn.quantize(255).save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _checked_svg(content: bytes) -> bytes:
    if len(content) > MOST_SVG:
        raise ValidationError(_("The SVG is too large: %(max)d kB fit.") % {"max": MOST_SVG // 1024})
    if re.search(rb"<!(DOCTYPE|ENTITY)|<\?xml-stylesheet", content, re.IGNORECASE) or b"\x00" in content:
        raise ValidationError(_("The SVG refers to something outside of it. Save it as a plain SVG."))
    try:
        text = content.decode("utf-8")
        root = ElementTree.fromstring(text)  # noqa: S314 - no document type, so nothing expands
    except (ElementTree.ParseError, ValueError) as error:
        raise ValidationError(_("This is not a picture that can be read. PNG, JPEG, WebP, GIF and SVG can.")) from error
    if (said := re.match(r"<\?xml[^>]*encoding=['\"]([^'\"]*)", text)) and said[1].lower() != "utf-8":
        raise ValidationError(_("The SVG must be written in UTF-8."))
    for part in root.iter():
        _check_part(part)
    if not root.tag.lower().endswith("svg"):
        raise ValidationError(_("This is not a picture that can be read. PNG, JPEG, WebP, GIF and SVG can."))
    return content


def _check_part(part: ElementTree.Element) -> None:
    space, _close, name = str(part.tag).rpartition("}")
    if space.lstrip("{") not in ("", _SVG) or name.lower() not in _SHAPES:
        raise ValidationError(_("The SVG has “%(name)s” in it. Only shapes and text may be.") % {"name": name[:40]})
    for attribute, value in part.attrib.items():
        plain, typed = attribute.rpartition("}")[2].lower(), value.strip().lower()
        reaches_out = plain == "href" and not typed.startswith("#")
        if plain.startswith("on") or reaches_out or re.search(r"url\(\s*['\"]?(?!#)|@import|javascript:", typed):
            raise ValidationError(_("The SVG refers to something outside of it. Save it as a plain SVG."))
