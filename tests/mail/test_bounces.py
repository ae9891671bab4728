from datetime import timedelta

import pytest
from django.utils import timezone

from tests import people
from tests.mail import post
from tickets import signing
from tickets.actions import conversation
from tickets.mail import letters
from tickets.models import Message, OutboundEmail, Ticket, TicketEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department)


@pytest.fixture
def sent(mailbox, agent) -> OutboundEmail:
    ticket = post.arrive(post.raw()).ticket
    conversation.reply(ticket, by=agent, body="Which printer?")
    post.settle()
    return OutboundEmail.objects.get(kind="reply")


def report(
    action: str = "failed", status: str = "5.1.1", returned: str = "", said: str = "smtp; 550 no mailbox here"
) -> bytes:
    """A delivery status notification after RFC 3464."""
    head = post.raw(
        sender="Mail Delivery <mailer-daemon@mx.example>", subject="Undelivered Mail", body="", Return_Path="<>"
    ).replace(b"text/plain; charset=utf-8", b'multipart/report; report-type=delivery-status; boundary="b"')
    return (
        head
        + (
            "--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            f"Final-Recipient: rfc822; tomas@customers.example\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"Diagnostic-Code: {said}\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-ID: {returned}\r\n\r\n--b--\r\n"
        ).encode()
    )


def complaint(returned: str) -> bytes:
    """A feedback report after RFC 5965."""
    head = post.raw(sender="fbl@provider.example", subject="complaint", body="").replace(
        b"text/plain; charset=utf-8", b'multipart/report; report-type=feedback-report; boundary="b"'
    )
    return (
        head
        + (
            "--b\r\nContent-Type: text/plain\r\n\r\nSomebody complained.\r\n"
            "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {returned}\r\n\r\n--b--\r\n"
        ).encode()
    )


def now(row: OutboundEmail) -> OutboundEmail:
    return OutboundEmail.objects.get(pk=row.pk)


@pytest.mark.parametrize("way", ["return address", "message id"])
def test_a_failed_delivery_is_known_by_what_we_signed(sent, agent, way):
    if way == "return address":
        row = post.arrive(report(), letters.bounce_address(sent))
    else:
        row = post.arrive(report(returned=sent.rfc_message_id))
    assert (row.state, row.ticket, row.message.is_machine) == ("applied", sent.ticket, True)
    assert (now(sent).state, now(sent).last_error) == ("failed", "5.1.1 550 no mailbox here")
    event = TicketEvent.objects.get(kind="mail_failed")
    assert event.data == {"recipient": "tomas@customers.example", "error": "550 no mailbox here"}
    post.settle()
    (notice,) = post.outgoing("mail_failed")
    assert notice.recipient == agent.email
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    "returned", ["<hd.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example>", "<x@y.example>", ""]
)
def test_a_forged_report_changes_nothing(sent, returned):
    row = post.arrive(report(returned=returned))
    assert (row.state, row.reason) == ("suspended", "auto_mailer")
    assert now(sent).state == "sent"
    assert not TicketEvent.objects.filter(kind="mail_failed").exists()


def test_a_report_for_a_reply_address_proves_no_failure(sent):
    post.arrive(report(), post.sent(sent)["Reply-To"])
    assert now(sent).state == "sent"


def test_a_delay_is_only_news(sent):
    row = post.arrive(report("delayed", "4.4.7"), letters.bounce_address(sent))
    assert (row.state, row.message.is_machine, now(sent).state) == ("applied", True, "sent")


def test_the_same_failure_reported_twice_is_told_once(sent):
    post.arrive(report(), letters.bounce_address(sent))
    post.arrive(report(status="5.1.10"), letters.bounce_address(sent))
    assert TicketEvent.objects.filter(kind="mail_failed").count() == 1


def again(sent, agent, **said) -> None:
    """Another reply that comes back."""
    conversation.reply(sent.ticket, by=agent, body=f"Hello {sent.ticket.messages.count()}?")
    post.settle()
    post.arrive(report(**said), letters.bounce_address(OutboundEmail.objects.filter(kind="reply").first()))
    sent.user.refresh_from_db()


FULL = {"status": "5.2.2", "said": "smtp; 552 mailbox full"}


def test_after_two_hard_bounces_a_person_gets_no_automatic_mail(sent, agent):
    post.arrive(report(), letters.bounce_address(sent))
    sent.user.refresh_from_db()
    assert sent.user.takes_automatic_mail
    again(sent, agent)
    assert not sent.user.takes_automatic_mail
    queued = len(post.outgoing("reply"))
    conversation.reply(sent.ticket, by=agent, body="Agents may still write.")
    assert len(post.outgoing("reply")) == queued + 1


def test_a_full_mailbox_counts_half(sent, agent):
    for _ in range(3):
        again(sent, agent, **FULL)
    assert sent.user.takes_automatic_mail
    again(sent, agent, **FULL)
    assert not sent.user.takes_automatic_mail


