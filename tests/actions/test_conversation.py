from __future__ import annotations

import uuid

import pytest

from tests import factories, people
from tickets.actions import conversation, lifecycle, triage
from tickets.actions.writing import Upload
from tickets.models import Attachment, Desk, Message, OutboundEmail, Status, Ticket, User
from tickets.refusals import IllegalTransition, Invalid, NotAllowed, OutdatedReply

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return factories.department()


@pytest.fixture
def ana(department) -> User:
    return people.agent(department)


@pytest.fixture
def ticket(department) -> Ticket:
    return factories.ticket(department=department)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


class TestReply:
    def test_it_goes_to_the_requester_and_everybody_in_copy(self, ticket: Ticket, ana: User) -> None:
        colleague = people.customer("Mei Tanaka")
        triage.follow(ticket, by=ana, person=colleague)
        message = conversation.reply(ticket, by=ana, body="Hello both.")
        assert message.recipients == {"to": [ticket.requester.email], "cc": [colleague.email]}
        mails = OutboundEmail.objects.filter(message=message)
        assert {mail.recipient for mail in mails} == {ticket.requester.email, colleague.email}
        assert not any(mail.is_automatic for mail in mails)

    def test_agents_who_follow_get_no_customer_mail(self, ticket: Ticket, ana: User, department) -> None:
        triage.follow(ticket, by=ana, person=people.agent(department))
        message = conversation.reply(ticket, by=ana, body="Hello.")
        assert OutboundEmail.objects.filter(message=message).count() == 1

    def test_it_claims_an_unassigned_ticket(self, ticket: Ticket, ana: User) -> None:
        conversation.reply(ticket, by=ana, body="Mine.")
        assert fresh(ticket).assignee == ana

    def test_claiming_can_be_switched_off(self, ticket: Ticket, ana: User) -> None:
        Desk.objects.update_or_create(pk=1, defaults={"claim_on_reply": False})
        conversation.reply(ticket, by=ana, body="Not mine.")
        assert fresh(ticket).assignee is None

    def test_it_ends_the_waiting_and_shows_in_the_list(self, ticket: Ticket, ana: User) -> None:
        conversation.reply(ticket, by=ana, body="One\n\ntwo   three")
        ticket = fresh(ticket)
        assert ticket.waiting_since is None
        assert (ticket.last_message_preview, ticket.last_message_by) == ("One two three", ana.name)
        assert ticket.message_count == 2

    def test_the_same_form_again_is_the_same_message(self, ticket: Ticket, ana: User) -> None:
        nonce = uuid.uuid4()
        first = conversation.reply(ticket, by=ana, body="Once.", nonce=nonce)
        again = conversation.reply(ticket, by=ana, body="Once.", nonce=nonce)
        assert first == again
        assert ticket.events.filter(kind="replied").count() == 1

    def test_an_outdated_reply_is_held(self, ticket: Ticket, ana: User) -> None:
        seen = ticket.messages.latest("pk").pk
        conversation.receive(ticket, by=ticket.requester, body="Wait, there is more.", source="web")
        with pytest.raises(OutdatedReply):
            conversation.reply(ticket, by=ana, body="Too early.", seen=seen)
        assert not ticket.messages.filter(kind="reply").exists()
        assert not OutboundEmail.objects.filter(ticket=ticket, kind="reply").exists()

    def test_ones_own_last_message_outdates_nothing(self, ticket: Ticket, ana: User) -> None:
        seen = ticket.messages.latest("pk").pk
        conversation.reply(ticket, by=ana, body="First.", seen=seen)
        conversation.reply(ticket, by=ana, body="Second.", seen=seen)
        assert ticket.messages.filter(kind="reply").count() == 2

    def test_it_can_set_a_status_of_the_new_state(self, ticket: Ticket, ana: User) -> None:
        parked = Status.objects.create(slug="parked", label="Parked", state="in_progress")
        conversation.reply(ticket, by=ana, body="Parked.", status=parked)
        assert fresh(ticket).status == parked

    def test_a_status_of_another_state_is_refused_whole(self, ticket: Ticket, ana: User) -> None:
        wrong = Status.objects.create(slug="fresh", label="Fresh", state="new")
        with pytest.raises(Invalid) as refusal:
            conversation.reply(ticket, by=ana, body="Hm.", status=wrong)
        assert "Fresh" in refusal.value.errors["status"]
        assert fresh(ticket).state == "new"
        assert not ticket.messages.filter(kind="reply").exists()

    @pytest.mark.parametrize("state", ["resolved", "closed"])
    def test_a_finished_ticket_takes_none(self, state: str, department, ana: User) -> None:
        ticket = factories.ticket_in(state, ana, department=department)
        with pytest.raises(IllegalTransition) as refusal:
            conversation.reply(ticket, by=ana, body="Late.")
        assert "reopen" in refusal.value.allowed

    @pytest.mark.parametrize("body", ["", "   \n ", "\x00\x00"])
    def test_nothing_to_say_is_refused(self, ticket: Ticket, ana: User, body: str) -> None:
        with pytest.raises(Invalid) as refusal:
            conversation.reply(ticket, by=ana, body=body)
        assert list(refusal.value.errors) == ["body"]


