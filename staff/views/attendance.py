"""Availability, absences and notices: sections of an agent's own page, each saved by itself."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from staff.access import AgentRequest, agents_only
from staff.attendance import AbsenceForm, NoticesForm, wish_of
from staff.views.me import page
from tickets.actions import attendance
from tickets.reading import zone_of
from tickets.refusals import Invalid


@require_POST
@agents_only
def wishes(request: AgentRequest) -> HttpResponse:
    """Which notices come, and how."""
    form = NoticesForm(request.POST, instance=wish_of(request.user))
    if form.is_valid():
        try:
            attendance.set_notices(request.user, **form.wanted())
        except Invalid as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("staff:me")
    return page(request, notices_form=form, status=422)


@require_POST
@agents_only
def available(request: AgentRequest) -> HttpResponse:
    is_available = bool(request.POST.get("is_available"))
    attendance.set_available(request.user, is_available)
    words = _("The desk gives you tickets again.") if is_available else _("The desk gives you no tickets by itself.")
    messages.success(request, words)
    return redirect("staff:me")


@require_POST
@agents_only
def away(request: AgentRequest) -> HttpResponse:
    """Plans an absence, or begins one."""
    with timezone.override(zone_of(request.user)):
        form = AbsenceForm(request.POST, user=request.user)
        if form.is_valid():
            try:
                attendance.go_away(request.user, **form.cleaned_data)
            except Invalid as refusal:
                _refuse(form, refusal)
            else:
                messages.success(request, _("Saved. Until then nothing changes."))
                return redirect("staff:me")
        return page(request, absence_form=form, status=422)


@require_POST
@agents_only
def back(request: AgentRequest, pk: int) -> HttpResponse:
    """Ends an absence, or takes off a planned one."""
    if not attendance.come_back(request.user, pk):
        raise Http404
    messages.success(request, _("Your tickets and notices come to you."))
    return redirect("staff:me")


def _refuse(form: forms.BaseForm, refusal: Invalid) -> None:
    for name, sentence in refusal.errors.items():
        form.add_error(name if name in form.fields else None, sentence)
