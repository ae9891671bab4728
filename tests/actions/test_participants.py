"""People whom a mail has in copy take part only when an agent or the requester says so, and see nothing older."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories, people
from tickets import links
from tickets.actions import conversation, participants
from tickets.models import Follower, OutboundEmail, ProposedFollower, User
from tickets.refusals import NotAllowed

pytestmark = pytest.mark.django_db
LENA = "lena@other.example"


@pytest.fixture
def department():
    return factories.department()


@pytest.fixture
def agent(department):
    return people.agent(department)


@pytest.fixture
def ticket(department):
    return factories.ticket(department=department, body="The secret history.")


@pytest.fixture
def proposed(ticket):
    participants.propose(ticket, [(LENA, "Lena Vogt")], by=ticket.requester)
    return ticket.proposed_followers.get()


def test_the_requester_the_desk_and_who_takes_part_are_not_proposed(ticket, department, agent):
    factories.mailbox(department, address="support@desk.example")
    inside = people.customer()
    Follower.objects.create(ticket=ticket, user=inside)
    others = [ticket.requester.email, inside.email, "support@desk.example", "support+token@desk.example"]
    participants.propose(ticket, [(address, "") for address in others], by=ticket.requester)
    assert not ProposedFollower.objects.exists()


def test_the_same_twice_is_once_and_no_more_than_twenty(ticket):
    for _ in range(2):
        participants.propose(ticket, [(f"p{n}@other.example", "") for n in range(30)], by=ticket.requester)
    assert ticket.proposed_followers.count() == 20


def test_a_proposed_person_gets_nothing(ticket, agent, proposed):
    conversation.reply(ticket, by=agent, body="Hello.")
    assert not OutboundEmail.objects.filter(recipient=LENA).exists()
    assert not User.objects.filter(email=LENA).exists()


def test_who_is_let_in_gets_what_comes_and_sees_nothing_older(ticket, agent, proposed):
    assert participants.decide(ticket, proposed.pk, accept=True, by=agent) == LENA
    conversation.reply(ticket, by=agent, body="The new answer.")
    assert OutboundEmail.objects.filter(recipient=LENA).count() == 1
    lena, client = User.objects.get(email=LENA), Client()
    client.get(links.guest_url(ticket, lena), follow=True)
    page = client.get(reverse("portal:ticket", args=[ticket.number])).content.decode()
    assert "The new answer." in page
    assert "The secret history." not in page
    assert lena.name == "Lena Vogt"
    assert "The secret history." in [message.body for message in ticket.messages.read_by(ticket.requester)]


def test_nor_does_a_list_or_a_search_tell_what_is_older(ticket, agent, proposed):
    participants.decide(ticket, proposed.pk, accept=True, by=agent)
    lena, client = User.objects.get(email=LENA), Client()
    client.force_login(lena, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("portal:tickets")).content.decode()
    assert ticket.number in page
    assert "secret history" not in page
    assert ticket.number not in client.get(reverse("portal:search"), {"q": "history"}).content.decode()
    conversation.reply(ticket, by=agent, body="The new answer.")
    assert "The new answer." in client.get(reverse("portal:tickets")).content.decode()


def test_whom_an_agent_adds_by_himself_sees_all(ticket, agent):
    colleague = people.customer()
    Follower.objects.create(ticket=ticket, user=colleague)
    assert ticket.messages.read_by(colleague).count() == 1


def test_who_is_not_added_stays_out_however_often_written_in_copy(ticket, agent, proposed):
    participants.decide(ticket, proposed.pk, accept=False, by=agent)
    participants.propose(ticket, [(LENA, "Lena")], by=ticket.requester)
    assert participants.decide(ticket, proposed.pk, accept=True, by=agent) == LENA, "the first decision stands"
    assert not ticket.followers.exists()
    assert ticket.events.filter(kind="proposal_declined").count() == 1


def test_who_may_only_read_decides_nothing(ticket, department, proposed):
    with pytest.raises(NotAllowed):
        participants.decide(ticket, proposed.pk, accept=True, by=people.reader(department))
    follower = people.customer()
    ticket.followers.create(user=follower)
    with pytest.raises(NotAllowed):
        participants.decide(ticket, proposed.pk, accept=True, by=follower)
    ticket.followers.all().delete()
    assert not ticket.followers.exists()


def test_the_page_offers_it(ticket, agent, proposed, client):
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("staff:proposed", args=[ticket.number, proposed.pk])
    page = client.get(reverse("staff:ticket", args=[ticket.number])).content.decode()
    assert LENA in page
    assert url in page
    page = client.post(url, {"accept": "1"}, follow=True).content.decode()
    assert f"{LENA} gets the replies from now on." in page
    assert url not in page
    assert ticket.followers.get().user.email == LENA
