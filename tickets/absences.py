"""Who is away now, and who stands in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from tickets.compiled import Compiled
from tickets.models import Absence, Permission, User

_HOPS = 3  # delegates may be away themselves

# The one that began last counts: it was planned knowing of the others.
_of = Compiled(
    lambda user, now, also_now: (
        Absence.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), user=user, starts_at__lte=also_now)
        .select_related("delegate")
        .order_by("-starts_at", "-pk")[:1]
    )
)


def running(now: datetime | None = None) -> QuerySet[Absence]:
    now = now or timezone.now()
    return Absence.objects.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now), starts_at__lte=now)


def current(user: User) -> Absence | None:
    now = timezone.now()
    return _of.first(user.pk, now, now)


def on_duty(agent: User | None, department_id: int) -> User | None:
    """Whom the desk gives what belongs to `agent`: themselves while at work, else the delegate who is; the delegate has
    to work in the department. None when there is nobody. `agent` counts as working there."""
    seen: set[int] = set()
    person = agent
    while person is not None and person.pk not in seen and len(seen) < _HOPS:
        seen.add(person.pk)
        if not (person.is_active and person.is_agent):
            return None
        absence = current(person)
        if absence is None:
            there = person is agent or works_in(person, department_id)
            return person if there and person.is_available else None
        person = absence.delegate
    return None


def works_in(agent: User, department_id: int) -> bool:
    return agent.is_superuser or Permission.VIEW in agent.grants.get(department_id, frozenset())


def stand_ins(people: Iterable[User]) -> dict[int, User]:
    """For those of `people` who are away and named a delegate who is there: that delegate. One query."""
    rows = running().filter(user__in=[person.pk for person in people], delegate__is_active=True)
    away = running().values("user")
    rows = rows.exclude(delegate__in=away).select_related("delegate").order_by("starts_at", "pk")
    return {row.user_id: row.delegate for row in rows if row.delegate and row.delegate.is_agent}
