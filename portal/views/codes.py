"""Signing in by a code from a mail, and proving by one that it is still you."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.models import Login
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal import codes
from portal.accounts import check_network
from tickets.actions.people import prove_address
from tickets.models import User

_PAGE = ["GET", "HEAD", "POST"]


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        error_messages={"invalid": gettext_lazy("This is not an e-mail address. Example: name@company.example")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )


@require_http_methods(_PAGE)
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Takes an address and mails it a code; answers the same for every address."""
    if request.user.is_authenticated:
        return redirect("after_login")
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        check_network(request, "code", codes.ASKED)
        codes.send(request, form.cleaned_data["email"], then=_local(request))
        return redirect("account_confirm_login_code")
    context = {"form": form, "next": _local(request)}
    return render(request, "account/code_ask.html", context, status=422 if form.is_bound else 200)


@require_http_methods(_PAGE)
@never_cache
@login_required
def ask_again(request: HttpRequest) -> HttpResponse:
    """For people without a password, before they change what matters."""
    if request.method == "POST":
        check_network(request, "code", codes.ASKED)
        codes.send(request, request.user.email, then=_local(request), again=True)
        return redirect("account_confirm_login_code")
    return render(request, "account/code_again.html", {"next": _local(request)})


@require_http_methods(_PAGE)
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    kept = codes.awaited(request)
    if kept is None or kept["again"] != request.user.is_authenticated:
        return redirect("after_login" if request.user.is_authenticated else "account_request_login_code")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        person = codes.redeem(request, form.cleaned_data["code"])
        if person is not None:
            return _let_on(request, person, kept)
        if codes.awaited(request) is None:
            codes.forget(request)
            return render(request, "account/code_used_up.html", status=422)
        form.add_error("code", _("This code is not right. Look at the newest mail, and mind every letter."))
    # What was sent before, if anything, goes on from there.
    context = {"form": form, "address": kept["address"], "minutes": codes.MINUTES, "next": kept["then"]}
    return render(request, "account/code_confirm.html", context, status=422 if form.is_bound else 200)


def _let_on(request: HttpRequest, person: User, kept: dict[str, Any]) -> HttpResponse:
    if kept["again"]:
        if person != request.user:  # the address went to somebody else meanwhile
            return redirect("after_login")
        record_authentication(request, request.user, method="code", email=kept["address"], reauthenticated=True)
        return resume_request(request) or redirect("account_home")
    prove_address(person, kept["address"])
    record_authentication(request, person, method="code", email=kept["address"])
    return perform_login(request, Login(user=person, email=kept["address"], redirect_url=kept["then"] or None))


def _local(request: HttpRequest) -> str:
    """Where to go then, if that is on this host."""
    place = request.POST.get("next") or request.GET.get("next", "")
    return place if url_has_allowed_host_and_scheme(place, {request.get_host()}, request.is_secure()) else ""
