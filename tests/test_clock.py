"""The clock against an oracle that looks at the clock on the wall once a minute, and against cases worked by hand."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import compress, groupby, pairwise
from operator import itemgetter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.clock import (
    ALWAYS,
    Calendar,
    NeverDue,
    NeverOpens,
    Segment,
    StillPaused,
    add_working,
    is_open,
    next_opening,
    segments,
    working_between,
)

MINUTE = timedelta(minutes=1)
WINDOW = 4 * 1440
OFFICE = Calendar("Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)))
NIGHT = Calendar("Europe/Berlin", dict.fromkeys(range(7), ((0, 360),)))

# Nights in which something happens to the clocks, one of them by half an hour, one across midnight, one a lost date.
NIGHTS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2025, 11, 2)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2019, 2, 16)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Kiritimati", date(2026, 1, 1)),
    ("Asia/Kathmandu", date(2026, 5, 5)),
    ("UTC", date(2026, 6, 30)),
]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@st.composite
def day_ranges(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    cuts = draw(st.lists(st.sampled_from([*range(0, 1441, 30), 1, 59, 61, 1439]), max_size=6, unique=True))
    return tuple((low, high) for low, high in list(pairwise(sorted(cuts)))[::2])


@st.composite
def situations(draw: st.DrawFn) -> tuple[Calendar, datetime, list[tuple[datetime, datetime, str]]]:
    """A random calendar, a start within two days of a remarkable night, and pauses in whole minutes."""
    zone, night = draw(st.sampled_from(NIGHTS))
    near = st.integers(-3, 5).map(lambda days: night + timedelta(days))
    calendar = Calendar(
        zone,
        draw(st.dictionaries(st.integers(0, 6), day_ranges(), min_size=4)),
        draw(st.frozensets(near, max_size=2)),
        draw(st.dictionaries(near, day_ranges(), max_size=2)),
    )
    start = utc(night.year, night.month, night.day) + draw(st.integers(-2880, 1440)) * MINUTE
    pauses = []
    for number in range(draw(st.integers(0, 3))):
        since = start + draw(st.integers(-600, WINDOW)) * MINUTE
        pauses.append((since, since + draw(st.integers(0, 2000)) * MINUTE, f"pause {number}"))
    return calendar, start, pauses


def wall_kind(calendar: Calendar, moment: datetime) -> tuple[str, str]:
    wall = moment.astimezone(ZoneInfo(calendar.zone))
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    weekly = calendar.hours.get(day.weekday(), ())
    if day in calendar.holidays and day not in calendar.exceptions:
        return ("holiday", day.isoformat()) if weekly else ("closed", "")
    ranges = calendar.exceptions.get(day, weekly)
    return ("running", "") if any(low <= minute < high for low, high in ranges) else ("closed", "")


def oracle(calendar: Calendar, start: datetime, pauses: list, minutes: int = WINDOW) -> list[tuple[str, str]]:
    """Kind and label of every minute from `start` on."""
    kinds = []
    for number in range(minutes):
        moment = start + number * MINUTE
        kind = wall_kind(calendar, moment)
        stops = sorted((since, label) for since, until, label in pauses if since <= moment < until)
        kinds.append(("paused", stops[0][1]) if kind[0] == "running" and stops else kind)
    return kinds


@settings(max_examples=120, deadline=None)
@given(situations(), st.floats(0, 1))
def test_due_moment_is_where_the_oracle_has_counted_enough(situation, share):
    calendar, start, pauses = situation
    running = [number for number, (kind, _) in enumerate(oracle(calendar, start, pauses)) if kind == "running"]
    wanted = int(share * len(running))
    if wanted:
        due = add_working(calendar, start, wanted * 60, pauses=pauses)
        assert due == start + (running[wanted - 1] + 1) * MINUTE
        assert add_working(calendar, start, wanted * 60 - 7, pauses=pauses) == due - timedelta(seconds=7)


DATES = 12


def walls(zone: str, first: datetime, night: date) -> list[int]:
    """For each minute of the window from `first`: the minute that the clock on the wall shows, counted from local
    midnight five days before `night`."""
    origin, place = (night - timedelta(5)).toordinal(), ZoneInfo(zone)
    shown = ((first + number * MINUTE).astimezone(place) for number in range(WINDOW))
    return [(wall.toordinal() - origin) * 1440 + wall.hour * 60 + wall.minute for wall in shown]


def some_ranges(dice: random.Random) -> tuple[tuple[int, int], ...]:
    cuts = sorted(dice.sample([*range(0, 1441, 30), 1, 59, 61, 1439], dice.choice((0, 2, 2, 4, 6))))
    return tuple(zip(cuts[::2], cuts[1::2], strict=True))


def painted(calendar: Calendar, night: date) -> bytes:
    """One byte for each minute of the wall's clock, 1 where the calendar is open."""
    face = bytearray(DATES * 1440)
    for number in range(DATES):
        day = night + timedelta(number - 5)
        weekly = () if day in calendar.holidays else calendar.hours.get(day.weekday(), ())
        for opens, closes in calendar.exceptions.get(day, weekly):
            face[number * 1440 + opens : number * 1440 + closes] = b"\1" * (closes - opens)
    return bytes(face)


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_ten_thousand_random_cases_agree_with_the_oracle(zone, night):
    """The same oracle, only painted by the minute instead of asked: every night of the list, 600 calendars each."""
    first = utc(night.year, night.month, night.day) - 2880 * MINUTE
    look = itemgetter(*walls(zone, first, night))
    for number in range(600):
        dice = random.Random(f"{zone} {night} {number}")
        near = [night + timedelta(days) for days in range(-3, 6)]
        calendar = Calendar(
            zone,
            {weekday: some_ranges(dice) for weekday in dice.sample(range(7), dice.randint(3, 7))},
            frozenset(dice.sample(near, dice.randint(0, 2))),
            {day: some_ranges(dice) for day in dice.sample(near, dice.randint(0, 2))},
        )
        open_minutes = bytearray(look(painted(calendar, night)))
        begin = dice.randrange(1440)
        pauses = []
        for _ in range(dice.randint(0, 3)):
            since, lasts = dice.randrange(WINDOW), dice.randrange(1500)
            pauses.append((first + since * MINUTE, first + (since + lasts) * MINUTE, "paused"))
            open_minutes[since : since + lasts] = bytes(min(lasts, WINDOW - since))
        running = list(compress(range(WINDOW), bytes(begin) + open_minutes[begin:]))
        start, end = first + begin * MINUTE, first + WINDOW * MINUTE
        assert working_between(calendar, start, end, pauses=pauses) == len(running) * 60, number
        if running:
            wanted = dice.randint(1, len(running))
            due = add_working(calendar, start, wanted * 60, pauses=pauses)
            assert due == first + (running[wanted - 1] + 1) * MINUTE, number


