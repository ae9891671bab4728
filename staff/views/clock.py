"""Why a ticket is due when it is: a piece of the ticket's page, and a page of its own without scripts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import lists, sidebar
from staff.access import AgentRequest, agents_only, find_ticket
from staff.times import Clock
from staff.views.ticket import here
from tickets.explanation import Explanation, Level, Step, Target, exact, explain, without_middle
from tickets.models import BusinessHours, SlaPolicy

_KIND = {"met": "ok", "late": "danger", "overdue": "danger"}


@require_safe
@agents_only
def why(request: AgentRequest, number: str) -> HttpResponse:
    ticket = find_ticket(request.user, number)
    policies, calendars = list(SlaPolicy.objects.select_related("business_hours")), list(BusinessHours.objects.all())
    policy = _chosen(policies, request.GET.get("policy", ""))
    hours = _chosen(calendars, request.GET.get("calendar", ""))
    told = explain(ticket, policy=policy, hours=hours)
    clock = Clock(request.user)
    context = {
        "ticket": sidebar.head(ticket),
        "back": here(request),
        "url": request.path,
        "told": _told(without_middle(told), clock) if told else None,
        "policies": [(row.pk, row.name, row == policy) for row in policies],
        "calendars": [(row.pk, row.name, row == hours) for row in calendars],
    }
    piece = bool(request.htmx) and not request.htmx.history_restore_request
    if not piece:
        context["rail"] = lists.rail(request.user, "")
    response = render(request, "staff/_why.html" if piece else "staff/why.html", context)
    patch_vary_headers(response, ["HX-Request"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _chosen(rows: list[Any], pk: str) -> Any:
    """The row with this key; nothing for one that is gone meanwhile."""
    return next((row for row in rows if str(row.pk) == pk), None)


def _told(told: Explanation, clock: Clock) -> dict[str, Any]:
    return {
        "policy": told.policy,
        "reason": told.reason,
        "calendar": told.calendar,
        "zone": told.zone,
        "as_if": told.as_if,
        "targets": [_target(target, clock) for target in told.targets],
    }


def _target(target: Target, clock: Clock) -> dict[str, Any]:
    laid = target.laid
    moments = (
        (_("Due"), laid.due),
        (_("Warning"), target.warned_at or target.warn_at),
        (_("Met"), target.met_at),
        (_("Set by hand, which wins"), target.manual_due),
        (_("On the ticket stands"), target.kept_due),
    )
    return {
        "label": target.label,
        "seconds": exact(target.seconds),
        "sentence": target.sentence,
        "kind": _KIND.get(target.state, "neutral"),
        "steps": [_step(step, clock) for step in laid.steps],
        "ran": exact(laid.ran),
        "left": exact(laid.left) if laid.left else "",
        "moments": [(label, clock.at(moment)) for label, moment in moments if moment],
        "levels": [(level.text, _level(level, clock)) for level in target.levels],
    }


def _level(level: Level, clock: Clock) -> str:
    if level.is_skipped:
        return _("skipped, too late")
    if level.fired_at:
        return _("done %(moment)s") % {"moment": clock.at(level.fired_at)}
    return clock.at(level.planned_at) if level.planned_at else _("not while paused")


def _step(step: Step, clock: Clock) -> dict[str, str]:
    return {
        "kind": step.kind,
        "from": clock.at(step.start),
        "to": clock.at(step.end),
        "text": step.text,
        "lasted": exact(step.seconds),
        "ran": exact(step.ran) if step.ran else "",
    }
