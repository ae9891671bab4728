"""Saved views: the page that lists them, and making, changing, ordering, deleting one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.view_forms import SavedViewForm
from tickets import search
from tickets.actions import views as actions
from tickets.models import SavedView, User
from tickets.refusals import Invalid, TooLate


@require_safe
@agents_only
def views(request: AgentRequest) -> HttpResponse:
    """All that the person sees in their rail; what they may change with how."""
    user = request.user
    changeable = set(SavedView.objects.changeable_by(user).values_list("pk", flat=True))
    rows = list(SavedView.objects.visible_to(user).select_related("owner"))
    scope = search.scope_of([view.query for view in rows], by=user)
    shown = [
        {
            "view": view,
            "may": view.pk in changeable,
            "owner": view.owner if view.owner_id != user.pk else None,
            "mistakes": [actions.place(one) for one in _mistakes(view, user, scope)],
        }
        for view in rows
    ]
    return render(request, "staff/views.html", {"rail": lists.rail(user, "views"), "views": shown})


def _mistakes(view: SavedView, user: User, scope: Any) -> list[search.Mistake]:
    parsed = search.parse(view.query, by=user, scope=scope)
    return [*parsed.mistakes, *parsed.missing]


@agents_only
def view_new(request: AgentRequest) -> HttpResponse:
    given = request.GET
    initial = {
        "query": given.get("q", ""),
        "order": given.get("sort") or "latest",
        "group": given.get("group", ""),
        "is_table": given.get("as") == "table",
    }
    form = SavedViewForm(request.user, request.POST or None, initial=initial)
    return _edit(request, form, None)


@agents_only
def view_change(request: AgentRequest, slug: str) -> HttpResponse:
    view = _changeable(request.user, slug)
    initial = SavedViewForm.initial_of(view)
    if text := request.GET.get("q", ""):  # comes from the filter form
        initial["query"] = text
    form = SavedViewForm(request.user, request.POST or None, initial=initial)
    return _edit(request, form, view)


def _edit(request: AgentRequest, form: SavedViewForm, view: SavedView | None) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                saved = actions.save_view(view, by=request.user, **form.cleaned_data)
            except Invalid as refusal:
                for field, sentence in refusal.errors.items():
                    form.add_error(field if field in form.fields else None, sentence)
            except TooLate as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                messages.success(request, _("View saved."))
                return redirect("staff:view", saved.slug)
    context = {
        "rail": lists.rail(request.user, view.slug if view else "views"),
        "form": form,
        "view": view,
        "mistakes": _wrong(request, form, view),
    }
    return render(request, "staff/view_form.html", context, status=status)


def _wrong(request: AgentRequest, form: SavedViewForm, view: SavedView | None) -> list[str]:
    """What has gone wrong with a view since it was saved."""
    if view is None or form.is_bound:
        return []
    parsed = search.parse(form.initial["query"], by=request.user)
    return [actions.place(one) for one in (*parsed.mistakes, *parsed.missing)]


@require_POST
@agents_only
def view_delete(request: AgentRequest, slug: str) -> HttpResponse:
    view = _changeable(request.user, slug)
    actions.delete_view(view, by=request.user)
    messages.success(request, _("View “%(name)s” deleted.") % {"name": view.name})
    return redirect("staff:views")


@require_POST
@agents_only
def view_move(request: AgentRequest, slug: str) -> HttpResponse:
    view = _changeable(request.user, slug)
    actions.move_view(view, by=request.user, step=-1 if request.POST.get("up") else 1)
    return redirect("staff:views")


def _changeable(user: User, slug: str) -> SavedView:
    """404 for a view that the person cannot know of, 403 for one that they may only use."""
    seen = SavedView.objects.visible_to(user) | SavedView.objects.changeable_by(user)
    view = seen.filter(slug=slug).first()
    if view is None:
        raise Http404
    actions.require_change(view, by=user)
    return view
