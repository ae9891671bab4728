"""The rules of the desk: in which order, which are on, how often each matched; and their switches."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, View, agents_only
from staff.rules import listed
from tickets.actions import rules
from tickets.automation import words
from tickets.models import Rule
from tickets.refusals import Refused


def admins_only(view: View) -> View:
    """Agents are refused, strangers sign in."""

    @agents_only
    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_superuser:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@admins_only
def overview(request: AgentRequest, kind: str = Rule.Kind.TRIGGER) -> HttpResponse:
    if kind not in Rule.Kind.values:
        raise Http404
    context = {"rail": lists.rail(request.user, "rules"), **listed.page(request.user, kind)}
    response = render(request, "staff/rules/list.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
@admins_only
def switch(request: AgentRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(Rule, pk=pk)
    try:
        if request.POST.get("on"):
            rules.enable(rule, by=request.user)
            messages.success(request, _("“%(name)s” is on.") % {"name": rule.name})
        else:
            rules.disable(rule, by=request.user)
            messages.success(request, _("“%(name)s” is off.") % {"name": rule.name})
    except Refused as refusal:
        messages.error(request, _("“%(name)s” stays off: %(why)s") % {"name": rule.name, "why": refusal})
    return redirect("staff:rules_of", rule.kind)


@require_POST
@admins_only
def move(request: AgentRequest, pk: int) -> HttpResponse:
    """One place up or down."""
    rule = get_object_or_404(Rule, pk=pk)
    order = list(Rule.objects.filter(kind=rule.kind).values_list("pk", flat=True))
    here = order.index(rule.pk)
    there = here + (-1 if request.POST.get("up") else 1)
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        rules.reorder(rule.kind, order, by=request.user)
    return _list_again(request, rule.kind, moved=rule.pk)


@require_POST
@admins_only
def order(request: AgentRequest, kind: str) -> HttpResponse:
    """The whole order, as it was dragged."""
    pks = [int(pk) for pk in request.POST.getlist("rule") if pk.isdecimal() and len(pk) < 10]
    rules.reorder(kind, pks, by=request.user)
    return _list_again(request, kind)


def _list_again(request: AgentRequest, kind: str, moved: int | None = None) -> HttpResponse:
    if request.htmx:
        return render(request, "staff/rules/_rows.html", listed.page(request.user, kind, moved=moved))
    return redirect("staff:rules_of", kind)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def delete(request: AgentRequest, pk: int) -> HttpResponse:
    """Asks first, on a page that tells what goes and what stays."""
    rule = get_object_or_404(Rule, pk=pk)
    if request.method != "POST":
        context = {"rail": lists.rail(request.user, "rules"), "rule": rule, "told": words.sentence(rule.definition)}
        return render(request, "staff/rules/delete.html", context)
    rules.delete(rule, by=request.user)
    messages.success(request, _("“%(name)s” is deleted. What it did stays.") % {"name": rule.name})
    return redirect("staff:rules_of", rule.kind)
