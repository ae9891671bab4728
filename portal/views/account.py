"""The account's own pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal import wording
from portal.account_forms import ProfileForm
from tickets.actions import joining, people
from tickets.links import read_join_token
from tickets.models import Ticket
from tickets.refusals import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone, and which automatic mails come."""
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=request.user)
    if form.is_bound and form.is_valid():
        people.set_profile(request.user, declined_mail=form.declined_mail, **_known(form))
        messages.success(request, _("Saved."))
        return redirect("account_home")
    return render(request, "account/home.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Adds the address that the link was mailed to. Only who asked for it can: else somebody could be talked into
    handing their own tickets over by following a link."""
    named = read_join_token(token)
    if named is None:
        return render(request, "portal/link_gone.html", status=404)
    person, address = named
    if person != request.user:
        return render(request, "account/join_other.html", {"address": address}, status=403)
    if request.method == "POST":
        return _join(request, address)
    other = joining.known_as(address)
    context = {"address": address}
    if other and other != person:
        context |= {"why_not": joining.why_not(person, other)}
        context |= {"count": Ticket.objects.filter(requester=other, deleted_at=None).count()}
    return render(request, "account/join.html", context)


def _join(request: HttpRequest, address: str) -> HttpResponse:
    try:
        joining.add_address(request.user, address)
    except Invalid as refused:
        return render(request, "account/join.html", {"address": address, "why_not": str(refused)}, status=422)
    messages.success(request, _("%(address)s is yours now.") % {"address": wording.isolated(address)})
    return redirect("account_email")


def _known(form: ProfileForm) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in ("name", "language", "time_zone")}
