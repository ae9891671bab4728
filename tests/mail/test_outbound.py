from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests import factories, people
from tests.broker import NOWHERE, broker_at
from tests.mail import post
from tests.mail.sink import Sink
from tickets import outbox
from tickets.actions import conversation
from tickets.mail import outbound
from tickets.models import OutboundEmail, TicketEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings):
    sink = Sink().start()
    settings.SMTP_URL = sink.url
    yield sink
    outbound.close_relay()
    sink.stop()


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department)


@pytest.fixture
def row(mailbox, agent) -> OutboundEmail:
    """An agent's reply, waiting to be sent."""
    ticket = factories.ticket(department=mailbox.department, auto_response=False)
    conversation.reply(ticket, by=agent, body="Which printer?\n.\nThe dot above is text.")
    return OutboundEmail.objects.get(kind="reply")


def delivered(row: OutboundEmail) -> OutboundEmail:
    outbound.deliver(row.pk)
    return OutboundEmail.objects.get(pk=row.pk)


def due_now(row: OutboundEmail) -> None:
    OutboundEmail.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())


class TestSent:
    def test_the_relay_gets_the_mail_whole(self, row, sink):
        row = delivered(row)
        ((sender, recipient, mail),) = sink.mails
        assert (row.state, row.attempt, row.last_code, row.next_attempt_at) == ("sent", 1, 250, None)
        assert recipient == row.recipient
        assert sender.startswith("support+")
        assert mail.rstrip() == outbound.blobs.read(row.raw_sha256).rstrip()
        assert "\n.\n" in post.text(post.read(mail)).replace("\r\n", "\n")

    def test_delivering_again_sends_nothing(self, row, sink):
        delivered(row)
        delivered(row)
        assert len(sink.mails) == 1

    def test_one_connection_carries_many_mails(self, row, sink, mailbox, agent):
        for _ in range(3):
            factories.ticket(department=mailbox.department)
        post.settle()
        assert len(sink.mails) == 4
        assert len(sink.sessions) == 1

    def test_a_relay_that_hung_up_is_called_again(self, row, sink, settings):
        delivered(row)
        sink.stop()
        other = Sink().start()
        settings.SMTP_URL = other.url
        conversation.reply(row.ticket, by=row.message.author, body="And?")
        outbound.sweep()
        other.stop()
        assert len(other.mails) == 1

    def test_without_a_relay_it_becomes_a_file(self, row, settings):
        delivered(row)
        mail = post.sent(row)
        assert mail["To"].addresses[0].addr_spec == row.recipient
        assert not list(Path(settings.OUTBOX_DIR).glob(".new-*"))

    def test_a_second_attempt_replaces_the_file(self, row, settings):
        delivered(row)
        first = post.sent(row).as_bytes()
        OutboundEmail.objects.filter(pk=row.pk).update(state="retry", next_attempt_at=timezone.now())
        delivered(row)
        assert post.sent(row).as_bytes() == first
        assert len(list(Path(settings.OUTBOX_DIR).glob(f"{row.pk:08d}-*"))) == 1


class TestRetry:
    def test_the_plan(self, row, sink):
        sink.answers["RCPT"] = "451 4.2.0 Come back later"
        for minutes in (1, 5, 15, 60, 60):
            before = timezone.now()
            row = delivered(row)
            assert row.state == "retry"
            assert before + timedelta(minutes=minutes) <= row.next_attempt_at
            assert row.next_attempt_at < timezone.now() + timedelta(minutes=minutes)
            due_now(row)
        assert (row.last_code, row.attempt) == (451, 5)
        assert "Come back later" in row.last_error

    def test_every_attempt_is_the_same_mail(self, row, sink):
        sink.answers["DATA"] = "450 4.3.0 Not now"
        row = delivered(row)
        sink.answers.clear()
        OutboundEmail.objects.get(pk=row.pk).ticket.department.mailbox.delete()  # what a rendering would show
        due_now(row)
        row = delivered(row)
        assert sink.mails[0][2].rstrip() == outbound.blobs.read(row.raw_sha256).rstrip()
        assert b"support@desk.example" in sink.mails[0][2]

    def test_before_its_time_it_is_not_sent(self, row, sink):
        OutboundEmail.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now() + timedelta(minutes=1))
        assert delivered(row).attempt == 0
        assert sink.mails == []

    def test_nobody_there_is_no_reason_to_give_up(self, row, settings):
        settings.SMTP_URL = "smtp://127.0.0.1:1"
        row = delivered(row)
        assert (row.state, row.last_code) == ("retry", None)
        assert "refused" in row.last_error.lower()

    def test_a_relay_that_does_not_answer_is_left_alone_for_now(self, row, settings):
        settings.SMTP_URL = "smtp://127.0.0.1:1"
        for _ in range(6):
            outbox.enqueue("fresh_link", row.ticket, row.user)
        assert outbound.sweep() == 5
        assert OutboundEmail.objects.filter(state="queued").count() == OutboundEmail.objects.count() - 5

    def test_after_five_days_it_failed(self, row, sink):
        sink.answers["MAIL"] = "421 4.3.2 Closing"
        created = timezone.now() - timedelta(days=5)
        OutboundEmail.objects.filter(pk=row.pk).update(created_at=created, attempt=100)
        row = delivered(row)
        assert (row.state, row.next_attempt_at) == ("failed", None)

    @pytest.mark.parametrize("answer", ["535 5.7.8 Who are you?", "554 5.7.1 Relay access denied"])
    def test_what_the_relay_has_against_us_fails_no_mail(self, row, sink, answer):
        sink.answers["RCPT"] = answer
        assert delivered(row).state == "retry"

    def test_a_template_that_breaks_is_tried_again(self, row, monkeypatch):
        OutboundEmail.objects.filter(pk=row.pk).update(kind="unheard_of")
        row = delivered(row)
        assert (row.state, row.attempt) == ("retry", 1)
        assert "KeyError" in row.last_error


