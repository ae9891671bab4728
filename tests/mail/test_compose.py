from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail.addresses import Address
from tickets.mail.compose import Draft, Enclosure, UnsafeHeader, compose
from tickets.mail.html_text import clean_html
from tickets.mail.parse import parse

DRAFT = Draft(
    from_=Address("Support", "support@desk.example"),
    to=[Address("Ana", "ana@example.com")],
    subject="Printer",
    text="Hello\n.\nFrom here on\n" + "x" * 3000 + "\n",
    date=datetime(2026, 3, 3, 9, 15, tzinfo=UTC),
    message_id="<one@desk.example>",
)
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)


def test_what_is_composed_reads_back():
    draft = replace(
        DRAFT,
        html="<p>Grüße <img src='cid:pic@x'>",
        subject="Grüße " * 30,
        enclosures=[Enclosure("€.pdf", "application/pdf", b"%PDF"), Enclosure("p.png", "image/png", b"p", "pic@x")],
        in_reply_to="<zero@example.com>",
        references=["<zero@example.com>"],
    )
    raw = compose(draft)
    mail = parse(raw)
    assert (mail.subject, mail.text + "\n") == (draft.subject.strip(), draft.text)
    assert mail.html == clean_html(draft.html, with_cid=True)
    assert {(a.name, a.data, a.inline) for a in mail.attachments} == {("€.pdf", b"%PDF", False), ("p.png", b"p", True)}
    assert (mail.in_reply_to, mail.problem) == (("<zero@example.com>",), "")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert compose(draft) == raw


@pytest.mark.parametrize(
    "name", ["A, B", 'a "b"', "<b@x.example>", "x@y.example", "a\\", "=?utf-8?q?b?=", "Ünal, É", "(c)"]
)
def test_a_name_is_never_a_second_recipient(name):
    raw = compose(replace(DRAFT, to=[Address(name, "ana@example.com")]))
    assert parse(raw).to == (Address(name, "ana@example.com"),)
    assert [email for _, email in getaddresses([message_from_bytes(raw)["To"]])] == ["ana@example.com"]


@given(NAMES, NAMES)
@settings(deadline=None)
def test_any_name_and_subject_keep_the_headers(name, subject):
    plain = message_from_bytes(compose(DRAFT)).keys()
    raw = compose(replace(DRAFT, subject=subject, to=[Address(name, "ana@example.com")]))
    assert message_from_bytes(raw).keys() == plain
    assert [a.email for a in parse(raw).to] == ["ana@example.com"]


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b"])
def test_line_breaks_in_headers_are_refused(bad):
    changes = [
        {"subject": bad},
        {"to": [Address(bad, "a@example.com")]},
        {"to": [Address("", f"{bad}@example.com")]},
        {"reply_to": Address(bad, "a@example.com")},
        {"message_id": f"<{bad}@example.com>"},
        {"in_reply_to": bad},
        {"references": [bad]},
        {"instance_mark": bad},
        {"unsubscribe": f"https://example.com/{bad}"},
    ]
    for change in changes:
        with pytest.raises(UnsafeHeader):
            compose(replace(DRAFT, **change))


def test_automatic_mail_says_so_and_a_persons_does_not():
    automatic = message_from_bytes(compose(replace(DRAFT, automatic="auto-replied", instance_mark="mark")))
    assert automatic["Auto-Submitted"] == "auto-replied"
    assert automatic["X-Auto-Response-Suppress"] == "All"
    assert automatic["X-Helpdesk-Instance"] == "mark"
    assert parse(compose(replace(DRAFT, automatic="auto-replied"))).is_machine
    assert "Auto-Submitted" not in message_from_bytes(compose(DRAFT))
    with pytest.raises(UnsafeHeader):
        compose(replace(DRAFT, automatic="no"))


def test_references_keep_the_first_and_the_last_twenty():
    ids = [f"<{n}@example.com>" for n in range(100)]
    assert parse(compose(replace(DRAFT, references=ids))).references == (ids[0], *ids[-20:])


def test_unsubscribing_takes_one_click():
    mail = message_from_bytes(compose(replace(DRAFT, unsubscribe="https://desk.example/u/1")))
    assert mail["List-Unsubscribe"] == "<https://desk.example/u/1>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "change", [{"to": []}, {"date": datetime(2026, 1, 1)}, {"to": [Address("", "jösé@example.com")]}]
)
def test_what_cannot_be_sent_is_refused(change):
    with pytest.raises(UnsafeHeader):
        compose(replace(DRAFT, **change))
