from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets import signing
from tickets.actions import conversation, lifecycle, triage
from tickets.models import Desk, Message, Ticket

pytestmark = pytest.mark.django_db
TOMAS = "tomas@customers.example"


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department)


@pytest.fixture
def ticket(mailbox):
    return post.arrive(post.raw(message_id="<first@customers.example>")).ticket


@pytest.fixture
def reply(ticket, agent):
    """The mail that the requester got for the agent's reply."""
    conversation.reply(ticket, by=agent, body="Which printer?")
    post.settle()
    return post.sent(post.outgoing("reply")[0])


def answer(to: str, **fields: str) -> Message | None:
    return post.arrive(post.raw(to=to, subject="Re: hello", body="The red one.", **fields), to).message


class TestSignedAddress:
    def test_it_leads_to_the_ticket_without_any_other_sign(self, ticket, reply):
        message = answer(reply["Reply-To"])
        assert (message.ticket, message.kind, message.body) == (ticket, "customer", "The red one.")
        assert message.author.email == TOMAS

    def test_in_delivered_to_as_well(self, ticket, reply):
        mail = post.raw(Delivered_To=reply["Reply-To"], subject="Re: hello", body="The red one.")
        assert post.arrive(mail, []).ticket == ticket

    def test_whatever_its_case(self, ticket, reply):
        assert answer(reply["Reply-To"].upper()).ticket == ticket

    def test_a_flipped_bit_is_no_token(self, ticket, reply):
        local, _, domain = reply["Reply-To"].partition("@")
        other = "b" if local[-3] != "b" else "c"
        message = answer(f"{local[:-3]}{other}{local[-2:]}@{domain}")
        assert message.ticket != ticket

    def test_a_stranger_with_the_token_leaves_an_internal_note(self, ticket, reply):
        message = answer(reply["Reply-To"], sender="Mallory <mallory@evil.example>")
        assert (message.ticket, message.kind) == (ticket, Message.Kind.NOTE)
        assert not ticket.messages.visible_to(ticket.requester).filter(pk=message.pk).exists()
        post.settle()
        assert not [row for row in post.outgoing() if row.recipient == "mallory@evil.example"]

    def test_another_participant_speaks_as_himself(self, ticket, reply, agent):
        colleague = people.customer("Lena Vogt", email="lena@customers.example")
        triage.follow(ticket, by=agent, person=colleague)
        message = answer(reply["Reply-To"], sender="lena@customers.example")
        assert (message.kind, message.author) == ("customer", colleague)

    def test_an_agents_address_proves_no_agent(self, ticket, reply, agent):
        for _ in range(2):
            row = post.arrive(post.raw(to=reply["Reply-To"], sender=agent.email), reply["Reply-To"])
            assert (row.state, row.reason, row.message) == ("suspended", "unauthenticated_email_update", None)
            triage.follow(ticket, by=agent, person=agent)
        post.settle()
        assert [mail for mail in post.outgoing() if mail.recipient == agent.email] == []

    def test_another_proved_address_of_the_same_person_is_theirs(self, ticket, reply):
        EmailAddress.objects.create(user=ticket.requester, email="tomas@home.example", verified=True)
        message = answer(reply["Reply-To"], sender="Tomas <tomas@home.example>")
        assert (message.kind, message.author, message.ticket) == ("customer", ticket.requester, ticket)

    def test_an_unproved_one_is_not(self, ticket, reply):
        EmailAddress.objects.create(user=ticket.requester, email="tomas@home.example", verified=False)
        assert answer(reply["Reply-To"], sender="tomas@home.example").kind == Message.Kind.NOTE

    def test_one_older_than_the_desk_allows_opens_a_ticket_that_points_back(self, ticket, reply):
        old = timezone.now().date() - timedelta(days=Desk.current().reply_by_mail_days + 15)
        address = signing.reply_address(signing.key(), ticket.pk, ticket.requester_id, "desk.example", made=old)
        message = answer(address)
        assert message.ticket != ticket
        assert message.ticket.follow_up_of == ticket
        assert answer(address, sender="mallory@evil.example").ticket.follow_up_of is None

    def test_of_two_tickets_named_the_token_wins_and_the_other_is_recorded(self, ticket, reply, agent):
        other = post.arrive(post.raw()).ticket
        conversation.reply(other, by=agent, body="And this?")
        post.settle()
        theirs = post.sent(post.outgoing("reply")[-1])
        row = post.arrive(post.raw(In_Reply_To=theirs["Message-ID"], body="Both."), reply["Reply-To"])
        assert (row.ticket, row.reason) == (ticket, "address")
        assert other.number in row.detail

    def test_machine_mail_to_it_is_for_agents_only(self, ticket, reply):
        row = post.arrive(post.raw(sender="noreply@chat.example", subject="Your code is 123456"), reply["Reply-To"])
        assert (row.ticket, row.message.is_machine) == (ticket, True)
        assert not ticket.messages.visible_to(ticket.requester).filter(pk=row.message.pk).exists()

    def test_a_ticket_in_the_trash_is_found_by_nothing(self, ticket, reply):
        lifecycle.trash(ticket, by=people.admin())
        message = answer(reply["Reply-To"], In_Reply_To=reply["Message-ID"])
        assert message.ticket != ticket

    def test_it_wins_over_everything_else_in_the_mail(self, ticket, reply, mailbox):
        other = post.arrive(post.raw(message_id="<other@customers.example>")).ticket
        message = answer(
            reply["Reply-To"], In_Reply_To="<other@customers.example>", References="<other@customers.example>"
        )
        assert message.ticket == ticket != other


