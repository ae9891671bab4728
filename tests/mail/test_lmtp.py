"""LMTP: the same intake, with an answer for each recipient (RFC 2033)."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading

import pytest

from tests import factories
from tests.mail import post
from tests.mail.test_smtpd import own_threads  # noqa: F401 - a fixture
from tests.wait import until
from tickets.mail import smtpd
from tickets.models import InboundEmail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listener(own_threads):  # noqa: F811
    addresses: list[str] = []
    loop, stopped = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete,
        args=[smtpd.serve("127.0.0.1", 0, stopped, addresses.append, smtpd.LongLineLMTP)],
    )
    thread.start()
    host, _, port = until(lambda: addresses)[0].rpartition(":")
    yield host, int(port)
    loop.call_soon_threadsafe(stopped.set)
    thread.join()
    loop.close()


def answers(listener, mail: bytes, *to: str) -> list[str]:
    """What is said to each recipient, and then to QUIT."""
    with socket.create_connection(listener, timeout=30) as line:
        reader = line.makefile("rb")
        reader.readline()
        said: list[str] = []
        line.sendall(b"LHLO relay\r\n")
        while reader.readline()[3:4] == b"-":
            pass
        for word in ("MAIL FROM:<tomas@customers.example>", *(f"RCPT TO:<{one}>" for one in to), "DATA"):
            line.sendall(word.encode() + b"\r\n")
            said.append(reader.readline().decode()[:3])
        line.sendall(mail + b".\r\nQUIT\r\n")
        accepted = said[1:-1].count("250")
        return said[1:-1] + [reader.readline().decode()[:3] for _ in range(accepted + 1)]


def test_a_library_client_is_served(listener, mailbox):
    with smtplib.LMTP(*listener) as relay:
        assert relay.sendmail("tomas@customers.example", ["support@desk.example"], post.raw()) == {}
    row = InboundEmail.objects.get()
    assert (row.source, row.envelope_to) == ("lmtp", ["support@desk.example"])


def test_each_recipient_gets_an_answer(listener, mailbox):
    factories.mailbox(mailbox.department, address="sales@desk.example")
    to = ("support@desk.example", "nobody@desk.example", "sales@desk.example")
    assert answers(listener, post.raw(), *to) == ["250", "550", "250", "250", "250", "221"]
    assert InboundEmail.objects.get().envelope_to == ["sales@desk.example", "support@desk.example"]


def test_our_own_trouble_is_told_to_each(listener, mailbox, settings, tmp_path):
    factories.mailbox(mailbox.department, address="sales@desk.example")
    (tmp_path / "file").write_bytes(b"")
    settings.STORAGE_URL = (tmp_path / "file").as_uri()
    to = ("support@desk.example", "sales@desk.example")
    assert answers(listener, post.raw(), *to) == ["250", "250", "451", "451", "221"]


def test_too_large_is_told_to_each(settings, request, mailbox):
    settings.MAX_STORED_MAIL = 2000
    listener = request.getfixturevalue("listener")
    mail = post.raw(body="x" * 70 + "\r\n" + "y" * 5000)
    assert answers(listener, mail, "support@desk.example", "support+b@desk.example") == [
        "250", "250", "552", "552", "221",
    ]  # fmt: skip


def test_the_words_of_smtp_are_not_taken(listener, mailbox):
    with pytest.raises(smtplib.SMTPResponseException), smtplib.SMTP(*listener) as relay:
        relay.sendmail("tomas@customers.example", ["support@desk.example"], post.raw())
