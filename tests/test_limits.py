from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tickets import limits

pytestmark = pytest.mark.django_db
TEN = [(10, 600)]
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    """Sets the clock to so many seconds after the beginning of a window."""

    def move(seconds: int) -> None:
        monkeypatch.setattr("tickets.limits.timezone", SimpleNamespace(now=lambda: START + timedelta(seconds=seconds)))

    return move


def passed(times: int) -> int:
    return sum(limits.hit("k", TEN) == 0 for _ in range(times))


def test_as_many_as_the_limit_and_then_until_the_window_ends(at):
    at(100)
    assert passed(12) == 10
    assert limits.hit("k", TEN) == 500


def test_the_end_of_a_window_does_not_double_them(at):
    at(590)
    assert passed(300) == 10
    at(610)
    assert passed(300) <= 1


def test_who_waits_may_again(at):
    at(0)
    assert passed(20) == 10
    at(1200)
    assert passed(20) == 10


def test_the_first_for_a_while_is_told_apart(at):
    at(590)
    assert [limits.count("k", TEN).is_first for _ in range(3)] == [True, False, False]
    at(610)
    assert not limits.count("k", TEN).is_first
    at(1800)
    assert limits.count("k", TEN).is_first


def test_every_window_counts_for_itself(at):
    at(0)
    both = [(2, 60), (3, 3600)]
    assert [limits.hit("k", both) for _ in range(4)] == [0, 0, 60, 3600]
