"""Mail made to break who reads it. Each ends with a reason on its row, and the next mail is read as ever."""

import base64
import resource
import struct
import sys
import zlib
from pathlib import Path

import pytest

from tests.mail import post
from tickets import blobs
from tickets.mail import reader
from tickets.models import InboundEmail

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


def state(row: InboundEmail) -> tuple[str, str]:
    return row.state, row.reason


@pytest.mark.parametrize("part", ["email/[a-d]*", "email/[e-m]*", "email/[n-z]*", "bounces", "auth"])
def test_abuse_24_every_mail_of_the_corpora_is_stored_and_ends_in_a_state(corpora, mailbox, part):
    """A mail that takes more than 5 s of processor time would be suspended as content_processor_timed_out."""
    for folder in corpora.glob(part):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".eml", ".raw", ".msg", ".mbox", ".txt"} and path.is_file():
                raw = path.read_bytes()
                row = post.arrive(raw)
                assert blobs.read(row.raw_sha256) == raw, path
                assert row.state in ("applied", "suspended", "rejected"), (path, row.detail)
                assert not row.reason.startswith(("content_processor", "parser")), (path, row.reason)


def deep() -> bytes:
    levels = (b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1000))
    return b"".join(levels)


MONSTERS = {
    "a thousand levels": (deep, "too_deep"),
    "a hundred thousand parts": (
        lambda: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
        "too_many_parts",
    ),
    "a million header lines": (lambda: b"X: y\n" * 1_000_000 + b"\nbody", "headers_too_large"),
    "a line of 50 MB": (lambda: b"\n" + b"x" * 50_000_000, "too_large"),
    "30 MB of one letter in base64": (
        lambda: b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * 7_500_000,
        "too_large",
    ),
    "24 MB of one letter in base64": (
        lambda: b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * 6_000_000,
        "new",
    ),
    "24 MB of parts in one attachment": (
        lambda: b"Content-Type: message/rfc822\n\n" + b"--b\n\nx\n" * 3_000_000,
        "new",
    ),
    "24 MB of delimiters that are none": (
        lambda: b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + b"--b--x\n" * 3_400_000,
        "new",
    ),
    "24 MB of tags": (lambda: b"Content-Type: text/html\n\n" + b"<b>x" * 6_000_000, "new"),
    "200,000 attributes": (
        lambda: b"Content-Type: text/html\n\n<p" + b"".join(b" a%d" % n for n in range(200_000)) + b">x</p>",
        "new",
    ),
    "24 MB of letters outside every table": (
        lambda: b"Content-Type: text/plain; charset=utf-8\n\n" + "😀".encode() * 6_000_000,
        "new",
    ),
}


@pytest.mark.parametrize("name", MONSTERS)
def test_abuse_25_a_monster_has_its_reason_and_the_worker_lives(mailbox, name):
    build, reason = MONSTERS[name]
    row = post.arrive(b"From: Mon Ster <monster@example.com>\nSubject: big\n" + build())
    assert row.reason == reason
    assert row.sender == "monster@example.com"
    assert post.arrive(post.raw()).state == "applied"
    if sys.platform == "linux":
        assert resident("self") + sum(resident(str(child.pid)) for child in reader._idle) < 600 * MIB


def resident(pid: str) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


SLOW = {
    "quotes": b">" * 1_000_000,
    "quote lines": b"> \n" * 300_000,
    "introductions": b"On " * 330_000,
    "introduction lines": b"On Mon, Ana <a@example.com>\n" * 30_000,
    "spaces": b" " * 1_000_000,
    "lines of spaces": (b" " * 500 + b"\n") * 2000,
    "addresses": b"http://" * 140_000,
    "address": b"http://a" + b".a" * 480_000,
    "dashes": b"-" * 1_000_000,
    "angles": b"<" * 1_000_000,
    "comments": b"<!--" * 250_000,
    "open quotes": b'<a href="' * 100_000,
    "entities": b"&#x" * 300_000,
    "ampersands": b"&" * 1_000_000,
    "encoded words": b"=?utf-8?q?" * 100_000,
}
QUICK = "import sys; sys.path[:] = sys.argv[1:]; from tickets.mail import child; child.CPU_SECONDS = 1; child.main()"


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
@pytest.mark.parametrize("name", SLOW)
def test_abuse_26_reading_takes_less_than_a_second_of_the_processor(monkeypatch, kind, name):
    """The child is given one second and would be ended at its end."""
    monkeypatch.setattr(reader, "_BOOT", QUICK)
    reader.end_all()
    raw = b"From: a@example.com\nContent-Type: " + kind.encode() + b"\n\n" + SLOW[name]
    assert reader.read(blobs.put(raw)[0], domain="desk.example").problem == ""
    reader.end_all()


