import asyncio
import smtplib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from tests import factories
from tests.mail import post
from tests.wait import until
from tickets import blobs
from tickets.mail import smtpd
from tickets.models import InboundEmail

# The listener works in threads of its own: what it stores has to be committed to be seen.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listener():
    """The real intake on a free port; gives (host, port)."""
    addresses: list[str] = []
    loop, stopped = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete, args=[smtpd.serve("127.0.0.1", 0, stopped, addresses.append)]
    )
    thread.start()
    host, _, port = until(lambda: addresses)[0].rpartition(":")
    yield host, int(port)
    loop.call_soon_threadsafe(stopped.set)
    thread.join()
    loop.close()


@pytest.fixture(autouse=True)
def own_threads(monkeypatch):
    """Closes the database connections of the listener's threads, so that the test database can be dropped."""
    pools: list[ThreadPoolExecutor] = []

    def pool(size: int, **fields: str) -> ThreadPoolExecutor:
        pools.append(ThreadPoolExecutor(1, **fields))
        return pools[-1]

    monkeypatch.setattr(smtpd, "ThreadPoolExecutor", pool)
    yield
    for one in pools:
        one.submit(connections.close_all).result()
        one.shutdown()


def send(listener, mail: bytes, *to: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(*listener, timeout=30) as relay:
        return relay.sendmail("tomas@customers.example", list(to), mail)


def refusal(listener, mail: bytes, *to: str) -> int:
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException)) as caught:
        send(listener, mail, *to)
    if isinstance(caught.value, smtplib.SMTPRecipientsRefused):
        return next(iter(caught.value.recipients.values()))[0]
    return caught.value.smtp_code


def test_accepted_is_stored(listener, mailbox):
    send(listener, post.raw(), "support@desk.example")
    row = InboundEmail.objects.get()
    assert (row.source, row.envelope_to, row.envelope_from) == (
        "smtp", ["support@desk.example"], "tomas@customers.example",
    )  # fmt: skip


def test_the_bytes_are_the_senders(listener, mailbox):
    mail = post.raw(body="caf\xe9\r\n.dot\r\n..dots\r\n")
    send(listener, mail, "support@desk.example")
    assert blobs.read(InboundEmail.objects.get().raw_sha256) == mail


def test_the_same_mail_sent_again_is_stored_once(listener, mailbox):
    mail = post.raw()
    send(listener, mail, "support@desk.example")
    send(listener, mail, "support@desk.example")
    assert InboundEmail.objects.count() == 1


@pytest.mark.parametrize("address", ["SUPPORT@desk.example", "support+token@desk.example"])
def test_addresses_of_a_mailbox(listener, mailbox, address):
    assert send(listener, post.raw(), address) == {}


@pytest.mark.parametrize("address", ["nobody@desk.example", "support@elsewhere.example", "off@desk.example"])
def test_an_address_nobody_has_is_refused_at_once(listener, mailbox, address):
    factories.mailbox(mailbox.department, address="off@desk.example", is_enabled=False)
    assert refusal(listener, post.raw(), address) == 550
    assert not InboundEmail.objects.exists()


def test_a_desk_without_mailboxes_takes_every_address(listener):
    assert send(listener, post.raw(), "anybody@anywhere.example") == {}


def test_our_own_trouble_is_451(listener, mailbox, settings, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    settings.STORAGE_URL = (tmp_path / "file").as_uri()
    assert refusal(listener, post.raw(), "support@desk.example") == 451
    assert not InboundEmail.objects.exists()


def test_too_large_is_552(settings, request, mailbox):
    settings.MAX_STORED_MAIL = 2000
    listener = request.getfixturevalue("listener")
    assert refusal(listener, post.raw(body="x" * 70 + "\r\n" + "y" * 5000), "support@desk.example") == 552


def test_lines_longer_than_the_standard_are_taken(listener, mailbox):
    send(listener, post.raw(body="x" * 50_000), "support@desk.example")
    assert InboundEmail.objects.get().raw_size > 50_000


def test_who_hangs_up_in_the_middle_has_sent_nothing(listener, mailbox):
    with socket.create_connection(listener, timeout=30) as line:
        reader = line.makefile("rb")
        reader.readline()
        for word in (b"HELO x", b"MAIL FROM:<a@x.example>", b"RCPT TO:<support@desk.example>", b"DATA"):
            line.sendall(word + b"\r\n")
            reader.readline()
        line.sendall(b"Subject: half\r\n\r\nand then")
    send(listener, post.raw(), "support@desk.example")
    assert InboundEmail.objects.count() == 1