class TestMessageIds:
    def test_our_own_in_in_reply_to(self, ticket, reply):
        assert answer("support@desk.example", In_Reply_To=reply["Message-ID"]).ticket == ticket

    def test_our_own_among_the_references(self, ticket, reply):
        references = f"<x@y.example> {reply['Message-ID']} <z@y.example>"
        assert answer("support@desk.example", References=references).ticket == ticket

    def test_a_forged_one_is_none(self, ticket, reply):
        forged = f"<hd.{'a' * 40}@desk.example>"
        assert answer("support@desk.example", In_Reply_To=forged).ticket != ticket

    def test_one_altered_to_another_ticket_is_none(self, ticket, mailbox):
        key = signing.Key(signing.key().id, b"not the desk's own secret at all")
        forged = signing.message_id(key, 1, ticket.pk, "desk.example")
        assert answer("support@desk.example", In_Reply_To=forged).ticket != ticket

    def test_a_customers_own_earlier_one(self, ticket):
        assert answer("support@desk.example", In_Reply_To="<first@customers.example>").ticket == ticket

    def test_a_customers_earlier_one_proves_nothing_for_strangers(self, ticket):
        message = answer("support@desk.example", In_Reply_To="<first@customers.example>", sender="mallory@evil.example")
        assert message.ticket != ticket


