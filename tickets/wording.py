"""Texts with variables, for canned responses, macros and rules: checked when they are saved, filled in when used.

What a text may name is in `wording_variables`, the language itself in `wording_language`, what is told about a faulty
text in `wording_check`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import nh3
from django.utils.translation import gettext as _
from liquid.exceptions import LiquidError

from tickets.refusals import Invalid, Refused
from tickets.wording_check import Problem, broken_mark, check, names_in
from tickets.wording_language import FILTERS, TAGS, parsed
from tickets.wording_variables import VARIABLES, samples, variables_of, variables_of_desk


class Unfit(Refused):
    """A text could not be filled in with these values; what it would have been used for is not done."""


def require(text: str, kind: str = "text", *, field: str = "body", fields: Collection[str] | None = None) -> None:
    """Raises Invalid about `field` unless `text` may be saved."""
    if problems := check(text, kind, fields=fields):
        raise Invalid(**{field: " ".join(map(str, problems[:5]))})


def render(text: str, variables: Mapping[str, Any], kind: str = "text") -> str:
    """`text` filled in. Values are data: braces in a subject stay braces, and HTML in it is escaped where `kind` is
    html. What is not there is left out. Raises Unfit beyond the limits of the language."""
    if broken_mark(text):
        raise Unfit(_("The text cannot be filled in: %(problem)s") % {"problem": broken_mark(text)})
    try:
        filled = parsed(text, kind).render(variables)
    except (LiquidError, ValueError, TypeError, RecursionError) as error:
        raise Unfit(_("The text cannot be filled in with the values of this ticket, or becomes too long.")) from error
    return nh3.clean(filled, url_relative="deny") if kind == "html" else filled


__all__ = [
    "FILTERS",
    "TAGS",
    "VARIABLES",
    "Problem",
    "Unfit",
    "check",
    "names_in",
    "render",
    "require",
    "samples",
    "variables_of",
    "variables_of_desk",
]
