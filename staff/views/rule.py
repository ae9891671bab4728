"""One rule: built, looked at while being built, its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff import lists
from staff.access import AgentRequest
from staff.rules import changing, draft, history, listed, pieces, preview
from staff.rules.draft import DEEPEST, MOST_ROWS, Deed, Draft, Leaf
from staff.rules.shown import Builder
from staff.times import Clock
from staff.views.rules import admins_only
from tickets.actions import rules
from tickets.automation import words
from tickets.models import Rule
from tickets.refusals import Invalid, Refused


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def new(request: AgentRequest, kind: str) -> HttpResponse:
    if kind not in Rule.Kind.values:
        raise Http404
    if request.method == "POST":
        return _posted(request, None, draft.read(request.POST, kind))
    empty = Draft(kind, deeds=[Deed()])
    empty.root.rows.append(Leaf())
    empty.number()
    return _show(request, None, empty)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def edit(request: AgentRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule.objects.select_related("owner"), pk=pk)
    if request.method == "POST":
        return _posted(request, rule, draft.read(request.POST, rule.kind))
    return _show(request, rule, draft.of_rule(rule.definition))


def _posted(request: AgentRequest, rule: Rule | None, given: Draft) -> HttpResponse:
    """One of the builder's buttons: saving, or anything that shows the form again with what was typed."""
    deed = request.POST.get("do", "")
    if deed not in ("save", "save_on"):
        return _show(request, rule, given, focus=changing.change(given, deed), seen=request.POST.get("seen", ""))
    try:
        saved = _save(request, rule, given)
    except Invalid as refusal:
        given.take(refusal.errors)
        return _show(request, rule, given, status=400, seen=request.POST.get("seen", ""))
    if deed == "save_on":
        try:
            saved = rules.enable(saved, by=request.user)
        except Refused as refusal:
            messages.error(request, _("Saved, but it stays off: %(why)s") % {"why": refusal})
            return _leave(request, reverse("staff:rule", args=[saved.pk]))
    messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
    return _leave(request, reverse("staff:rules_of", args=[saved.kind]))


@transaction.atomic
def _save(request: AgentRequest, rule: Rule | None, given: Draft) -> Rule:
    if rule is not None:
        now = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        if request.POST.get("seen") != str(now.version):
            raise Invalid(
                seen=_("Somebody saved this rule meanwhile (version %(number)d). Your changes are still here: compare "
                       "them with the history, then save again to replace it.") % {"number": now.version}
            )  # fmt: skip
    return rules.save(rule, by=request.user, **given.definition())


def _leave(request: AgentRequest, url: str) -> HttpResponse:
    """To another page, also out of a piece that htmx asked for."""
    return HttpResponse(status=204, headers={"HX-Redirect": url}) if request.htmx else redirect(url)


def _show(
    request: AgentRequest, rule: Rule | None, given: Draft, *, focus: str = "", status: int = 200, seen: str = ""
) -> HttpResponse:
    url = reverse("staff:rule", args=[rule.pk]) if rule else reverse("staff:rule_new", args=[given.kind])
    clash = "seen" in given.problems
    context: dict[str, Any] = {
        **Builder(given).context(), "rule": rule, "url": url, "focus": focus, "tabs": listed.tabs(given.kind),
        "seen": rule.version if rule and (clash or not seen) else seen,
        "told": words.sentence(given.definition()), "look": preview.look(request.user, given),
    }  # fmt: skip
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "staff/rules/_builder.html", context, status=status)
    context |= {
        "rail": lists.rail(request.user, "rules"), "pieces": pieces.at_hand(given.kind), "deepest": DEEPEST,
        "most": MOST_ROWS,
    }  # fmt: skip
    response = render(request, "staff/rules/edit.html", context, status=status)
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
@admins_only
def look(request: AgentRequest, kind: str) -> HttpResponse:
    """The sentence and the tickets that match, while somebody types."""
    if kind not in Rule.Kind.values:
        raise Http404
    given = draft.read(request.POST, kind)
    context = {
        "draft": given, "is_trigger": kind == Rule.Kind.TRIGGER, "told": words.sentence(given.definition()),
        "look": preview.look(request.user, given),
    }  # fmt: skip
    return render(request, "staff/rules/_look.html", context)


@require_safe
@admins_only
def versions(request: AgentRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    context = {
        "rail": lists.rail(request.user, "rules"), "rule": rule, "tabs": listed.tabs(rule.kind),
        "versions": history.told(rule, Clock(request.user)),
    }  # fmt: skip
    return render(request, "staff/rules/history.html", context)


@require_POST
@admins_only
def roll_back(request: AgentRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    number = request.POST.get("number", "")
    try:
        saved = rules.roll_back(
            rule, by=request.user, number=int(number) if number.isdecimal() and len(number) < 9 else 0
        )
    except Refused as refusal:
        messages.error(request, _("That version cannot come back: %(why)s") % {"why": refusal})
        return redirect("staff:rule_history", pk)
    messages.success(request, _("Version %(old)s is back, as version %(new)d.") % {"old": number, "new": saved.version})
    return redirect("staff:rule_history", pk)
