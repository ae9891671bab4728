"""The portal while it is closed. Who works here goes on, mail and the API are taken, and people can sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickets import brand
from tickets.models import Desk, Mailbox, PortalText

# Of the portal's own addresses: what sign-in pages and mails link to.
_GO_ON = {"brand_style", "brand_try", "brand_logo", "setup", "unsubscribe"}


class OfflineMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        found = request.resolver_match
        if found is None or found.namespace != "portal" or found.url_name in _GO_ON or not Desk.current().is_offline:
            return None
        if request.user.is_authenticated and (request.user.is_agent or request.user.is_superuser):
            return None
        box = Mailbox.objects.filter(is_default=True, is_enabled=True).first()
        context = {"text": brand.text(PortalText.Place.OFFLINE), "address": box.address if box else ""}
        response = render(request, "portal/offline.html", context, status=503)
        response["Retry-After"] = "3600"
        response["Cache-Control"] = "no-store"
        return response
