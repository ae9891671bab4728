"""Who takes part with which role, on every way that a customer can write, and who the requester is."""

from __future__ import annotations

import pytest

from tests import factories, people
from tests.mail import post
from tickets import permissions
from tickets.actions import collaborators, conversation
from tickets.models import Message, OutboundEmail, Ticket
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def ticket(home):
    return factories.ticket(department=home)


@pytest.fixture
def reading(ticket, agent):
    return collaborators.add(ticket, by=agent, email="boss@customers.example", name="Berta Boss", role="view")


def test_who_only_reads_gets_the_replies_and_cannot_write(ticket, agent, reading):
    conversation.reply(ticket, by=agent, body="We come.")
    assert OutboundEmail.objects.filter(kind="reply", recipient=reading.email).exists()
    assert not permissions.can(reading, "receive", ticket)
    with pytest.raises(NotAllowed):
        conversation.receive(ticket, by=reading, body="Faster!", source="web")
    collaborators.set_role(ticket, by=agent, person=reading, role="reply")
    assert conversation.receive(ticket, by=reading, body="Faster!", source="web").pk


def test_who_only_reads_writes_no_message_by_mail_either(ticket, agent, reading):
    conversation.reply(ticket, by=agent, body="We come.")
    post.settle()
    mail = next(row for row in post.outgoing("reply") if row.recipient == reading.email)
    address = post.sent(mail)["Reply-To"].addresses[0].addr_spec
    row = post.arrive(post.raw(sender=reading.email, to=address, body="Faster!"))
    assert (row.ticket, row.message.kind) == (ticket, Message.Kind.NOTE)


def test_without_the_past(ticket, agent):
    conversation.reply(ticket, by=agent, body="Old words.")
    late = collaborators.add(ticket, by=agent, email="late@customers.example", sees_all=False)
    assert not ticket.messages.read_by(late).exists()


def test_added_once_more_only_the_role_changes(ticket, agent, reading):
    collaborators.add(ticket, by=agent, email=reading.email, role="reply")
    assert (ticket.followers.get().role, ticket.events.last().kind) == ("reply", "role_changed")


def test_the_requester_and_the_desk_are_no_collaborators(ticket, agent, home):
    for address in (ticket.requester.email, factories.mailbox(home).address):
        with pytest.raises(Invalid):
            collaborators.add(ticket, by=agent, email=address)


def test_another_requester_reads_all_and_the_old_one_nothing(ticket, agent, reading):
    old = ticket.requester
    collaborators.change_requester(ticket, by=agent, email=reading.email)
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.requester, fresh.requester_name, fresh.followers.count()) == (reading, "Berta Boss", 0)
    assert not Ticket.objects.visible_to(old).filter(pk=ticket.pk).exists()
    with pytest.raises(Invalid):
        collaborators.change_requester(ticket, by=agent, email=reading.email)


def test_only_who_may_reply_decides(ticket, home, reading):
    reader = people.reader(home)
    for attempt in (
        lambda: collaborators.add(ticket, by=reader, email="x@customers.example"),
        lambda: collaborators.set_role(ticket, by=reader, person=reading, role="reply"),
        lambda: collaborators.remove(ticket, by=reader, person=reading),
        lambda: collaborators.change_requester(ticket, by=reader, email="x@customers.example"),
    ):
        with pytest.raises(NotAllowed):
            attempt()
