import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
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


def multipart(kind, *parts):
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return b"From: a@example.com\nContent-Type: multipart/" + kind + b"; boundary=b\n\n" + body + b"--b--\n"


PLAIN = b"Content-Type: text/plain\n\nwords"
HTML = b"Content-Type: text/html\n\n<p>See <img src='cid:pic@x'></p>"


def image(content_id=b"pic@x", kind=b"image/png"):
    return b"Content-Type: " + kind + b"\nContent-ID: <" + content_id + b">\nContent-Disposition: inline\n\nbytes"


def test_a_hundred_attachments_are_taken_and_no_more():
    file = b"Content-Type: application/x\n\nx"
    assert parse(multipart(b"mixed", PLAIN, *[file] * 100)).problem == ""
    mail = parse(multipart(b"mixed", PLAIN, *[file] * 101))
    assert (mail.problem, len(mail.attachments)) == ("too_many_attachments", 100)


def test_two_hundred_recipients_are_read():
    to = b", ".join(b"p%d@example.com" % n for n in range(5000))
    assert len(parse(b"From: a@example.com\nTo: " + to[:60_000] + b"\n\nx").to) == 200


@pytest.mark.parametrize(
    ("part", "inline"),
    [
        (image(), True),
        (image(kind=b"image/webp"), True),
        (image(kind=b"image/svg+xml"), False),
        (image(kind=b"text/html"), False),
        (image(b"other@x"), False),
    ],
)
def test_only_safe_pictures_that_the_html_shows_are_inline(part, inline):
    (file,) = parse(multipart(b"related", HTML, part)).attachments
    assert file.inline is inline


def test_a_content_id_may_be_percent_encoded_in_the_html():
    markup = b"Content-Type: text/html\n\n<p>x</p><img src='cid:pic%40x'>"
    assert parse(multipart(b"related", markup, image())).attachments[0].inline


def test_html_without_words_gives_way_to_the_text():
    empty = b"Content-Type: text/html\n\n<html><head><style>p {}</style></head><body><p>&nbsp;</p></body></html>"
    mail = parse(multipart(b"alternative", PLAIN, empty))
    assert (mail.text, mail.html) == ("words", "")


def test_an_empty_plain_part_gives_way_to_the_html():
    mail = parse(
        multipart(b"alternative", b"Content-Type: text/plain\n\n \n", b"Content-Type: text/html\n\n<p>said</p>")
    )
    assert mail.text == "said"


def test_a_text_too_long_to_show_is_a_file_as_well():
    raw = b"From: a@example.com\n\n" + b"0123456789\n" * 200_000
    mail = parse(raw)
    assert len(mail.text) <= Limits().text
    assert mail.attachments[0].name == "message.txt"
    assert mail.attachments[0].data == raw.partition(b"\n\n")[2]
    assert "text too large" in mail.notes


def test_html_too_long_to_show_is_a_file():
    mail = parse(b"From: a@example.com\nContent-Type: text/html\n\n" + b"<p>word</p>" * 200_000)
    assert (mail.html, mail.attachments[0].name) == ("", "message.html")
    assert mail.text.startswith("word")


def test_a_nested_message_is_a_file_named_by_its_subject():
    inner = b"Content-Type: message/rfc822\n\nSubject: =?utf-8?q?gr=C3=BCn?=/x\n\ninner words"
    mail = parse(multipart(b"mixed", PLAIN, inner))
    assert mail.text == "words"
    assert [(a.name, a.content_type) for a in mail.attachments] == [("grün x.eml", "message/rfc822")]


@pytest.mark.parametrize("kind", [b"message/partial; id=1; number=1", b"message/external-body; access-type=URL; URL=x"])
def test_parts_that_lie_elsewhere_are_left_there(kind):
    mail = parse(multipart(b"mixed", PLAIN, b"Content-Type: " + kind + b"\n\nSubject: x\n\nthere"))
    assert mail.text == "words"
    assert len(mail.attachments) == 1


