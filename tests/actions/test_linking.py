"""Links between tickets: both ends tell of them, circles are refused, and they come off again."""

import pytest

from tests import factories, people
from tickets.actions import linking
from tickets.models import Ticket, TicketLink
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def tickets(home):
    return [factories.ticket(department=home) for _ in range(3)]


def words(ticket, viewer):
    return [(word, other.number) for word, other in linking.of(Ticket.objects.get(pk=ticket.pk), viewer)]


@pytest.mark.parametrize("relation", linking.RELATIONS)
def test_each_relation_is_read_from_both_ends_and_comes_off_from_either(relation, agent, tickets):
    one, other, _rest = tickets
    for first, second, word in ((one, other, relation), (other, one, linking.RELATIONS[relation].back)):
        linking.link(one, by=agent, other=other, relation=relation)
        linking.link(one, by=agent, other=other, relation=relation)
        assert words(one, agent) == [(relation, other.number)]
        assert words(other, agent) == [(linking.RELATIONS[relation].back, one.number)]
        linking.unlink(first, by=agent, other=second, relation=word)
        assert words(one, agent) == words(other, agent) == []
    told = list(one.events.values_list("kind", flat=True))
    assert told == ["opened", "linked", "unlinked", "linked", "unlinked"]
    assert list(other.events.values_list("kind", flat=True)) == told


@pytest.mark.parametrize("relation", ["blocks", "parent_of"])
def test_a_circle_is_refused(relation, agent, tickets):
    first, second, third = tickets
    linking.link(first, by=agent, other=second, relation=relation)
    linking.link(second, by=agent, other=third, relation=relation)
    for low in (third, second):
        with pytest.raises(Invalid, match="circle"):
            linking.link(low, by=agent, other=first, relation=relation)
    with pytest.raises(Invalid, match="itself"):
        linking.link(first, by=agent, other=first, relation=relation)
    assert TicketLink.objects.count() == 2


def test_a_child_has_one_parent(agent, tickets):
    child, mother, aunt = tickets
    linking.link(child, by=agent, other=mother, relation="child_of")
    with pytest.raises(Invalid, match="child of"):
        linking.link(aunt, by=agent, other=child, relation="parent_of")


def test_nobody_links_to_what_they_cannot_see(agent, tickets):
    foreign = factories.ticket()
    with pytest.raises(Invalid, match="no ticket"):
        linking.link(tickets[0], by=agent, other=foreign, relation="relates")


def test_a_link_to_a_ticket_of_others_is_not_shown(agent, tickets):
    foreign = factories.ticket()
    linking.link(tickets[0], by=people.admin(), other=foreign, relation="relates")
    assert words(tickets[0], agent) == []


def test_it_takes_the_right_to_merge(home, tickets):
    writer = people.agent(home, can=["view", "reply", "triage"])
    with pytest.raises(NotAllowed):
        linking.link(tickets[0], by=writer, other=tickets[1], relation="relates")
    with pytest.raises(Invalid):
        linking.link(tickets[0], by=people.admin(), other=tickets[1], relation="hates")