@settings(max_examples=120, deadline=None)
@given(situations())
def test_segments_tell_the_same_story_as_the_oracle(situation):
    calendar, start, pauses = situation
    kinds = oracle(calendar, start, pauses)
    told = segments(calendar, start, start + WINDOW * MINUTE, pauses=pauses)
    expected = [(*key, sum(1 for _ in minutes)) for key, minutes in groupby(kinds)]
    assert [(part.kind, part.label, part.seconds / 60) for part in told] == expected
    assert all(before.end == after.start for before, after in pairwise(told))
    running = sum(part.seconds for part in told if part.kind == "running")
    assert working_between(calendar, start, start + WINDOW * MINUTE, pauses=pauses) == running


@settings(max_examples=120, deadline=None)
@given(situations(), st.integers(0, WINDOW - 1))
def test_openings_are_where_the_oracle_sees_them(situation, later):
    calendar, start, _ = situation
    at = start + later * MINUTE
    openings = [number for number in range(1440) if wall_kind(calendar, at + number * MINUTE)[0] == "running"]
    assert is_open(calendar, at) == (openings[:1] == [0])
    if openings:
        assert next_opening(calendar, at) == at + openings[0] * MINUTE


@settings(max_examples=100, deadline=None)
@given(situations(), st.integers(1, 60 * 24 * 3600), st.integers(0, 999_999))
def test_adding_and_measuring_agree_over_months_and_fractions_of_a_second(situation, seconds, micros):
    calendar, start, pauses = situation
    start += timedelta(microseconds=micros)
    try:
        due = add_working(calendar, start, seconds, pauses=pauses)
    except NeverDue:
        return
    assert working_between(calendar, start, due, pauses=pauses) == seconds
    assert working_between(calendar, start, due - timedelta(microseconds=1), pauses=pauses) == seconds - 1


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (utc(2026, 1, 7, 9), 2, utc(2026, 1, 7, 11)),
        (utc(2026, 1, 7, 3), 2, utc(2026, 1, 7, 10)),
        (utc(2026, 1, 7, 15), 2, utc(2026, 1, 8, 9)),
        (utc(2026, 1, 9, 15), 2, utc(2026, 1, 12, 9)),
        (utc(2026, 1, 10, 12), 8, utc(2026, 1, 12, 16)),
        (utc(2026, 1, 7, 8), 40, utc(2026, 1, 13, 16)),
        (utc(2026, 1, 8), 40, utc(2026, 1, 14, 16)),
        (utc(2026, 1, 8, 12), 44, utc(2026, 1, 15, 16)),
        (utc(2026, 1, 7, 8), 0, utc(2026, 1, 7, 8)),
    ],
    ids=[
        "same day",
        "before opening",
        "over night",
        "over the weekend",
        "to closing time",
        "a week",
        "a counted week",
        "from inside a week",
        "nothing",
    ],
)
def test_office_hours(start, hours, due):
    assert add_working(OFFICE, start, hours * 3600) == due


