"""Conversations with third parties: out by mail, back as notes, and no word of them to the customer."""

from __future__ import annotations

import pytest

from tests import factories, people
from tests.mail import post
from tickets.actions import merging, side_conversations
from tickets.models import Message, OutboundEmail, Ticket, User
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db
SUPPLIER = "service@supplier.example"


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department, name="Ana Moreira")


@pytest.fixture
def ticket(mailbox):
    return factories.ticket(department=mailbox.department, body="Nobody else shall read this.", auto_response=False)


@pytest.fixture
def side(ticket, agent):
    return side_conversations.start(ticket, by=agent, to=SUPPLIER, subject="Fuser", body="Have you one?")


def sent():
    post.settle()
    return post.sent(post.outgoing("side")[-1])


def answer(**more):
    address = sent()["Reply-To"].addresses[0].addr_spec
    return post.arrive(post.raw(sender=SUPPLIER, to=address, subject="Re: Fuser", body="On Thursday.", **more))


def test_the_third_party_gets_the_question_and_nothing_else(side, ticket):
    mail = sent()
    assert (mail["To"].addresses[0].addr_spec, mail["Subject"]) == (SUPPLIER, "Fuser")
    text = post.text(mail)
    assert "Have you one?" in text
    assert "Nobody else" not in text
    assert "/t/" not in text
    assert mail["References"] is None


def test_the_answer_is_a_note_and_changes_nothing_else(side, ticket):
    before = Ticket.objects.values("state", "waiting_since", "assignee").get(pk=ticket.pk)
    row = answer()
    assert (row.state, row.reason, row.ticket) == ("applied", "side", ticket)
    assert (row.message.kind, row.message.side, row.message.author) == (Message.Kind.NOTE, side, None)
    assert "On Thursday." in row.message.body
    assert Ticket.objects.values("state", "waiting_since", "assignee").get(pk=ticket.pk) == before
    assert not ticket.messages.read_by(ticket.requester).filter(side=side).exists()
    assert not OutboundEmail.objects.filter(recipient=ticket.requester.email).exists()
    assert not User.objects.filter(email=SUPPLIER).exists()


def test_an_answer_that_only_names_our_mail_comes_to_the_same_place(side, mailbox):
    mail = sent()
    row = post.arrive(
        post.raw(sender=SUPPLIER, to=mailbox.address, In_Reply_To=str(mail["Message-ID"]), body="Thursday.")
    )
    assert (row.reason, row.message.side) == ("side", side)


def test_it_goes_on_and_refers_to_what_was_sent(side, agent):
    first = sent()
    side_conversations.say(side, by=agent, body="And two?")
    assert str(first["Message-ID"]) in sent()["References"]


def test_the_same_form_twice_is_one_mail(ticket, agent):
    import uuid

    nonce = uuid.uuid4()
    for _ in range(2):
        side_conversations.start(ticket, by=agent, to=SUPPLIER, body="?", nonce=nonce)
    assert OutboundEmail.objects.filter(kind="side").count() == 1


def test_answers_for_a_merged_ticket_stand_on_its_target(side, ticket, agent, mailbox):
    target = factories.ticket(department=mailbox.department)
    merging.merge(target, by=agent, sources=[ticket])
    assert answer().ticket == target


def test_who_takes_part_is_no_third_party(ticket, agent, mailbox):
    for address in (ticket.requester.email, mailbox.address):
        with pytest.raises(Invalid):
            side_conversations.start(ticket, by=agent, to=address, body="?")


def test_a_reply_to_a_merged_ticket_lands_on_its_target(ticket, agent, mailbox):
    from tickets.actions import conversation

    conversation.reply(ticket, by=agent, body="Which one?")
    post.settle()
    address = post.sent(post.outgoing("reply")[-1])["Reply-To"].addresses[0].addr_spec
    target = factories.ticket(department=mailbox.department)
    merging.merge(target, by=agent, sources=[ticket])
    row = post.arrive(post.raw(sender=ticket.requester.email, to=address, body="The blue one."))
    assert (row.ticket, row.message.kind) == (target, Message.Kind.CUSTOMER)
