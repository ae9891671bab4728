"""Which agent gets a ticket that the desk gives out by itself.

Whoever asks holds the agents of the pool locked until the end of the transaction, so that workers at the same moment
choose one after the other, each knowing what those before have given: nobody gets more than their capacity.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import absences
from tickets.actions.assignment import assign
from tickets.actions.door import opened
from tickets.models import Permission, Skill, Team, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid

ROUND_ROBIN, LEAST_LOADED, SKILL = WAYS = ("round_robin", "least_loaded", "skill")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def choose_agent(
    ticket: Ticket, *, how: str, team: Team | None = None, skill: Skill | str | None = None
) -> User | None:
    """An agent who may have the ticket: available, not away, below their capacity, of `team` or else of the ticket's
    department. None when there is nobody; then it is left where it is.

    `round_robin` takes whom the desk gave a ticket longest ago, `least_loaded` who has the fewest open ones, `skill`
    the least loaded of those who have `skill` and whatever the ticket's help topic and tags ask for. Where `skill` is
    given the other two keep to who has it as well. Call it in the transaction that assigns the ticket: it locks the
    agents it chooses from. Raises Invalid for an unknown way or skill.
    """
    if how not in WAYS:
        raise Invalid(how=_("There is no way of assigning called %(how)s.") % {"how": how})
    needed = _named(skill)
    if how == SKILL:
        needed |= needed_skills(ticket)
    pool = _pool(ticket, team, needed)
    # By key, so that two workers cannot wait for each other; NO KEY, so that rows that name the agent can be written.
    locked = list(pool.select_for_update(of=("self",), no_key=True).order_by("pk"))
    loads = _loads(locked)
    free = [agent for agent in locked if agent.capacity is None or loads.get(agent.pk, 0) < agent.capacity]
    if not free:
        return None
    if how == ROUND_ROBIN:
        chosen = min(free, key=_turn)
    else:
        chosen = min(free, key=lambda agent: (loads.get(agent.pk, 0), *_turn(agent)))
    User.objects.filter(pk=chosen.pk).update(last_given_at=timezone.now())
    return chosen


def distribute(
    ticket: Ticket, *, by: Actor, how: str, team: Team | None = None, skill: Skill | str | None = None
) -> Ticket:
    """Assigns the ticket to whom `choose_agent` finds, in one transaction; leaves it as it is when that is nobody or
    somebody has it already."""
    with opened("assign", ticket, by) as (fresh, _now):
        if fresh.assignee_id is not None:
            return fresh
        agent = choose_agent(fresh, how=how, team=team or fresh.team, skill=skill)
        return assign(fresh, by=by, agent=agent) if agent else fresh


def needed_skills(ticket: Ticket) -> set[int]:
    """What the ticket's help topic and tags ask for, as ids."""
    asked = Q(topics=ticket.help_topic_id) if ticket.help_topic_id else Q()
    if ticket.tag_names:
        asked |= Q(tags__overlap=ticket.tag_names)
    return set(Skill.objects.filter(asked).order_by().values_list("pk", flat=True)) if asked else set()


def _named(skill: Skill | str | None) -> set[int]:
    if skill is None or isinstance(skill, Skill):
        return {skill.pk} if skill else set()
    found = Skill.objects.filter(name__iexact=skill).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid(skill=_("There is no skill called %(skill)s.") % {"skill": skill})
    return {found}


def _pool(ticket: Ticket, team: Team | None, skills: Iterable[int]) -> QuerySet[User]:
    """Agents who are there and may see the ticket; of the department those who may answer."""
    rows = User.objects.filter(is_agent=True, is_active=True, is_available=True)
    rows = rows.exclude(pk__in=absences.running().values("user"))
    works = _members(ticket, Permission.VIEW if team else Permission.REPLY)
    if team is None:
        rows = rows.filter(pk__in=works)
    else:
        # Once given to the team all its members see it, but a ticket is assigned only to who works there.
        rows = rows.filter(Q(pk__in=works) | Q(is_superuser=True), teams=team, teams__is_enabled=True)
    for skill in sorted(skills):
        rows = rows.filter(pk__in=Skill.agents.through.objects.filter(skill=skill).values("user"))
    return rows


def _members(ticket: Ticket, permission: str) -> QuerySet:
    return User.objects.filter(
        memberships__department=ticket.department_id, memberships__role__permissions__contains=[permission]
    ).values("pk")


def _loads(agents: list[User]) -> dict[int, int]:
    """Open tickets of each, counted after the rows were locked."""
    rows = Ticket.objects.active().filter(assignee__in=[agent.pk for agent in agents]).order_by()
    return dict(rows.values_list("assignee").annotate(Count("pk")))


def _turn(agent: User) -> tuple[datetime, int]:
    return agent.last_given_at or _LONG_AGO, agent.pk
