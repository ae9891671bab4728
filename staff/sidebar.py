"""The ticket's header and context column as the templates take them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from staff import drawn
from staff.times import Clock, span
from tickets import fields, sla
from tickets.clock import Pause, segments
from tickets.compiled import Compiled
from tickets.models import Follower, ProposedFollower, SlaPause, Ticket, User
from tickets.models.forms import FieldKind
from tickets.states import GLYPH, STEPS, Priority, Source, State

OTHERS = 6
COUNTED = 20
_SHADE = {"running": "run", "closed": "closed", "holiday": "closed", "paused": "paused"}


def context(ticket: Ticket, user: User) -> dict[str, Any]:
    """ticket, steps, sla, other_tickets and followers. `ticket` needs its related rows loaded."""
    others, (names, organization) = _others(ticket, user), _names(ticket)
    people, proposed = _followers(ticket)
    return {
        "ticket": {**head(ticket), **names, "requester": _requester(ticket, len(others) + 1, organization)},
        "steps": steps(ticket),
        "sla": time(ticket, Clock(user)),
        "other_tickets": others[:OTHERS],
        "answers": answers(ticket),
        "followers": people,
        "proposed": proposed,
        "is_follower": any(person["id"] == user.pk for person in people),
    }


def answers(ticket: Ticket) -> list[dict[str, Any]]:
    """What the form of the help topic asked, with the answers; one query if it asked anything."""
    items = ticket.form_version.items if ticket.form_version_id and ticket.form_version else []
    missing = set(fields.missing_to_close(items, ticket.fields)) if ticket.is_active else set()
    return [
        {
            "label": one["item"]["label"],
            "text": one["shown"],
            "is_needed": one["item"]["label"] in missing,
            "files": _files(one["value"]) if one["item"]["kind"] == FieldKind.FILE else [],
            "url": one["words"] if one["item"]["kind"] == FieldKind.URL else "",
        }
        for one in fields.told(items, ticket.fields, inside=True)
    ]


def _files(value: Any) -> list[dict[str, str]]:
    return [{"name": one["name"], "url": reverse("staff:attachment", args=[one["key"]])} for one in value or ()]


def _partners(ticket: int) -> QuerySet[Follower, tuple[Any, ...]]:
    columns = ("user_id", "user__name", "user__email", "role", "user__is_agent")
    inside = Follower.objects.filter(ticket=ticket).order_by().values_list(Value(True), *columns)
    waiting = ProposedFollower.objects.filter(ticket=ticket, accepted__isnull=True).order_by()
    return inside.union(waiting.values_list(Value(False), "pk", "name", "address", Value(""), Value(False)), all=True)


_taking_part = Compiled(_partners)


def _followers(ticket: Ticket) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Who takes part, and whom a mail had in copy without anybody having decided yet; in one query."""
    people: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for takes_part, pk, name, email, role, is_agent in sorted(_taking_part.all(ticket.pk)):
        url = reverse("staff:person" if takes_part else "staff:proposed", args=[ticket.number, pk])
        person = {"id": pk, "name": name, "email": email, "role": role, "is_agent": is_agent, "url": url}
        people[takes_part].append(person)
    return people[True], people[False]


def head(ticket: Ticket) -> dict[str, Any]:
    state = State(ticket.state)
    return {
        "pk": ticket.pk,
        "number": ticket.number,
        "subject": ticket.subject,
        "url": reverse("staff:ticket", args=[ticket.number]),
        "state": ticket.state,
        "state_label": str(state.label),
        "glyph": GLYPH[state],
        "status_label": ticket.label,
        "priority": ticket.priority,
        "priority_label": str(Priority(ticket.priority).label),
        "priority_bars": ticket.priority,
        "department": ticket.department.name,
        "topic": ticket.help_topic.path if ticket.help_topic else "",
        "tags": ticket.tag_names,
        "source_label": str(Source(ticket.source).label),
        "is_closed": ticket.is_closed,
        "is_archived": ticket.is_archived,
        "is_trashed": ticket.deleted_at is not None,
    }


_related_names: Compiled[tuple[str, str, str, str]] = Compiled(
    lambda ticket: (
        Ticket.objects.filter(pk=ticket)
        .order_by()
        .values_list("assignee__name", "assignee__email", "team__name", "requester__organization__name")
    )
)
_pauses: Compiled[Pause] = Compiled(
    lambda ticket: SlaPause.objects.filter(ticket=ticket).values_list("started_at", "ended_at", "reason")
)


def _names(ticket: Ticket) -> tuple[dict[str, str], str]:
    """Assignee and team, and the requester's organization: only their names, read at once."""
    if not (ticket.assignee_id or ticket.team_id or ticket.requester.organization_id):
        return {"assignee": "", "team": ""}, ""
    name, email, team, organization = _related_names.all(ticket.pk)[0]
    assignee = User(name=name, email=email).display_name if email else ""
    return {"assignee": assignee, "team": team or ""}, organization or ""