def test_bounces_are_forgotten_after_thirty_days(sent, agent):
    again(sent, agent)
    OutboundEmail.objects.update(bounced_at=timezone.now() - timedelta(days=31))
    again(sent, agent)
    assert sent.user.takes_automatic_mail
    again(sent, agent)
    assert not sent.user.takes_automatic_mail
    sent.user.automatic_mail_paused_until -= timedelta(days=31)
    assert sent.user.takes_automatic_mail


def test_a_server_that_refuses_us_is_the_admins_matter(sent, agent):
    boss = people.admin()
    for _ in range(3):
        again(sent, agent, status="5.7.1", said="smtp; 550 5.7.1 DMARC policy violation")
    assert sent.user.takes_automatic_mail
    assert OutboundEmail.objects.filter(bounce_reason="authentication", bounce_score=0).count() == 3
    post.settle()
    (told,) = post.outgoing("mail_policy")
    assert told.recipient == boss.email
    assert "DMARC policy violation" in post.text(post.sent(told))


def test_a_proved_complaint_stops_automatic_mail(sent):
    row = post.arrive(complaint(sent.rfc_message_id))
    assert (row.state, row.ticket, row.message.is_machine) == ("applied", sent.ticket, True)
    sent.user.refresh_from_db()
    assert not sent.user.takes_automatic_mail
    assert TicketEvent.objects.filter(kind="mail_complaint").count() == 1


def test_a_complaint_without_proof_changes_nothing(sent):
    post.arrive(complaint("<x@y.example>"))
    sent.user.refresh_from_db()
    assert sent.user.takes_automatic_mail


def test_a_receipt_is_only_recorded(sent):
    mail = (
        post.raw(In_Reply_To=sent.rfc_message_id, body="--b\r\n\r\nSeen.\r\n--b--")
        .replace(b"text/plain; charset=utf-8", b'multipart/report; report-type=disposition-notification; boundary="b"')
    )  # fmt: skip
    messages = sent.ticket.messages.count()
    row = post.arrive(mail)
    assert (row.state, row.reason, row.ticket, row.message) == ("applied", "receipt", sent.ticket, None)
    assert sent.ticket.messages.count() == messages


def test_a_report_in_words_alone_counts_too(sent, agent):
    words = (
        "Hi. This is the mail program at mx.example.\r\nI was not able to deliver your message to the following"
        " addresses.\r\n\r\n<tomas@customers.example>:\r\nRemote host said: 550 5.1.1 user unknown\r\n"
    )
    mail = post.raw(sender="MAILER-DAEMON@mx.example", subject="failure notice", body=words, Return_Path="<>")
    post.arrive(mail, letters.bounce_address(sent))
    assert (now(sent).state, now(sent).bounce_score, now(sent).bounce_reason) == ("failed", 2, "no_such_user")


@pytest.mark.parametrize("wrong", ["other key", "one letter", "unsigned"])
def test_abuse_16_a_forged_bounce_leaves_the_victim_alone(sent, wrong, settings):
    address = letters.bounce_address(sent)
    local, _, domain = address.rpartition("@")
    if wrong == "other key":
        forged = signing.bounce_address(signing.Key(1, b"another desk's key"), sent.pk, domain)
    elif wrong == "one letter":
        forged = f"{local[:-2]}{'a' if local[-2] != 'a' else 'b'}{local[-1]}@{domain}"
    else:
        forged = f"support+{sent.pk}@{domain}"
    for _ in range(5):
        post.arrive(report(), forged)
    victim = now(sent)
    assert (victim.state, victim.bounced_at, victim.bounce_score) == ("sent", None, 0)
    sent.user.refresh_from_db()
    assert sent.user.takes_automatic_mail
    assert Ticket.objects.count() == 1


def test_a_bounce_address_names_one_mail_only(sent):
    assert signing.read_bounce_address(signing.keys(), letters.bounce_address(sent)) == sent.pk


def test_a_notice_about_a_failure_that_fails_is_the_end_of_it(sent):
    """Also where it went to an admin who is no agent (any more)."""
    boss = people.admin()
    User.objects.filter(pk=boss.pk).update(is_agent=False)
    Ticket.objects.filter(pk=sent.ticket_id).update(assignee=boss)
    Message.objects.filter(pk=sent.message_id).update(author=None)
    post.arrive(report(), letters.bounce_address(sent))
    post.settle()
    (notice,) = post.outgoing("mail_failed")
    assert notice.recipient == boss.email
    post.arrive(report().replace(b"tomas@customers.example", boss.email.encode()), letters.bounce_address(notice))
    post.settle()
    assert now(notice).state == "failed"
    assert len(post.outgoing("mail_failed")) == 1