@pytest.mark.parametrize("name", ["Subject", "To", "References", "Content-Type", "Content-Disposition", "Received"])
@pytest.mark.parametrize(
    "value",
    [b'"' * 60_000, b"(" * 60_000, b"<" * 60_000, b"a;" * 30_000, b"=?x?q?" * 10_000],
    ids=["quotes", "comments", "angles", "parameters", "words"],
)
def test_abuse_26_so_does_any_header(monkeypatch, name, value):
    monkeypatch.setattr(reader, "_BOOT", QUICK)
    reader.end_all()
    raw = b"From: a@example.com\n" + name.encode() + b": " + value + b"\n\nbody"
    assert reader.read(blobs.put(raw)[0], domain="desk.example").problem == ""
    reader.end_all()


FIELDS = [
    b"Subject: nul\0here",
    b"Subject: =?utf-8?q?nul=00here?=",
    b"Subject: =?utf-16?b?2AA=?=",
    b"Subject: \xed\xa0\x80 \xff\xfe",
    b"Subject: =?iso-2022-jp?b?GyRCJCIbKEobJEI=?=",
    b"Subject: =?utf-7?q?+2AA-?=",
    b"Message-ID: <a\0b@example.com>",
    b"References: <\xff\xfe@example.com> <\xed\xa0\x80@x>",
    b"To: \xff\0 <support@desk.example>",
    b"X-Any: \0\xff",
]
BODIES = {
    "utf-8": (b"text/plain; charset=utf-8", b"nul\0here \xed\xa0\x80 \xff\xfe"),
    "iso-2022-jp": (b"text/plain; charset=iso-2022-jp", b'\x1b$B$"\x1b(J\x1b$B\x1b$@\xff\x1b(I\x00'),
    "utf-16": (b"text/plain; charset=utf-16le", b"\x00\xd8a\x00\x00\x00\x00\xdc"),
    "html": (b"text/html; charset=utf-7", b"<p>+2AA- &#0; &#xD800; \0</p>"),
    "charset": (b'text/plain; charset="nul\0"', b"words"),
    "name": (b'application/x; name="nul\0\xff\xed\xa0\x80.txt"', b"\0"),
    "calendar": (b"text/calendar", b"BEGIN:VEVENT\nSUMMARY:nul\0\xed\xa0\x80\nDTSTART:\0\nEND:VEVENT"),
}


@pytest.mark.parametrize("name", BODIES)
def test_abuse_27_what_the_database_cannot_hold_is_taken_out(mailbox, name):
    kind, body = BODIES[name]
    for number, field in enumerate(FIELDS):
        sender = b"From: Ana <ana%d@customers.example>\n" % number
        row = post.arrive(sender + field + b"\nContent-Type: " + kind + b"\n\n" + body)
        assert row.state == "applied", (field, row.reason, row.detail)


def test_abuse_28_a_broken_winmail_dat_is_kept(mailbox):
    head = b"\nContent-Type: application/ms-tnef; name=winmail.dat\n\n"
    row = post.arrive(b"From: ana@customers.example" + head + b"\x78\x9f\x3e\x22\x01\x00" + b"\x01\xff" * 5000)
    assert state(row) == ("applied", "new")
    assert [file.name for file in row.message.attachments.all()] == ["winmail.dat"]


def test_abuse_29_ten_thousand_rules_are_named_and_not_followed(mailbox):
    event = "BEGIN:VEVENT\r\nSUMMARY:Again\r\nDTSTART:20260303T090000Z\r\nRRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\n"
    calendar = "BEGIN:VCALENDAR\r\n" + event * 10_000 + "END:VCALENDAR\r\n"
    row = post.arrive(post.raw(Content_Type="text/calendar; charset=utf-8", body=calendar))
    assert state(row) == ("applied", "new")
    assert row.message.body.count("Again") == 10
    assert "repeats secondly" in row.message.body


def huge_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 32 * MIB, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image/png", huge_png(30_000, 30_000)),
        ("image/png", huge_png(0x7FFFFFFF, 0x7FFFFFFF)),
        ("image/tiff", b"II*\0\x08\0\0\0" + b"\xff" * 5000),
    ],
    ids=["large", "larger", "tiff"],
)
def test_abuse_32_no_picture_is_ever_decoded(mailbox, kind, data, monkeypatch):
    """There are no thumbnails: a browser shows the picture, or does not. Only an admin's logo is ever drawn."""
    opened = []
    monkeypatch.setattr("PIL.Image.open", lambda *given, **_more: opened.append(given))
    picture = (
        f"--b\r\nContent-Type: {kind}; name=p\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode()
    html = b"--b\r\nContent-Type: text/html\r\n\r\n<p>see <img src='cid:p@x'></p>\r\n"
    head = b"From: ana@customers.example\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    row = post.arrive(head + html + picture + base64.encodebytes(data) + b"\r\n--b--\r\n")
    assert state(row) == ("applied", "new")
    (file,) = row.message.attachments.all()
    assert blobs.read(file.sha256) == data
    assert opened == []
