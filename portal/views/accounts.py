"""Around signing in: where people go afterwards, and the desk's first admin."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import make_first_admin
from portal.setup_form import SetupForm
from tickets.links import is_setup_token


@require_safe
@never_cache
@login_required
def after_login(request: HttpRequest) -> HttpResponse:
    works_here = request.user.is_agent or request.user.is_superuser
    return redirect("/staff/" if works_here else "portal:tickets")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """Makes the first admin, once: the link of `manage.py setup_link` is dead as soon as there is one."""
    if not is_setup_token(token):
        raise Http404
    form = SetupForm(request.POST or None)
    if not form.is_valid():
        return render(request, "portal/setup.html", {"form": form}, status=422 if form.is_bound else 200)
    admin = make_first_admin(**form.cleaned_data)
    if admin is None:
        raise Http404
    login(request, admin, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("after_login")
