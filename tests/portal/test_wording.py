from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from portal import wording

NOW = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)  # a Thursday


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-03-05 14:00", "just now"),
        ("2026-03-05 13:56", "4 min"),
        ("2026-03-05 11:00", "3 h"),
        ("2026-03-04 13:00", "Wed 13:00"),
        ("2026-02-20 13:00", "20 Feb"),
        ("2025-02-20 13:00", "20 Feb 2025"),
    ],
)
def test_when(moment: str, text: str) -> None:
    assert wording.clock_face()(datetime.fromisoformat(f"{moment}+00:00")) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-03-05 09:12", "today 09:12"),
        ("2026-03-02 09:12", "Monday 09:12"),
        ("2026-02-20 09:12", "20 Feb 09:12"),
        ("2025-02-20 09:12", "20 Feb 2025"),
    ],
)
def test_day_and_time(moment: str, text: str) -> None:
    assert wording.day_and_time(datetime.fromisoformat(f"{moment}+00:00")) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-03-05 16:00", "today 17:00"),
        ("2026-03-05 23:30", "tomorrow 00:30"),
        ("2026-03-09 08:30", "Monday 09:30"),
        ("2026-03-20 08:30", "20 Mar 09:30"),
    ],
)
def test_coming_counts_days_where_the_desk_is(moment: str, text: str) -> None:
    when = datetime.fromisoformat(f"{moment}+00:00")
    assert wording.coming(when, NOW, ZoneInfo("Europe/Berlin")) == text


@pytest.mark.parametrize(
    ("moment", "text"), [(None, ""), ("2026-03-09 08:30", "Monday"), ("2026-03-20 08:30", "20 Mar")]
)
def test_closing_day(moment: str | None, text: str) -> None:
    assert wording.closing_day(moment and datetime.fromisoformat(f"{moment}+00:00")) == text
