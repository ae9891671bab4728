import threading
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories, people
from tests.broker import NOWHERE, broker_at
from tests.mail import post
from tests.mail.sink import Sink
from tests.wait import until
from tickets import outbox
from tickets.actions import conversation
from tickets.mail import health, outbound, relay
from tickets.mail.lanes import lane
from tickets.models import OutboundEmail, RelayHealth, TicketEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings):
    sink = Sink().start()
    settings.SMTP_URL = sink.url
    yield sink
    relay.hang_up()
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
            assert row.next_attempt_at < timezone.now() + timedelta(minutes=minutes) * 1.1, "a tenth more at most"
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
        outbound.sweep()
        assert OutboundEmail.objects.filter(attempt=1).count() == 5
        assert OutboundEmail.objects.filter(attempt=0, state="retry").count() == 2, "they wait for the relay"
        assert health.pause_of("settings")

    def test_after_five_days_it_failed(self, row, sink):
        sink.answers["MAIL"] = "421 4.3.2 Closing"
        created = timezone.now() - timedelta(days=5)
        OutboundEmail.objects.filter(pk=row.pk).update(created_at=created, attempt=100)
        row = delivered(row)
        assert (row.state, row.next_attempt_at) == ("failed", None)

    def test_a_template_that_breaks_is_tried_again(self, row, monkeypatch):
        OutboundEmail.objects.filter(pk=row.pk).update(kind="unheard_of")
        row = delivered(row)
        assert (row.state, row.attempt) == ("retry", 1)
        assert "KeyError" in row.last_error


class TestRelayInTrouble:
    def paused(self) -> RelayHealth:
        health.forget()
        pause = health.pause_of("settings")
        assert pause
        return pause

    def test_five_failures_in_a_row_pause_it_and_each_pause_is_longer(self, row, settings):
        settings.SMTP_URL = "smtp://127.0.0.1:1"
        lengths = []
        for _ in range(3):
            for _ in range(5 if not lengths else 1):
                due_now(row)
                assert not outbound.deliver(row.pk)
            pause = self.paused()
            lengths.append(pause.paused_until - timezone.now())
            RelayHealth.objects.update(paused_until=timezone.now())
            health.forget()
        assert timedelta(seconds=50) < lengths[0] < timedelta(seconds=70)
        assert lengths[0] * 1.5 < lengths[1] < lengths[2]
        assert not pause.is_refused

    def test_while_it_is_paused_nobody_tries_and_no_attempt_is_counted(self, row, sink):
        health.failed("settings", "Who are you?", is_refusal=True)
        row = delivered(row)
        assert (row.state, row.attempt, row.next_attempt_at) == ("retry", 0, self.paused().paused_until)
        assert row.last_error == "Who are you?"
        assert sink.sessions == set()

    def test_it_resumes_by_itself(self, row, sink):
        health.failed("settings", "Who are you?", is_refusal=True)
        delivered(row)
        RelayHealth.objects.update(paused_until=timezone.now())
        health.forget()
        due_now(row)
        assert outbound.sweep() == 1
        assert len(sink.mails) == 1
        assert not RelayHealth.objects.exists()

    def test_a_mail_in_flight_is_marked_when_its_relay_pauses(self, row, sink):
        OutboundEmail.objects.filter(pk=row.pk).update(state="sending")
        health.failed("settings", "Who are you?", is_refusal=True)
        outbound.sweep()
        row = OutboundEmail.objects.get(pk=row.pk)
        assert (row.state, row.is_uncertain) == ("retry", True)

    @pytest.mark.parametrize("step", ["MAIL", "RCPT"])
    def test_what_the_relay_has_against_us_waits_for_an_admin(self, row, sink, step):
        sink.answers[step] = "550 5.7.1 Relay access denied"
        assert not outbound.deliver(row.pk)
        row = OutboundEmail.objects.get(pk=row.pk)
        assert (row.state, row.attempt, row.last_code) == ("retry", 0, 550)
        assert self.paused().is_refused
        assert row.next_attempt_at == self.paused().paused_until

    def test_a_policy_that_only_this_mail_offends_fails_it_in_the_end(self, row, sink):
        sink.answers["DATA"] = "550 5.7.1 Looks like spam"
        for state in ("retry", "retry", "failed"):
            due_now(row)
            assert delivered(row).state == state
        assert not health.paused()

    def test_a_sign_in_that_fails_pauses_it(self, row, sink, settings):
        settings.SMTP_URL = sink.url.replace("//", "//desk:wrong@")
        assert not outbound.deliver(row.pk)
        assert self.paused().is_refused

    def test_admins_are_told_of_a_refusal_once_a_day(self, row, sink):
        admin = people.admin()
        for _ in range(2):
            health.failed("settings", "535 Who are you?", is_refusal=True)
            RelayHealth.objects.update(paused_until=timezone.now())
        (notice,) = post.outgoing("relay_refused")
        assert (notice.recipient, notice.context["why"]) == (admin.email, "535 Who are you?")
        health.forget()
        outbound.sweep()
        assert {mail.state for mail in post.outgoing()} == {"sent"}

    def test_a_refused_recipient_says_that_the_relay_is_well(self, row, sink):
        health.failed("settings", "timed out")
        sink.answers["RCPT"] = "550 5.1.1 No such person"
        delivered(row)
        assert not RelayHealth.objects.exists()


class TestLate:
    def test_the_agent_hears_of_it_once(self, row, sink, agent):
        sink.answers["RCPT"] = "451 4.2.0 Come back later"
        delivered(row)
        assert outbound.tell_of_delays() == 0
        OutboundEmail.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(hours=4))
        assert (outbound.tell_of_delays(), outbound.tell_of_delays()) == (1, 0)
        sink.answers.clear()
        post.settle()
        (notice,) = post.outgoing("mail_delayed")
        assert (notice.recipient, notice.state) == (agent.email, "sent")
        event = TicketEvent.objects.get(kind="mail_delayed")
        assert event.data == {"recipient": row.recipient, "error": "4.2.0 Come back later"}