def _requester(ticket: Ticket, count: int, organization: str) -> dict[str, Any]:
    person = ticket.requester
    return {
        "name": person.display_name,
        "email": person.email,
        "organization": organization,
        "initials": person.initials,
        "hue": person.hue,
        "ticket_count": count,
        "has_more": count > COUNTED,
        "notes": person.notes,
        "since": str(person.created_at.year),
        "url": f"{reverse('staff:search')}?q={quote(person.email)}",
    }


def _others(ticket: Ticket, user: User) -> list[dict[str, str]]:
    rows = Ticket.objects.kept().worked_by(user).filter(requester=ticket.requester_id).exclude(pk=ticket.pk)
    rows = rows.order_by("-last_message_at", "-id").values_list("number", "subject", "state")[:COUNTED]
    return [
        {
            "number": number,
            "subject": subject,
            "svg": drawn.glyph(GLYPH[State(state)]),
            "state_label": str(State(state).label),
            "url": reverse("staff:ticket", args=[number]),
        }
        for number, subject, state in rows
    ]


def steps(ticket: Ticket) -> list[dict[str, str]]:
    """The lifecycle drawn as steps; a reopened ticket stands on a second start of "open"."""
    reopened = ticket.state == State.REOPENED
    here = STEPS.index(State.OPEN if reopened else State(ticket.state))
    shown = [State.REOPENED if reopened and step == State.OPEN else step for step in STEPS]
    return [
        {
            "label": str(step.label),
            "svg": drawn.glyph(GLYPH[step]),
            "state": "current" if place == here else "done" if place < here else "todo",
        }
        for place, step in enumerate(shown)
    ]


def time(ticket: Ticket, clock: Clock) -> dict[str, Any]:
    """The targets, and the address that tells why they are due when they are."""
    due = ticket.due_at if ticket.is_active else None
    why = _("%(moment)s: why?") % {"moment": clock.at(due)} if due else _("Why these times?")
    url = reverse("staff:sla", args=[ticket.number])
    return {"targets": targets(ticket, clock), "why": why, "why_url": url}


def targets(ticket: Ticket, clock: Clock) -> list[dict[str, Any]]:
    """Resolution first, then first response: what was promised, how it stands, how the time went."""
    if ticket.sla_started_at is None or (ticket.sla_policy is None and not ticket.manual_due_at):
        return []
    found: list[dict[str, Any]] = []
    for label, name, met in (
        (_("Resolution"), "resolution", ticket.resolved_at),
        (_("Next response"), "next_response", None),
        (_("First response"), "first_response", ticket.first_response_at),
    ):
        due = getattr(ticket, f"{name}_due_at")
        if due and (name != "next_response" or ticket.is_active):
            warned = bool(getattr(ticket, f"{name}_warned_at"))
            found.append({"label": label, **_target(ticket, clock, due, met, warned)})
            if name == "resolution" and ticket.manual_due_at and found[-1]["exact"]:
                found[-1]["exact"] = _("%(moment)s, set by hand") % {"moment": found[-1]["exact"]}
    if found and ticket.is_active:
        found[0]["bar"] = _bar(ticket, clock.now)
    return found


def _target(ticket: Ticket, clock: Clock, due: datetime, met: datetime | None, warned: bool) -> dict[str, Any]:
    begin = ticket.sla_started_at or due
    if met and met >= begin:
        if met <= due:
            return {"text": _("Met in %(span)s") % {"span": span(met - begin)}, "kind": "ok", "exact": ""}
        text = _("Late by %(span)s") % {"span": span(met - due)}
        return {"text": text, "kind": "danger", "exact": clock.at(due)}
    if not ticket.is_active:
        return {"text": _("Stopped"), "kind": "neutral", "exact": ""}
    if ticket.due_at is None:
        return {"text": _("Paused"), "kind": "neutral", "exact": ticket.label}
    kind = "danger" if due < clock.now else "warn" if warned else "neutral"
    return {"text": clock.due(due), "kind": kind, "exact": clock.at(due)}


def _bar(ticket: Ticket, now: datetime) -> list[dict[str, Any]]:
    """From the start to the deadline, or to now when that is later: running, closed, paused, overdue, left."""
    begin, due = ticket.sla_started_at, ticket.resolution_due_at
    if begin is None or due is None or ticket.sla_policy is None or now <= begin or due <= begin:
        return []
    whole = (max(now, due) - begin).total_seconds()
    parts: list[tuple[str, float]] = []
    calendar = sla.calendar_of(ticket.sla_policy, ticket.department)
    for part in segments(calendar, begin, min(now, due), pauses=_pauses.all(ticket.pk)):
        _append(parts, _SHADE[part.kind], part.seconds / whole * 100)
    _append(parts, "over" if now > due else "left", abs((due - now).total_seconds()) / whole * 100)
    return [{"kind": kind, "percent": f"{percent:.1f}"} for kind, percent in parts]


def _append(parts: list[tuple[str, float]], kind: str, percent: float) -> None:
    """Adds a stretch; one too thin to be seen joins its neighbour."""
    if parts and (percent < 1 or parts[-1][0] == kind):
        parts[-1] = (parts[-1][0], parts[-1][1] + percent)
    else:
        parts.append((kind, percent))
