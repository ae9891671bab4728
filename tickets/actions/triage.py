"""Sorting: priority, status, subject, tags, followers, e-mail links."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from tickets import permissions, sla
from tickets.actions.conversation import check_status
from tickets.actions.door import opened
from tickets.actions.effects import match_policy
from tickets.actions.writing import check_text
from tickets.events import record
from tickets.models import Follower, Status, Tag, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid, NotAllowed
from tickets.states import Priority, State

MAX_TAGS = 20
_FARTHEST = timedelta(days=3653)


def set_priority(ticket: Ticket, *, by: Actor, priority: int) -> Ticket:
    with opened("triage", ticket, by) as (fresh, _now):
        if priority not in Priority.values:
            raise Invalid(priority=_("There is no such priority."))
        old, fresh.priority = fresh.priority, priority
        if old != priority:
            match_policy(fresh, by)  # another policy, or the same that promises more for a higher priority
            fresh.save(update_fields=["priority", "updated_at", *sla.STAMPED])
            record(fresh, "priority_changed", by=by, old=Priority(old).label, new=Priority(priority).label)
    return fresh


def set_due(ticket: Ticket, *, by: Actor, due: datetime | None) -> Ticket:
    """Sets by hand when the ticket has to be resolved; it wins over the policy, and pauses do not move it. None goes
    back to the policy. Raises Invalid for a moment that is over, or beyond ten years."""
    with opened("triage", ticket, by) as (fresh, now):
        if due is not None and not now < due < now + _FARTHEST:
            raise Invalid(due=_("The due date must lie in the future, within ten years."))
        if fresh.manual_due_at == due:
            return fresh
        fresh.manual_due_at = due
        fresh.resolution_warned_at = fresh.resolution_breached_at = None
        fresh.sla_fired.filter(target="resolution").delete()  # the new moment is warned of and broken by itself
        fresh.sla_runs.filter(target="resolution", is_met=False).delete()
        sla.stamp(fresh)
        if due is None and fresh.sla_policy is None:
            fresh.resolution_due_at = None
        fresh.save(update_fields=["updated_at", *sla.STAMPED])
        if due is None:
            record(fresh, "due_cleared", by=by)
        else:
            record(fresh, "due_set", by=by, due=f"{due.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return fresh


def set_status(ticket: Ticket, *, by: Actor, status: Status | None) -> Ticket:
    """Puts one of the organisation's labels on the ticket's state, or takes it off. May pause the SLA clock."""
    with opened("triage", ticket, by) as (fresh, now):
        if status is not None:
            check_status(fresh, status)
        if fresh.status == status:
            return fresh
        fresh.status = status
        sla.follow_status(fresh, now, by)
        fresh.save(update_fields=["status", "updated_at", *sla.STAMPED])
        record(fresh, "status_changed", by=by, new=status.label if status else State(fresh.state).label)
    return fresh


def set_subject(ticket: Ticket, *, by: Actor, subject: str) -> Ticket:
    with opened("triage", ticket, by) as (fresh, _now):
        old, fresh.subject = fresh.subject, check_text("subject", subject, 255)
        if old != fresh.subject:
            fresh.save(update_fields=["subject", "updated_at"])
            record(fresh, "subject_changed", by=by, old=old)
    return fresh


def set_tags(ticket: Ticket, *, by: Actor, tags: Sequence[str]) -> Ticket:
    """Replaces the ticket's tags; unknown ones are made. Names are lower case, at most 40 characters."""
    with opened("triage", ticket, by) as (fresh, _now):
        names = sorted({check_text("tags", tag, 40).lower() for tag in tags})
        if len(names) > MAX_TAGS:
            raise Invalid(tags=_("At most %(max)d tags fit.") % {"max": MAX_TAGS})
        if names != fresh.tag_names:
            Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
            fresh.tags.set(Tag.objects.filter(name__in=names))
            fresh.tag_names = names
            match_policy(fresh, by)
            fresh.save(update_fields=["tag_names", "updated_at", *sla.STAMPED])
            record(fresh, "tagged", by=by, tags=", ".join(names) or "–")
    return fresh


def follow(ticket: Ticket, *, by: Actor, person: User) -> Ticket:
    """Lets `person` take part: they get the replies by mail and see the public conversation."""
    with opened("follow", ticket, by) as (fresh, _now):
        _row, added = Follower.objects.get_or_create(ticket=fresh, user=person)
        if added:
            record(fresh, "followed", by=by, person=person.display_name, person_id=person.pk)
    return fresh


def unfollow(ticket: Ticket, *, by: Actor, person: User) -> Ticket:
    with opened("follow", ticket, by) as (fresh, _now):
        if Follower.objects.filter(ticket=fresh, user=person).delete()[0]:
            record(fresh, "unfollowed", by=by, person=person.display_name, person_id=person.pk)
    return fresh


def revoke_links(ticket: Ticket, *, by: Actor) -> Ticket:
    """Makes every link to this ticket that was mailed until now invalid, in every state. Takes the right to triage."""
    with opened("follow", ticket, by) as (fresh, now):
        if not permissions.can(by, "triage", fresh):
            raise NotAllowed(_("You are not allowed to make e-mail links invalid."))
        fresh.guest_links_revoked_at = now
        fresh.save(update_fields=["guest_links_revoked_at", "updated_at"])
        record(fresh, "links_revoked", by=by)
    return fresh
