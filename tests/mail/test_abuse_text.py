"""Bodies made to keep a worker busy (ABUSE 26). The work is counted, not timed: it must grow with the text at most."""

import sys

import pytest

from tests.mail import post
from tickets.mail.html_text import marked_text
from tickets.mail.lines import Kind, Mark
from tickets.mail.signatures import Writer
from tickets.mail.visible import fold

MEGABYTE = 1_000_000
URL = "https://example.com/" + "x/" * 40


def calls(function, *args, **kwargs):
    """How many functions were called, built-in ones included; each of them looks at one line of bounded length."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        function(*args, **kwargs)
    finally:
        sys.setprofile(None)
    return count


def work(text, marks=()):
    return calls(fold, text, marks=marks, writer=Writer("Ana", lambda: [text[:8000]] * 5))


@pytest.mark.parametrize(
    "line",
    [
        ">", "On ", " ", "", URL, "On 1 Jan 2026, Ana <a@b.example> wrote:", "> a", "From: a@b.example", "Regards,",
        "-- ", "____", "-Ana.", "x" * 80, "This e-mail is", "1 2", "A> ", "(((", "a@b.example",
        "<a@b.example>:", "Ana wrote:",
    ],
)  # fmt: skip
def test_abuse_26_four_times_the_lines_are_four_times_the_work(line):
    small, large = (work(f"{line}\n" * count) for count in (1_000, 4_000))
    assert large < 4.5 * small + 1_000


@pytest.mark.parametrize("piece", [">", "On ", " ", URL, "wrote: ", "a@b", "1:11 ", "(", "&gt;", "\t", "-", "_ ", "é"])
def test_abuse_26_one_long_line_is_no_work(piece):
    assert work(piece * (MEGABYTE // len(piece))) < 5_000


def test_abuse_26_quotes_within_quotes():
    small, large = ("".join(f"{'>' * depth} {depth}\n" for depth in range(count)) for count in (500, 2_000))
    assert work(large) < 4.5 * work(small) + 1_000


def test_abuse_26_marks_within_marks():
    text = "text\n" * 400
    small, large = ([Mark(Kind.QUOTE, n, len(text) - n) for n in range(count)] for count in (100, 400))
    assert work(text, large) < work(text, small) + 3_000


@pytest.mark.parametrize(
    "piece",
    ['<div class="gmail_quote">x</div>', "<blockquote>x</blockquote>", '<p style="border-top:1px solid">x</p>', "<br>",
     f'<a href="{URL}">x</a>', '<div class="gmail_signature">x</div>y<br>'],
)  # fmt: skip
def test_abuse_26_html(piece):
    def read(count):
        page = marked_text(piece * count)
        fold(page.text, marks=page.marks)

    assert calls(read, 2_000) < 4.5 * calls(read, 500) + 1_000


@pytest.mark.django_db
@pytest.mark.parametrize("piece", [">", ">\r\n", "On ", " x", f"{URL} ", f"{URL}\r\n", "> > > \r\n"])
def test_abuse_26_such_mails_become_tickets(mailbox, piece):
    row = post.arrive(post.raw(body=f"Hello.\r\n\r\n{piece * (MEGABYTE // len(piece))}"))
    assert (row.state, row.reason) == ("applied", "new")
    assert row.message.body.startswith("Hello.")
    assert all(0 <= start < end <= len(row.message.body) for start, end in row.message.folded)
