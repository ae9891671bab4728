"""The driver's audit sees what it has to see."""

import json
import random

import pytest

from tests import factories, people
from tests.chaos.audit import Audit, Marks
from tests.chaos.ledger import Ledger, Reply, write
from tests.chaos.relay import canonical
from tests.mail import post
from tickets import blobs
from tickets.actions import conversation
from tickets.models import Attachment, InboundEmail, Message, OutboundEmail, Ticket, TicketEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(tmp_path):
    (tmp_path / "mails").mkdir()
    (tmp_path / "accepted.jsonl").touch()
    made = Ledger(tmp_path)
    yield made
    made.close()


@pytest.fixture
def books(ledger, settings, tmp_path):
    """One mail with an attachment that opened a ticket, one answer of an agent; all of it delivered."""
    department = factories.department()
    factories.mailbox(department, address="support@desk.example", is_default=True)
    mail = write("chaos-1-1-n0", "tomas@customers.example", enclose=random.Random(1).randbytes(500))
    post.arrive(mail.raw)
    ledger.took(mail, "250")
    reply = Reply("chaos-1-1-a1", mail.token, None)
    conversation.reply(Ticket.objects.get(), by=people.agent(department), body=f"says {reply.token}")
    ledger.confirmed(reply)
    post.settle()
    for row in OutboundEmail.objects.all():
        accept(ledger, row)
    return ledger


def accept(ledger, row, at=1000.0, raw=None):
    raw = blobs.read(row.raw_sha256) if raw is None else raw
    digest = canonical(raw)
    (ledger.folder / "mails" / digest).write_bytes(raw)
    line = {"at": at, "to": row.recipient, "sha256": digest, "message_id": row.rfc_message_id}
    with (ledger.folder / "accepted.jsonl").open("a") as book:
        book.write(json.dumps(line) + "\n")


def audit(ledger):
    return Audit(ledger, Marks(), ledger.mails, ledger.replies).run()


def wrong(ledger):
    return "; ".join(audit(ledger).wrong)


def test_finds_nothing_where_nothing_is(books):
    found = audit(books)
    assert (found.wrong, found.mails_in, found.mails_out, found.doubled) == ([], 1, 2, 0)


def test_sees_a_lost_mail(books):
    books.took(write("chaos-1-2-n0", "eva@customers.example"), "250")
    assert "chaos-1-2-n0: 0 messages, lost" in wrong(books)


def test_sees_a_mail_that_was_put_aside(books):
    InboundEmail.objects.update(state="suspended", reason="too_many")
    assert "chaos-1-1-n0: suspended too_many" in wrong(books)


def test_sees_a_second_ticket(books):
    factories.ticket(subject="Printer chaos-1-1-n0 is on fire", body="says chaos-1-1-n0", auto_response=False)
    said = wrong(books)
    assert "chaos-1-1-n0: 2 tickets" in said
    assert "chaos-1-1-n0: 2 messages" in said


def test_sees_half_a_message(books):
    Attachment.objects.all().delete()
    assert "half a message" in wrong(books)


def test_sees_a_ticket_without_a_message(books):
    Message.objects.filter(kind="customer").delete()
    assert "has no message" in wrong(books) or "0 messages" in wrong(books)


def test_sees_a_missing_event(books):
    TicketEvent.objects.filter(kind="opened").delete()
    assert "event opened 0 times" in wrong(books)


def test_sees_damaged_bytes(books, tmp_path):
    next(iter(InboundEmail.objects.all()))
    blobs._path(books.mails[0].sha256).write_bytes(b"x")
    assert "the raw mail is damaged or gone" in wrong(books)


def test_sees_a_mail_that_did_not_leave(books):
    OutboundEmail.objects.filter(kind="reply").update(rfc_message_id="<other@desk.example>")
    said = wrong(books)
    assert "accepted 0 times" in said
    assert "which the desk never queued" in said


def test_sees_a_mail_that_was_never_queued(books):
    OutboundEmail.objects.filter(kind="auto_response").delete()
    assert "auto_response for" in wrong(books)


def test_excuses_a_second_copy_in_the_window_only(books):
    row = OutboundEmail.objects.get(kind="reply")
    accept(books, row, at=1010.0)
    assert "sent twice, not marked as uncertain" in wrong(books)
    OutboundEmail.objects.filter(pk=row.pk).update(is_uncertain=True)
    assert "sent twice, while nothing was wrong" in wrong(books)
    with books.trouble("kill.broker", window=False) as trouble:
        trouble.begin = 1000.5
    trouble.end = 1002.0
    assert "sent twice, while nothing was wrong" in wrong(books)
    trouble.window = True
    found = audit(books)
    assert (found.wrong, found.doubled) == ([], 1)


def test_excuses_no_second_copy_after_the_worker_went_on(books):
    row, other = OutboundEmail.objects.get(kind="reply"), OutboundEmail.objects.get(kind="auto_response")
    OutboundEmail.objects.update(is_uncertain=True)
    accept(books, other, at=1001.0)
    accept(books, row, at=1010.0)
    with books.trouble("kill.worker", window=True) as trouble:
        trouble.begin = 1002.0
    trouble.end = 1003.0
    assert f"{row}: sent twice, although the desk went on after the first copy" in wrong(books)


def test_sees_copies_that_differ(books):
    row = OutboundEmail.objects.get(kind="reply")
    accept(books, row, raw=b"Message-ID: " + row.rfc_message_id.encode() + b"\r\n\r\nother\r\n")
    assert "other bytes than stored, or differing copies" in wrong(books)
