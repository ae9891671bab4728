"""Lists that people type in one field, in any script."""

from __future__ import annotations

import re

_COMMA = re.compile("[,،]")  # as on Latin keyboards and on Arabic ones


def split(text: str) -> list[str]:
    """What stands between the commas, without white space around it and without what is empty."""
    return [part.strip() for part in _COMMA.split(text) if part.strip()]