@pytest.mark.parametrize(
    ("raw", "security"),
    [
        (multipart(b"signed; protocol=x", PLAIN, b"Content-Type: application/pgp-signature\n\nx"), "signed"),
        (multipart(b"encrypted; protocol=x", b"Content-Type: application/pgp-encrypted\n\nVersion: 1"), "encrypted"),
        (b"From: a@example.com\nContent-Type: application/pkcs7-mime; smime-type=signed-data\n\nx", "signed"),
        (b"From: a@example.com\nContent-Type: application/x-pkcs7-mime; smime-type=enveloped-data\n\nx", "encrypted"),
        (b"From: a@example.com\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nhi", "signed"),
        (b"From: a@example.com\n\n-----BEGIN PGP MESSAGE-----\n\nabc=", "encrypted"),
        (b"From: a@example.com\n\nhi", ""),
    ],
)
def test_cryptography_is_seen_not_believed(raw, security):
    mail = parse(raw)
    assert mail.security == security
    assert mail.problem == ""


def test_a_report_without_words_shows_the_report():
    raw = multipart(b"report; report-type=delivery-status", b"Content-Type: message/delivery-status\n\nAction: failed")
    mail = parse(raw)
    assert mail.text == "Action: failed"
    assert len(mail.attachments) == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (b"Content-Disposition: attachment; filename=\"b.txt\"; filename*=utf-8''%C3%BC.txt", "ü.txt"),
        (b"Content-Disposition: attachment; filename*0=\"a\"; filename*1*=utf-8''b; filename*2=c", "autf-8''bc"),
        (b"Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%BC; filename*2=.txt", "ü.txt"),
        (b"Content-Disposition: attachment; filename==?utf-8?q?=C3=BC?=.txt\nContent-Type: x/y; name=z", "ü.txt"),
        (b"Content-Type: application/x; name=only.txt", "only.txt"),
        (b"Content-Type: application/x name=lost.txt", "lost.txt"),
    ],
)
def test_names_of_files(fields, name):
    (found,) = parse(multipart(b"mixed", PLAIN, fields + b"\n\nx")).attachments
    assert found.name == name


def test_a_missing_semicolon_does_not_hide_the_boundary():
    raw = multipart(b"mixed", PLAIN, image()).replace(b"; boundary=b", b"\n boundary=b")
    mail = parse(raw)
    assert (mail.text, len(mail.attachments)) == ("words", 1)


def test_a_last_delimiter_without_a_line_of_its_own_is_no_text():
    assert parse(multipart(b"mixed", PLAIN).replace(b"words\n--b--", b"words--b--")).text == "words"


def test_what_only_claims_to_be_base64_is_shown_as_it_is():
    raw = b"From: a@example.com\nContent-Transfer-Encoding: base64\n\nThis was never encoded, it seems.\nReally not."
    assert parse(raw).text == "This was never encoded, it seems.\nReally not."


charsets = st.sampled_from(
    [
        "utf-8", "us-ascii", "iso-8859-1", "windows-1252", "gb2312", "ks_c_5601-1987", "iso-2022-jp", "iso-2022-kr",
        "hz", "utf-7", "utf-16", "utf-16le", "utf-32", "big5", "koi8-r", "x-mac-cyrillic", "windows-874", "shift_jis",
        "euc-jp", "euc-kr", "unknown-8bit", "cp037", "rot13", "hex", "zip", "bz2", "idna",
    ]
)  # fmt: skip


@given(st.binary(max_size=600), charsets)
@settings(max_examples=400, deadline=None)
def test_any_bytes_in_any_charset_become_text_that_the_database_takes(data, charset):
    raw = b"From: a@example.com\nContent-Type: text/plain; charset=" + charset.encode() + b"\n\n" + data
    text = parse(raw).text
    assert "\0" not in text
    text.encode()


@given(st.binary(max_size=200), charsets, st.sampled_from("qQbB"))
@settings(max_examples=300, deadline=None)
def test_any_encoded_word_becomes_a_subject(data, charset, kind):
    word = b"=?" + charset.encode() + b"?" + kind.encode() + b"?" + data.replace(b"\n", b"") + b"?="
    subject = parse(b"From: a@example.com\nSubject: " + word + b"\n\n").subject
    assert "\0" not in subject
    subject.encode()


letters = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=60)


@given(letters, st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-7", "iso-2022-jp"]))
@settings(max_examples=200, deadline=None)
def test_text_survives_its_charset(text, charset):
    try:
        data = text.encode(charset)
        assume(data.decode(charset) == text)
    except UnicodeError:
        assume(False)
    assume(charset == "utf-16" or not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")))
    raw = b"From: a@example.com\nContent-Type: text/plain; charset=" + charset.encode()
    raw += b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(data)
    assert parse(raw).text == text