def test_a_year_of_working_hours_crosses_both_clock_changes_each_year():
    due = add_working(OFFICE, utc(2026, 1, 5, 8), 52 * 40 * 3600)
    assert due == local("Europe/Berlin", 2027, 1, 1, 17)
    assert working_between(OFFICE, utc(2026, 1, 5, 8), due) == 52 * 40 * 3600


def test_the_night_that_loses_an_hour_counts_five():
    assert working_between(NIGHT, local("Europe/Berlin", 2026, 3, 29), local("Europe/Berlin", 2026, 3, 30)) == 5 * 3600
    assert add_working(NIGHT, local("Europe/Berlin", 2026, 3, 29), 3 * 3600) == local("Europe/Berlin", 2026, 3, 29, 4)


def test_the_night_that_repeats_an_hour_counts_seven():
    assert working_between(NIGHT, local("Europe/Berlin", 2026, 10, 25), local("Europe/Berlin", 2026, 10, 26)) == 25200
    due = add_working(NIGHT, local("Europe/Berlin", 2026, 10, 25), 3 * 3600)
    assert due == local("Europe/Berlin", 2026, 10, 25, 2, fold=1)


def test_a_date_that_a_place_skipped_never_opens():
    samoa = Calendar("Pacific/Apia", {}, exceptions={date(2011, 12, 30): ((0, 1440),)})
    assert next_opening(samoa, utc(2011, 12, 1)) is None
    assert not segments(samoa, utc(2011, 12, 28), utc(2012, 1, 2))[1:]


def test_always_counts_real_time_and_keeps_fractions():
    start = utc(2026, 3, 28, 23, 59, 59) + timedelta(microseconds=250)
    assert add_working(ALWAYS, start, 90_061) == start + timedelta(seconds=90_061)
    assert working_between(ALWAYS, start, start + timedelta(days=400, microseconds=999_999)) == 400 * 86_400
    assert [part.kind for part in segments(ALWAYS, start, start + timedelta(days=9))] == ["running"]


def test_ranges_may_touch_overlap_and_come_in_any_order():
    messy = Calendar("UTC", {0: ((780, 1020), (540, 720), (700, 780)), 1: ()})
    assert messy.hours[0] == ((540, 1020),)
    assert working_between(messy, utc(2026, 1, 5), utc(2026, 1, 7)) == 8 * 3600


def test_midnight_to_midnight_is_one_stretch():
    weekend = Calendar("Europe/Berlin", {5: ((600, 1440),), 6: ((0, 600),)})
    told = segments(weekend, local("Europe/Berlin", 2026, 1, 10, 10), local("Europe/Berlin", 2026, 1, 11, 10))
    assert [part.kind for part in told] == ["running"]


