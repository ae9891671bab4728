"""What the portal's templates show: plain values, so that a template neither queries nor decides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, Value
from django.urls import reverse
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from heroicons import IconDoesNotExist
from heroicons.templatetags.heroicons import heroicon_mini

from portal import wording
from tickets import fields, permissions
from tickets.actions import participants
from tickets.compiled import Compiled
from tickets.models import Attachment, Follower, HelpTopic, Ticket, User
from tickets.models.people import hue, initials
from tickets.sizes import size
from tickets.states import COLOUR, CUSTOMER_WORDING, GLYPH, STEPS, State

_PARAGRAPHS = re.compile(r"\n{2,}")


def topics(rows: Iterable[HelpTopic]) -> list[dict[str, Any]]:
    """The topics as a tree, from rows of which each stands after the one above it."""
    new, tops, found = reverse("portal:ticket_new"), [], {}
    for topic in rows:
        shown = {
            "name": topic.name, "description": topic.description, "url": f"{new}?topic={topic.slug}",
            "icon": topic.icon if _is_icon(topic.icon) else "", "below": [],
        }  # fmt: skip
        found[topic.pk] = shown
        (found[topic.parent_id]["below"] if topic.parent_id in found else tops).append(shown)
    return tops


@lru_cache(maxsize=256)
def _is_icon(name: str) -> bool:
    """Admins type the names; a page never fails for one."""
    try:
        heroicon_mini(name)
    except IconDoesNotExist:
        return False
    return True


def rows(tickets: Iterable[Ticket], *, names: bool = False) -> list[dict[str, Any]]:
    """Lines of a list; `names` says who asked. The tickets need their status loaded."""
    when = wording.clock_face()
    return [
        {
            "subject": ticket.subject,
            "number": ticket.number,
            "url": reverse("portal:ticket", args=[ticket.number]),
            **_state(ticket),
            "when": when(ticket.last_message_at),
            "when_iso": ticket.last_message_at.isoformat(),
            "who": ticket.requester_name if names else "",
            "preview": "" if getattr(ticket, "hides_preview", False) else ticket.last_message_preview,
        }
        for ticket in tickets
    ]


def _state(ticket: Ticket) -> dict[str, Any]:
    state = State(ticket.state)
    asked = state == State.RESOLVED
    return {
        "state": state.value,
        "state_label": _("Please confirm") if asked else ticket.customer_label,
        "glyph": GLYPH[state],
        "kind": "warn" if asked else COLOUR[state],
    }


def ticket(row: Ticket, person: User) -> dict[str, Any]:
    """The head of a ticket's page and what `person` can do there."""
    can = {verb: permissions.possible(verb, row) and permissions.can(person, verb, row) for verb in _VERBS}
    name = {"args": [row.number]}
    return {
        "number": row.number,
        "subject": row.subject,
        **_state(row),
        "department": row.department.name if row.department.is_public else "",
        "assignee": row.assignee.get_short_name() if row.assignee else "",
        "when": wording.day_and_time(row.created_at),
        "when_iso": row.created_at.isoformat(),
        "closes_on": wording.closing_day(row.auto_close_at),
        "can_confirm": can["confirm"],
        "can_reopen": can["reopen"] and person.pk == row.requester_id,
        "can_reply": can["receive"],
        "starts_follow_up": row.is_closed and not permissions.within_reopen_window(row),
        "url": reverse("portal:ticket", **name),
        "reply_url": reverse("portal:reply", **name),
        "confirm_url": reverse("portal:confirm", **name),
        "refuse_url": reverse("portal:reopen", **name),
        "reopen_url": reverse("portal:reopen", **name),
        "can_close": can["close"] and not can["confirm"] and person.pk == row.requester_id,
        "close_url": reverse("portal:close", **name),
        "rate_url": reverse("portal:rate", **name),
        "people_url": reverse("portal:person_add", **name),
    }


_VERBS = ("confirm", "reopen", "receive", "close")


