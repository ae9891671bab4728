"""Who works on it: agent, team, department."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import absences, sla
from tickets.actions.conversation import note as write_note
from tickets.actions.door import opened
from tickets.actions.effects import change_policy
from tickets.actions.fields import ask_anew
from tickets.events import record
from tickets.models import Department, HelpTopic, Permission, Team, Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid
from tickets.states import State


def assign(ticket: Ticket, *, by: Actor, agent: User | None) -> Ticket:
    """Gives the ticket to `agent`, or to nobody. A new or reopened ticket becomes open; else the state stays. What is
    given to somebody who is away goes to the delegate who stands in, if there is one."""
    with opened("assign", ticket, by) as (fresh, now):
        name = ""
        if agent is not None:
            _check_agent(agent, fresh.department)
            agent, name = _who_gets_it(agent, fresh, by)
        if agent is None and fresh.assignee_id is None:
            return fresh
        _take_up(fresh, taken=agent is not None)
        fresh.assignee = agent
        if agent is not None and agent != by:
            fresh.snoozed_until = None  # it was put off by somebody else
        sla.follow_status(fresh, now, by)
        fresh.save(update_fields=["state", "status", "assignee", "snoozed_until", "updated_at", *sla.STAMPED])
        if agent is None:
            record(fresh, "unassigned", by=by)
        else:
            record(fresh, "assigned", by=by, agent=name, agent_id=agent.pk)
    return fresh


def hand_to_team(ticket: Ticket, *, by: Actor, team: Team) -> Ticket:
    """Gives the ticket to a team; an assignee who is not in it is taken off."""
    with opened("hand_to_team", ticket, by) as (fresh, now):
        if not team.is_enabled:
            raise Invalid(team=_("Team %(team)s is switched off.") % {"team": team.name})
        _take_up(fresh, taken=True)
        fresh.team = team
        if fresh.assignee_id and not team.members.filter(pk=fresh.assignee_id).exists():
            fresh.assignee = None
        fresh.snoozed_until = None
        sla.follow_status(fresh, now, by)
        fresh.save(update_fields=["state", "status", "team", "assignee", "snoozed_until", "updated_at", *sla.STAMPED])
        record(fresh, "team_changed", by=by, team=team.name, team_id=team.pk)
    return fresh


def _who_gets_it(agent: User, ticket: Ticket, by: Actor) -> tuple[User, str]:
    """Whom the ticket is given to, and what the event calls them; who takes a ticket gets it, away or not."""
    if by == agent or absences.current(agent) is None:
        return agent, agent.display_name
    delegate = absences.on_duty(agent, ticket.department_id) or agent
    if delegate == agent:
        return agent, agent.display_name
    words = {"delegate": delegate.display_name, "agent": agent.display_name}
    return delegate, _("%(delegate)s (for %(agent)s, who is away)") % words


def _take_up(ticket: Ticket, *, taken: bool) -> None:
    if taken and ticket.state in (State.NEW, State.REOPENED):
        ticket.take_up()


def _check_agent(agent: User, department: Department) -> None:
    works_there = agent.is_superuser or Permission.VIEW in agent.grants.get(department.pk, frozenset())
    if not agent.is_active or not agent.is_agent or not works_there:
        raise Invalid(
            agent=_("%(agent)s does not work in %(department)s.")
            % {"agent": agent.display_name, "department": department.name}
        )


def transfer(
    ticket: Ticket, *, by: Actor, department: Department, help_topic: HelpTopic | None = None, note: str = ""
) -> Ticket:
    """Moves the ticket to another department: its SLA policy applies from the original start, an assignee or team of
    the old one is taken off, and `note` is left for the new one. The state stays."""
    with transaction.atomic():
        if note.strip():
            write_note(ticket, by=by, body=note)
        with opened("transfer", ticket, by) as (fresh, _now):
            old = fresh.department
            if department == old:
                raise Invalid(department=_("The ticket is in %(name)s already.") % {"name": old.name})
            fresh.department, fresh.help_topic = department, help_topic
            ask_anew(fresh)
            _drop_outsiders(fresh)
            fresh.snoozed_until = None
            change_policy(fresh, by)
            fresh.save(
                update_fields=[
                    "department",
                    "help_topic",
                    "form_version",
                    "assignee",
                    "team",
                    "snoozed_until",
                    "updated_at",
                    *sla.STAMPED,
                ]
            )
            record(fresh, "transferred", by=by, old=old.name, new=department.name)
    return fresh


def _drop_outsiders(ticket: Ticket) -> None:
    ticket.team = None
    agent = ticket.assignee
    if agent and not agent.is_superuser and ticket.department_id not in agent.grants:
        ticket.assignee = None
