import contextlib
import os
import resource
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from helpdesk.celery import app
from tests import factories, people
from tests.mail import post
from tickets import blobs
from tickets.mail import inbound
from tickets.mail.mime import Limits
from tickets.models import InboundEmail, Ticket, User

pytestmark = pytest.mark.django_db


def state(row: InboundEmail) -> tuple[str, str]:
    return row.state, row.reason


class TestNewTicket:
    def test_a_mail_opens_a_ticket_for_its_sender(self, mailbox):
        row = post.arrive(post.raw())
        ticket = row.ticket
        assert state(row) == ("applied", "new")
        assert (ticket.subject, ticket.source, ticket.state) == ("The printer is on fire", "email", "new")
        assert (ticket.requester.email, ticket.requester.name) == ("tomas@customers.example", "Tomás Herrera")
        assert ticket.department == mailbox.department
        assert row.message.body == "It burns.\nPlease come."
        assert (row.sender, row.subject, row.mailbox) == ("tomas@customers.example", ticket.subject, mailbox)

    def test_the_mailbox_routes_by_help_topic(self, mailbox):
        mailbox.help_topic = factories.help_topic(mailbox.department, assignee=people.agent(mailbox.department))
        mailbox.save()
        ticket = post.arrive(post.raw()).ticket
        assert (ticket.help_topic, ticket.assignee) == (mailbox.help_topic, mailbox.help_topic.assignee)

    def test_a_part_after_a_plus_belongs_to_the_mailbox(self, mailbox):
        assert post.arrive(post.raw(), "Support+anything@Desk.example").mailbox == mailbox

    def test_the_header_tells_the_mailbox_when_the_envelope_does_not(self, mailbox):
        assert post.arrive(post.raw(to="Help <SUPPORT@desk.example>"), []).mailbox == mailbox

    def test_without_any_mailbox_the_default_department_takes_it(self):
        department = factories.department()
        assert post.arrive(post.raw()).ticket.department == department

    def test_without_a_department_it_waits_for_one(self):
        row = post.arrive(post.raw())
        assert (state(row), row.attempts) == (("stored", "no_department"), 0)
        assert "department" in row.detail
        assert inbound.sweep() == 0
        factories.department()
        assert inbound.sweep() == 1
        row.refresh_from_db()
        assert state(row) == ("applied", "new")

    def test_people_in_copy_are_not_added(self, mailbox):
        ticket = post.arrive(post.raw(Cc=", ".join(f"p{n}@other.example" for n in range(200)))).ticket
        assert not ticket.followers.exists()
        assert not User.objects.filter(email__endswith="@other.example").exists()

    def test_a_known_person_keeps_the_name_the_desk_knows(self, mailbox):
        people.customer("Tomás Herrera Ruiz", email="tomas@customers.example")
        assert post.arrive(post.raw(sender='"Evil" <tomas@customers.example>')).ticket.requester_name == (
            "Tomás Herrera Ruiz"
        )

    def test_a_name_that_pretends_to_be_an_address_is_not_taken(self, mailbox):
        row = post.arrive(post.raw(sender='"admin@corp.example" <evil@x.example>'))
        assert (row.ticket.requester.name, row.ticket.requester_name) == ("", "evil")

    def test_empty_subject_and_body_get_words_of_ours(self, mailbox):
        row = post.arrive(post.raw(subject="", body=""))
        assert (row.ticket.subject, row.message.body) == ("(no subject)", "(This mail has no text.)")

    def test_nul_and_other_unseen_signs_are_left_out(self, mailbox):
        row = post.arrive(post.raw(subject="a\x00b", body="one\x00 two\u202e three"))
        assert row.state == "applied"
        assert "\x00" not in row.ticket.subject + row.message.body
        assert "\u202e" not in row.message.body

    def test_a_very_long_text_is_kept_whole_as_a_file(self, mailbox):
        message = post.arrive(post.raw(body="word " * 300_000)).message
        assert len(message.body) <= 1_000_000
        assert [file.name for file in message.attachments.all()] == ["message.txt"]

    def test_quotes_and_signature_are_folded_and_fit_the_stored_text(self, mailbox):
        body = "  Yes, please.\r\n\r\nOn Mon, 2 Mar 2026 at 10:00, Ana <a@desk.example> wrote:\r\n> Shall we?\r\n"
        message = post.arrive(post.raw(body=body)).message
        (start, end), *_ = message.folded
        assert message.body[:start].strip() == "Yes, please."
        assert message.body[start:end].lstrip().startswith("On Mon")
        assert message.ticket.last_message_preview == "Yes, please."

    def test_html_is_stored_clean_with_its_pictures_under_our_address(self, mailbox):
        message = post.arrive(_with_picture()).message
        picture = message.attachments.get()
        assert "<script" not in message.html
        assert "tracker.example/pixel" not in message.html.replace("data-blocked", "").split("src=")[1].split(">")[0]
        assert f'src="/attachments/{picture.key}/"' in message.html
        assert (picture.content_id, picture.is_inline) == ("logo@x", True)

    def test_html_that_cannot_be_shown_is_a_file_and_agents_are_told(self, mailbox):
        html = f"<p title='{'x' * Limits().html}'>needle</p>"
        message = post.arrive(post.raw(body=html, Content_Type="text/html")).message
        assert (message.html, [file.name for file in message.attachments.all()]) == ("", ["message.html"])
        assert "attached as a file" in message.body
        assert message.origin["flags"] == ["html_as_file"]

    def test_attachments_are_kept_under_safe_names(self, mailbox):
        message = post.arrive(_with_file("../../etc/passwd")).message
        file = message.attachments.get()
        assert (file.name, blobs.read(file.sha256)) == ("passwd", b"root:x")

    def test_a_mail_without_a_message_id_gets_one(self, mailbox):
        row = post.arrive(post.raw(message_id=None))
        assert row.state == "applied"
        assert ".intake@" in row.rfc_message_id

    def test_a_sender_who_forbids_machines_gets_no_auto_response(self, mailbox):
        ticket = post.arrive(post.raw(X_Auto_Response_Suppress="All")).ticket
        post.settle()
        assert ticket is not None
        assert post.outgoing("auto_response") == []