class TestSubjectTag:
    def mail(self, ticket: Ticket, sender: str = TOMAS) -> Message:
        return post.arrive(post.raw(subject=f"Re: [#{ticket.number}] hello", sender=sender, body="Red.")).message

    def test_alone_it_opens_a_new_ticket_that_points_to_the_one_named(self, ticket, agent):
        lifecycle.resolve(ticket, by=agent)
        message = self.mail(ticket)
        assert message.ticket != ticket
        assert message.ticket.follow_up_of == ticket
        assert message.ticket.requester.email == TOMAS
        assert Ticket.objects.get(pk=ticket.pk).state == "resolved"
        assert ticket.messages.count() == 1
        assert not ticket.events.filter(kind__in=["received", "reopened", "follow_up"]).exists()

    def test_the_same_mail_by_two_ways_opens_one(self, ticket, mailbox):
        mail = post.raw(subject=f"Re: [#{ticket.number}] hello", message_id="<twice@customers.example>")
        first = post.arrive(mail)
        second = post.arrive(mail + b"\r\n", "other@desk.example")
        assert (second.state, second.reason, second.ticket) == ("rejected", "duplicate", first.ticket)

    def test_it_is_enough_for_machine_mail_which_changes_nothing(self, ticket):
        row = post.arrive(post.raw(subject=f"Automatic reply: [#{ticket.number}] hello"))
        assert (row.ticket, row.message.is_machine) == (ticket, True)

    def test_not_for_strangers(self, ticket):
        found = self.mail(ticket, "mallory@evil.example").ticket
        assert found != ticket
        assert found.follow_up_of is None

    def test_it_is_enough_for_a_sender_whom_our_server_has_proved(self, ticket, settings):
        settings.MAIL_AUTHSERV_ID = "mx.desk.example"
        row = post.arrive(post.raw(
            subject=f"Re: [#{ticket.number}] hello", body="Red.",
            Authentication_Results="mx.desk.example; dmarc=pass header.from=customers.example",
        ))  # fmt: skip
        assert (row.ticket, row.reason, row.verdict) == (ticket, "subject", "verified")


class TestLimits:
    def test_no_more_than_fifty_ids_are_looked_at(self, ticket):
        many = " ".join(f"<{number}@elsewhere.example>" for number in range(60))
        message = answer("support@desk.example", In_Reply_To=f"{many} <first@customers.example>")
        assert message.ticket != ticket


class TestStates:
    """The lifecycle decides, not the mail: see the actions' own tests for all of it."""

    def test_a_resolved_ticket_comes_back(self, ticket, reply, agent):
        lifecycle.resolve(ticket, by=agent)
        answer(reply["Reply-To"])
        assert Ticket.objects.get(pk=ticket.pk).state == "reopened"

    def test_an_old_closed_one_gets_a_follow_up(self, ticket, reply, agent):
        lifecycle.close(ticket, by=agent)
        factories.age(ticket, days=100)
        message = answer(reply["Reply-To"])
        assert message.ticket.follow_up_of == ticket
        assert Ticket.objects.get(pk=ticket.pk).state == "closed"

    def test_an_absence_note_brings_nothing_back(self, ticket, reply, agent):
        lifecycle.resolve(ticket, by=agent)
        post.settle()
        count = len(post.outgoing())
        for number in range(5):
            post.arrive(post.raw(subject="Automatic reply: away", Auto_Submitted="auto-replied", X_N=str(number)),
                        reply["Reply-To"])  # fmt: skip
        post.settle()
        assert Ticket.objects.get(pk=ticket.pk).state == "resolved"
        assert ticket.messages.filter(is_machine=True).count() == 5
        assert len(post.outgoing()) == count


class TestFollowUps:
    """Mail on a ticket that is over opens another one, within the limits of new tickets."""

    @pytest.fixture
    def over(self, ticket, agent, reply):
        lifecycle.close(ticket, by=agent)
        factories.age(ticket, days=30)
        return ticket

    def test_they_count_as_new_tickets(self, over, reply, monkeypatch):
        monkeypatch.setattr("tickets.mail.placing.NEW_TICKETS", [(2, 86400)])
        states = [post.arrive(post.raw(to=reply["Reply-To"], body=f"Again {n}."), reply["Reply-To"]) for n in range(3)]
        assert [row.state for row in states] == ["applied", "suspended", "suspended"]  # the first ticket counted too
        assert over.follow_ups.count() == 1

    def test_a_sender_who_wants_no_automatic_mail_gets_none(self, over, reply):
        row = post.arrive(
            post.raw(to=reply["Reply-To"], body="Again.", X_Auto_Response_Suppress="All"), reply["Reply-To"]
        )
        assert row.ticket.follow_up_of == over
        assert row.ticket.events.get(kind="opened").data["auto_response"] is False