def steps(row: Ticket) -> list[dict[str, Any]]:
    """The way of the ticket: each step done, current or to do. Reopened stands where open stands."""
    state = State(row.state)
    place = STEPS.index(State.OPEN if state == State.REOPENED else state)
    found = []
    for position, step in enumerate(STEPS):
        shown = state if position == place else step
        label = State.RESOLVED.label if shown == State.RESOLVED else CUSTOMER_WORDING[shown]
        standing = "done" if position < place else "current" if position == place else "todo"
        found.append({"label": label, "glyph": GLYPH[shown], "state": standing})
    return found


def _taking_part(ticket: int, requester: int) -> QuerySet[Follower, tuple[bool, int, str, str, str]]:
    rows = Follower.objects.filter(ticket=ticket, user__is_agent=False).exclude(user=requester).order_by()
    return rows.values_list(Value(True), "user_id", "user__name", "user__email", "role")


def _with_waiting(ticket: int, requester: int) -> QuerySet[Follower, tuple[bool, int, str, str, str]]:
    waiting = participants.waiting(ticket).order_by().values_list(Value(False), "pk", "name", "address", Value(""))
    return _taking_part(ticket, requester).union(waiting, all=True)


_partners = Compiled(_taking_part), Compiled(_with_waiting)


def partners(row: Ticket, person: User) -> dict[str, list[dict[str, str]]]:
    """`people` who take part besides the requester, without agents who watch, and `proposed`: whom a mail had in copy
    and the requester can let in. In one query."""
    found = _partners[participants.may_decide_as_requester(row, person)].all(row.pk, row.requester_id)
    shown: dict[str, list[dict[str, str]]] = {"people": [], "proposed": []}
    for takes_part, pk, name, email, role in sorted(found):
        url = reverse("portal:person_remove" if takes_part else "portal:proposed", args=[row.number, pk])
        label = str(Follower.Role(role).label) if role else ""
        shown["people" if takes_part else "proposed"].append({"name": name, "email": email, "role": label, "url": url})
    return shown


def answers(row: Ticket) -> list[dict[str, str]]:
    """What the requester answered in the form, and what the desk lets them see of it."""
    if not row.form_version_id or not row.form_version:
        return []
    told = fields.told(row.form_version.items, row.fields, inside=False)
    return [{"label": one["item"]["label"], "text": one["shown"]} for one in told]


SHOWN_OF_MESSAGE = ("pk", "kind", "author_id", "author_name", "body", "folded", "created_at")


def messages(found: Iterable[dict[str, Any]], files: Iterable[Attachment], person: User) -> list[dict[str, Any]]:
    """`found` are values of SHOWN_OF_MESSAGE, oldest first; `files` all attachments of those messages."""
    when, listed = wording.clock_face(), defaultdict(list)
    for file in files:
        listed[file.message_id].append(_file(file))
    return [
        {
            "id": str(message["pk"]),  # a number would be localized, which costs
            "kind": message["kind"],
            "author": _("You") if message["author_id"] == person.pk else message["author_name"],
            "is_you": message["author_id"] == person.pk,
            "initials": initials(message["author_name"]),
            "hue": str(hue(message["author_id"] or 0)),
            "when": when(message["created_at"]),
            "when_iso": message["created_at"].isoformat(),
            "attachments": listed.get(message["pk"], []),
            **_text(message["body"], message["folded"]),
        }
        for message in found
    ]


def _file(attachment: Attachment) -> dict[str, str]:
    return {
        "name": attachment.name,
        "size": size(attachment.size),
        "url": reverse("portal:attachment", args=[attachment.key]),
    }


def _text(body: str, ranges: list[list[int]]) -> dict[str, SafeString | str]:
    """The body as HTML: what the writer wrote, and apart from it the quoted text that is folded away."""
    shown, folded, position = "", "", 0
    for start, end in ranges:
        shown += body[position:start]
        folded += body[start:end]
        position = end
    shown += body[position:]
    return {"body_html": as_html(shown), "folded_html": as_html(folded) if folded.strip() else ""}


def as_html(text: str) -> SafeString:
    """Plain text as escaped paragraphs with its line breaks, web addresses as links."""
    text = text.strip()
    escaped = urlize(text, nofollow=True, autoescape=True) if "://" in text else escape(text)
    paragraphs = _PARAGRAPHS.split(str(escaped).replace("\r\n", "\n"))
    return mark_safe("".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in paragraphs))  # noqa: S308 - escaped