class TestSuspended:
    @pytest.mark.parametrize(
        ("mail", "reason"),
        [
            (b"", "malformed"),
            (b"Subject: x\r\n\r\nno sender\r\n", "no_from"),
            (post.raw(sender="a@x.example, b@x.example"), "several_from"),
            (post.raw(sender="nobody"), "bad_from"),
            (post.raw(sender="Store <no-reply@shop.example>"), "auto_mailer"),
            (post.raw(Auto_Submitted="auto-generated"), "auto_mailer"),
            (post.raw(List_Id="<news.shop.example>"), "auto_mailer"),
            (post.raw(sender="Mail <mailer-daemon@mx.example>", subject="Undelivered mail", Return_Path="<>"),
             "auto_mailer"),
            (post.raw(sender="support@desk.example"), "from_support_address"),
        ],
    )  # fmt: skip
    def test_unfit_mail_says_why_and_is_kept_byte_by_byte(self, mailbox, mail, reason):
        row = post.arrive(mail)
        assert state(row) == ("suspended", reason)
        assert blobs.read(row.raw_sha256) == mail
        assert row.next_attempt_at is None
        assert not Ticket.objects.exists()
        post.settle()
        assert post.outgoing() == []

    def test_a_person_who_is_switched_off(self, mailbox):
        people.customer(email="tomas@customers.example", is_active=False)
        assert state(post.arrive(post.raw())) == ("suspended", "sender_disabled")

    def test_one_sender_opens_ten_tickets_in_ten_minutes_and_others_are_not_held_up(self, mailbox):
        rows = [post.arrive(post.raw(subject=f"Number {n}")) for n in range(12)]
        assert [row.reason for row in rows] == ["new"] * 10 + ["too_many"] * 2
        assert post.arrive(post.raw(sender="other@customers.example")).reason == "new"

    def test_too_large_a_mail_is_kept_but_not_read(self, mailbox):
        row = post.arrive(post.raw(body="x" * Limits().size))
        assert state(row) == ("suspended", "too_large")
        assert row.sender == "tomas@customers.example"


