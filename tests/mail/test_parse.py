import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail.addresses import Address
from tickets.mail.mime import Limits
from tickets.mail.parse import parse

OWN = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "eml").glob("*.eml"))]


def test_a_plain_mail(eml):
    mail = parse(eml("plain"))
    assert mail.from_ == Address("Costa, Ana", "ana@example.com")
    assert [a.email for a in mail.to] == ["support@desk.example", "second@desk.example"]
    assert [a.email for a in mail.cc] == ["bo@example.com", "cy@example.com"]
    assert [a.email for a in mail.delivered_to] == ["support@desk.example"]
    assert mail.subject == "Drucker klemmt – schon wieder"
    assert mail.date == datetime(2026, 3, 3, 9, 15, tzinfo=UTC)
    assert mail.message_id == "<one@example.com>"
    assert mail.in_reply_to == ("<zero@desk.example>",)
    assert mail.references == ("<root@desk.example>", "<zero@desk.example>")
    assert mail.text == "Der Drucker im ersten Stock klemmt, grüße"
    assert (mail.problem, mail.is_machine, mail.may_auto_reply) == ("", False, True)


def test_html_with_an_inline_image_and_a_file(eml):
    mail = parse(eml("rich"))
    assert mail.text.startswith("See")
    assert "alert" not in mail.text
    assert "cid:pic@x" in mail.html
    image, file = mail.attachments
    assert (image.content_id, image.inline, image.data[:4]) == ("pic@x", True, b"\x89PNG")
    assert (file.name, file.inline, file.data) == ("€ rates.pdf", False, b"%PDF")


def test_a_missing_message_id_is_made_from_the_bytes():
    raw = b"From: a@example.com\n\nhi"
    mail = parse(raw, domain="desk.example")
    assert mail.message_id == f"<{hashlib.sha256(raw).hexdigest()[:20]}.intake@desk.example>"
    assert mail.message_id_made


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "malformed"),
        (b"no headers here", "malformed"),
        (b"Subject: x\n\nhi", "no_from"),
        (b"From: undisclosed:;\n\nhi", "bad_from"),
        (b"From: a@example.com, b@example.com\n\nhi", "several_from"),
        (b"From: a@example.com\nFrom: a@example.com\n\nhi", "several_from"),
        (b"From: a@example.com\n" + b"X: y\n" * 1001, "headers_too_large"),
        (b"From: a@example.com\nX: " + b"y" * 70_000, "headers_too_large"),
        (b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 300, "too_many_parts"),
    ],
)
def test_unfit_mail_has_a_reason(raw, problem):
    assert parse(raw).problem == problem


def test_deep_nesting_and_size_are_limited():
    levels = (b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1000))
    assert parse(b"From: a@example.com\n" + b"".join(levels)).problem == "too_deep"
    assert parse(b"From: a@example.com\n\n" + b"x" * 100, limits=Limits(size=50)).problem == "too_large"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (b"gb2312", "镕".encode("gb18030"), "镕"),
        (b"us-ascii", "grün".encode(), "grün"),
        (b"us-ascii", b"gr\xfcn", "grün"),
        (b"ks_c_5601-1987", "한글".encode("cp949"), "한글"),
        (b"unicode-1-1-utf-7", b"gr+APw-n", "grün"),
        (b"no-such-thing", "grün".encode(), "grün"),
        (b"idna", b"abc", "abc"),
        (b"base64", b"abc", "abc"),
        (b"utf-8", b"a\0b", "ab"),
    ],
)
def test_charsets(charset, body, text):
    mail = parse(b"From: a@example.com\nContent-Type: text/plain; charset=" + charset + b"\n\n" + body)
    assert mail.text == text


def test_a_letter_split_over_two_encoded_words_survives():
    mail = parse(b"From: a@example.com\nSubject: =?utf-8?q?gr=C3?= =?utf-8?q?=BCn?= ok\n\nx")
    assert mail.subject == "grün ok"


def test_header_text_has_no_controls_or_reordering_marks():
    mail = parse("From: =?utf-8?q?A=0D=0AB=00?= <a@example.com>\nSubject: x\u202egnp.exe\n\n".encode())
    assert mail.from_.name == "A B"
    assert mail.subject == "xgnp.exe"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\b\\passwd", "\u202epasswd", "..passwd"])
def test_attachment_names_are_harmless(name):
    raw = f'From: a@example.com\nContent-Type: application/x; name="{name.replace(chr(92), chr(92) * 2)}"\n\nx'
    (found,) = parse(raw.encode()).attachments
    assert found.name == "passwd"


@given(st.binary(max_size=4000))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_result(raw):
    mail = parse(raw)
    assert mail.problem != "parser_failed"
    assert "\0" not in mail.text + mail.html + mail.subject
    (mail.text + mail.html + mail.subject).encode()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_mail_gives_a_result(data):
    raw = bytearray(data.draw(st.sampled_from(OWN)))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    assert parse(bytes(raw)).problem != "parser_failed"


def test_the_same_bytes_give_the_same_mail(eml):
    assert parse(eml("rich")) == parse(eml("rich"))
