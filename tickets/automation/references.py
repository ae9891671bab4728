"""What rules name: rows of the desk by id, in files by name. A row that is gone or switched off ends the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from tickets.models import (
    BusinessHours,
    CannedResponse,
    Department,
    HelpTopic,
    Organization,
    Skill,
    SlaPolicy,
    Status,
    Team,
    User,
    Webhook,
)


@dataclass(frozen=True)
class Reference:
    """`usable` are the rows that a rule may name; `name` is the column that names a row in files."""

    label: Any
    usable: Callable[[], QuerySet[Any]]
    name: str = "name"

    def choices(self) -> list[tuple[int, str]]:
        return [(row.pk, str(row)) for row in self.usable()]

    def find(self, pk: object) -> Model | None:
        return self.usable().filter(pk=pk).first() if isinstance(pk, int) else None


REFERENCES: dict[str, Reference] = {
    "agent": Reference(_("agent"), lambda: User.objects.agents(), "email"),
    "person": Reference(_("person"), lambda: User.objects.filter(is_active=True), "email"),
    "team": Reference(_("team"), lambda: Team.objects.filter(is_enabled=True)),
    "department": Reference(_("department"), lambda: Department.objects.all()),
    "help_topic": Reference(
        _("help topic"), lambda: HelpTopic.objects.filter(is_enabled=True).select_related("parent"), "slug"
    ),
    "status": Reference(_("status"), lambda: Status.objects.filter(is_enabled=True), "slug"),
    "organization": Reference(_("organization"), lambda: Organization.objects.all()),
    "sla_policy": Reference(_("SLA policy"), lambda: SlaPolicy.objects.filter(is_enabled=True)),
    "hours": Reference(_("business hours"), lambda: BusinessHours.objects.all()),
    "skill": Reference(_("skill"), lambda: Skill.objects.all()),
    # Everybody's, departments' and teams'; what an agent keeps for themselves is not the desk's to send.
    "canned": Reference(
        _("canned response"), lambda: CannedResponse.objects.filter(is_enabled=True, owner=None), "title"
    ),
    "webhook": Reference(_("webhook"), lambda: Webhook.objects.filter(is_enabled=True)),
}


def missing(wanted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those of the (reference, id) pairs that cannot be used any more; one query for each kind."""
    by_kind: dict[str, set[int]] = {}
    for kind, pk in wanted:
        by_kind.setdefault(kind, set()).add(pk)
    gone = []
    for kind, pks in by_kind.items():
        found = set(REFERENCES[kind].usable().filter(pk__in=pks).values_list("pk", flat=True))
        gone += [(kind, pk) for pk in sorted(pks - found)]
    return gone
