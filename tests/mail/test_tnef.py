"""winmail.dat, packed here byte by byte as MS-OXTNEF says."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail import tnef
from tickets.mail.parse import parse
from tickets.mail.rtf import decompress, rtf_to_text


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*given: tuple[int, int, bytes]) -> bytes:
    """(type, id, value) as a MAPI property list."""
    out = struct.pack("<I", len(given))
    for kind, name, value in given:
        padded = value + b"\0" * (-len(value) % 4)
        sized = struct.pack("<II", 1, len(value)) if kind in (0x1E, 0x1F, 0x102, 0x0D) else b""
        out += struct.pack("<HH", kind, name) + sized + padded
    return out


def packed(*attributes: bytes) -> bytes:
    return tnef.SIGNATURE + b"\x01\x00" + attribute(1, 0x9007, struct.pack("<II", 1252, 0)) + b"".join(attributes)


BEGIN = attribute(2, 0x9002, b"\0" * 14)


def file(name: bytes, data: bytes) -> bytes:
    return BEGIN + attribute(2, 0x8010, name + b"\0") + attribute(2, 0x800F, data)


def stored_rtf(text: bytes) -> bytes:
    return struct.pack("<II4sI", len(text) + 12, len(text), b"MELA", 0) + text


def test_files_with_short_and_long_names():
    long = properties((0x1F, 0x3707, "Überblick über alles.docx".encode("utf-16-le")))
    inside = tnef.read(packed(file(b"short.txt", b"one"), file(b"UBERBL~1.DOC", b"two"), attribute(2, 0x9005, long)))
    assert [(f.name, f.data) for f in inside.files] == [("short.txt", b"one"), ("Überblick über alles.docx", b"two")]
    assert not inside.damaged


def test_the_body_in_its_forms():
    message = properties(
        (0x1E, 0x0037, b"Gr\xfc\xdfe\0"),
        (0x1E, 0x1000, b"plain\r\nwords\0"),
        (0x03, 0x3FDE, struct.pack("<I", 65001)),
        (0x102, 0x1013, "<p>grün</p>".encode()),
        (0x102, 0x1009, stored_rtf(rb"{\rtf1 words}")),
    )
    inside = tnef.read(packed(attribute(1, 0x9003, message)))
    assert (inside.subject, inside.text, inside.html, inside.rtf) == (
        "Grüße", "plain\nwords", "<p>grün</p>", rb"{\rtf1 words}",
    )  # fmt: skip


def test_a_message_inside_is_opened_and_its_files_stand_beside_the_others():
    inner = packed(
        attribute(1, 0x9003, properties((0x1E, 0x0037, b"Inner\0"), (0x1E, 0x1000, b"inner words\0"))),
        file(b"inner.txt", b"deep"),
    )
    data = bytes.fromhex("0703020000000000c000000000000046") + inner
    outer = packed(file(b"a.txt", b"1"), BEGIN, attribute(2, 0x9005, properties((0x0D, 0x3701, data))))
    found = {f.name: f.data for f in tnef.read(outer).files}
    assert found == {"a.txt": b"1", "inner.txt": b"deep", "Inner": b"inner words"}


def test_messages_in_messages_end_somewhere():
    data = packed(file(b"deepest.txt", b"x"))
    for _ in range(50):
        nested = bytes.fromhex("0703020000000000c000000000000046") + data
        data = packed(BEGIN, attribute(2, 0x9005, properties((0x0D, 0x3701, nested))))
    assert len(tnef.read(data).files) <= tnef.MAX_FILES


def test_counts_that_lie_cost_nothing():
    lies = struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 0x1003, 0x3701, 0xFFFFFFFF)
    inside = tnef.read(packed(BEGIN, attribute(2, 0x9005, lies), file(b"a.txt", b"1")))
    assert [f.name for f in inside.files] == ["a.txt"]


def test_what_came_before_the_damage_is_kept():
    whole = packed(file(b"a.txt", b"1"), file(b"b.txt", b"2"))
    inside = tnef.read(whole + b"\x07garbage garbage")
    assert [f.name for f in inside.files] == ["a.txt", "b.txt"]
    assert inside.damaged


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_result(data):
    tnef.read(data)
    tnef.read(tnef.SIGNATURE + data)
    tnef.read(packed(attribute(1, 0x9003, data), attribute(2, 0x9005, data)))
    rtf_to_text(decompress(struct.pack("<II4sI", len(data) + 12, 5000, b"LZFu", 0) + data))
    rtf_to_text(rb"{\rtf1 " + data)


def mail(data: bytes, *more: bytes) -> bytes:
    parts = [b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: 8bit\n\n" + data, *more]
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n" + body + b"--b--\n"


def test_a_mail_with_only_a_winmail_dat_has_its_text_and_files():
    words = attribute(1, 0x9003, properties((0x102, 0x1013, b"<p>packed words</p>")))
    data = packed(words, file(b"..\\evil/a.txt", b"1"))
    found = parse(mail(data))
    assert (found.text, found.html) == ("packed words", "<p>packed words</p>")
    assert [(a.name, a.data) for a in found.attachments] == [("winmail.dat", data), ("a.txt", b"1")]


def test_a_text_beside_it_wins():
    data = packed(attribute(1, 0x9003, properties((0x1E, 0x1000, b"packed words\0"))))
    assert parse(mail(data, b"\nwritten words")).text == "written words"


def test_rtf_alone_is_turned_into_text_and_kept():
    rtf = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}gr\'fcn \u8364?\par next}"
    found = parse(mail(packed(attribute(1, 0x9003, properties((0x102, 0x1009, stored_rtf(rtf)))))))
    assert found.text == "grün €\nnext"
    assert [a.name for a in found.attachments] == ["winmail.dat", "message.rtf"]


@pytest.mark.parametrize("data", [b"", b"not packed", tnef.SIGNATURE, tnef.SIGNATURE + b"\0" * 40])
def test_a_broken_winmail_dat_is_kept_as_it_is(data):
    found = parse(mail(data, b"\nwords"))
    assert (found.text, found.problem) == ("words", "")
    assert [(a.name, a.data) for a in found.attachments] == [("winmail.dat", data)]


def test_pictures_of_packed_html_are_inline():
    picture = properties((0x1E, 0x3712, b"pic@x\0"), (0x1E, 0x370E, b"image/png\0"))
    words = attribute(1, 0x9003, properties((0x102, 0x1013, b"<p>see <img src='cid:pic@x'></p>")))
    found = parse(mail(packed(words, file(b"p.png", b"png"), attribute(2, 0x9005, picture))))
    assert [a.inline for a in found.attachments] == [False, True]


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1 a\tab b\line c{\*\unknown secret}{\b d}\~\{x\}}", "a\tb\ncd\xa0{x}"),
        (rb"{\rtf1\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 words\htmlrtf\par}\htmlrtf0}", "words"),
        (rb"{\rtf1\uc2\u8364 ??\uc0\u8364 x}", "€€x"),
        (rb"no rtf", ""),
    ],
)
def test_rtf_to_text(rtf, text):
    assert rtf_to_text(rtf) == text


@pytest.mark.parametrize(
    ("data", "rtf"),
    [
        (
            "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0",
            b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
        ),
        ("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0", b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
    ],
)
def test_packed_rtf_as_the_standard_packs_it(data, rtf):
    """The examples of MS-OXRTFCP, 4.1."""
    assert decompress(bytes.fromhex(data)) == rtf
