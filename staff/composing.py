"""What the composer shows besides its fields: who gets the reply, the signature, when it may leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from staff import drafts
from staff.forms import ReplyForm
from staff.times import Clock
from tickets import commas
from tickets.models import Draft, Ticket, User
from tickets.reading import zone_of

_MORNING = 9  # o'clock


def usual(ticket: Ticket, followers: list[dict[str, Any]]) -> dict[str, str]:
    """Who gets a reply when its writer changes nothing."""
    copies = [one["email"] for one in followers if not one["is_agent"] and one["id"] != ticket.requester_id]
    return {"to": ticket.requester.email, "cc": ", ".join(copies)}


def reply_extras(
    form: ReplyForm, ticket: Ticket, user: User, draft: Draft | None, usual: dict[str, str]
) -> dict[str, Any]:
    people = {name: form[name].value() or "" for name in ("to", "cc", "bcc")}
    names = {ticket.requester.email: ticket.requester.display_name}
    clock = Clock(user)
    return {
        "people": {name: ", ".join(names.get(one, one) for one in commas.split(text)) for name, text in people.items()},
        "people_open": any(form[name].errors for name in people) or people != {"bcc": "", **usual},
        "signature": signature(ticket, user),
        "reply_files": drafts.files(draft),
        "later": later(clock.now.astimezone(zone_of(user)), clock),  # type: ignore[arg-type]
        "waiting": drafts.waiting(draft, clock),
    }


def signature(ticket: Ticket, user: User) -> str:
    """What stands below the reply in the mail."""
    return "\n".join(filter(None, (user.display_name, user.signature.strip(), ticket.department.signature.strip())))


def later(now: datetime, clock: Clock) -> list[dict[str, str]]:
    """Moments that are wanted most: {label, value} for the field, in the person's own time."""
    morning = now.replace(hour=_MORNING, minute=0, second=0, microsecond=0)
    tomorrow = morning + timedelta(days=1)
    monday = morning + timedelta(days=7 - now.weekday())
    moments = [(_("In an hour"), now + timedelta(hours=1)), (_("Tomorrow morning"), tomorrow)]
    if monday != tomorrow:
        moments.append((_("Monday morning"), monday))
    return [
        {"label": f"{label} · {clock.at(moment)}", "value": f"{moment:%Y-%m-%dT%H:%M}"} for label, moment in moments
    ]


__all__ = ["later", "reply_extras", "signature", "usual"]