class TestLanes:
    @pytest.mark.django_db(transaction=True)
    def test_two_mails_at_a_time_for_one_domain(self, row, sink):
        entered, leave = [], threading.Event()

        def occupy() -> None:
            with lane("Customers.Example") as has_room:
                entered.append(has_room)
                leave.wait(30)
            connection.close()

        OutboundEmail.objects.filter(pk=row.pk).update(recipient="tomas@customers.example")
        others = [threading.Thread(target=occupy) for _ in range(2)]
        for other in others:
            other.start()
        try:
            until(lambda: entered == [True, True])
            kept = delivered(row)
            assert (kept.state, kept.attempt, sink.mails) == ("queued", 0, [])
            assert kept.next_attempt_at > timezone.now()
        finally:
            leave.set()
            for other in others:
                other.join()
        due_now(row)
        assert delivered(row).state == "sent"


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
        with ExitStack() as held:
            outbound._claim(row.pk, held)
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

    @pytest.mark.parametrize(("left", "state", "is_uncertain"), [(-1, "retry", True), (60, "sending", False)])
    def test_what_cannot_be_claimed_is_no_surer_than_before(self, row, left, state, is_uncertain):
        """A dead worker may have handed it over; another one may have it right now."""
        until = timezone.now() + timedelta(seconds=left)
        OutboundEmail.objects.filter(pk=row.pk).update(state="sending", attempt=1, lease_until=until)
        outbound._not_claimed(row.pk, OSError("the disk"))
        row.refresh_from_db()
        assert (row.state, row.is_uncertain) == (state, is_uncertain)

    def test_who_lost_the_lease_does_not_overrule(self, row, sink):
        with ExitStack() as held:
            claimed = outbound._claim(row.pk, held)
            due_now(row)
            delivered(row)
            outbound._later(claimed.row, outbound.Trouble("too late"))
        assert OutboundEmail.objects.get(pk=row.pk).state == "sent"


class TestLease:
    def test_it_is_short_and_renewed_while_somebody_works(self, row, sink):
        """Killed within it, the mail is taken up by the first sweep after it: 25 + 15 seconds."""
        with ExitStack() as held:
            claim = outbound._claim(row.pk, held)
            assert relay.SOCKET + outbound._RENEW_AFTER < outbound.LEASE.total_seconds() <= 30
            first = claim.row.lease_until
            claim.keep()
            assert claim.row.lease_until == first, "not yet"
            claim.renewed_at -= outbound._RENEW_AFTER
            claim.keep()
            kept = OutboundEmail.objects.get(pk=row.pk)
            assert first < kept.lease_until == kept.next_attempt_at == claim.row.lease_until

    def test_who_was_away_too_long_sends_nothing(self, row, sink, monkeypatch):
        monkeypatch.setattr(outbound, "_RENEW_AFTER", 0.0)
        with ExitStack() as held:
            claim = outbound._claim(row.pk, held)
            OutboundEmail.objects.filter(pk=row.pk).update(lease_until=timezone.now() + timedelta(hours=1))
            with pytest.raises(outbound.Lost):
                outbound._hand_over(claim)
        assert sink.mails == []

    def test_a_relay_that_thinks_long_is_waited_for(self, row, sink, monkeypatch):
        monkeypatch.setattr(relay, "SOCKET", 1)
        monkeypatch.setattr(outbound, "_RENEW_AFTER", 0.0)
        sink.is_holding = True
        threading.Thread(target=lambda: sink.has_data.wait(30) and sink.accept_after(2), daemon=True).start()
        row = delivered(row)
        assert (row.state, row.attempt, len(sink.mails)) == ("sent", 1, 1)


class TestConnections:
    def test_one_that_broke_is_made_again_at_once(self, row, sink, agent):
        delivered(row)
        sink.drop_everybody()
        conversation.reply(row.ticket, by=agent, body="And?")
        outbound.sweep()
        assert {mail.state for mail in post.outgoing("reply")} == {"sent"}
        assert len(sink.sessions) == 2

    def test_one_carries_so_many_mails(self, row, sink, agent, monkeypatch):
        monkeypatch.setattr(relay, "MAILS_PER_CONNECTION", 2)
        for body in ("And?", "Or?", "Well?"):
            conversation.reply(row.ticket, by=agent, body=body)
        outbound.sweep()
        assert (len(sink.mails), len(sink.sessions)) == (4, 2)

    def test_after_a_refusal_it_serves_the_next_mail(self, row, sink, agent):
        sink.answers["RCPT"] = "550 5.1.1 No such person"
        delivered(row)
        sink.answers.clear()
        conversation.reply(row.ticket, by=agent, body="And?")
        outbound.sweep()
        assert (len(sink.mails), len(sink.sessions)) == (1, 1)


class TestGivenUp:
    def test_what_waits_can_be_cancelled_and_sent_after_all(self, row, sink):
        assert outbound.cancel(row.pk)
        assert outbound.sweep() == 0
        assert outbound.resend(row.pk)
        outbound.sweep()
        assert len(sink.mails) == 1

    def test_what_is_gone_or_under_way_stays(self, row, sink):
        with ExitStack() as held:
            outbound._claim(row.pk, held)
            assert not outbound.cancel(row.pk)
        due_now(row)
        delivered(row)
        assert not outbound.cancel(row.pk)
        assert not outbound.resend(row.pk)


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
