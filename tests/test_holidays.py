"""Calendars filled from elsewhere: dates with their own hours, the library, feeds and files of iCalendar."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests import factories
from tickets import calendars, feeds, outward, sla
from tickets.actions import holidays
from tickets.clock import add_working, segments
from tickets.models import BusinessHours, DateHours

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)


def ical(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260101T000000Z", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def days(*events: str) -> dict[str, str]:
    return {day.isoformat(): name for day, name in calendars.read_ical(ical(*events), FIRST, LAST).items()}


class TestIcal:
    def test_a_day_several_days_and_a_moment(self):
        assert days(
            "DTSTART;VALUE=DATE:20260501|SUMMARY:Labour Day",
            "DTSTART;VALUE=DATE:20261224|DTEND;VALUE=DATE:20261227|SUMMARY:Christmas",
            "DTSTART:20260803T090000Z|DTEND:20260803T170000Z|SUMMARY:Outing",
        ) == {
            "2026-05-01": "Labour Day", "2026-08-03": "Outing", "2026-12-24": "Christmas", "2026-12-25": "Christmas",
            "2026-12-26": "Christmas",
        }  # fmt: skip

    def test_yearly_rules_are_unrolled_inside_the_window(self):
        assert list(days("DTSTART;VALUE=DATE:20200501|RRULE:FREQ=YEARLY|SUMMARY:Labour Day")) == [
            "2026-05-01", "2027-05-01",
        ]  # fmt: skip
        until = "DTSTART;VALUE=DATE:20200501|RRULE:FREQ=YEARLY;UNTIL=20260601|SUMMARY:Labour Day"
        assert list(days(until)) == ["2026-05-01"]
        thanks = "DTSTART;VALUE=DATE:20201126|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH|SUMMARY:Thanksgiving"
        assert list(days(thanks)) == ["2026-11-26", "2027-11-25"]

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY",
            "FREQ=YEARLY;BYSECOND=1",
            "FREQ=YEARLY;INTERVAL=0",
            "FREQ=DAILY",
            "FREQ=YEARLY;INTERVAL=999999",
        ],
    )
    def test_rules_that_no_holiday_needs_are_the_day_itself(self, rule):
        assert list(days(f"DTSTART;VALUE=DATE:20260501|RRULE:{rule}|SUMMARY:x")) == ["2026-05-01"]

    def test_cancelled_endless_and_dateless_events_are_left_out(self):
        assert days(
            "DTSTART;VALUE=DATE:20260501|STATUS:CANCELLED|SUMMARY:x",
            "DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20270101|SUMMARY:A year",
            "SUMMARY:When?",
        ) == {}  # fmt: skip

    def test_names_are_one_line_and_fit(self):
        told = days("DTSTART;VALUE=DATE:20260501|SUMMARY:" + "long\\n" * 50, "DTSTART;VALUE=DATE:20260502")
        assert len(told["2026-05-01"]) == 80
        assert "\n" not in told["2026-05-01"]
        assert told["2026-05-02"] == "Holiday"

    @pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
    def test_what_is_no_calendar_says_so(self, content):
        with pytest.raises(calendars.NotACalendar):
            calendars.read_ical(content, FIRST, LAST)

    def test_too_many_events_are_refused(self, monkeypatch):
        monkeypatch.setattr(calendars, "MOST_EVENTS", 2)
        with pytest.raises(calendars.NotACalendar, match="3 events; 2 fit"):
            days(*["DTSTART;VALUE=DATE:20260501|SUMMARY:x"] * 3)


class TestLibrary:
    def test_a_region_has_more_than_the_country(self):
        country = calendars.public_holidays("DE", "", [2026])
        region = calendars.public_holidays("DE", "BY", [2026])
        assert date(2026, 12, 25) in country
        assert date(2026, 1, 6) in region.keys() - country.keys()

    @pytest.mark.parametrize(("country", "region"), [("XX", ""), ("DE", "ZZ")])
    def test_unknown_places_are_refused(self, country, region):
        with pytest.raises(calendars.NotACalendar, match=r"XX|ZZ"):
            calendars.check_place(country, region)


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[[int, bytes], str]]:
    """A server of our own; what it answers is given, and its private address allowed for once."""
    answer: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer["status"])
            if answer["status"] == 302:
                self.send_header("Location", "http://example.org/")
            self.send_header("Content-Length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def answers(status: int, body: bytes) -> str:
        monkeypatch.setattr(outward, "is_public", lambda address: True)
        answer.update(status=status, body=body)
        return f"http://127.0.0.1:{server.server_port}/holidays.ics?year=all"

    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


class TestFetch:
    def test_what_the_address_answers(self, serve):
        assert feeds.fetch(serve(200, b"BEGIN:VCALENDAR")) == b"BEGIN:VCALENDAR"

    @pytest.mark.parametrize(
        ("status", "body", "words"),
        [(302, b"", "leads elsewhere"), (404, b"", "status 404"), (200, b"x" * (feeds.LONGEST + 1), "too large")],
    )
    def test_what_is_refused(self, serve, status, body, words):
        with pytest.raises(feeds.FeedError, match=words):
            feeds.fetch(serve(status, body))

    @pytest.mark.parametrize("host", [
        "127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::ffff:10.0.0.1]",
        "[fd00::1]", "[fe80::1]", "[64:ff9b::a00:1]", "[2002:a00:1::1]", "2130706433", "0x7f.1", "100.64.0.1",
        "224.0.0.1",
    ])  # fmt: skip
    def test_nothing_inside_the_network_is_asked(self, host):
        with pytest.raises(feeds.FeedError, match=r"private network|not known"):
            feeds.fetch(f"http://{host}/x.ics")

    @pytest.mark.parametrize("url", [
        "file:///etc/passwd", "ftp://example.org/x", "https://", "http://user:pw@example.org/", "http://example.org:x/",
        "gopher://example.org", "x", "http://[::1",
    ])  # fmt: skip
    def test_addresses_that_are_none(self, url):
        with pytest.raises(feeds.FeedError):
            feeds.fetch(url)

    def test_one_private_address_among_public_ones_is_enough(self, monkeypatch):
        found = [(0, 0, 0, "", ("8.8.8.8", 80)), (0, 0, 0, "", ("10.0.0.1", 80))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
        with pytest.raises(feeds.FeedError, match="private network"):
            feeds.fetch("http://example.org/")


@pytest.fixture
def hours(db) -> BusinessHours:
    return factories.business_hours()


def soon(number: int = 10) -> date:
    return timezone.now().date() + timedelta(number)


def feed_of(*dates: date) -> bytes:
    return ical(*(f"DTSTART;VALUE=DATE:{day:%Y%m%d}|SUMMARY:Feast" for day in dates))


@pytest.mark.django_db
class TestRefresh:
    def test_the_library_is_kept_as_rows_a_year_ahead(self, hours):
        hours.country, hours.region = "DE", "BY"
        hours.save()
        assert holidays.refresh(hours.pk) == ""
        rows = hours.holidays.filter(origin="library")
        assert rows.count() >= 12
        assert all(timezone.now().date() <= row.date <= soon(400) for row in rows)
        hours.refresh_from_db()
        assert hours.fetched_at
        assert hours.next_fetch_at > timezone.now() + timedelta(hours=23)
        assert holidays.refresh(hours.pk) == ""
        assert hours.holidays.count() == rows.count()

    def test_a_feed_adds_changes_and_removes_only_its_own_future(self, hours, serve):
        past = hours.holidays.create(date=soon(-30), name="Feast", origin="feed")
        typed = hours.holidays.create(date=soon(20), name="Mine")
        hours.feed_url = serve(200, feed_of(soon(10), soon(20)))
        hours.save()
        holidays.refresh(hours.pk)
        assert dict(hours.holidays.values_list("date", "origin")) == {
            past.date: "feed", soon(10): "feed", typed.date: "typed",
        }  # fmt: skip
        serve(200, feed_of(soon(11)))
        holidays.refresh(hours.pk)
        assert set(hours.holidays.values_list("date", flat=True)) == {past.date, soon(11), typed.date}

    @pytest.mark.parametrize(("status", "body", "words"), [(500, b"", "status 500"), (200, b"<html>", "not an iCal")])
    def test_an_error_keeps_the_last_good_copy_and_is_shown(self, hours, serve, status, body, words):
        hours.feed_url = serve(200, feed_of(soon()))
        hours.save()
        holidays.refresh(hours.pk)
        hours.refresh_from_db()
        good = hours.fetched_at
        serve(status, body)
        assert words in holidays.refresh(hours.pk)
        hours.refresh_from_db()
        assert hours.holidays.get().date == soon()
        assert words in hours.fetch_error
        assert hours.fetched_at == good
        assert hours.next_fetch_at < timezone.now() + timedelta(hours=2)  # tried again sooner
        serve(200, feed_of(soon()))
        holidays.refresh(hours.pk)
        hours.refresh_from_db()
        assert hours.fetch_error == ""

    def test_the_sweep_takes_what_is_due_only(self, hours):
        other = factories.business_hours()
        BusinessHours.objects.filter(pk=hours.pk).update(country="DE", next_fetch_at=timezone.now())
        BusinessHours.objects.filter(pk=other.pk).update(country="DE", next_fetch_at=soon_moment())
        assert holidays.sweep_holidays() == 1
        assert holidays.sweep_holidays() == 0
        assert hours.holidays.exists()
        assert not other.holidays.exists()

    def test_a_country_taken_off_takes_its_coming_days(self, hours):
        hours.holidays.create(date=soon(), name="Feast", origin="library")
        holidays.refresh(hours.pk)
        assert not hours.holidays.exists()
        hours.refresh_from_db()
        assert hours.next_fetch_at is None


def soon_moment() -> datetime:
    return timezone.now() + timedelta(hours=1)


@pytest.mark.django_db
class TestDates:
    def test_a_date_with_its_own_hours_wins(self, hours):
        hours.holidays.create(date=date(2026, 12, 24), name="Christmas Eve")
        hours.dates.create(date=date(2026, 12, 24), opens=time(9), closes=time(10))
        hours.dates.create(date=date(2026, 12, 24), opens=time(11), closes=time(12))
        hours.dates.create(date=date(2026, 12, 28), name="Moving")
        calendar = sla.load_calendar(hours.pk)
        begin = datetime(2026, 12, 24, 0, tzinfo=UTC)
        assert add_working(calendar, begin, 7200) == datetime(2026, 12, 24, 12, tzinfo=UTC)
        moving = segments(calendar, datetime(2026, 12, 28, tzinfo=UTC), datetime(2026, 12, 29, tzinfo=UTC))
        assert [part.kind for part in moving] == ["closed"]

    @pytest.mark.parametrize(("opens", "closes"), [(time(9), None), (None, time(9)), (time(9), time(9))])
    def test_half_a_range_is_refused(self, hours, opens, closes):
        with pytest.raises(ValidationError):
            DateHours(business_hours=hours, date=soon(), opens=opens, closes=closes).full_clean()

    def test_a_file_adds_what_is_not_there(self, hours):
        hours.holidays.create(date=soon(3), name="Mine")
        assert holidays.take_file(hours, feed_of(soon(3), soon(4))) == 1
        assert dict(hours.holidays.values_list("date", "name")) == {soon(3): "Mine", soon(4): "Feast"}