class TestNote:
    def test_customers_never_see_it(self, ticket: Ticket, ana: User) -> None:
        conversation.note(ticket, by=ana, body="Canary 7261: he is difficult.")
        assert not ticket.messages.visible_to(ticket.requester).filter(kind="note").exists()
        assert "7261" not in fresh(ticket).last_message_preview
        assert not OutboundEmail.objects.filter(ticket=ticket).exists()

    def test_it_leaves_state_and_assignee(self, ticket: Ticket, ana: User) -> None:
        conversation.note(ticket, by=ana, body="Hm.")
        assert (fresh(ticket).state, fresh(ticket).assignee) == ("new", None)

    def test_a_closed_ticket_takes_none(self, department, ana: User) -> None:
        ticket = factories.ticket_in("closed", ana, department=department)
        with pytest.raises(IllegalTransition):
            conversation.note(ticket, by=ana, body="Late.")

    def test_readers_write_none(self, ticket: Ticket, department) -> None:
        with pytest.raises(NotAllowed):
            conversation.note(ticket, by=people.reader(department), body="Hm.")


class TestReceive:
    def test_it_reopens_a_resolved_ticket_to_its_assignee(self, department, ana: User) -> None:
        ticket = factories.ticket_in("resolved", ana, department=department)
        conversation.receive(ticket, by=ticket.requester, body="Still broken.", source="web")
        ticket = fresh(ticket)
        assert (ticket.state, ticket.assignee, ticket.reopen_count) == ("reopened", ana, 1)
        assert ticket.auto_close_at is None

    def test_an_agent_who_left_does_not_get_it_back(self, department, ana: User) -> None:
        ticket = factories.ticket_in("resolved", ana, department=department)
        ana.is_available = False
        ana.save()
        conversation.receive(ticket, by=ticket.requester, body="Still broken.", source="web")
        assert fresh(ticket).assignee is None

    def test_outside_the_window_it_opens_a_follow_up(self, department, ana: User) -> None:
        ticket = factories.ticket_in("closed", ana, department=department)
        factories.age(ticket, days=15)
        message = conversation.receive(ticket, by=ticket.requester, body="It is back.", source="email")
        assert message.ticket.follow_up_of == ticket
        assert message.ticket.state == "new"
        assert fresh(ticket).state == "closed"
        assert ticket.events.filter(kind="follow_up").count() == 1

    @pytest.mark.parametrize("where", ["department", "help_topic"])
    def test_reopening_can_be_forbidden(self, where: str, department, ana: User) -> None:
        topic = factories.help_topic(department)
        ticket = factories.ticket_in("closed", ana, department=department, help_topic=topic)
        place = {"department": department, "help_topic": topic}[where]
        place.allow_reopen = False
        place.save()
        assert conversation.receive(ticket, by=ticket.requester, body="Again.", source="web").ticket != ticket

    def test_an_archived_ticket_stays_archived_and_nothing_is_lost(self, department, ana: User) -> None:
        ticket = factories.ticket_in("closed", ana, department=department)
        lifecycle.archive(ticket, by=people.admin())
        message = conversation.receive(ticket, by=ticket.requester, body="Hello again.", source="email")
        assert fresh(ticket).archived_at is not None
        assert message.ticket.follow_up_of == ticket
        assert message.body == "Hello again."

    def test_the_same_follow_up_form_again_opens_one_ticket(self, department, ana: User) -> None:
        ticket = factories.ticket_in("closed", ana, department=department)
        factories.age(ticket, days=15)
        nonce = uuid.uuid4()
        first = conversation.receive(ticket, by=ticket.requester, body="Once.", source="web", nonce=nonce)
        again = conversation.receive(ticket, by=ticket.requester, body="Once.", source="web", nonce=nonce)
        assert first == again
        assert ticket.follow_ups.count() == 1

    def test_strangers_are_refused(self, ticket: Ticket) -> None:
        with pytest.raises(NotAllowed):
            conversation.receive(ticket, by=people.customer(), body="Me too.", source="web")


