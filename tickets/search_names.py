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

    @cached_property
    def names(self) -> list[Name]:
        """Departments, teams, topics, statuses, SLA policies and agents: there are few of them on any desk."""
        text = CharField()
        sources: list[tuple[str, Any, Any]] = [
            ("department", Department.objects, F("slug")),
            ("topic", HelpTopic.objects, F("slug")),
            ("status", Status.objects, F("slug")),
            ("team", Team.objects, Value("")),
            ("sla", SlaPolicy.objects, Value("")),
            ("agent", User.objects.filter(is_agent=True), F("email")),
        ]
        parts = [
            rows.order_by().values_list(Value(kind, text), "pk", "label" if kind == "status" else "name", short)[:MOST]
            for kind, rows, short in sources
        ]
        return [Name(*row) for row in parts[0].union(*parts[1:], all=True)]

    @cached_property
    def tags(self) -> set[str]:
        return set(Tag.objects.filter(name__in=self._values("tag")).values_list("name", flat=True))

    @cached_property
    def organizations(self) -> dict[str, int]:
        rows = Organization.objects.alias(lower=Lower("name")).filter(lower__in=self._values("organization"))
        return {name.lower(): pk for pk, name in rows.order_by().values_list("pk", "name")}

    @cached_property
    def people(self) -> dict[str, int]:
        """Ids by address, of those whom the query names by it."""
        named = self._values("requester") | self._values("follower")
        return dict(User.objects.filter(email__in=named).order_by().values_list("email", "pk"))

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
