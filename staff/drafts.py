"""Drafts as the composer and the lists take them."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models.functions import Left
from django.urls import reverse

from staff import rich
from staff.times import Clock
from tickets import said
from tickets.actions.waiting_replies import listed_under
from tickets.compiled import Compiled
from tickets.models import Draft, DraftFile, Ticket, User
from tickets.sizes import size

LISTED = 300
REMEMBERED = 60  # seconds
_own: Compiled[tuple[int, str]] = Compiled(
    lambda author: (
        Draft.objects.filter(author=author).order_by("-changed_at").values_list("ticket_id", Left("body", 160))[:LISTED]
    )
)

_readable: Compiled[Draft] = Compiled(
    lambda ticket, reader: Draft.objects.filter(ticket=ticket).readable_by(reader).select_related("author", "status")
)


def previews(user: User) -> dict[int, str]:
    """Ticket id -> the beginning of the person's draft on it. Remembered until one of them changes."""
    key = listed_under(user.pk)
    known: dict[int, str] | None = cache.get(key)
    if known is None:
        known = {ticket: " ".join(body.split()) for ticket, body in _own.all(user.pk) if body.strip()}
        cache.set(key, known, REMEMBERED)
    return known


def of(ticket: Ticket, user: User) -> tuple[dict[str, Draft], list[Draft]]:
    """(their own by kind, what colleagues share) on this ticket."""
    found = _readable.all(ticket.pk, user.pk)
    own = {draft.kind: draft for draft in found if draft.author_id == user.pk}
    return own, [draft for draft in found if draft.author_id != user.pk and draft.body.strip()]


def initial(draft: Draft | None) -> dict[str, Any]:
    """What the composer's form begins with."""
    if draft is None:
        return {"version": 0}
    found: dict[str, Any] = {"version": draft.version, "body": draft.body, "html": rich.for_editor(draft.html)}
    if draft.kind == "reply":
        found |= {name: ", ".join(addresses) for name, addresses in draft.recipients.items()}
        found |= {"status": draft.status.slug if draft.status else "", "share": draft.is_shared}
        if draft.seen:
            found["seen"] = draft.seen
    return found


def files(draft: Draft | None) -> list[dict[str, Any]]:
    """Those that are shown below the text."""
    return [described(file) for file in draft.files.all() if not file.is_inline] if draft else []


def described(file: DraftFile) -> dict[str, Any]:
    return {
        "key": str(file.key), "name": file.name, "size": size(file.size), "is_inline": file.is_inline,
        "url": reverse("staff:file", args=[file.key]), "remove_url": reverse("staff:file_remove", args=[file.key]),
    }  # fmt: skip


def waiting(draft: Draft | None, clock: Clock) -> dict[str, Any]:
    """What the composer says of a reply for later: {"when", "url"}, or {"held": why it did not leave}."""
    if draft and draft.send_at:
        return {"when": clock.at(draft.send_at), "url": reverse("staff:scheduled_one", args=[draft.pk])}
    return {"held": said.told(draft.held_reason)} if draft and draft.held_reason else {}


def shared(others: list[Draft], ticket: Ticket) -> list[dict[str, str]]:
    """Colleagues' drafts, each with the address that takes its text over."""
    base = reverse("staff:ticket", args=[ticket.number])
    return [
        {"who": draft.author.display_name, "text": draft.body, "url": f"{base}?draft={draft.pk}#composer"}
        for draft in others
    ]
