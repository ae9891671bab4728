"""What a rule would have done: in the last days, and to one ticket now. Nothing is changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest
from staff.rules import explained, listed
from staff.rules.trees import shown
from staff.times import Clock
from staff.views.rules import admins_only
from tickets.automation import trying, words
from tickets.models import Rule, Ticket

DAYS = (1, 7, 30, 90)


@require_safe
@admins_only
def test(request: AgentRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    given = request.GET.get("days", "7")
    days = int(given) if given in map(str, DAYS) else 7
    context: dict[str, Any] = {
        "rule": rule, "days": days, "choices": DAYS, "told": words.sentence(rule.definition),
        "number": request.GET.get("ticket", "").strip().lstrip("#"), "is_macro": rule.kind == Rule.Kind.MACRO,
    }  # fmt: skip
    if context["number"]:
        context |= _tried(rule, context["number"])
    elif not context["is_macro"] and "days" in request.GET:
        context |= _looked_back(rule, days, Clock(request.user))
    if request.htmx and request.htmx.target == "found" and not request.htmx.history_restore_request:
        return render(request, "staff/rules/_found.html", context)
    context |= {"rail": lists.rail(request.user, "rules"), "tabs": listed.tabs(rule.kind)}
    response = render(request, "staff/rules/test.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


def _looked_back(rule: Rule, days: int, clock: Clock) -> dict[str, Any]:
    found = trying.result(rule, days)
    if "matches" not in found:
        percent = found["done"] * 100 // found["whole"] if found["whole"] else 0
        return {"waits": True, "percent": percent, **found}
    names = _names(rule, [effect for one in found["matches"] for effect in one["effects"]])
    rows = [
        {**one, "when": clock.at(one["at"]), "effects": [_effect(effect, names) for effect in one["effects"]]}
        for one in found["matches"]
    ]
    return {"found": found, "rows": rows, "more": found["matched"] - len(rows)}


def _tried(rule: Rule, number: str) -> dict[str, Any]:
    ticket = Ticket.objects.kept().select_related("requester__organization").filter(number=number).first()
    if ticket is None:
        return {"no_ticket": _("There is no ticket %(number)s.") % {"number": number[:30]}}
    tried = trying.on_ticket(rule, ticket)
    names = _names(rule, tried["effects"], tried["results"])
    return {
        "ticket": ticket, "matched": tried["matched"], "tree": shown(tried["results"], names),
        "run": {"effects": [_effect(one, names) for one in tried["effects"]]},
    }  # fmt: skip


def _names(rule: Rule, effects: list[dict[str, Any]], results: dict[str, Any] | None = None) -> words.Names:
    return words.Names([*words.mentioned(rule.definition), *explained.pairs(results or {}, effects)])


def _effect(one: dict[str, Any], names: words.Names) -> dict[str, Any]:
    return {
        "text": words.effect(one["effect"], names), "changes": list(explained.changes(one["changes"], names)),
        "refused": words.refusal(one["refused"]),
    }  # fmt: skip
