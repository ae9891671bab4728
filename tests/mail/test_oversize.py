"""Mail that is too large to be read is kept, and its sender hears of it once a day."""

from datetime import timedelta

import pytest

from tests import people
from tests.mail import post
from tickets import blobs
from tickets.mail import automatic, inbound
from tickets.mail.mime import Limits
from tickets.models import BlockedSender, InboundEmail, Limit, Ticket

pytestmark = pytest.mark.django_db

EVIL = "Win £500 at http://evil.example <script>"


def large(**fields: str) -> bytes:
    return post.raw(**{"body": "x" * Limits().size, "subject": EVIL, "sender": f'"{EVIL}" <ana@a.example>'} | fields)


def notices() -> list:
    post.settle()
    return post.outgoing("mail_too_large")


def test_a_mail_above_25_mib_is_kept_raw_and_its_sender_told_once_a_day(mailbox):
    raw = large()
    rows = [post.arrive(raw), post.arrive(large())]
    assert {(row.state, row.reason, row.ticket) for row in rows} == {("suspended", "too_large", None)}
    assert blobs.read(rows[0].raw_sha256) == raw
    (row,) = notices()
    mail = post.sent(row)
    assert (row.state, row.recipient, row.user, row.mailbox) == ("sent", "ana@a.example", None, mailbox)
    assert (mail["To"], mail["Subject"]) == ("ana@a.example", "Your mail was too large to be read")
    assert (mail["Auto-Submitted"], mail["From"].addresses[0].addr_spec) == ("auto-replied", mailbox.address)
    for kind in ("plain", "html"):
        text = post.text(mail, kind)
        assert "the mail that you sent to support@desk.example has 26 MB" in text
        assert "send it again with fewer or smaller files" in text
        assert "£500" not in mail.as_string() + text
        assert "evil" not in mail.as_string() + text
    assert not Ticket.objects.exists()


def test_the_next_day_it_is_told_again(mailbox):
    post.arrive(large())
    for row in Limit.objects.all():
        Limit.objects.filter(pk=row.pk).update(window_start=row.window_start - timedelta(days=2))
    post.arrive(large())
    assert len(notices()) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.a.example>"},
        {"X_Auto_Response_Suppress": "All"},
        {"sender": "no-reply@a.example"},
        {"sender": "MAILER-DAEMON@a.example"},
        {"sender": "support@desk.example"},
        {"sender": "a@a.example, b@a.example"},
        {"sender": "a@a.example <b@a.example> <c@a.example>"},
        {"sender": "nobody"},
        {"sender": "off@a.example"},
        {"sender": "quiet@a.example"},
        {"sender": "x@blocked.example"},
        {"Authentication_Results": "mx.desk.example; dmarc=fail header.from=a.example"},
    ],
)
def test_nobody_is_told_who_must_not_be(mailbox, settings, fields):
    settings.MAIL_AUTHSERV_ID = "mx.desk.example"
    people.customer(email="off@a.example", is_active=False)
    people.customer(email="quiet@a.example", may_receive_automatic_mail=False)
    BlockedSender.objects.create(pattern="@blocked.example")
    row = post.arrive(large(**fields))
    assert (row.state, row.reason) == ("suspended", "too_large")
    assert notices() == []


def test_what_was_imported_is_not_told(mailbox):
    row = post.store(large(), source=InboundEmail.Source.IMPORT)
    inbound.apply(row.pk)
    assert notices() == []


def test_it_keeps_to_the_limits_of_automatic_mail(mailbox):
    for _ in range(3):
        automatic.wait_without_ticket("ana@a.example")
    post.arrive(large())
    assert notices() == []


def test_a_paused_mailbox_sends_none(mailbox):
    automatic.pause(mailbox, "test")
    post.arrive(large())
    assert notices() == []


def test_trying_again_tells_nobody_twice(mailbox):
    row = post.arrive(large())
    inbound.retry(row.pk)
    assert len(notices()) == 1
