"""What a query names, looked up: departments, teams, tags, people. A few statements however long the query is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import CharField, F, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from tickets.models import Department, Field, HelpTopic, Organization, SlaPolicy, Status, Tag, Team, User
from tickets.search_grammar import Term
from tickets.search_moments import Missing

MOST = 2000  # names of one kind that are read at all
_BY_NAME = {"department", "topic", "status", "team", "sla", "assignee"}  # filters that take one of Scope.names


class Name(NamedTuple):
    kind: str
    pk: int
    name: str
    short: str


class Scope:
    """Who asks, and the names that the terms of one query use."""

    def __init__(self, by: User, terms: Iterable[Term] = ()) -> None:
        self.by, self.terms = by, list(terms)

    @property
    def is_inside(self) -> bool:
        return self.by.is_agent or self.by.is_superuser

    @property
    def names(self) -> list[Name]:
        """Departments, teams, topics, statuses, SLA policies and agents: there are few of them on any desk."""
        return self._all if self._names_some else self._listed

    @cached_property
    def _all(self) -> list[Name]:
        """What the terms name, in one statement; the names are among it if they name one."""
        parts = self._looked_up() + (self._few() if self._names_some else [])
        return [Name(*row) for row in parts[0].union(*parts[1:], all=True)] if parts else []

    @cached_property
    def _listed(self) -> list[Name]:
        parts = self._few()
        return [Name(*row) for row in parts[0].union(*parts[1:], all=True)]

    @cached_property
    def _names_some(self) -> bool:
        return any(term.key.lower() in _BY_NAME for term in self.terms)

    @staticmethod
    def _few() -> list[Any]:
        text = CharField()
        sources: list[tuple[str, Any, Any]] = [
            ("department", Department.objects, F("slug")),
            ("topic", HelpTopic.objects, F("slug")),
            ("status", Status.objects, F("slug")),
            ("team", Team.objects, Value("")),
            ("sla", SlaPolicy.objects, Value("")),
            ("agent", User.objects.filter(is_agent=True), F("email")),
        ]
        return [
            rows.order_by().values_list(Value(kind, text), "pk", "label" if kind == "status" else "name", short)[:MOST]
            for kind, rows, short in sources
        ]

    def _looked_up(self) -> list[Any]:
        """What there may be very many of: only those that are named."""
        organizations = Organization.objects.alias(lower=Lower("name"))
        sources: list[tuple[str, Any, set[str], str]] = [
            ("tag", Tag.objects.filter(name__in=self._values("tag")), self._values("tag"), "name"),
            (
                "organization",
                organizations.filter(lower__in=self._values("organization")),
                self._values("organization"),
                "name",
            ),
            ("person", User.objects.filter(email__in=self._addresses), self._addresses, "email"),
        ]
        return [
            rows.order_by().values_list(Value(kind, CharField()), "pk", name, Value(""))
            for kind, rows, named, name in sources
            if named
        ]

    @cached_property
    def _addresses(self) -> set[str]:
        return self._values("requester") | self._values("follower")

    @cached_property
    def tags(self) -> set[str]:
        return {one.name for one in self._all if one.kind == "tag"}

    @cached_property
    def organizations(self) -> dict[str, int]:
        return {one.name.lower(): one.pk for one in self._all if one.kind == "organization"}

    @cached_property
    def people(self) -> dict[str, int]:
        """Ids by address, of those whom the query names by it."""
        return {one.name: one.pk for one in self._all if one.kind == "person"}

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Custom fields by key."""
        return {field.key: field for field in Field.objects.order_by()[:MOST]}

    def _values(self, key: str) -> set[str]:
        return {value.lower() for term in self.terms if term.key.lower() == key for value in term.values}

    def pks(self, kind: str, value: str) -> list[int]:
        """Ids of what has that name or short name; raises Missing, with what was probably meant."""
        wanted = value.lower()
        known = [name for name in self.names if name.kind == kind]
        found = [name.pk for name in known if wanted in {name.name.lower(), name.short.lower()}]
        if found:
            return found
        spelt = {text.lower(): text for name in known for text in (name.name, name.short) if text}
        raise Missing(missing(kind, value, difflib.get_close_matches(wanted, spelt, n=1, cutoff=0.6), spelt))


def missing(kind: str, value: str, close: list[str], spelt: dict[str, str]) -> str:
    """The sentence that it is not there."""
    sentence = _("There is no %(kind)s “%(value)s”.") % {"kind": _word(kind), "value": value[:60]}
    if close:
        sentence += " " + _("Did you mean “%(meant)s”?") % {"meant": spelt[close[0]]}
    return sentence


def _word(kind: str) -> str:
    return {
        "department": _("department"),
        "topic": _("help topic"),
        "status": _("status"),
        "team": _("team"),
        "sla": _("SLA policy"),
        "agent": _("agent"),
        "tag": _("tag"),
        "organization": _("organization"),
        "field": _("custom field"),
    }[kind]
