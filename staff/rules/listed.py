"""The list of rules of one kind, and what each did in the last days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from staff.times import Clock
from tickets import said
from tickets.automation import words
from tickets.models import Rule, RuleRun, User

DAYS = 7


def tabs(active: str) -> list[dict[str, Any]]:
    counts = dict(Rule.objects.order_by().values_list("kind").annotate(count=Count("pk")))
    labels = {
        "filter": _("Filters"), "trigger": _("Triggers"), "automation": _("Automations"), "macro": _("Macros"),
    }  # fmt: skip
    return [
        {
            "label": labels[kind], "url": reverse("staff:rules_of", args=[kind]), "active": kind == active,
            "count": counts.get(kind, 0),
        }
        for kind in Rule.Kind.values
    ]  # fmt: skip


def about(kind: str) -> str:
    return {
        "filter": _(
            "Looked at before a request becomes a ticket: refuse it, send it elsewhere, set what it starts with."
        ),
        "trigger": _("Looked at whenever something happens to a ticket, from the first to the last."),
        "automation": _("Looked at every minute: what to do when time has gone by."),
        "macro": _("Several steps at once, by an agent's hand."),
    }[kind]


def page(user: User, kind: str, *, moved: int | None = None) -> dict[str, Any]:
    rules = list(Rule.objects.filter(kind=kind).select_related("owner"))
    names = words.names_for(rule.definition for rule in rules)
    counts, clock = _matches(kind), Clock(user)
    rows = [
        {
            "pk": rule.pk,
            "name": rule.name,
            "url": reverse("staff:rule", args=[rule.pk]),
            "sentence": words.sentence(rule.definition, names),
            "is_on": rule.is_enabled,
            "reason": said.told(rule.disabled_reason),
            "stops_after": rule.stops_after,
            "matches": counts.get(rule.pk, (0, 0))[0],
            "errors": counts.get(rule.pk, (0, 0))[1],
            "changed": clock.ago(rule.updated_at),
            "place": number,
            "is_first": number == 1,
            "is_last": number == len(rules),
            "is_moved": rule.pk == moved,
        }
        for number, rule in enumerate(rules, start=1)
    ]
    return {"kind": kind, "tabs": tabs(kind), "about": about(kind), "rows": rows, "days": DAYS}


def _matches(kind: str) -> dict[int, tuple[int, int]]:
    """How often each rule of the kind matched, and failed."""
    since = timezone.now() - timedelta(days=DAYS)
    rows = RuleRun.objects.filter(rule__kind=kind, at__gte=since).order_by().values("rule")
    found = rows.annotate(count=Count("pk"), failed=Count("pk", filter=~Q(error="")))
    return {row["rule"]: (row["count"], row["failed"]) for row in found}
