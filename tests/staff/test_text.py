from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from staff.text import fold, to_html
from staff.times import Clock, span
from tickets.models import User

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def clock():
    return Clock(User(time_zone="Europe/Berlin"), NOW)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "now"), (4, "4 min"), (120, "2 h"), (-1, "today 13:01"), (24 * 60 + 60, "Tue 12:00"), (9 * 1440, "2 Mar"),
     (400 * 1440, "4 Feb 2025")],
)  # fmt: skip
def test_how_long_ago(clock, minutes, words):
    assert clock.ago(NOW - timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-40, "Overdue by 40 min"), (120, "Due in 2 h"), (22 * 60, "Due tomorrow 11:00"), (3 * 1440, "Due Sat 13:00")],
)
def test_deadlines_in_plain_words(clock, minutes, words):
    assert clock.due(NOW + timedelta(minutes=minutes)) == words


def test_an_unknown_zone_is_the_desks(settings):
    assert Clock(User(time_zone="../etc/passwd"), NOW).at(NOW) == "today 12:00"


def test_spans():
    assert [span(20), span(5400), span(timedelta(days=2))] == ["1 min", "2 h", "2 days"]


def test_text_becomes_paragraphs_with_links_and_nothing_else():
    assert to_html("a <b>\nc\n\nd") == "<p>a &lt;b&gt;<br>c</p><p>d</p>"
    assert 'href="https://x.example/?a=1&amp;b=2" ' in to_html("(https://x.example/?a=1&b=2).")
    assert to_html('javascript:alert(1) "https://x.example"').count("href") == 1
    assert "</a>&gt;" in to_html("<https://x.example>")


def test_folded_ranges_are_taken_out_and_kept():
    assert fold("Hi\n> old\nBye", [[3, 9]]) == ("Hi\nBye", "> old")