def test_holidays_close_and_exceptions_win_over_both():
    calendar = Calendar(
        "Europe/Berlin",
        OFFICE.hours,
        frozenset({date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26)}),
        {date(2026, 12, 24): ((540, 720),), date(2026, 12, 28): (), date(2027, 1, 2): ((600, 660),)},
    )
    kinds = segments(calendar, utc(2026, 12, 23, 23), utc(2026, 12, 29, 9))
    assert [(part.kind, part.label, part.seconds / 3600) for part in kinds] == [
        ("closed", "", 9),
        ("running", "", 3),
        ("closed", "", 12),
        ("holiday", "2026-12-25", 24),
        ("closed", "", 81),
        ("running", "", 1),
    ]
    assert add_working(calendar, utc(2026, 12, 24, 10), 3600 * 2) == utc(2026, 12, 29, 9)
    assert is_open(calendar, utc(2027, 1, 2, 9, 30))


def test_the_picture_on_the_ticket_page_ran_closed_paused_ran():
    friday, waiting = utc(2026, 1, 9, 15), "Waiting on customer"
    pauses = [(utc(2026, 1, 12, 9), utc(2026, 1, 12, 11), waiting)]
    assert segments(OFFICE, friday, utc(2026, 1, 12, 12), pauses=pauses) == [
        Segment(utc(2026, 1, 9, 15), utc(2026, 1, 9, 16), "running"),
        Segment(utc(2026, 1, 9, 16), utc(2026, 1, 12, 8), "closed"),
        Segment(utc(2026, 1, 12, 8), utc(2026, 1, 12, 9), "running"),
        Segment(utc(2026, 1, 12, 9), utc(2026, 1, 12, 11), "paused", waiting),
        Segment(utc(2026, 1, 12, 11), utc(2026, 1, 12, 12), "running"),
    ]
    assert add_working(OFFICE, friday, 3 * 3600, pauses=pauses) == utc(2026, 1, 12, 12)


def test_a_pause_over_night_costs_only_its_open_hours():
    pauses = [(utc(2026, 1, 7, 15), utc(2026, 1, 8, 9), "On hold")]
    assert add_working(OFFICE, utc(2026, 1, 7, 14), 2 * 3600, pauses=pauses) == utc(2026, 1, 8, 10)
    told = segments(OFFICE, utc(2026, 1, 7, 14), utc(2026, 1, 8, 10), pauses=pauses)
    assert [part.kind for part in told] == ["running", "paused", "closed", "paused", "running"]


def test_overlapping_unordered_and_backward_pauses_count_once():
    start = utc(2026, 1, 7, 8)
    pauses = [
        (utc(2026, 1, 7, 10), utc(2026, 1, 7, 12), "second"),
        (utc(2026, 1, 7, 9), utc(2026, 1, 7, 11), "first"),
        (utc(2026, 1, 7, 15), utc(2026, 1, 7, 14), "backward"),
        (utc(2026, 1, 6), utc(2026, 1, 7, 8, 30), "earlier"),
    ]
    assert working_between(OFFICE, start, utc(2026, 1, 7, 16), pauses=pauses) == (8 - 3) * 3600 - 1800
    assert add_working(OFFICE, start, 3600, pauses=pauses) == utc(2026, 1, 7, 12, 30)
    told = segments(OFFICE, start, utc(2026, 1, 7, 16), pauses=pauses)
    assert [part.label for part in told if part.kind == "paused"] == ["earlier", "first", "second"]


def test_a_pause_without_end_stops_the_clock_unless_the_time_was_up_before():
    waiting = [(utc(2026, 1, 7, 10), None, "Waiting on customer")]
    assert add_working(OFFICE, utc(2026, 1, 7, 8), 2 * 3600, pauses=waiting) == utc(2026, 1, 7, 10)
    with pytest.raises(StillPaused, match="3600 s of 10800 s left"):
        add_working(OFFICE, utc(2026, 1, 7, 8), 3 * 3600, pauses=waiting)
    assert working_between(OFFICE, utc(2026, 1, 7, 8), utc(2026, 1, 9), pauses=waiting) == 2 * 3600
    assert segments(OFFICE, utc(2026, 1, 7, 9), utc(2026, 1, 7, 16), pauses=waiting)[-1].kind == "paused"


