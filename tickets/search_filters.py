"""The `key:value` filters of the search language: one table, each row a condition on tickets.

To add a search word: one row in FILTERS.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import search_fields as custom_fields
from tickets import search_moments as moments
from tickets.models import Attachment, Follower, Mention, Status, User
from tickets.search_moments import FilterError, Missing
from tickets.search_names import Scope, missing
from tickets.states import ACTIVE, Priority, Source, State

NOTHING = Q(pk__in=())

Condition = Callable[[str, Scope], Q]


@dataclass(frozen=True)
class Filter:
    """`kind` is how it is asked for in a form and completed: choice, name, person, tag, time, number or text.
    `values` are the words that it always knows; `source` is the kind of name that it takes."""

    label: Any
    condition: Condition
    kind: str
    values: tuple[str, ...] = ()
    source: str = ""
    for_customers: bool = False


def filters(by: User) -> dict[str, Filter]:
    """What the person may ask for. Customers: nothing that tells how the desk works inside."""
    inside = by.is_agent or by.is_superuser
    return FILTERS if inside else {key: one for key, one in FILTERS.items() if one.for_customers}


def is_known(key: str, by: User) -> bool:
    return key in filters(by) or (key.startswith(custom_fields.PREFIX) and (by.is_agent or by.is_superuser))


def misspelt(key: str, by: User) -> str:
    """The filter that `key` was probably meant to be; empty when it looks like ordinary text."""
    return next(iter(difflib.get_close_matches(key, filters(by), n=1, cutoff=0.75)), "")


def condition(key: str, value: str, scope: Scope) -> Q:
    """The filter as a condition; raises FilterError. `key` must be known, see `is_known`."""
    if not value:
        raise FilterError(_("“%(key)s:” needs a value after the colon.") % {"key": key})
    if key.startswith(custom_fields.PREFIX):
        return custom_fields.condition(key, value, scope)
    return FILTERS[key].condition(value, scope)


def _choose(key: str, value: str, known: Any) -> FilterError:
    return FilterError(
        _("“%(key)s:%(value)s” is not known. Possible: %(known)s.")
        % {"key": key, "value": value[:60], "known": ", ".join(known)}
    )


_CUSTOMER_IS = ("open", "closed", "resolved", "new", "archived")


def _is(value: str, scope: Scope) -> Q:
    known = IS if scope.is_inside else {word: IS[word] for word in _CUSTOMER_IS}
    if value.lower() not in known:
        raise _choose("is", value, known)
    return known[value.lower()](scope)


_LIVE = Q(state__in=[state.value for state in ACTIVE])

IS: dict[str, Callable[[Scope], Q]] = {
    "open": lambda scope: _LIVE,
    "closed": lambda scope: Q(state=State.CLOSED),
    "new": lambda scope: Q(state=State.NEW),
    "in_progress": lambda scope: Q(state=State.IN_PROGRESS),
    "resolved": lambda scope: Q(state=State.RESOLVED),
    "reopened": lambda scope: Q(state=State.REOPENED),
    "unassigned": lambda scope: _LIVE & Q(assignee__isnull=True),
    "mine": lambda scope: Q(assignee=scope.by),
    "overdue": lambda scope: Q(due_at__lt=timezone.now()),
    "breached": lambda scope: Q(resolution_breached_at__isnull=False) | Q(first_response_breached_at__isnull=False),
    "unanswered": lambda scope: Q(waiting_since__isnull=False),
    "waiting": lambda scope: Q(status__in=Status.objects.filter(ends_on_customer_message=True).order_by().values("pk")),
    "followed": lambda scope: _follows(scope.by.pk),
    "mentioned": lambda scope: Q(pk__in=Mention.objects.tickets_of(scope.by.pk)),
    "snoozed": lambda scope: Q(snoozed_until__isnull=False),
    "awake": lambda scope: Q(snoozed_until__isnull=True),
    "archived": lambda scope: Q(archived_at__isnull=False),
}


def _follows(pk: int) -> Q:
    return Q(Exists(Follower.objects.filter(ticket=OuterRef("pk"), user=pk)))


def _state(value: str, scope: Scope) -> Q:
    if value.lower() not in State.values:
        raise _choose("state", value, State.values)
    return Q(state=value.lower())


def _status(value: str, scope: Scope) -> Q:
    """One of the desk's own statuses, or a state by its name."""
    if value.lower() == "none":
        return Q(status__isnull=True)
    if value.lower() in State.values:
        return Q(state=value.lower())
    return Q(status__in=scope.pks("status", value))


