"""What is shown of a calendar in a mail."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.mail import appointments, contents
from tickets.mail.appointments import Appointment
from tickets.mail.parse import parse

INVITATION = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Planning\\, second
  round
DTSTART;TZID="Europe/Berlin":20260303T090000
DTEND;TZID="Europe/Berlin":20260303T100000
LOCATION:Room 4\\nfirst floor
ORGANIZER;CN="Ana: the boss":mailto:ana@example.com
ATTENDEE;ROLE=REQ-PARTICIPANT;CN=Bo:MAILTO:bo@example.com
ATTENDEE:mailto:cy@example.com
RRULE:FREQ=SECONDLY;COUNT=1000000
DESCRIPTION:<script>alert(1)</script>
BEGIN:VALARM
SUMMARY:alarm
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation():
    (item,) = appointments.read(INVITATION)
    assert item == Appointment(
        summary="Planning, second round",
        start="2026-03-03 09:00 Europe/Berlin",
        end="2026-03-03 10:00 Europe/Berlin",
        place="Room 4 first floor",
        organizer="Ana: the boss <ana@example.com>",
        people=("Bo <bo@example.com>", "cy@example.com"),
        repeats="secondly",
        method="request",
    )


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("DTSTART:20260303T090000Z", "2026-03-03 09:00 UTC"),
        ("DTSTART;VALUE=DATE:20260303", "2026-03-03"),
        ("DTSTART:20260303T090000", "2026-03-03 09:00"),
        ("DTSTART:sometime", "sometime"),
    ],
)
def test_times(line, start):
    (item,) = appointments.read(f"BEGIN:VEVENT\nSUMMARY:x\n{line}\nEND:VEVENT")
    assert item.start == start


def test_a_cancelled_one():
    assert appointments.read(INVITATION.replace("REQUEST", "CANCEL"))[0].is_cancelled
    assert appointments.read("BEGIN:VEVENT\nSUMMARY:x\nSTATUS:CANCELLED\nEND:VEVENT")[0].is_cancelled


def test_a_calendar_is_bounded():
    many = appointments.read("BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n" * 50_000)
    assert len(many) == appointments.MAX_APPOINTMENTS
    crowd = "".join(f"ATTENDEE:mailto:p{n}@example.com\n" for n in range(10_000))
    (item,) = appointments.read(f"BEGIN:VEVENT\nSUMMARY:{'x' * 100_000}\n{crowd}END:VEVENT")
    assert len(item.people) == appointments.MAX_PEOPLE
    assert len(item.summary) <= appointments.MAX_LENGTH


@given(st.text(alphabet=st.sampled_from('BEGINVETD:;="\n\r \\,x1TZ'), max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_result(text):
    appointments.read(text)
    appointments.read(f"BEGIN:VEVENT\n{text}\nEND:VEVENT")


def mail(calendar: str, *before: bytes) -> bytes:
    parts = [*before, b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n" + calendar.encode()]
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return b"From: a@example.com\nContent-Type: multipart/alternative; boundary=b\n\n" + body + b"--b--\n"


@pytest.mark.django_db
def test_it_stands_above_the_text_and_stays_a_file():
    html = b"Content-Type: text/html\n\n<p>Please come</p>"
    said = contents.read(parse(mail(INVITATION, b"Content-Type: text/plain\n\nPlease come", html)))
    assert said.body == (
        "Invitation: Planning, second round\n"
        "When: 2026-03-03 09:00 Europe/Berlin – 2026-03-03 10:00 Europe/Berlin, repeats secondly\n"
        "Where: Room 4 first floor\n"
        "Who: Ana: the boss <ana@example.com>, Bo <bo@example.com>, cy@example.com\n\n"
        "Please come"
    )
    assert "Where: Room 4" in said.html
    assert "&lt;ana@example.com&gt;" in said.html
    assert said.html.endswith("<p>Please come</p>")
    assert [upload.content_type for upload in said.attachments] == ["text/calendar"]


@pytest.mark.django_db
def test_nothing_in_it_is_html():
    hostile = INVITATION.replace("Room 4", "<img src=x onerror=alert(1)>")
    said = contents.read(parse(mail(hostile, b"Content-Type: text/html\n\n<p>x</p>")))
    assert "<img" not in said.html
    assert "alert(1)</script>" not in said.body + said.html


@pytest.mark.django_db
def test_a_calendar_alone_is_the_text():
    raw = b"From: a@example.com\nContent-Type: text/calendar\n\n" + INVITATION.encode()
    said = contents.read(parse(raw))
    assert said.body.startswith("Invitation: Planning, second round\n")
    assert len(said.attachments) == 1
