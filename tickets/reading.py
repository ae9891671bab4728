"""How somebody reads the desk: the language and the time zone of what is written to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone, translation
from django.utils.dates import MONTHS_3
from django.utils.translation import get_language, get_supported_language_variant
from django.utils.translation import gettext as _

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


def day(when: date) -> str:
    """The day as the page's language writes it short: "3 Mar", "3. Mär", "3 de mar"."""
    month = str(MONTHS_3[when.month])
    if (get_language() or "en").startswith("en"):  # the others have names in the case that they are written in
        month = month.capitalize()
    return _("%(day)d %(month)s") % {"day": when.day, "month": month}


def day_and_year(when: date) -> str:
    return _("%(day)s %(year)d") % {"day": day(when), "year": when.year}


def moment(when: datetime) -> str:
    """Day and minute, in the zone of who reads: "3 Mar 2026 09:30"."""
    local = timezone.localtime(when)
    return f"{day_and_year(local)} {local:%H:%M}"


def quoted(text: str) -> str:
    return _("“%(text)s”") % {"text": text}


@contextmanager
def read_by(person: User | None) -> Iterator[None]:
    """Texts made within are in the person's language, times in their zone."""
    with translation.override(language_of(person)), timezone.override(zone_of(person)):
        yield
