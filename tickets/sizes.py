"""Sizes of files for people, in the language and with the decimal sign of whoever reads."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def size(octets: int) -> str:
    """ "84 kB", "1.2 MB"; in French "1,2 Mo". Thousands, as people's own computers count."""
    if octets < 1_000:
        return _("%(count)d B") % {"count": octets}
    if octets < 999_500:
        return _("%(count)d kB") % {"count": round(octets / 1_000)}
    if octets < 999_950_000:
        return _("%(count)s MB") % {"count": number_format(round(octets / 1_000_000, 1), 1)}
    return _("%(count)s GB") % {"count": number_format(round(octets / 1_000_000_000, 1), 1)}
