"""Threading on mail that nobody here wrote: whichever earlier mail a mail names, it finds the ticket."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import factories
from tests.mail import post
from tickets.mail import threads
from tickets.mail.parse import ParsedEmail, parse
from tickets.models import InboundEmail, Limit

pytestmark = pytest.mark.django_db
State = InboundEmail.State


@pytest.fixture
def answers(corpora: Path) -> list[tuple[bytes, ParsedEmail]]:
    """Mails of people that name the mail they answer."""
    raw = [path.read_bytes() for path in sorted((corpora / "email" / "chatwoot" / "files").glob("*.eml"))]
    read = [(one, parse(one)) for one in raw]
    return [(one, mail) for one, mail in read if threads.ids(mail) and mail.from_ and not mail.is_machine]


def forget() -> None:
    """What was brought in, and how often: the same few people wrote all of these mails."""
    InboundEmail.objects.all().delete()
    Limit.objects.all().delete()


def earlier(mail: ParsedEmail, message_id: str, to: str) -> InboundEmail:
    """What the sender wrote before, under the Message-ID that this mail names."""
    return post.arrive(post.raw(mail.from_.key, to, subject="Before", message_id=message_id), to)


def test_each_mail_that_an_answer_names_leads_to_its_ticket(answers, mailbox):
    named = 0
    for raw, mail in answers:
        for message_id in threads.ids(mail):
            before = earlier(mail, message_id, mailbox.address)
            fresh = raw + f"\r\n{named}\r\n".encode()
            after = post.arrive(fresh, mailbox.address)
            assert (after.state, after.ticket_id) == (State.APPLIED, before.ticket_id), message_id
            forget()
            named += 1
    assert len(answers) >= 4
    assert named > len(answers)


def test_the_nearest_of_several_counts(answers, mailbox):
    several = [(raw, mail) for raw, mail in answers if len(threads.ids(mail)) > 1]
    assert several
    for raw, mail in several:
        nearest, *_between, farthest = threads.ids(mail)
        earlier(mail, farthest, mailbox.address)
        before = earlier(mail, nearest, mailbox.address)
        assert post.arrive(raw, mailbox.address).ticket_id == before.ticket_id
        forget()


def test_a_conversation_with_another_mailbox_is_another_one(answers, mailbox):
    other = factories.mailbox(mailbox.department, address="sales@desk.example")
    for raw, mail in answers:
        before = earlier(mail, threads.ids(mail)[0], other.address)
        after = post.arrive(raw, mailbox.address)
        assert after.state == State.APPLIED
        assert after.ticket_id != before.ticket_id
        forget()


def test_a_mail_that_names_none_opens_a_ticket(corpora, mailbox):
    raw = (corpora / "email" / "chatwoot" / "files" / "reply_cc.eml").read_bytes()
    assert threads.ids(parse(raw)) == []
    assert post.arrive(raw, mailbox.address).reason == "new"