def _assignee(value: str, scope: Scope) -> Q:
    if value.lower() in {"none", "any"}:
        return Q(assignee__isnull=value.lower() == "none")
    return Q(assignee=scope.by) if value.lower() == "me" else Q(assignee__in=scope.pks("agent", value))


def _requester(value: str, scope: Scope) -> Q:
    """me, an address, or a name, which the search index holds."""
    if value.lower() == "me":
        return Q(requester=scope.by)
    if "@" in value:
        pk = scope.people.get(value.lower())
        return Q(requester=pk) if pk else NOTHING
    return Q(search=phrase(value)) & Q(requester_name__icontains=value)


def _follower(value: str, scope: Scope) -> Q:
    pk = scope.by.pk if value.lower() == "me" else scope.people.get(value.lower())
    return _follows(pk) if pk else NOTHING


def _organization(value: str, scope: Scope) -> Q:
    if value.lower() in {"none", "any"}:
        return Q(requester__organization__isnull=value.lower() == "none")
    pk = scope.organizations.get(value.lower())
    if pk is None:
        raise Missing(missing("organization", value, [], {}))
    return Q(requester__in=User.objects.filter(organization=pk).order_by().values("pk"))


def phrase(text: str) -> SearchQuery:
    return SearchQuery("'" + text.replace("\\", "\\\\").replace("'", "''") + "'", config="simple", search_type="raw")


def _subject(value: str, scope: Scope) -> Q:
    return Q(search=phrase(value)) & Q(subject__icontains=value)


def _priority(value: str, scope: Scope) -> Q:
    sign, word = moments.split_sign(value)
    known = {priority.name.lower(): priority for priority in Priority}
    if word.lower() not in known:
        raise _choose("priority", word, known)
    return Q(**{f"priority__{moments.LOOKUP[sign]}": known[word.lower()]})


def _tag(value: str, scope: Scope) -> Q:
    name = value.lower()
    if name in {"none", "any"} and name not in scope.tags:
        return Q(tag_names=[]) if name == "none" else ~Q(tag_names=[])
    if name not in scope.tags:
        raise Missing(missing("tag", value, [], {}))
    return Q(tag_names__contains=[name])


def _named(kind: str, column: str) -> Condition:
    def find(value: str, scope: Scope) -> Q:
        if value.lower() in {"none", "any"}:
            return Q(**{f"{column}__isnull": value.lower() == "none"})
        return Q(**{f"{column}__in": scope.pks(kind, value)})

    return find


def _team(value: str, scope: Scope) -> Q:
    return Q(team__in=scope.by.team_ids) if value.lower() == "mine" else _named("team", "team")(value, scope)


def _source(value: str, scope: Scope) -> Q:
    if value.lower() not in Source.values:
        raise _choose("source", value, Source.values)
    return Q(source=value.lower())


def _number(value: str, scope: Scope) -> Q:
    return Q(number=value.lstrip("#").upper()[:24])


def _time(key: str, column: str, *, ahead: bool = False) -> Condition:
    return lambda value, scope: moments.condition(key, column, value, ahead=ahead)


def _count(key: str, column: str) -> Condition:
    def compare(value: str, scope: Scope) -> Q:
        sign, number = moments.split_sign(value)
        if not (number.isascii() and number.isdigit()) or len(number) > 6:
            raise FilterError(_("“%(key)s:” needs a number, such as >5.") % {"key": key})
        return Q(**{f"{column}__{moments.LOOKUP[sign]}": int(number)})

    return compare