class TestFailed:
    @pytest.mark.parametrize("step", ["RCPT", "DATA"])
    def test_a_5xx_is_final_and_told_to_the_agent(self, row, sink, agent, step):
        sink.answers[step] = "550 5.1.1 No such person"
        row = delivered(row)
        assert (row.state, row.last_code, row.next_attempt_at) == ("failed", 550, None)
        event = TicketEvent.objects.get(kind="mail_failed")
        assert event.data == {"recipient": row.recipient, "error": "5.1.1 No such person"}
        sink.answers.clear()
        post.settle()
        (notice,) = post.outgoing("mail_failed")
        assert (notice.recipient, notice.state) == (agent.email, "sent")

    def test_a_notice_that_fails_is_not_told_of(self, mailbox, sink, agent):
        ticket = factories.ticket(department=mailbox.department)
        outbox.enqueue("mail_failed", ticket, agent)
        sink.answers["RCPT"] = "550 5.1.1 No such person"
        outbound.sweep()
        assert not TicketEvent.objects.filter(kind="mail_failed").exists()

    def test_a_header_that_cannot_be_sent(self, row, sink):
        OutboundEmail.objects.filter(pk=row.pk).update(recipient="no address")
        row = delivered(row)
        assert row.state == "failed"
        assert sink.mails == []

    def test_it_can_be_sent_again(self, row, sink):
        sink.answers["RCPT"] = "550 5.1.1 No such person"
        delivered(row)
        sink.answers.clear()
        outbound.resend(row.pk)
        outbound.sweep()
        assert OutboundEmail.objects.get(pk=row.pk).state == "sent"
        assert len(sink.mails) == 1


class TestUncertain:
    def test_a_worker_that_died_leaves_its_mail_to_the_sweeper(self, row, sink):
        outbound._claim(row.pk)
        assert outbound.sweep() == 0, "the lease still runs"
        due_now(row)
        outbound.sweep()
        row = OutboundEmail.objects.get(pk=row.pk)
        assert (row.state, row.is_uncertain, row.attempt) == ("sent", True, 2)
        assert row.rfc_message_id.encode() in sink.mails[0][2]

    def test_a_lost_answer_means_the_same_mail_again(self, row, sink):
        sink.hangs_up = True
        row = delivered(row)
        assert (row.state, row.is_uncertain) == ("retry", True)
        sink.hangs_up = False
        due_now(row)
        row = delivered(row)
        assert (row.state, row.is_uncertain) == ("sent", True)
        assert sink.mails[0] == sink.mails[1], "receivers can tell that it is the same mail"

    def test_who_lost_the_lease_does_not_overrule(self, row, sink):
        claimed, _raw = outbound._claim(row.pk)
        due_now(row)
        delivered(row)
        outbound._later(claimed, outbound.Trouble("too late"))
        assert OutboundEmail.objects.get(pk=row.pk).state == "sent"


class TestSweep:
    def test_it_sends_what_was_not_nudged(self, row, sink):
        assert outbound.sweep() == 1
        assert outbound.sweep() == 0
        assert len(sink.mails) == 1

    def test_one_that_fails_does_not_hold_up_the_others(self, row, sink, mailbox):
        OutboundEmail.objects.filter(pk=row.pk).update(kind="unheard_of")
        conversation.reply(row.ticket, by=row.message.author, body="And?")
        outbound.sweep()
        assert len(sink.mails) == 1


class TestAddresses:
    @pytest.mark.parametrize("url", ["smtps://u:p%40ss@127.0.0.1:{port}", "smtp+tls://127.0.0.1:{port}"])
    def test_no_mail_goes_out_in_the_clear_when_tls_is_asked_for(self, row, sink, settings, url):
        settings.SMTP_URL = url.format(port=sink.url.rpartition(":")[2])
        assert delivered(row).state == "retry"
        assert sink.mails == []


@pytest.mark.django_db(transaction=True)
def test_sending_again_works_without_a_broker():
    """The button answers; the sweep finds the mail."""
    ticket = factories.ticket()
    outbox.enqueue("closed", ticket, ticket.requester, nudge=False)
    OutboundEmail.objects.update(state=OutboundEmail.State.FAILED, next_attempt_at=None)
    with broker_at(NOWHERE):
        outbound.resend(OutboundEmail.objects.get().pk)
    row = OutboundEmail.objects.get()
    assert (row.state, row.attempt) == (OutboundEmail.State.RETRY, 0)
    assert row.next_attempt_at is not None
