"""A copy of one's data, and the wish to be forgotten."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import wording
from tickets import blobs
from tickets.actions import data_exports, erasing
from tickets.models import DataExport, ErasureRequest
from tickets.refusals import Refused, TooMany


class ErasureForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Is there anything we should know?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@require_safe
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    copies = request.user.data_exports.exclude(state=DataExport.State.GONE)[:3]
    waiting = request.user.erasure_requests.filter(state=ErasureRequest.State.WAITING).first()
    for copy in copies:
        copy.when = wording.day_and_time(copy.created_at)
    return render(request, "account/data.html", {"copies": copies, "asked": waiting, "form": ErasureForm()})


@require_POST
@login_required
@reauthentication_required(app="allauth.account")
def copy(request: HttpRequest) -> HttpResponse:
    try:
        data_exports.ask(by=request.user)
        messages.success(request, _("We make the copy now, and mail you when it is ready."))
    except TooMany:
        messages.error(request, _("You had two copies within a day. Please wait until tomorrow."))
    return redirect("account_data")


@require_safe
@never_cache
@login_required
def fetch(request: HttpRequest, key: str) -> HttpResponse:
    """The file itself; it is nobody else's, whoever has the address."""
    row = request.user.data_exports.filter(key=key).first()
    if row is None or not row.is_ready:
        raise Http404
    try:
        blob = blobs.open_blob(row.sha256)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(blob, as_attachment=True, filename="my-data.zip", content_type="application/zip")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["POST"])
@login_required
@reauthentication_required(app="allauth.account")
def forget(request: HttpRequest) -> HttpResponse:
    """Asks to be forgotten, or takes that back."""
    if "withdraw" in request.POST:
        erasing.withdraw(by=request.user)
        messages.success(request, _("Your request is withdrawn. We keep your data."))
        return redirect("account_data")
    form = ErasureForm(request.POST)
    try:
        erasing.ask(by=request.user, reason=form.cleaned_data["reason"] if form.is_valid() else "")
        messages.success(request, _("We have your request and answer within a month."))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("account_data")