def _has(value: str, scope: Scope) -> Q:
    if value.lower() not in HAS:
        raise _choose("has", value, HAS)
    return HAS[value.lower()](scope)


HAS: dict[str, Callable[[Scope], Q]] = {
    "attachment": lambda scope: Q(Exists(Attachment.objects.filter(message__ticket=OuterRef("pk")).order_by())),
    "assignee": lambda scope: Q(assignee__isnull=False),
    "team": lambda scope: Q(team__isnull=False),
    "tag": lambda scope: ~Q(tag_names=[]),
    "due": lambda scope: Q(due_at__isnull=False),
    "topic": lambda scope: Q(help_topic__isnull=False),
    "status": lambda scope: Q(status__isnull=False),
    "follower": lambda scope: Q(Exists(Follower.objects.filter(ticket=OuterRef("pk")))),
}

_PRIORITIES = tuple(priority.name.lower() for priority in Priority)
_NULL = ("none", "any")

FILTERS: dict[str, Filter] = {
    "is": Filter(gettext_lazy("State of affairs"), _is, "choice", tuple(IS), for_customers=True),
    "assignee": Filter(gettext_lazy("Assignee"), _assignee, "name", ("me", *_NULL), "agent"),
    "priority": Filter(gettext_lazy("Priority"), _priority, "choice", _PRIORITIES),
    "tag": Filter(gettext_lazy("Tag"), _tag, "tag", _NULL),
    "status": Filter(gettext_lazy("Status"), _status, "name", ("none", *State.values), "status"),
    "state": Filter(gettext_lazy("State"), _state, "choice", tuple(State.values)),
    "department": Filter(gettext_lazy("Department"), _named("department", "department"), "name", (), "department"),
    "team": Filter(gettext_lazy("Team"), _team, "name", ("mine", *_NULL), "team"),
    "topic": Filter(gettext_lazy("Help topic"), _named("topic", "help_topic"), "name", _NULL, "topic", True),
    "requester": Filter(gettext_lazy("Requester"), _requester, "person", ("me",)),
    "organization": Filter(gettext_lazy("Organization"), _organization, "organization", _NULL),
    "follower": Filter(gettext_lazy("Follower"), _follower, "person", ("me",)),
    "source": Filter(gettext_lazy("Came by"), _source, "choice", tuple(Source.values)),
    "sla": Filter(gettext_lazy("SLA policy"), _named("sla", "sla_policy"), "name", _NULL, "sla"),
    "number": Filter(gettext_lazy("Number"), _number, "text", for_customers=True),
    "subject": Filter(gettext_lazy("Subject"), _subject, "text"),
    "has": Filter(gettext_lazy("Has"), _has, "choice", tuple(HAS)),
    "created": Filter(gettext_lazy("Opened"), _time("created", "created_at"), "time", for_customers=True),
    "updated": Filter(gettext_lazy("Changed"), _time("updated", "updated_at"), "time"),
    "activity": Filter(gettext_lazy("Latest message"), _time("activity", "last_message_at"), "time"),
    "waiting": Filter(gettext_lazy("Waiting for an answer since"), _time("waiting", "waiting_since"), "time"),
    "due": Filter(gettext_lazy("Due"), _time("due", "due_at", ahead=True), "time"),
    "snoozed": Filter(gettext_lazy("Snoozed until"), _time("snoozed", "snoozed_until", ahead=True), "time"),
    "resolved": Filter(gettext_lazy("Resolved"), _time("resolved", "resolved_at"), "time"),
    "closed": Filter(gettext_lazy("Closed"), _time("closed", "closed_at"), "time"),
    "messages": Filter(gettext_lazy("Messages"), _count("messages", "message_count"), "number"),
    "reopens": Filter(gettext_lazy("Times reopened"), _count("reopens", "reopen_count"), "number"),
}
