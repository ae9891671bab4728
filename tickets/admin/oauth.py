"""Connecting a mail account at Google, Microsoft or elsewhere: to the provider's consent page and back."""

from __future__ import annotations

import hmac
import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.admin.base import DeskModelAdmin
from tickets.mail import oauth
from tickets.models import OAuthGrant

_SESSION = "oauth-begun"
_SECONDS = 15 * 60  # to say yes at the provider


def redirect_uri() -> str:
    """Where the provider sends the owner back to; it has to be registered there, letter by letter."""
    return settings.BASE_URL + reverse("admin:tickets_oauthgrant_callback")


@admin.register(OAuthGrant)
class OAuthGrantAdmin(DeskModelAdmin):
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ("name", "provider", "account", "granted_at", "expires_at", "last_error")
    list_filter = ("provider",)
    search_fields = ("name", "account")
    readonly_fields = ("redirect_address", "granted_at", "expires_at", "last_error")
    fieldsets = (
        (None, {"fields": ("name", "provider", "account", "client_id", "client_secret", "redirect_address")}),
        (gettext_lazy("Endpoints"), {"fields": ("authorize_url", "token_url", "scope"), "classes": ("collapse",)}),
        (gettext_lazy("State"), {"fields": ("granted_at", "expires_at", "last_error")}),
    )

    @admin.display(
        description=gettext_lazy("redirect address"),
    )
    def redirect_address(self, grant: OAuthGrant) -> str:
        return redirect_uri()

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("callback/", self.admin_site.admin_view(self.callback), name="tickets_oauthgrant_callback"),
            path("<int:pk>/connect/", self.admin_site.admin_view(self.connect), name="tickets_oauthgrant_connect"),
        ]
        return own + super().get_urls()

    def connect(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A link and not a form: the policy of our pages lets forms lead nowhere but to us. It changes nothing here."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        grant = OAuthGrant.objects.filter(pk=pk).first()
        if grant is None:
            raise Http404
        state, verifier = secrets.token_urlsafe(32), oauth.new_verifier()
        request.session[_SESSION] = {"pk": pk, "state": state, "verifier": verifier, "at": time.time()}
        return redirect(oauth.authorization_url(grant, redirect_uri=redirect_uri(), state=state, verifier=verifier))

    def callback(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        begun = request.session.pop(_SESSION, None)  # good for one answer
        grant = OAuthGrant.objects.filter(pk=begun["pk"]).first() if begun else None
        if grant is None or not _is_ours(request, begun):
            self.refuse(request, _("This answer belongs to nothing that was begun here. Press Connect again."))
            return redirect("admin:tickets_oauthgrant_changelist")
        self._finish(request, grant, begun["verifier"])
        return redirect(self.page_of(grant))

    def _finish(self, request: HttpRequest, grant: OAuthGrant, verifier: str) -> None:
        if not (code := request.GET.get("code", "")):
            why = request.GET.get("error_description") or request.GET.get("error") or _("no reason given")
            self.refuse(request, _("The provider refused: %(why)s") % {"why": why[:300]})
            return
        try:
            oauth.complete(grant, code=code, redirect_uri=redirect_uri(), verifier=verifier)
        except oauth.OAuthFailed as error:
            self.refuse(request, str(error))
            return
        self.log_change(request, grant, _("Connected."))
        messages.success(request, _("Connected: the desk may use %(account)s now.") % {"account": grant.account})


def _is_ours(request: HttpRequest, begun: Any) -> bool:
    in_time = 0 <= time.time() - begun["at"] <= _SECONDS
    return in_time and hmac.compare_digest(begun["state"].encode(), request.GET.get("state", "").encode())
