import pytest

from tests import people
from tests.mail import post
from tickets import signing
from tickets.actions import conversation
from tickets.mail import letters
from tickets.models import OutboundEmail, Ticket, TicketEvent

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


def report(action: str = "failed", status: str = "5.1.1", returned: str = "") -> bytes:
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
            "Diagnostic-Code: smtp; 550 no mailbox here\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-ID: {returned}\r\n\r\n--b--\r\n"
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


def test_after_two_hard_bounces_a_person_gets_no_automatic_mail(sent, agent):
    post.arrive(report(), letters.bounce_address(sent))
    sent.user.refresh_from_db()
    assert sent.user.may_receive_automatic_mail
    conversation.reply(sent.ticket, by=agent, body="Hello?")
    post.settle()
    post.arrive(report(), letters.bounce_address(OutboundEmail.objects.filter(kind="reply").first()))
    sent.user.refresh_from_db()
    assert not sent.user.may_receive_automatic_mail


def test_a_full_mailbox_is_no_reason_to_stop(sent, agent):
    for number in range(3):
        conversation.reply(sent.ticket, by=agent, body=f"Hello {number}?")
        post.settle()
        latest = OutboundEmail.objects.filter(kind="reply").first()
        post.arrive(report(status="5.2.2"), letters.bounce_address(latest))
    sent.user.refresh_from_db()
    assert sent.user.may_receive_automatic_mail


def test_a_bounce_address_names_one_mail_only(sent):
    assert signing.read_bounce_address(signing.keys(), letters.bounce_address(sent)) == sent.pk
