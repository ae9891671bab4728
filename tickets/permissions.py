"""Who may do what to a ticket: one predicate per verb, asked by every face.

Which rows somebody may know of at all is `Ticket.objects.visible_to(user)`; these predicates assume a visible row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.models import SYSTEM, Follower, Permission, System, Ticket, User
from tickets.refusals import IllegalTransition, NotAllowed
from tickets.states import VERBS, State

Actor = User | System
Predicate = Callable[[User, Ticket], bool]


def granted(user: User, permission: str, ticket: Ticket) -> bool:
    """Whether the role in the ticket's department gives `permission`; who was given a ticket of a foreign
    department (as assignee or team member) may do there what any of their roles allows."""
    if not user.is_agent:
        return False
    if ticket.department_id in user.grants:
        return permission in user.grants[ticket.department_id]
    if ticket.assignee_id == user.pk or ticket.team_id in user.team_ids:
        return any(permission in permissions for permissions in user.grants.values())
    return False


def is_inside(user: User, ticket: Ticket) -> bool:
    """Whether the ticket is one of `Ticket.objects.inside(user)`; mostly told without asking the database."""
    return is_work(user, ticket) or (ticket.requester_id != user.pk and bool(_followed(user, [ticket])))


def inside_of(user: User, tickets: Sequence[Ticket]) -> set[int]:
    """Ids of those tickets that are inside for the person; one query at most."""
    work = {ticket.pk for ticket in tickets if is_work(user, ticket)}
    others = [ticket for ticket in tickets if ticket.pk not in work and ticket.requester_id != user.pk]
    return work | _followed(user, others)


def _followed(user: User, tickets: Sequence[Ticket]) -> set[int]:
    """Ids of those that the agent follows; of a customer none, who is never inside."""
    if not user.is_agent or not tickets:
        return set()
    rows = Follower.objects.filter(user=user, ticket__in=[ticket.pk for ticket in tickets])
    return set(rows.values_list("ticket_id", flat=True))


def is_work(user: User, ticket: Ticket) -> bool:
    """Whether the ticket is one of `Ticket.objects.worked_by(user)`."""
    if user.is_superuser:
        return True
    if not user.is_agent or ticket.deleted_at:
        return False
    given = ticket.assignee_id == user.pk or ticket.team_id in user.team_ids
    return given or Permission.VIEW in user.grants.get(ticket.department_id, frozenset())


def _agents(permission: str) -> Predicate:
    return lambda user, ticket: granted(user, permission, ticket)


def is_participant(user: User, ticket: Ticket) -> bool:
    return ticket.requester_id == user.pk or ticket.followers.filter(user=user).exists()


def may_speak(user: User, ticket: Ticket) -> bool:
    """Whether the person takes part with a voice: collaborators may be let in to read only."""
    return ticket.requester_id == user.pk or ticket.followers.filter(user=user, role=Follower.Role.REPLY).exists()


def _speaks_as_customer(user: User, ticket: Ticket) -> bool:
    """Agents who follow a ticket watch it; what they say, they say as agents."""
    return _is_requester(user, ticket) or (not user.is_agent and may_speak(user, ticket))


def _is_requester(user: User, ticket: Ticket) -> bool:
    return ticket.requester_id == user.pk


def within_reopen_window(ticket: Ticket) -> bool:
    """Whether a customer may still bring a closed ticket back; see `receive` in the lifecycle."""
    topic = ticket.help_topic
    if ticket.archived_at or not ticket.department.allow_reopen or (topic and not topic.allow_reopen):
        return False
    closed_at = ticket.closed_at or ticket.updated_at
    return timezone.now() <= closed_at + timedelta(days=ticket.department.reopen_window_days)


def _may_close(user: User, ticket: Ticket) -> bool:
    return _is_requester(user, ticket) or granted(user, Permission.CLOSE, ticket)


def _may_reopen(user: User, ticket: Ticket) -> bool:
    if granted(user, Permission.REOPEN, ticket):
        return True
    return _is_requester(user, ticket) and (ticket.state != State.CLOSED or within_reopen_window(ticket))


def _nobody(user: User, ticket: Ticket) -> bool:
    """Admins pass before any predicate is asked; these verbs are theirs and the clock's alone."""
    return False