class TestRejected:
    def test_our_own_mail(self, mailbox, caplog):
        factories.ticket(department=mailbox.department)
        post.settle()
        (row,) = post.outgoing("auto_response")
        ours = blobs.read(post.OutboundEmail.objects.get(pk=row.pk).raw_sha256)
        with caplog.at_level("ERROR", "tickets.mail.inbound"):
            assert state(post.arrive(ours)) == ("rejected", "own_mail")
            assert state(post.arrive(ours, "elsewhere@desk.example")) == ("rejected", "own_mail")
        assert len(caplog.records) == 1, "said once, not for every mail of a loop"

    def test_our_own_message_id_from_our_own_address(self, mailbox):
        factories.ticket(department=mailbox.department)
        post.settle()
        (row,) = post.outgoing("auto_response")
        stripped = post.raw(sender="support@desk.example", message_id=row.rfc_message_id)
        assert state(post.arrive(stripped)) == ("rejected", "own_mail")

    def test_the_same_mail_through_two_of_our_addresses(self, mailbox):
        factories.mailbox(mailbox.department, address="sales@desk.example")
        first = post.arrive(post.raw(message_id="<one@x>", Received="from a"))
        second = post.arrive(post.raw(message_id="<one@x>", Received="from b"), "sales@desk.example")
        assert state(second) == ("rejected", "duplicate")
        assert (second.ticket, Ticket.objects.count()) == (first.ticket, 1)

    def test_a_message_id_used_again_for_something_else_is_another_mail(self, mailbox):
        post.arrive(post.raw(message_id="<one@x>"))
        again = post.arrive(post.raw(message_id="<one@x>", body="Now the scanner burns, too."))
        stranger = post.arrive(post.raw(message_id="<one@x>", sender="other@customers.example"))
        assert [again.reason, stranger.reason] == ["new", "new"]


