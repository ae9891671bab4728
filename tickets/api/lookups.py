"""Names as programs write them -> rows. A wrong name is answered with those that exist, as far as the person may
know them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from tickets.api.answers import works_here
from tickets.compiled import Compiled
from tickets.models import BusinessHours, Department, HelpTopic, SlaPolicy, Status, Team, User
from tickets.refusals import Invalid
from tickets.states import Priority

_SHOWN = 20
Row = TypeVar("Row", bound=Model)


def department(name: str | None, by: User) -> Department | None:
    if name is None:
        return None
    rows = Department.objects.all() if works_here(by) else Department.objects.filter(is_public=True)
    return _by_slug_or_name("department", name, rows.select_related("sla_policy"))


def help_topic(name: str | None, by: User) -> HelpTopic | None:
    if name is None:
        return None
    rows = _topics() if works_here(by) else _public_topics()
    found = (_topic if works_here(by) else _public_topic).all(name.lower(), name)
    return _the_one("help_topic", name, found, rows)


def _topics() -> QuerySet[HelpTopic]:
    related = ("department__sla_policy", "sla_policy", "assignee", "team")
    return HelpTopic.objects.filter(is_enabled=True).select_related(*related)


def _public_topics() -> QuerySet[HelpTopic]:
    return _topics().filter(is_public=True)


def _named(rows: Any, slug: Any, name: Any) -> Any:
    return rows.annotate(upper=Upper("name")).filter(Q(slug=slug) | Q(upper=Upper(name)))[:2]


_topic = Compiled(lambda slug, name: _named(_topics(), slug, name))
_public_topic = Compiled(lambda slug, name: _named(_public_topics(), slug, name))


def _by_slug_or_name(field: str, name: str, rows: QuerySet[Row]) -> Row:
    return _the_one(field, name, list(_named(rows, name.lower(), Value(name))), rows)


def _the_one(field: str, name: str, found: list[Row], rows: QuerySet[Row]) -> Row:
    exact = [row for row in found if row.slug == name.lower()]  # type: ignore[attr-defined]
    if len(exact or found) != 1:
        raise Invalid(**{field: _unknown(name, rows.order_by("slug").values_list("slug", flat=True)[: _SHOWN + 1])})
    return (exact or found)[0]


def priority(word: str | None, by: User) -> int | None:
    if word is None:
        return None
    if not works_here(by):
        raise Invalid(priority=_("The desk sets the priority; leave this field out."))
    known = {one.name.lower(): one.value for one in Priority}
    if word.lower() not in known:
        raise Invalid(priority=_unknown(word, known))
    return known[word.lower()]


def status(slug: str | None) -> Status | None:
    if slug is None:
        return None
    rows = Status.objects.filter(is_enabled=True)
    found = rows.filter(Q(slug=slug.lower()) | Q(label__iexact=slug)).first()
    if found is None:
        raise Invalid(status=_unknown(slug, rows.values_list("slug", flat=True)[: _SHOWN + 1]))
    return found


def agent(email: str | None, by: User) -> User | None:
    if email is None:
        return None
    if email.lower() == "me":
        return by
    found = User.objects.agents().filter(email=email.lower()).first()
    if found is None:
        raise Invalid(agent=_("There is no agent with the address “%(email)s”.") % {"email": email[:80]})
    return found


def team(name: str) -> Team:
    rows = Team.objects.filter(is_enabled=True)
    found = rows.filter(name__iexact=name).first()
    if found is None:
        raise Invalid(team=_unknown(name, rows.values_list("name", flat=True)[: _SHOWN + 1]))
    return found


def sla_policy(name: str | None) -> SlaPolicy | None:
    return _by_name("policy", name, SlaPolicy.objects.select_related("business_hours"))


def business_hours(name: str | None) -> BusinessHours | None:
    return _by_name("calendar", name, BusinessHours.objects.all())


def _by_name(field: str, name: str | None, rows: QuerySet[Row]) -> Row | None:
    if name is None:
        return None
    found = rows.filter(name=name).first() or rows.filter(name__iexact=name).first()
    if found is None:
        raise Invalid(**{field: _unknown(name, rows.values_list("name", flat=True)[: _SHOWN + 1])})
    return found


def _unknown(name: str, known: Iterable[str]) -> str:
    names = list(known)
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return _("“%(name)s” does not exist. There is: %(names)s.") % {"name": name[:80], "names": shown or "–"}
