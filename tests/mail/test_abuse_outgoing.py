"""What attackers try with the mail we send, by the numbers of our list of attacks."""

from email import message_from_bytes
from email.utils import getaddresses

import pytest

from tests import factories, people
from tests.mail import post
from tests.mail.sink import Sink
from tickets.actions import conversation, triage
from tickets.actions.people import clean_name
from tickets.mail import relay
from tickets.models import User

pytestmark = pytest.mark.django_db

NAMES = [
    "Eve, Mallory", 'Eve "the" E.', '"', "\\", 'a" <b@x.example>, "c', "<b@x.example>", "b@x.example", "b@x.example,",
    "Eve\r\nBcc: b@x.example", "Eve\nTo: b@x.example\n\nbody", "Eve\r\n.\r\nMAIL FROM:<b@x.example>",
    "Eve\u2028Bcc: b@x.example",
    "=?utf-8?q?Eve=2C_=3Cb=40x=2Eexample=3E?=", "=?utf-8?b?RXZlDQpCY2M6IGJAeC5leGFtcGxl?=", "Eve (b@x.example)",
    "group: b@x.example;", "Ünal, É <b@x.example>", "\u202eelpmaxe.x@b", "x" * 199, ("é, " * 66),
]  # fmt: skip


@pytest.fixture
def sink(settings):
    sink = Sink().start()
    settings.SMTP_URL = sink.url
    yield sink
    relay.hang_up()
    sink.stop()


def header_names(raw: bytes) -> list[str]:
    return [name.lower() for name in message_from_bytes(raw)]


@pytest.mark.parametrize("is_cleaned", [True, False], ids=["cleaned", "raw"])
def test_abuse_60_a_name_is_one_recipient_and_no_header(mailbox, sink, is_cleaned):
    agent, follower = people.agent(mailbox.department), people.customer("Bo", email="bo@customers.example")
    ticket = factories.ticket(people.customer("Ana", email="ana@customers.example"), mailbox.department)
    triage.follow(ticket, by=agent, person=follower)
    for _ in range(2):  # the second refers to the first, as all later ones do
        sink.mails.clear()
        conversation.reply(ticket, by=agent, body="Hello")
        post.settle()
    plain = {recipient: header_names(raw) for _sender, recipient, raw in sink.mails}
    for name in NAMES:
        stored = clean_name(name) if is_cleaned else name
        User.objects.filter(pk__in=[ticket.requester_id, follower.pk]).update(name=stored)
        sink.mails.clear()
        conversation.reply(ticket, by=agent, body="Hello")
        post.settle()
        assert {recipient: header_names(raw) for _sender, recipient, raw in sink.mails} == plain, name
        for _sender, recipient, raw in sink.mails:
            mail = message_from_bytes(raw)
            assert [address for _name, address in getaddresses(mail.get_all("To"))] == [recipient], name
            assert mail.get_all("Cc") is None
            assert mail.get_payload(0).get_payload(decode=True).startswith(b"Hello")
