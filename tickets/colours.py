"""The company's colour as the pages use it: checked for contrast (WCAG 2.2 AA) in both schemes. Pure.

One colour is chosen for each scheme; the shades that pages need beside it are worked out here and nowhere else.
"""

from __future__ import annotations

import colorsys
import re
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ENOUGH = 4.5
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
Rgb = tuple[float, float, float]


class Scheme(NamedTuple):
    """`grounds` are all that text in the colour may stand on, `paper` what the pale shades are mixed from; `ink` is
    where the strong shade goes, and `on` what may be written on the colour, the better one is taken."""

    grounds: tuple[str, ...]
    paper: str
    ink: str
    on: tuple[str, ...]


# The grounds of static/css/tokens.css; a test compares them.
LIGHT = Scheme(("#ffffff", "#fbfaf8", "#f6f5f1"), "#ffffff", "#000000", ("#ffffff", "#111111"))
DARK = Scheme(("#202328", "#1b1d21", "#15171a"), "#202328", "#ffffff", ("#ffffff", "#0d0f12"))


def is_hex(value: str) -> bool:
    return bool(_HEX.fullmatch(value))


def check(value: str, scheme: Scheme) -> str:
    """The colour as #rrggbb. Raises ValidationError with the reason, and the nearest shade that will do."""
    value = value.strip().lower()
    if not is_hex(value):
        raise ValidationError(_("Write a colour as # and six digits or letters a to f, for example #0b6e7f."))
    ground = min(scheme.grounds, key=lambda ground: contrast(value, ground))
    reached = contrast(value, ground)
    if reached >= ENOUGH:
        return value
    words = {"colour": value, "ground": ground, "reached": f"{reached:.1f}", "near": nearest(value, scheme)}
    raise ValidationError(
        _(
            "%(colour)s on %(ground)s has a contrast of %(reached)s to 1, and 4.5 to 1 is the least at which everybody "
            "can read it. The nearest shade that will do is %(near)s."
        )
        % words
    )


def nearest(value: str, scheme: Scheme) -> str:
    """The same hue, darker or lighter by as little as it takes."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(value))
    towards = 0.0 if scheme.ink == "#000000" else 1.0
    for step in range(101):
        moved = lightness + (towards - lightness) * step / 100
        shade = _hex(colorsys.hls_to_rgb(hue, moved, saturation))
        if all(contrast(shade, ground) >= ENOUGH for ground in scheme.grounds):
            return shade
    return scheme.ink


def shades(value: str, scheme: Scheme) -> dict[str, str]:
    """The tokens that follow from the colour. Text in the strong shade reads on the soft one, by moving further."""
    soft = _mix(value, scheme.paper, 0.14)
    strong = _mix(value, scheme.ink, 0.8)
    share = 0.8
    while contrast(strong, soft) < ENOUGH and share > 0:
        share -= 0.1
        strong = _mix(value, scheme.ink, max(share, 0))
    faint, tint = _mix(value, scheme.paper, 0.06), 0.06
    while contrast(value, faint) < ENOUGH and tint > 0:
        tint -= 0.01
        faint = _mix(value, scheme.paper, max(tint, 0))
    return {
        "accent": value,
        "accent-strong": strong,
        "accent-soft": soft,
        "accent-faint": faint,
        "on-accent": max(scheme.on, key=lambda one: contrast(one, value)),
        "link": value,
        "focus": value,
    }


def stylesheet(light: str, dark: str) -> str:
    """What stands over the tokens of the pages."""
    ours, theirs = shades(light, LIGHT), shades(dark, DARK)
    rows = "".join(f"  --{name}: light-dark({ours[name]}, {theirs[name]});\n" for name in ours)
    return f":root {{\n{rows}}}\n"


def contrast(one: str, other: str) -> float:
    """As WCAG 2 reckons it, 1 to 21."""
    high, low = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    red, green, blue = (first * share + second * (1 - share) for first, second in pairs)
    return _hex((red, green, blue))


def _rgb(value: str) -> Rgb:
    red, green, blue = (int(value[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in rgb)
