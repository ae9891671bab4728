"""What an agent should know of who wrote a mail: proved or not, and what could deceive the eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_WARNINGS = {
    "misleading_name": gettext_lazy("The name says “%(claimed)s”, but the mail comes from %(address)s."),
    "mixed_scripts": gettext_lazy("“%(claimed)s” <%(address)s> mixes letters of several alphabets that look alike."),
    "hidden_characters": gettext_lazy("The name holds signs that cannot be seen; the mail comes from %(address)s."),
    "message_id_reuse": gettext_lazy("Its Message-ID had been used before, for another mail."),
    "html_as_file": gettext_lazy("Its formatted text is too large or complex to be shown; it is attached as a file."),
}


def address(origin: Mapping[str, Any]) -> str:
    """The address in full, with the form in which DNS knows it if that looks different; empty for what is no mail."""
    plain, other = origin.get("address", ""), origin.get("ascii")
    return f"{plain} ({other})" if other else plain


def mark(origin: Mapping[str, Any]) -> tuple[str, str]:
    """The kind of chip and its words; none while nothing is known, as of most mail."""
    verdict = origin.get("verdict")
    if verdict == "verified":
        return "ok", _("verified sender")
    return ("danger", _("sender not proved")) if verdict == "failed" else ("", "")


def security(origin: Mapping[str, Any]) -> str:
    """That a mail is signed or encrypted, which nobody here has checked or opened; empty for most mail."""
    words = {"signed": _("signed (not verified)"), "encrypted": _("encrypted")}
    return words.get(origin.get("security", ""), "")


def warnings(origin: Mapping[str, Any]) -> list[str]:
    words = {"claimed": origin.get("claimed", ""), "address": address(origin)}
    return [str(_WARNINGS[flag]) % words for flag in origin.get("flags", ()) if flag in _WARNINGS]
