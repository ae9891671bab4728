"""Merging and taking apart again. A merger is a pointer: no message moves, the target's thread shows them too, and
whoever writes on a merged ticket writes on its target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import merged, pausing, permissions, reversal, said, sla
from tickets.actions.counting import recount
from tickets.actions.door import opened
from tickets.actions.effects import LIST_FIELDS
from tickets.actions.locks import lock
from tickets.events import record
from tickets.models import Follower, Ticket, TicketMerge, User
from tickets.permissions import Actor
from tickets.refusals import Invalid, NotAllowed

MOST = 50
_MERGED = gettext_lazy("Merged into #%(number)s")
_BEFORE = (
    "state", "status_id", "resolved_at", "closed_at", "reopened_at", "reopen_count", "auto_close_at", "waiting_since",
    "snoozed_until",
)  # fmt: skip


def merge(target: Ticket, *, by: Actor, sources: Sequence[Ticket]) -> Ticket:
    """Has `sources` handled together with `target`, which takes the right to merge on each of them. Their requesters
    and followers take part in the target from now on; what was written there before stays hidden from them.

    All are merged or none. Raises Invalid, NotAllowed.
    """
    if not 0 < len(sources) <= MOST:
        raise Invalid(number=_("Between one and %(max)d tickets can be merged at once.") % {"max": MOST})
    with transaction.atomic():
        lock([target, *sources])
        with opened("merge", target, by) as (into, now):
            if into.is_closed:
                raise Invalid(number=_("#%(number)s is closed. Reopen it first.") % {"number": into.number})
            numbers = [_point(one, into, by, now) for one in sources]
            _after(into, now, into.waiting_since, is_merger=True)
            ids = [one.pk for one in sources]
            record(into, "merged_here", by=by, number=", #".join(numbers), source_ids=ids, before=_waiting(into))
    return into


def unmerge(ticket: Ticket, *, by: Actor) -> Ticket:
    """Takes a merged ticket out of its target again: it is as it was, and what was written since stays there. Takes the
    right to merge on both."""
    with transaction.atomic():
        target = Ticket.objects.filter(pk=ticket.merged_into_id).first()
        lock([ticket, *([target] if target else [])])
        with opened("unmerge", ticket, by) as (fresh, now):
            into = Ticket.objects.select_related("department", "help_topic", "status", "sla_policy").get(
                pk=fresh.merged_into_id
            )
            _require(by, into)
            row = TicketMerge.objects.select_for_update().get(ticket=fresh, ended_at__isnull=True)
            fresh = _restore(fresh, row, now, by)
            into.followers.filter(pk__in=row.added).delete()
            _after(into, now)
            _count_above(into)
            record(fresh, "unmerged", by=by, number=into.number)
            record(into, "unmerged_here", by=by, number=fresh.number)
    return fresh


def _point(source: Ticket, into: Ticket, by: Actor, now: datetime) -> str:
    """Merges one ticket, inside the open door of the target. Returns its number."""
    if source.pk == into.pk:
        raise Invalid(number=_("A ticket cannot be merged into itself."))
    _require(by, source)
    with opened("merge", source, by) as (fresh, _now):
        before = {name: reversal.plain(getattr(fresh, name)) for name in _BEFORE}
        if not fresh.is_closed:
            fresh.shut(now)
        if into.is_active and fresh.before["waiting_since"]:
            into.waiting_since = min(into.waiting_since or now, fresh.before["waiting_since"])
        fresh.merged_into = into
        pausing.pause(fresh, now, said.keep(_MERGED, number=into.number), by)
        sla.stamp(fresh)
        fresh.save(update_fields=[*(name.removesuffix("_id") for name in _BEFORE), "merged_into", *_SAVED])
        added = _let_in(fresh, into, now)
        author = by if isinstance(by, User) else None
        TicketMerge.objects.create(
            ticket=fresh, target=into, merged_by=author, merged_at=now, before=before, added=added
        )
        record(fresh, "merged", by=by, number=into.number)
    return fresh.number


_SAVED = ("updated_at", *sla.STAMPED)


def _require(by: Actor, ticket: Ticket) -> None:
    visible = not isinstance(by, User) or Ticket.objects.inside(by).filter(pk=ticket.pk).exists()
    if not (visible and permissions.can(by, "merge", ticket)):
        raise NotAllowed(_("You are not allowed to merge #%(number)s.") % {"number": ticket.number})


def _let_in(source: Ticket, into: Ticket, now: datetime) -> list[int]:
    """Who takes part in the source takes part in the target, with the same role. Returns the new rows' keys."""
    roles: dict[int, str] = {source.requester_id: Follower.Role.REPLY}
    roles |= dict(source.followers.values_list("user_id", "role"))
    known = {into.requester_id, *into.followers.values_list("user_id", flat=True)}
    rows = [
        Follower(ticket=into, user_id=pk, role=role, sees_from=now) for pk, role in roles.items() if pk not in known
    ]
    return [row.pk for row in Follower.objects.bulk_create(rows)]


def _restore(ticket: Ticket, row: TicketMerge, now: datetime, by: Actor) -> Ticket:
    fields: dict[str, Any] = {field.attname: field for field in Ticket._meta.concrete_fields}
    values = {name: fields[name].to_python(value) for name, value in row.before.items()}
    Ticket.objects.filter(pk=ticket.pk).update(**values, merged_into=None)
    TicketMerge.objects.filter(pk=row.pk).update(ended_at=now)
    fresh = Ticket.objects.select_related("department", "help_topic", "status", "sla_policy").get(pk=ticket.pk)
    fresh.updated_at = now
    sla.follow_status(fresh, now, by)
    fresh.save(update_fields=list(_SAVED))
    return fresh


def _after(into: Ticket, now: datetime, waiting: datetime | None = None, *, is_merger: bool = False) -> None:
    """Counts, list columns and clock of a target whose sources have changed. `waiting`: since when its customers or
    those of a source wait, whom a reply here may not have reached; else it is read from the messages."""
    into.merged_count = 1  # so that the sources are asked for
    into.merged_count = len(merged.sources(into))
    recount(into, now)
    if is_merger:
        into.waiting_since = waiting
    sla.stamp(into)
    into.save(update_fields=["merged_count", *LIST_FIELDS, *sla.STAMPED])


def _count_above(ticket: Ticket) -> None:
    for pk in merged.chain(ticket)[1:]:
        above = Ticket.objects.get(pk=pk)
        Ticket.objects.filter(pk=pk).update(merged_count=len(merged.sources(above)))


def _waiting(ticket: Ticket) -> str | None:
    return ticket.before["waiting_since"].isoformat() if ticket.before["waiting_since"] else None
