"""The `key:value` filters of the search language, each as a condition on tickets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.models import User
from tickets.states import ACTIVE, Priority, State

_AGE = re.compile(r"(\d{1,4})(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_LOOKUP = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "exact", "": "exact"}
_OPPOSITE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "": ""}

# What customers may ask for: nothing that tells how the desk works inside.
_CUSTOMER = ("is", "number", "created", "topic")
_CUSTOMER_IS = ("open", "closed", "resolved", "new", "archived")


class FilterError(Exception):
    """A filter that cannot be read; `str()` is a sentence for the person."""


def names(by: User) -> tuple[str, ...]:
    return tuple(_FILTERS) if by.is_agent or by.is_superuser else _CUSTOMER


def misspelt(key: str, by: User) -> str:
    """The filter that `key` was probably meant to be; empty when it looks like ordinary text."""
    return next(iter(difflib.get_close_matches(key, names(by), n=1, cutoff=0.75)), "")


def condition(key: str, value: str, by: User) -> Q:
    """The filter as a condition; raises FilterError. `key` must be one of `names(by)`."""
    if not value:
        raise FilterError(_("“%(key)s:” needs a value after the colon.") % {"key": key})
    return _FILTERS[key](value, by)


def _is(value: str, by: User) -> Q:
    conditions = _is_conditions()
    known = list(conditions) if by.is_agent or by.is_superuser else [*_CUSTOMER_IS]
    if value.lower() == "archived":
        return Q(archived_at__isnull=False)
    if value.lower() not in known:
        raise FilterError(_choose("is", value, [*known, "archived"]))
    return conditions[value.lower()]


def _is_conditions() -> dict[str, Q]:
    active = Q(state__in=[state.value for state in ACTIVE])
    return {
        "open": active,
        "closed": Q(state=State.CLOSED),
        "new": Q(state=State.NEW),
        "in_progress": Q(state=State.IN_PROGRESS),
        "resolved": Q(state=State.RESOLVED),
        "reopened": Q(state=State.REOPENED),
        "unassigned": active & Q(assignee__isnull=True),
        "snoozed": Q(snoozed_until__isnull=False),
        "overdue": Q(due_at__lt=timezone.now()),
    }


def _choose(key: str, value: str, known: list[str]) -> str:
    return _("“%(key)s:%(value)s” is not known. Possible: %(known)s.") % {
        "key": key,
        "value": value[:60],
        "known": ", ".join(dict.fromkeys(known)),
    }


def _assignee(value: str, by: User) -> Q:
    if value.lower() == "me":
        return Q(assignee=by)
    if value.lower() == "none":
        return Q(assignee__isnull=True)
    return Q(assignee__email=value.lower())


def _requester(value: str, by: User) -> Q:
    return Q(requester=by) if value.lower() == "me" else Q(requester__email=value.lower())


def _priority(value: str, by: User) -> Q:
    sign, word = _sign(value)
    known = {priority.name.lower(): priority for priority in Priority}
    if word.lower() not in known:
        raise FilterError(_choose("priority", word, list(known)))
    return Q(**{f"priority__{_LOOKUP[sign]}": known[word.lower()]})


def _tag(value: str, by: User) -> Q:
    return Q(tag_names__contains=[value.lower()[:40]])


def _team(value: str, by: User) -> Q:
    return Q(team__isnull=True) if value.lower() == "none" else Q(team__name__iexact=value)


def _department(value: str, by: User) -> Q:
    return Q(department__slug=value.lower()) | Q(department__name__iexact=value)


def _topic(value: str, by: User) -> Q:
    return Q(help_topic__slug=value.lower()) | Q(help_topic__name__iexact=value)


def _number(value: str, by: User) -> Q:
    return Q(number=value.lstrip("#").upper()[:24])


def _created(value: str, by: User) -> Q:
    """A day (created:>2026-11-01) or an age (created:<2d is younger than two days)."""
    sign, when = _sign(value)
    if age := _age(when):
        return Q(**{f"created_at__{_LOOKUP[_OPPOSITE[sign] or '>']}": timezone.now() - age})
    begin, end = _day(when, "created")
    return _on_day("created_at", sign, begin, end)


def _due(value: str, by: User) -> Q:
    """A day, or a time from now (due:<4h is due within four hours, also when overdue)."""
    sign, when = _sign(value)
    if age := _age(when):
        return Q(**{f"due_at__{_LOOKUP[sign or '<']}": timezone.now() + age})
    begin, end = _day(when, "due")
    return _on_day("due_at", sign, begin, end)


def _sign(value: str) -> tuple[str, str]:
    sign = next((sign for sign in ("<=", ">=", "<", ">", "=") if value.startswith(sign)), "")
    return sign, value[len(sign) :].strip()


def _age(text: str) -> timedelta | None:
    match = _AGE.fullmatch(text.lower())
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]]) if match else None


def _day(text: str, key: str) -> tuple[datetime, datetime]:
    """The day's first moment and that of the next, in the person's time zone."""
    try:
        zone = timezone.get_current_timezone()
        begin = datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)
        return begin.astimezone(UTC), (begin + timedelta(days=1)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FilterError(
            _("“%(key)s:%(value)s” is neither a day such as 2026-11-01 nor a time such as 4h, 2d or 1w.")
            % {"key": key, "value": text[:60]}
        ) from None


def _on_day(column: str, sign: str, begin: datetime, end: datetime) -> Q:
    edges = {
        "<": {"lt": begin},
        "<=": {"lt": end},
        ">": {"gte": end},
        ">=": {"gte": begin},
    }.get(sign, {"gte": begin, "lt": end})
    return Q(**{f"{column}__{lookup}": moment for lookup, moment in edges.items()})


_FILTERS: dict[str, Callable[[str, User], Q]] = {
    "is": _is,
    "assignee": _assignee,
    "priority": _priority,
    "tag": _tag,
    "department": _department,
    "team": _team,
    "topic": _topic,
    "requester": _requester,
    "number": _number,
    "created": _created,
    "due": _due,
}
