"""The company's own words for mails to customers, in place of the desk's: checked when saved, filled in when sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tickets import wording
from tickets.compiled import Compiled
from tickets.mail.headers import one_line
from tickets.models import MailWording, OutboundEmail
from tickets.refusals import Refused

Kind = MailWording.Kind
LINK, MESSAGE = "mail.link", "message.text"
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
    found = [str(problem) for problem in wording.check(text, more=[LINK])]
    if kind == Kind.AUTO_RESPONSE and not found:
        found = [
            _("“%(name)s” cannot stand here: this mail also goes to people who did not write to us.") % {"name": name}
            for name in sorted(wording.names_in(text))
            if name.startswith(_WRITTEN_BY_STRANGERS)
        ]
    return found


def lacks_message(kind: str, body: str) -> bool:
    """Whether a reply would leave without what the agent wrote."""
    return kind == Kind.REPLY and MESSAGE not in wording.names_in(body)


def filled(row: OutboundEmail, link: str) -> Words | None:
    """The company's words for this mail in the language that is active; None where there are none. What cannot be
    filled in after all is sent in the desk's own words: the mail has to leave."""
    if row.kind not in Kind.values or row.ticket is None:
        return None
    found = _row.first(row.kind, get_language())
    if found is None:
        return None
    writer = row.message.author if row.message and row.kind == Kind.REPLY else None
    values = wording.variables_of(row.ticket, writer, message=row.message)
    try:
        words = fill(found.subject, found.body, values, link)
        if writer is None:
            return words
        marked = {**values, "message": {"text": _HERE, "author": values["message"]["author"]}}
        before, _mark, after = fill("", found.body, marked, link).text.partition(_HERE)
        return words._replace(around=(before, after.replace(_HERE, "")))
    except Refused:
        _log.exception("the words of %s cannot be filled in", found)
        return None


def fill(subject: str, body: str, values: Mapping[str, Any], link: str) -> Words:
    """Raises Unfit."""
    known = {**values, "mail": {"link": link}}
    return Words(one_line(wording.render(subject, known)), wording.render(body, known).strip())
