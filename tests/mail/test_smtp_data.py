"""Mail of any size over SMTP: bytes as the sender meant them, memory as it was."""

import asyncio
import contextlib
import resource
import smtplib
import socket
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import Envelope
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail.smtp_data import IN_MEMORY, SpooledData, _Dots, contents

LIMIT = 8 * 1024 * 1024


class Post:
    """Keeps the mails that came."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        given = contents(envelope)
        self.mails.append(given if isinstance(given, bytes) else b"".join(given))
        return "250 2.0.0 kept"


@pytest.fixture(scope="module")
def post():
    found, loop = Post(), asyncio.new_event_loop()
    listener = UnthreadedController(found, "127.0.0.1", 0, loop=loop)
    listener.factory = lambda: SpooledData(found, data_size_limit=LIMIT, loop=loop)
    listener.begin()
    found.address = listener.server.sockets[0].getsockname()[:2]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield found
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    listener.end()
    loop.close()


def send(post: Post, mail: bytes) -> bytes:
    with smtplib.SMTP(*post.address) as server:
        server.sendmail("a@example.com", ["b@example.com"], mail)
    return post.mails.pop()


def talk(post: Post, pieces: list[bytes]) -> str:
    """What the server says to these bytes after DATA, sent one piece after the other."""
    with socket.create_connection(post.address) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        words = line.makefile("rb")
        words.readline()
        for command in (b"HELO x", b"MAIL FROM:<a@example.com>", b"RCPT TO:<b@example.com>", b"DATA"):
            line.sendall(command + b"\r\n")
            words.readline()
        for piece in pieces:
            line.sendall(piece)
        return words.readline().decode().strip()


@pytest.mark.parametrize(
    ("sent", "mail"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"x\r\n.\r\n", b"x\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"\r\n..\r\n\r\n...x\r\n.\r\n", b"\r\n.\r\n\r\n..x\r\n"),
        (b"a\n.\nb\r.\rc\r\n.\r\n", b"a\n.\nb\r.\rc\r\n"),
        (b"a\r\n.\n..\r\n.\r\n", b"a\r\n\n..\r\n"),
        (b"\r\r\n\r\r.\r\n.\r\n", b"\r\r\n\r\r.\r\n"),
    ],
)
def test_the_end_is_found_and_the_dots_are_taken_out(post, sent, mail):
    for pieces in ([sent], [sent[n : n + 1] for n in range(len(sent))]):
        assert talk(post, pieces) == "250 2.0.0 kept"
        assert post.mails.pop() == mail


def test_the_next_command_may_come_with_the_mail(post):
    assert talk(post, [b"x\r\n.\r\nNOOP\r\nQUIT\r\n"]) == "250 2.0.0 kept"
    assert post.mails.pop() == b"x\r\n"


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"x", b"\r\n."]), max_size=30), st.data())
@settings(max_examples=500, deadline=None)
def test_dots_are_taken_out_wherever_the_pieces_are_cut(parts, data):
    mail = b"".join(parts) + b"\r\n"
    stuffed = (b"." if mail.startswith(b".") else b"") + mail.replace(b"\r\n.", b"\r\n..")
    whole, dots, out = stuffed + b".\r\n", _Dots(), b""
    cuts = sorted(data.draw(st.lists(st.integers(1, max(1, len(whole) - 6)), max_size=4)))
    edges = [0, *(cut for cut in cuts if cut < len(whole) - 5), len(whole)]
    for start, end in pairwise(edges):
        out += dots.taken_out(whole[start:end], end == len(whole))
    assert out == mail


@pytest.mark.parametrize("size", [10, IN_MEMORY - 2, IN_MEMORY, IN_MEMORY + 1, 5 * IN_MEMORY])
def test_mail_of_any_size_arrives_as_it_was_sent(post, size):
    mail = (b".x\r\n" * (size // 4 + 1))[:size] + b"\r\n"
    assert send(post, mail) == mail


def test_one_line_of_megabytes_arrives(post):
    mail = b"x" * (6 * IN_MEMORY) + b"\r\n"
    assert send(post, mail) == mail


def test_larger_than_may_be_is_refused_when_it_has_ended(post):
    assert talk(post, [b"x\r\n" * LIMIT, b".\r\n"]).startswith("552 ")
    assert post.mails == []
    assert send(post, b"x\r\n") == b"x\r\n"


def test_what_never_becomes_a_mail_is_hung_up_on(post):
    with contextlib.suppress(ConnectionError):
        assert talk(post, [b"\r" * 100_000]) == ""
    assert post.mails == []
    assert send(post, b"x\r\n") == b"x\r\n"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_memory_stays_as_it_is(post):
    """A million empty lines were a million objects."""
    before = resident()
    send(post, b"Subject: x\r\n" + b"\r\n" * 1_000_000)
    assert resident() - before < 40 * IN_MEMORY


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