class TestTrouble:
    """What raises is tried again, at most three times, and stands there for an admin afterwards."""

    @pytest.fixture
    def broken(self, mailbox, monkeypatch):
        """The blob is gone: as real a trouble of our own as there is."""
        row = post.store(post.raw(), source="smtp", envelope_to=["support@desk.example"])
        InboundEmail.objects.filter(pk=row.pk).update(raw_sha256="0" * 64)
        return InboundEmail.objects.get(pk=row.pk)

    def due_now(self, row: InboundEmail) -> None:
        InboundEmail.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())

    def test_it_is_put_off_then_given_up(self, broken):
        for attempt, minutes in [(1, 1), (2, 10)]:
            before = timezone.now()
            inbound.apply(broken.pk)
            broken.refresh_from_db()
            assert (broken.state, broken.attempts) == ("stored", attempt)
            assert broken.next_attempt_at >= before + timedelta(minutes=minutes)
            self.due_now(broken)
        inbound.apply(broken.pk)
        broken.refresh_from_db()
        assert (broken.state, broken.reason, broken.next_attempt_at) == ("failed", "error", None)
        assert "FileNotFoundError" in broken.detail

    def test_before_its_time_nothing_happens(self, broken):
        inbound.apply(broken.pk)
        inbound.apply(broken.pk)
        broken.refresh_from_db()
        assert broken.attempts == 1

    def test_what_a_dead_worker_left_is_taken_up_within_45_seconds(self, broken):
        assert inbound._claim(broken.pk)
        broken.refresh_from_db()
        next_sweep = timedelta(seconds=app.conf.beat_schedule["inbound mail"]["schedule"])
        assert timedelta(seconds=20) < broken.next_attempt_at + next_sweep - timezone.now() < timedelta(seconds=45)

    @pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
    def test_a_full_disk_uses_up_no_attempt_for_a_day(self, mailbox):
        row = post.store(
            _with_file("note.txt", os.urandom(8).hex()), source="smtp", envelope_to=["support@desk.example"]
        )
        with full_disk():
            for _ in range(5):
                inbound.apply(row.pk)
                row.refresh_from_db()
                assert (row.state, row.attempts) == ("stored", 0)
                assert "File too large" in row.detail
                self.due_now(row)
            InboundEmail.objects.filter(pk=row.pk).update(received_at=timezone.now() - timedelta(days=2))
            inbound.apply(row.pk)
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("stored", 1)
        self.due_now(row)
        inbound.apply(row.pk)
        row.refresh_from_db()
        assert row.state == "applied"

    def test_a_mail_that_kills_its_worker_three_times_is_given_up(self, broken):
        InboundEmail.objects.filter(pk=broken.pk).update(attempts=3)
        inbound.apply(broken.pk)
        broken.refresh_from_db()
        assert (broken.state, broken.reason) == ("failed", "gave_up")

    def test_an_admin_can_try_again(self, broken):
        good = post.store(post.raw(), source="smtp", envelope_to=["elsewhere@desk.example"])
        InboundEmail.objects.filter(pk=broken.pk).update(state="failed", attempts=3, raw_sha256=good.raw_sha256)
        inbound.retry(broken.pk)
        broken.refresh_from_db()
        assert broken.state == "applied"

    def test_nothing_half_done_stays(self, mailbox, settings):
        settings.MAX_ATTACHMENT = 3
        row = post.arrive(_with_file("large.txt"))
        assert (row.state, row.reason) == ("suspended", "refused")
        assert "large.txt" in row.detail
        assert not Ticket.objects.exists()


class TestSweep:
    def test_it_finds_what_was_not_nudged(self, mailbox):
        rows = [post.store(post.raw(), source="smtp", envelope_to=["support@desk.example"]) for _ in range(3)]
        assert inbound.sweep() == 3
        assert {InboundEmail.objects.get(pk=row.pk).state for row in rows} == {"applied"}
        assert inbound.sweep() == 0

    def test_one_that_raises_does_not_hold_up_the_others(self, mailbox):
        bad, good = (post.store(post.raw(), source="smtp", envelope_to=["support@desk.example"]) for _ in range(2))
        InboundEmail.objects.filter(pk=bad.pk).update(raw_sha256="0" * 64)
        inbound.sweep()
        assert InboundEmail.objects.get(pk=good.pk).state == "applied"

    def test_applying_twice_makes_one_ticket(self, mailbox):
        row = post.arrive(post.raw())
        inbound.apply(row.pk)
        assert Ticket.objects.count() == 1


def _with_picture() -> bytes:
    html = '<p>See <script>x()</script><img src="cid:logo@x"><img src="https://tracker.example/pixel"></p>'
    head = post.raw(body="").replace(b"text/plain; charset=utf-8", b'multipart/related; boundary="b"')
    return (
        head
        + (
            f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n"
            "--b\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\n"
            "Content-Disposition: inline; filename=logo.png\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"
        ).encode()
    )


@contextlib.contextmanager
def full_disk():
    """No file of this process can grow any more."""
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))


def _with_file(name: str, text: str = "root:x") -> bytes:
    head = post.raw(body="").replace(b"text/plain; charset=utf-8", b'multipart/mixed; boundary="b"')
    return (
        head
        + (
            "--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
            f'--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'
            f"{text}\r\n--b--\r\n"
        ).encode()
    )


def test_a_signed_mail_is_known_as_such(mailbox):
    row = post.arrive(post.raw(Content_Type="multipart/signed; boundary=b", body="--b\r\n\r\nwords\r\n--b--"))
    assert row.message.body == "words"
    assert row.message.origin["security"] == "signed"
