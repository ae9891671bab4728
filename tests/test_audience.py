"""Who hears of a ticket is who may know of it at that moment, and nobody with a session that is over."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests import factories, people
from tickets import audience
from tickets.actions import assignment, lifecycle, triage
from tickets.audience import Listener
from tickets.models import Membership, Ticket, User

pytestmark = pytest.mark.django_db


def listening(person: User) -> Listener:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return audience.listener(person, client.cookies["sessionid"].value)


def test_they_hear_of_what_they_may_know_and_of_nothing_else() -> None:
    home, away = factories.department(), factories.department()
    agents = [
        people.agent(home), people.reader(home), people.agent(away), people.admin(), people.agent(home, can=["reply"]),
        people.agent(home, away), people.agent(),
    ]  # fmt: skip
    lone = agents[-1]
    team = people.team(lone, people.agent())
    off = people.team(lone)
    off.is_enabled = False
    off.save()
    tickets = [
        factories.ticket(department=home), factories.ticket(department=away),
        factories.ticket(requester=lone, department=away),
    ]  # fmt: skip
    tickets.append(factories.ticket(department=away))
    Ticket.objects.filter(pk=tickets[-1].pk).update(assignee=agents[0])  # who has left the department since
    tickets += [assignment.hand_to_team(factories.ticket(department=home), by=agents[3], team=team)]
    Ticket.objects.filter(pk=tickets[1].pk).update(team=off)
    followed = factories.ticket(department=home)
    triage.follow(followed, by=agents[3], person=lone)
    triage.follow(tickets[2], by=agents[3], person=lone)
    tickets += [followed, lifecycle.trash(factories.ticket(department=home), by=agents[3])]

    heard = audience.of([listening(agent) for agent in agents], [ticket.pk for ticket in tickets])

    expected = [set(Ticket.objects.inside(agent).values_list("pk", flat=True)) for agent in agents]
    assert heard == expected
    assert len({frozenset(each) for each in expected}) > 4  # the case tells people apart


@pytest.mark.parametrize("what", ["signed out", "expired", "switched off", "no agent", "new password"])
def test_who_is_out_hears_nothing(what: str) -> None:
    agent = people.agent(factories.department())
    listener = listening(agent)
    assert audience.of([listener], []) == [set()]
    if what == "signed out":
        Session.objects.all().delete()
    elif what == "expired":
        Session.objects.update(expire_date="2020-01-01T00:00Z")
    elif what == "new password":
        agent.set_password("another one entirely")
        agent.save()
    else:
        User.objects.filter(pk=agent.pk).update(**{"is_active" if what == "switched off" else "is_agent": False})
    assert audience.of([listener], []) == [None]


def test_rights_that_are_taken_away_are_gone_at_once() -> None:
    home = factories.department()
    agent = people.agent(home)
    ticket, listener = factories.ticket(department=home), listening(agent)
    assert audience.of([listener], [ticket.pk]) == [{ticket.pk}]
    Membership.objects.all().delete()
    assert audience.of([listener], [ticket.pk]) == [set()]


def test_a_customer_is_no_listener() -> None:
    assert audience.of([listening(people.customer())], []) == [None]
