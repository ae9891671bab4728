"""How somebody reads the desk: the language and the time zone of what is written to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import get_supported_language_variant

from tickets.models import User


def offered(code: str) -> str:
    """The language of the desk that comes nearest to `code`, such as pt-br for pt; empty when none does."""
    try:
        return get_supported_language_variant(code.lower()) if code else ""
    except (LookupError, ValueError):
        return ""


def language_of(person: User | None) -> str:
    """The language that the person chose, else the desk's own."""
    return offered(person.language) if person and offered(person.language) else settings.LANGUAGE_CODE


def zone_of(person: User | None) -> ZoneInfo:
    """The person's time zone, or the desk's when none is set or known."""
    try:
        return ZoneInfo(person.time_zone if person and person.time_zone else settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


@contextmanager
def read_by(person: User | None) -> Iterator[None]:
    """Texts made within are in the person's language, times in their zone."""
    with translation.override(language_of(person)), timezone.override(zone_of(person)):
        yield
