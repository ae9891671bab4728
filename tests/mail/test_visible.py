import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail.parse import parse
from tickets.mail.visible import fold, visible_text

PIECES = st.sampled_from(
    ["On 1 Jan 2026, Ana <a@example.com> wrote:\n", "> quoted\n", "text\n", "\n", "-- \n", "From: a@example.com\n",
     "Sent: today\n", "To: b\n", "-----Original Message-----\n", "Sent from my phone\n", ">", "\r\n", "--- Forwarded\n"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=20), max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_and_something_is_shown(text):
    ranges = fold(text)
    assert "".join(text[start:end] for start, end, _ in ranges) == text
    assert all(first[1] == second[0] and first[2] != second[2] for first, second in itertools.pairwise(ranges))
    assert bool(visible_text(text)) == bool(text.strip())


QUOTE = "\n\n> Did it help?\n"


@pytest.mark.parametrize(
    "intro",
    [
        "On Tue, Mar 3, 2026 at 10:15 AM Desk <d@desk.example> wrote:",
        "On Tue, Mar 3, 2026 at 10:15 AM Desk with a long name <\nd@desk.example> wrote:",
        "Am 03.03.2026 um 10:15 schrieb Desk:",
        "Desk <d@desk.example> schrieb am Di., 3. März 2026, 10:15:",
        "Le mar. 3 mars 2026 à 10:15, Desk <d@desk.example> a écrit :",
        "El mar, 3 mar 2026 a las 10:15, Desk (<d@desk.example>) escribió:",
        "Il giorno mar 3 mar 2026 alle ore 10:15 Desk <d@desk.example> ha scritto:",
        "Op di 3 mrt 2026 om 10:15 schreef Desk <d@desk.example>:",
        "Em ter., 3 de mar. de 2026 às 10:15, Desk <d@desk.example> escreveu:",
        "W dniu 3.03.2026 o 10:15 Desk pisze:",
        "Den tis 3 mars 2026 kl 10:15 skrev Desk <d@desk.example>:",
        "вт, 3 мар. 2026 г. в 10:15, Desk <d@desk.example>:",
        "3 мар. 2026 г., 10:15 +0300, Desk <d@desk.example>, писал:",
        "2026年3月3日(火) 10:15 Desk <d@desk.example>:",
        "-----Original Message-----\nFrom: Desk\nSent: today\nTo: Ana\nSubject: Printer",
        "Von: Desk <d@desk.example>\nGesendet: heute\nAn: Ana\nBetreff: Drucker",
    ],
)
def test_what_introduces_a_quote(intro):
    assert visible_text("Yes, thanks!\n\n" + intro + QUOTE) == "Yes, thanks!"


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote you:\nplease call",
        "> only a quote",
        "Hello\n\n> first?\nyes\n> second?\nno",
        "---------- Forwarded message ---------\nFrom: a@example.com\nSubject: x\n\nSee this",
        "-- \nAna",
        "From: the start it failed\nTo: the end",
    ],
)
def test_what_is_shown_whole(text):
    assert visible_text(text) == text


@pytest.mark.parametrize(
    "end", ["-- \nAna Costa\nExample Ltd", "--\nAna", "Sent from my iPhone", "Von meinem iPhone gesendet"]
)
def test_signatures_are_folded(end):
    assert visible_text(f"It works.\n\n{end}\n") == "It works."


def test_an_answer_below_the_quote_is_shown():
    text = "On 3 Mar 2026, Desk <d@desk.example> wrote:\n> Did it help?\n\nYes, it did.\n"
    assert visible_text(text) == "Yes, it did."


def test_a_reply_mail(eml):
    assert visible_text(parse(eml("reply")).text) == "Yes, that helped!"
