"""Figures over some days: what customers thought of the work, and what the knowledge base answered. Reads only.

Ratings count for the department that a ticket is in now and the agent who had solved it then. Each read is one query
whose rows are bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from django.db.models import Avg, CharField, Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf, TruncDate

from tickets import articles
from tickets.models import Article, ArticleFeedback, KnowledgeUse, Permission, Rating, Score, User

MOST = 50
DAYS = 366
_FEW = 20
_SATISFIED = Count("pk", filter=Q(score__gte=Score.GOOD))


@dataclass(frozen=True)
class Period:
    """Whole days, both ends included, as they are counted in `zone`."""

    first: date
    last: date
    zone: tzinfo

    @classmethod
    def ending(cls, now: datetime, zone: tzinfo, days: int) -> Period:
        """The last `days` days with today."""
        today = now.astimezone(zone).date()
        return cls(today - timedelta(days=min(max(days, 1), DAYS) - 1), today, zone)

    @property
    def moments(self) -> tuple[datetime, datetime]:
        after = self.last + timedelta(days=1)
        return datetime.combine(self.first, time.min, self.zone), datetime.combine(after, time.min, self.zone)


@dataclass(frozen=True)
class Satisfaction:
    """`key`: the day, the department's or the agent's id; None for who is not known any more."""

    key: Any
    label: str
    count: int
    satisfied: int
    average: float

    @property
    def share(self) -> float:
        """Good and very good among all, 0 to 1."""
        return self.satisfied / self.count if self.count else 0.0


@dataclass(frozen=True)
class Knowledge:
    """What was done with the knowledge base. `deflected`: somebody who was writing a ticket said that an article
    answers it; `asked`: they sent the ticket."""

    read: int = 0
    searched: int = 0
    empty: int = 0
    suggested: int = 0
    deflected: int = 0
    asked: int = 0

    @property
    def searches(self) -> int:
        return self.searched + self.empty

    @property
    def deflection(self) -> float:
        """Of those who came to write, how many an article answered, 0 to 1."""
        came = self.deflected + self.asked
        return self.deflected / came if came else 0.0


class Usefulness(NamedTuple):
    article: int
    title: str
    read: int
    deflected: int
    helpful: int
    unhelpful: int


def may_read(user: User) -> bool:
    """Whether there is a department whose figures are the person's to see."""
    return user.is_superuser or any(Permission.VIEW in granted for granted in user.grants.values())


def _ratings(user: User, period: Period) -> QuerySet[Rating]:
    since, until = period.moments
    rows = Rating.objects.filter(rated_at__gte=since, rated_at__lt=until, ticket__deleted_at=None)
    if user.is_superuser:
        return rows
    seen = [department for department, granted in user.grants.items() if Permission.VIEW in granted]
    return rows.filter(ticket__department__in=seen)


def satisfaction(user: User, period: Period) -> Satisfaction:
    """All ratings that the person may see, as one row."""
    found = _ratings(user, period).aggregate(count=Count("pk"), satisfied=_SATISFIED, average=Avg("score"))
    return Satisfaction(None, "", found["count"], found["satisfied"], found["average"] or 0.0)


def satisfaction_by_day(user: User, period: Period) -> list[Satisfaction]:
    """Days with ratings, newest first."""
    rows = _ratings(user, period).annotate(key=TruncDate("rated_at", tzinfo=period.zone))
    return _rows(rows.annotate(label=Value("")), "-key", DAYS)


def satisfaction_by_department(user: User, period: Period) -> list[Satisfaction]:
    rows = _ratings(user, period).annotate(key=F("ticket__department"), label=F("ticket__department__name"))
    return _rows(rows, "-count", MOST)


def satisfaction_by_agent(user: User, period: Period) -> list[Satisfaction]:
    name = Coalesce(NullIf("agent__name", Value("")), "agent__email", Value(""), output_field=CharField())
    return _rows(_ratings(user, period).annotate(key=F("agent"), label=name), "-count", MOST)


def _rows(rows: QuerySet[Any], order: str, most: int) -> list[Satisfaction]:
    grouped = rows.order_by().values("key", "label").annotate(count=Count("pk"), of=_SATISFIED, average=Avg("score"))
    return [
        Satisfaction(row["key"], row["label"], row["count"], row["of"], row["average"])
        for row in grouped.order_by(order, "label", "key")[:most]
    ]


def _uses(period: Period) -> QuerySet[KnowledgeUse]:
    return KnowledgeUse.objects.filter(day__range=(period.first, period.last)).order_by()


def knowledge(period: Period) -> Knowledge:
    kind = KnowledgeUse.Kind
    names = {
        kind.VIEW: "read", kind.SEARCH: "searched", kind.EMPTY: "empty", kind.SUGGESTED: "suggested",
        kind.DEFLECTED: "deflected", kind.ASKED: "asked",
    }  # fmt: skip
    counted = _uses(period).filter(kind__in=names).values_list("kind").annotate(Sum("count"))
    return Knowledge(**{names[kind(one)]: count for one, count in counted})


def without_result(period: Period, most: int = _FEW) -> list[tuple[str, int]]:
    """What was searched for in vain, the most frequent first."""
    rows = _uses(period).filter(kind=KnowledgeUse.Kind.EMPTY).values_list("words").annotate(times=Sum("count"))
    return list(rows.order_by("-times", "words")[:most])


def usefulness(period: Period, language: str, most: int = _FEW) -> list[Usefulness]:
    """The most read articles, with what their readers said in these days; three queries."""
    kind = KnowledgeUse.Kind
    uses = (
        _uses(period).filter(kind__in=[kind.VIEW, kind.DEFLECTED]).exclude(article=None).values("article")
        .annotate(
            read=Coalesce(Sum("count", filter=Q(kind=kind.VIEW)), 0),
            deflected=Coalesce(Sum("count", filter=Q(kind=kind.DEFLECTED)), 0),
        )
        .order_by("-read", "-deflected", "article")[:most]
    )  # fmt: skip
    found = {row["article"]: row for row in uses}
    said, titles = _said(period, found), _titles(found, language)
    return [
        Usefulness(pk, titles.get(pk, ""), row["read"], row["deflected"], *said.get(pk, (0, 0)))
        for pk, row in found.items()
    ]


def _said(period: Period, found: Mapping[int, Any]) -> dict[int, tuple[int, int]]:
    since, until = period.moments
    rows = (
        ArticleFeedback.objects.filter(article__in=found, created_at__gte=since, created_at__lt=until)
        .order_by().values_list("article")
        .annotate(yes=Count("pk", filter=Q(is_helpful=True)), no=Count("pk", filter=Q(is_helpful=False)))
    )  # fmt: skip
    return {article: (yes, no) for article, yes, no in rows}


def _titles(found: Mapping[int, Any], language: str) -> dict[int, str]:
    rows = Article.objects.filter(pk__in=found).only("language").prefetch_related(articles.titles_only())
    texts = {row.pk: articles.in_language(row.texts.all(), language, row.language) for row in rows}
    return {pk: text.title for pk, text in texts.items() if text}


__all__ = [
    "Knowledge",
    "Period",
    "Satisfaction",
    "Usefulness",
    "knowledge",
    "may_read",
    "satisfaction",
    "satisfaction_by_agent",
    "satisfaction_by_day",
    "satisfaction_by_department",
    "usefulness",
    "without_result",
]