PREDICATES: dict[str, Predicate] = {
    "assign": _agents(Permission.ASSIGN),
    "hand_to_team": _agents(Permission.ASSIGN),
    "start": _agents(Permission.REPLY),
    "reply": _agents(Permission.REPLY),
    "note": _agents(Permission.NOTE),
    "receive": _speaks_as_customer,
    "resolve": _agents(Permission.RESOLVE),
    "confirm": _is_requester,
    "close": _may_close,
    "rate": _is_requester,
    "reopen": _may_reopen,
    "archive": _nobody,
    "unarchive": _nobody,
    "triage": _agents(Permission.TRIAGE),
    "transfer": _agents(Permission.TRANSFER),
    "snooze": _agents(Permission.TRIAGE),
    "wake": _agents(Permission.TRIAGE),
    "plan": _agents(Permission.TRIAGE),
    "side": _agents(Permission.REPLY),
    "follow": _agents(Permission.VIEW),
    "link": _agents(Permission.MERGE),
    "merge": _agents(Permission.MERGE),
    "unmerge": _agents(Permission.MERGE),
    "split": _agents(Permission.MERGE),
    "spam": _agents(Permission.CLOSE),
    "trash": _nobody,
    "restore": _nobody,
}

# Speaking for the customer: neither the desk nor an admin who is not taking part can do it.
_CUSTOMER_VERBS = {"receive", "confirm", "rate"}


def can(by: Actor, verb: str, ticket: Ticket) -> bool:
    """Whether `by` may ever do `verb` to this ticket, whatever its state."""
    if isinstance(by, System):
        return verb not in _CUSTOMER_VERBS
    if not by.is_active:
        return False
    if by.is_superuser and verb not in _CUSTOMER_VERBS:
        return True
    return PREDICATES[verb](by, ticket)


def can_open_for(by: Actor, department_id: int | None) -> bool:
    """Whether `by` may open tickets on behalf of others; in `department_id`, or anywhere when it is None."""
    if isinstance(by, System) or by.is_superuser:
        return True
    if department_id is None:
        return any(Permission.CREATE in permissions for permissions in by.grants.values())
    return Permission.CREATE in by.grants.get(department_id, frozenset())


def can_write_articles(by: User | AnonymousUser) -> bool:
    """Whether somebody may write and publish in the knowledge base: a role that allows it, in whatever department."""
    if not isinstance(by, User) or not by.is_active:
        return False
    return by.is_superuser or any(Permission.ARTICLES in permissions for permissions in by.grants.values())


def can_release(by: User, department_id: int | None) -> bool:
    """Whether `by` may let held back mail of a department in; what belongs to none is for admins."""
    return by.is_superuser or (department_id is not None and can_open_for(by, department_id))


def can_block(by: User, pattern: str) -> bool:
    """Whether `by` may keep a sender out, and let in again: who may open tickets for others may do it to one address,
    admins to a whole domain."""
    return by.is_superuser or (not pattern.startswith("@") and can_open_for(by, None))


def possible(verb: str, ticket: Ticket) -> bool:
    """Whether the lifecycle has the step from here. An archived ticket only takes a customer's message (which
    becomes a follow-up), unarchiving and the trash; one in the trash only comes out of it; one that is merged into
    another passes messages on and can be taken apart again."""
    if ticket.deleted_at is not None:
        return verb == "restore"
    if ticket.archived_at is not None:
        return verb in {"unarchive", "receive", "trash"}
    if ticket.merged_into_id is not None:
        return verb in {"unmerge", "receive", "archive", "trash"}
    if verb in {"unarchive", "restore", "unmerge"}:
        return False
    return ticket.state in VERBS[verb].sources


def verbs(by: Actor, ticket: Ticket) -> list[str]:
    """What `by` can do now, in the order of the lifecycle table; for buttons and the API's `allowed`."""
    return [verb for verb in VERBS if possible(verb, ticket) and can(by, verb, ticket)]


def require(by: Actor, verb: str, ticket: Ticket) -> None:
    """Raises NotAllowed when the person may not, IllegalTransition when the ticket cannot."""
    if not can(by, verb, ticket):
        raise NotAllowed(_("You are not allowed to do this: %(verb)s.") % {"verb": VERBS[verb].label})
    if not possible(verb, ticket):
        raise IllegalTransition(verb, ticket)


__all__ = [
    "SYSTEM",
    "Actor",
    "can",
    "can_open_for",
    "granted",
    "inside_of",
    "is_inside",
    "possible",
    "require",
    "verbs",
]