class TestMachineMail:
    def test_it_is_kept_but_changes_nothing(self, department, ana: User) -> None:
        ticket = factories.ticket_in("resolved", ana, department=department)
        before = fresh(ticket)
        conversation.attach_machine_mail(ticket, sender=ticket.requester, body="I am on vacation.")
        after = fresh(ticket)
        assert after.state == "resolved"
        assert after.last_message_preview == before.last_message_preview
        assert after.waiting_since is None
        assert not ticket.messages.visible_to(ticket.requester).filter(is_machine=True).exists()


class TestUnverified:
    def test_it_becomes_a_note_for_agents(self, ticket: Ticket) -> None:
        stranger = people.customer("Mallory")
        message = conversation.attach_unverified(ticket, sender=stranger, body="Give me the code.")
        assert message.kind == Message.Kind.NOTE
        assert not Ticket.objects.visible_to(stranger).filter(pk=ticket.pk).exists()
        assert not OutboundEmail.objects.filter(ticket=ticket).exists()


class TestFiles:
    def test_bytes_lie_under_their_hash_and_the_name_is_only_shown(self, ticket: Ticket, ana: User) -> None:
        upload = Upload("../../etc/pass\u202ewd\r\n.txt", b"hello", "text/plain")
        conversation.note(ticket, by=ana, body="See.", attachments=[upload])
        row = Attachment.objects.get()
        assert row.name == "passwd.txt"
        assert row.size == 5
        assert row.sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    def test_a_file_too_large_undoes_the_message(self, ticket: Ticket, ana: User, settings) -> None:
        settings.MAX_ATTACHMENT = 4
        with pytest.raises(Invalid) as refusal:
            conversation.note(ticket, by=ana, body="See.", attachments=[Upload("big.bin", b"12345")])
        assert "big.bin" in refusal.value.errors["attachments"]
        assert ticket.messages.count() == 1

    def test_files_alone_are_a_message(self, ticket: Ticket) -> None:
        upload = Upload("scan.pdf", b"%PDF", "application/pdf")
        message = conversation.receive(ticket, by=ticket.requester, body="", source="web", attachments=[upload])
        assert message.attachments.count() == 1

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("C:\\Users\\me\\report.doc", "report.doc"),
            ("a/b/c.txt", "c.txt"),
            ("", "file"),
            ("...", "file"),
            ("naïve café.png", "naïve café.png"),
            ('x".txt', "x.txt"),
            ("\u200b\u200bzero.txt", "zero.txt"),
            ("é" * 300 + ".txt", "é" * 98 + ".txt"),
        ],
    )
    def test_names_are_made_safe(self, given: str, shown: str) -> None:
        from tickets.actions.writing import safe_name

        assert safe_name(given) == shown