def test_a_calendar_that_never_opens_says_so():
    shut = Calendar("UTC", {})
    with pytest.raises(NeverOpens, match="fewer than 60 s of open hours in ten years"):
        add_working(shut, utc(2026, 1, 1), 60)
    assert next_opening(shut, utc(2026, 1, 1)) is None
    assert not is_open(shut, utc(2026, 1, 1))
    assert working_between(shut, utc(2026, 1, 1), utc(2027, 1, 1)) == 0


def test_openings_all_in_the_past_are_no_openings():
    once = Calendar("Asia/Tokyo", {}, exceptions={date(2026, 1, 5): ((540, 600),)})
    assert next_opening(once, utc(2026, 1, 4)) == utc(2026, 1, 5)
    assert add_working(once, utc(2026, 1, 4), 3600) == utc(2026, 1, 5, 1)
    assert next_opening(once, utc(2026, 1, 5, 1)) is None
    with pytest.raises(NeverOpens):
        add_working(once, utc(2026, 1, 4), 3601)


def test_more_than_ten_years_of_a_minute_a_week_is_never():
    with pytest.raises(NeverDue):
        add_working(Calendar("UTC", {2: ((600, 601),)}), utc(2026, 1, 1), 3600 * 10)


def test_every_hour_closed_by_holidays_for_years_still_finds_the_opening():
    holidays = frozenset(date(2026, 1, 1) + timedelta(days) for days in range(2000))
    calendar = Calendar("Europe/Berlin", OFFICE.hours, holidays)
    assert next_opening(calendar, utc(2026, 1, 1)) == local("Europe/Berlin", 2031, 6, 24, 9)


def test_an_empty_or_backward_stretch_is_nothing():
    now = utc(2026, 1, 7, 9)
    assert working_between(OFFICE, now, now) == working_between(OFFICE, now, now - MINUTE) == 0
    assert segments(OFFICE, now, now) == segments(OFFICE, now, now - MINUTE) == []


def test_any_zone_goes_in_and_utc_comes_out():
    due = add_working(OFFICE, datetime(2026, 1, 7, 3, tzinfo=ZoneInfo("America/New_York")), 3600)
    assert due == utc(2026, 1, 7, 9)
    assert due.tzinfo is UTC


def test_equal_calendars_are_equal_whatever_they_were_made_from():
    again = Calendar("Europe/Berlin", dict.fromkeys((4, 3, 2, 1, 0), ((600, 1020), (540, 600))))
    assert again == OFFICE
    assert hash(again) == hash(OFFICE)
    assert Calendar("Europe/Paris", OFFICE.hours) != OFFICE
    assert Calendar("Europe/Berlin", OFFICE.hours, frozenset({date(2026, 1, 1)})) != OFFICE
    assert Calendar("Europe/Berlin", OFFICE.hours, exceptions={date(2026, 1, 1): ()}) != OFFICE


@pytest.mark.parametrize(
    ("zone", "hours", "says"),
    [
        ("Europe/Atlantis", {}, "'Europe/Atlantis' is not a time zone"),
        ("../etc/passwd", {}, "is not a time zone"),
        ("UTC", {7: ((0, 60),)}, "weekdays are 0"),
        ("UTC", {0: ((600, 600),)}, "600-600 is not a range"),
        ("UTC", {0: ((600, 1441),)}, "600-1441 is not a range"),
        ("UTC", {0: ((-1, 60),)}, "-1-60 is not a range"),
    ],
)
def test_impossible_calendars_are_refused(zone, hours, says):
    with pytest.raises(ValueError, match=says):
        Calendar(zone, hours)


def test_naive_moments_and_negative_targets_are_refused():
    with pytest.raises(ValueError, match="no time zone"):
        add_working(OFFICE, datetime(2026, 1, 7), 60)
    with pytest.raises(ValueError, match="no time zone"):
        is_open(OFFICE, datetime(2026, 1, 7))
    with pytest.raises(ValueError, match="cannot be negative"):
        add_working(OFFICE, utc(2026, 1, 7), -1)
