"""Figures over some days: ratings by day, department and agent; what the knowledge base answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tickets import articles, reports
from tickets.actions import articles as writing
from tickets.actions import rating
from tickets.models import Department, KnowledgeUse, Rating, User
from tickets.reports import Knowledge, Period, Satisfaction

pytestmark = pytest.mark.django_db
WEEK = Period(date(2026, 3, 2), date(2026, 3, 8), ZoneInfo("Europe/Lisbon"))
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def rated(agent: User, department: Department, score: int, at: datetime = NOON) -> Rating:
    ticket = factories.ticket_in("closed", agent, department=department)
    made = rating.rate(ticket, by=ticket.requester, score=score)
    Rating.objects.filter(pk=made.pk).update(rated_at=at)
    return made


@pytest.fixture
def support() -> Department:
    return factories.department("Support")


@pytest.fixture
def ana(support: Department) -> User:
    return people.agent(support, name="Ana Moreira")


def test_ratings_are_counted_by_department_agent_and_day(support: Department, ana: User) -> None:
    billing = factories.department("Billing")
    joan = people.agent(support, billing, name="Joan Okafor")
    rated(joan, billing, 1, NOON + timedelta(days=1))
    for score in (5, 4, 3):
        rated(joan, support, score)
    admin = people.admin()
    assert reports.satisfaction(admin, WEEK) == Satisfaction(None, "", 4, 2, 3.25)
    assert reports.satisfaction(admin, WEEK).share == 0.5
    by = [(row.label, row.count, row.satisfied, row.average) for row in reports.satisfaction_by_department(admin, WEEK)]
    assert by == [("Support", 3, 2, 4.0), ("Billing", 1, 0, 1.0)]
    [one] = reports.satisfaction_by_agent(admin, WEEK)
    days = [(row.key, row.count) for row in reports.satisfaction_by_day(admin, WEEK)]
    assert days == [(date(2026, 3, 5), 1), (date(2026, 3, 4), 3)]
    assert reports.satisfaction(ana, WEEK).count == 3  # Billing is none of hers
    assert one.count == 4


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 2, tzinfo=UTC), 1),
        (datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 9, tzinfo=UTC), 0),
    ],
)
def test_days_begin_and_end_where_the_reader_lives(support: Department, ana: User, at: datetime, counts: int) -> None:
    rated(ana, support, 5, at)
    assert reports.satisfaction(ana, WEEK).count == counts


def test_a_day_is_the_readers_day(support: Department, ana: User) -> None:
    rated(ana, support, 5, datetime(2026, 3, 4, 23, 30, tzinfo=UTC))
    there = Period(WEEK.first, WEEK.last, ZoneInfo("Asia/Tokyo"))
    assert [row.key for row in reports.satisfaction_by_day(ana, there)] == [date(2026, 3, 5)]


def test_nothing_is_divided_by_nothing(ana: User) -> None:
    assert reports.satisfaction(ana, WEEK).share == 0
    assert reports.knowledge(WEEK) == Knowledge()
    assert reports.knowledge(WEEK).deflection == 0


def used(kind: str, times: int, day: date = WEEK.first, **more: object) -> None:
    KnowledgeUse.objects.create(day=day, kind=kind, count=times, **more)


def test_deflection_is_the_share_of_those_who_came_to_write() -> None:
    used("deflected", 3)
    used("asked", 9)
    used("asked", 100, WEEK.last + timedelta(days=1))
    used("search", 5, words="vpn")
    used("empty", 2, words="wlan")
    used("empty", 1, WEEK.last, words="wlan")
    used("empty", 1, words="fax")
    found = reports.knowledge(WEEK)
    assert (found.deflected, found.asked, found.deflection) == (3, 9, 0.25)
    assert (found.searches, found.empty) == (9, 4)
    assert reports.without_result(WEEK) == [("wlan", 3), ("fax", 1)]


def test_articles_are_told_with_what_readers_said() -> None:
    known, other = factories.article("Reset a password"), factories.article("Lost badge")
    for article, times in ((known, 7), (other, 2)):
        used("view", times, article=article)
    used("deflected", 1, article=known)
    writing.give_feedback(known, reader="a", is_helpful=True, language="en")
    writing.give_feedback(known, reader="b", is_helpful=False, language="en")
    known.feedback.filter(reader="b").update(created_at=NOON)
    rows = reports.usefulness(WEEK, "en")
    assert [tuple(row) for row in rows] == [
        (known.pk, "Reset a password", 7, 1, 0, 1),
        (other.pk, "Lost badge", 2, 0, 0, 0),
    ]


@pytest.fixture
def counted() -> Callable[[User], int]:
    def count(user: User) -> int:
        with CaptureQueriesContext(connection) as queries:
            reports.satisfaction(user, WEEK)
            for read in (
                reports.satisfaction_by_day, reports.satisfaction_by_department, reports.satisfaction_by_agent,
            ):  # fmt: skip
                read(user, WEEK)
            reports.knowledge(WEEK)
            reports.without_result(WEEK)
            reports.usefulness(WEEK, "en")
        return len(queries)

    return count


def test_it_costs_the_same_however_much_there_is(support: Department, counted: Callable[[User], int]) -> None:
    costs, admin = [], people.admin()
    for _round in range(2):
        rated(people.agent(support), support, 4)
        used("view", 1, article=factories.article())
        costs.append(counted(admin))
    assert costs == [10, 10]


def test_days_are_bounded() -> None:
    assert (Period.ending(NOON, UTC, 10**9).last - Period.ending(NOON, UTC, 10**9).first).days == reports.DAYS - 1
    assert Period.ending(NOON, UTC, 7) == Period(date(2026, 2, 26), date(2026, 3, 4), UTC)
    articles.count_use(KnowledgeUse.Kind.ASKED)
    today = KnowledgeUse.objects.get().day
    assert reports.knowledge(Period(today, today, UTC)).asked == 1
