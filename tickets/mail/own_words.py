"""The company's own words for mails to customers, in place of the desk's: checked when saved, filled in when sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tickets import wording
from tickets.compiled import Compiled
from tickets.mail import letter_sorts
from tickets.mail.headers import one_line
from tickets.mail.letter_sorts import SORTS, Kind, Sort
from tickets.models import MailWording, OutboundEmail
from tickets.refusals import Refused
from tickets.wording_variables import fit

LINK, MESSAGE = letter_sorts.LINK, letter_sorts.MESSAGE
_HERE = "\ue000"  # where the message stands
# A stranger can make us send this mail to anybody, so it repeats nothing that the stranger wrote.
_WRITTEN_BY_STRANGERS = ("ticket.subject", "ticket.fields", "requester.", "organization.", "message.")
_row = Compiled(lambda kind, language: MailWording.objects.filter(kind=kind, language=language).order_by())
_log = logging.getLogger(__name__)


class Words(NamedTuple):
    """`around` is the text before and after what an agent wrote, which the HTML part shows as it was formatted."""

    subject: str
    text: str
    around: tuple[str, str] | None = None


def problems(kind: str, text: str) -> list[str]:
    """Why the text cannot be saved, in plain words; empty when it can."""
    found = [str(problem) for problem in wording.check(text, more=letter_sorts.OWN)]
    if found or kind not in SORTS:
        return found
    sort, names = SORTS[kind], sorted(wording.names_in(text))
    return [sentence % {"name": name} for name in names if (sentence := _misplaced(sort, name))]


def _misplaced(sort: Sort, name: str) -> str:
    if name in letter_sorts.OWN:
        return "" if name in sort.gives else _("“%(name)s” cannot stand here: this mail has no such thing.")
    if not sort.has_ticket and not name.startswith("desk."):
        return _("“%(name)s” cannot stand here: this mail belongs to no ticket.")
    if sort.by_strangers and name.startswith(_WRITTEN_BY_STRANGERS):
        return _("“%(name)s” cannot stand here: this mail also goes to people who did not write to us.")
    return ""


def lacks(kind: str, body: str) -> str:
    """What has to be said about a text without which its mail would be of no use; empty when it names it."""
    needed = SORTS[kind].needs
    if not needed or needed in wording.names_in(body):
        return ""
    if needed == MESSAGE:
        return _("A reply has to name {{ message.text }}: it is what the agent wrote.")
    return _("This mail has to name %(name)s: without it the reader can do nothing.") % {"name": f"{{{{ {needed} }}}}"}


def filled(row: OutboundEmail, link: str) -> Words | None:
    """The company's words for this mail in the language that is active; None where there are none. What cannot be
    filled in after all is sent in the desk's own words: the mail has to leave."""
    kind = row.context.get("letter", row.kind)
    if kind not in SORTS or (SORTS[kind].has_ticket and row.ticket is None):
        return None
    found = _row.first(kind, get_language())
    if found is None:
        return None
    try:
        if kind == Kind.RATING:
            link += "?then=rate"
        return _filled(row, found, {"link": link, **row.context, **row.context.get("given", {})})
    except Refused:
        _log.exception("the words of %s cannot be filled in", found)
        return None


def _filled(row: OutboundEmail, found: MailWording, mail: Mapping[str, Any]) -> Words:
    if row.ticket is None or not SORTS[found.kind].has_ticket:
        return fill(found.subject, found.body, wording.variables_of_desk(), mail)
    writer = row.message.author if row.message and row.kind == Kind.REPLY else None
    values = wording.variables_of(row.ticket, writer, message=row.message)
    words = fill(found.subject, found.body, values, mail)
    if writer is None:
        return words
    marked = {**values, "message": {"text": _HERE, "author": values["message"]["author"]}}
    before, _mark, after = fill("", found.body, marked, mail).text.partition(_HERE)
    return words._replace(around=(before, after.replace(_HERE, "")))


def fill(subject: str, body: str, values: Mapping[str, Any], mail: Mapping[str, Any]) -> Words:
    """Raises Unfit."""
    known = {**values, "mail": {name: fit(value) for name, value in mail.items()}}
    return Words(one_line(wording.render(subject, known)), wording.render(body, known).strip())
