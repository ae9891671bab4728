"""Canned responses in use: which are offered on a ticket, in which language, and what they say there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.db.models import Case, IntegerField, Q, Value, When, prefetch_related_objects
from django.utils import translation

from tickets import wording
from tickets.models import CannedAttachment, CannedResponse, Permission, Ticket, User

OFFERED = 30

# code -> the language's own name; wider than the languages of the pages
LANGUAGES: dict[str, str] = {
    code: info["name_local"] for code, info in sorted(LANG_INFO.items()) if "name_local" in info and len(code) <= 10
}


@dataclass(frozen=True)
class Filled:
    """A response as it reads on a ticket; `problem` says why it cannot be used there."""

    response: CannedResponse
    language: str
    text: str
    attachments: Sequence[CannedAttachment]
    problem: str = ""


def offered(ticket: Ticket, user: User, query: str = "") -> list[CannedResponse]:
    """What `user` may put into a message on this ticket; what fits the typed words, shortcuts first."""
    rows = CannedResponse.objects.offered_for(ticket, user).select_related("folder__parent__parent")
    words = query.replace("\x00", "").split()[:8]
    for word in words:
        rows = rows.filter(Q(title__icontains=word) | Q(shortcut__istartswith=word) | Q(body__icontains=word))
    if not words:
        return list(rows.order_by("title", "pk")[:OFFERED])
    typed = words[0]
    near = [
        When(shortcut__iexact=typed, then=Value(0)),
        When(shortcut__istartswith=typed, then=Value(1)),
        When(title__istartswith=typed, then=Value(2)),
        When(title__icontains=typed, then=Value(3)),
    ]
    place = Case(*near, default=Value(4), output_field=IntegerField())
    return list(rows.annotate(place=place).order_by("place", "title", "pk")[:OFFERED])


def fill(response: CannedResponse, ticket: Ticket, user: User | None = None, language: str = "") -> Filled:
    """The response's text for this ticket, in the requester's language if there is a translation; without a user it
    is the desk that speaks. Raises wording.Unfit."""
    code, body = text_in(response, language or language_of(ticket.requester))
    with translation.override(code or language_of(ticket.requester)):
        text = wording.render(body, wording.variables_of(ticket, user))
    return Filled(response, code, text, list(response.attachments.all()))


def filled(responses: Sequence[CannedResponse], ticket: Ticket, user: User) -> list[Filled]:
    """All of them as they read on the ticket; what is looked up for one is not looked up again for the next."""
    prefetch_related_objects(responses, "translations", "attachments")
    wanted, values, found = language_of(ticket.requester), dict[str, Mapping[str, Any]](), []
    for response in responses:
        code, body = text_in(response, wanted)
        text, problem = "", ""
        with translation.override(code or wanted):
            known = values.setdefault(code, wording.variables_of(ticket, user))
            try:
                text = wording.render(body, known)
            except wording.Unfit as refusal:
                problem = str(refusal)
        found.append(Filled(response, code, text, list(response.attachments.all()), problem))
    return found


def language_of(person: User) -> str:
    return person.language or settings.LANGUAGE_CODE


def text_in(response: CannedResponse, language: str) -> tuple[str, str]:
    """(language, text): the translation into `language`, else into its kin (pt for pt-br, and the other way round),
    else the response's own text."""
    texts = {one.language: one.body for one in response.translations.all()}
    texts[response.language] = response.body
    wanted = language.lower()
    kin = [code for code in texts if code and code.partition("-")[0] == wanted.partition("-")[0]]
    for code in (wanted, *sorted(kin, key=len)):
        if code and code in texts:
            return code, texts[code]
    return response.language, response.body


def files_of(user: User, keys: Iterable[UUID]) -> list[CannedAttachment]:
    """The files of responses that the person may read, by their keys; others are not there."""
    found = CannedAttachment.objects.filter(key__in=list(keys)[:50])
    return list(found.filter(response__in=CannedResponse.objects.readable_by(user)))


def may_keep(user: User, response: CannedResponse) -> bool:
    """Whether the person may change it: their own always; a department's or a team's with the right in the department,
    or anywhere for a team they are in; everybody's only admins."""
    if response.owner_id is not None:
        return response.owner_id == user.pk
    if user.is_superuser:
        return True
    if response.department_id is not None:
        return Permission.CANNED in user.grants.get(response.department_id, frozenset())
    if response.team_id is not None:
        return response.team_id in user.team_ids and keeps_any(user)
    return False


def keeps_any(user: User) -> bool:
    """Whether the person keeps shared responses somewhere."""
    return user.is_superuser or any(Permission.CANNED in granted for granted in user.grants.values())
