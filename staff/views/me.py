"""The agent's own page: how they like to work, what they did today. Each section saves itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import attendance, lists
from staff.access import AgentRequest, agents_only
from staff.times import Clock
from tickets import preferences, queries
from tickets.actions import desk_habits
from tickets.models import Preferences, SavedView, User


class WorkForm(forms.Form):
    default_view = forms.ChoiceField(label=gettext_lazy("View to begin with"), required=False)
    after_send = forms.ChoiceField(
        label=gettext_lazy("After sending a reply"), choices=Preferences.AfterSend.choices, widget=forms.RadioSelect
    )
    has_single_keys = forms.BooleanField(
        label=gettext_lazy("Single keys work"),
        required=False,
        help_text=gettext_lazy("Such as r for reply. Keys together with Ctrl or Cmd always work."),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [
            (queue.slug, queue.label) for queue in queries.QUEUES.values() if user.is_superuser or not queue.for_admins
        ]
        saved = list(SavedView.objects.visible_to(user).values_list("slug", "name"))
        departments = [(f"d-{one.slug}", one.name) for one in queries.departments_of(user)]
        groups = [(_("Saved views"), saved), (_("Departments"), departments)]
        self.fields["default_view"].choices = [*own, *(group for group in groups if group[1])]  # type: ignore[attr-defined]


@agents_only
def me(request: AgentRequest) -> HttpResponse:
    is_ours = request.method == "POST" and request.POST.get("section", "work") == "work"
    form = _work_form(request, request.POST if is_ours else None)
    if form.is_bound and form.is_valid():
        desk_habits.set_preferences(by=request.user, **form.cleaned_data)
        request.session["single_keys_off"] = not form.cleaned_data["has_single_keys"]
        messages.success(request, _("Saved."))
        return redirect("staff:me")
    return page(request, work_form=form, status=400 if form.errors else 200)


def page(request: AgentRequest, *, status: int = 200, **bound: Any) -> HttpResponse:
    """The whole page; `bound` are forms of a section that were sent and refused."""
    context = {
        "rail": lists.rail(request.user, "me"),
        "work_form": bound.get("work_form") or _work_form(request, None),
        "day": queries.day_of(request.user, Clock(request.user).midnight),
        **attendance.sections(request.user, **bound),
    }
    return render(request, "staff/me.html", context, status=status)


def _work_form(request: AgentRequest, given: Any) -> WorkForm:
    has = preferences.of(request.user)
    initial = {
        "default_view": has.default_view or "my-open",
        "after_send": has.after_send,
        "has_single_keys": has.has_single_keys,
    }
    return WorkForm(request.user, given, initial=initial)
