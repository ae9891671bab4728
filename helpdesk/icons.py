"""The tags of heroicons, each icon drawn once per process: a page has dozens of them, the same each time."""

from __future__ import annotations

from functools import lru_cache

from django import template
from heroicons.templatetags import heroicons

register = template.Library()
for name in ("heroicon_micro", "heroicon_mini", "heroicon_outline", "heroicon_solid"):
    register.simple_tag(lru_cache(maxsize=256)(getattr(heroicons, name)), name=name)
