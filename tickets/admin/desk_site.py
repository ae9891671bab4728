"""The admin site: who gets in, and how its index is ordered."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

GROUPS: list[tuple[Any, list[str]]] = [
    (_("Desk"), ["Desk", "Brand", "PortalText", "MailWording"]),
    (_("People"), ["User", "Organization", "Team", "Role", "Skill", "Absence", "ApiToken", "ErasureRequest"]),
    (_("Routing"), ["Department", "HelpTopic", "Status", "Tag", "RecurringTicket"]),
    (_("Texts"), ["CannedResponse", "CannedFolder"]),
    (_("Rules"), ["Webhook", "WebhookDelivery"]),
    (_("Knowledge base"), ["Category"]),
    (_("Time"), ["SlaPolicy", "SlaChoice", "BusinessHours"]),
    (_("Mail"), ["Mailbox", "MailRelay", "DkimKey", "OAuthGrant", "InboundEmail", "OutboundEmail"]),
    (_("Tickets (to look at)"), ["Ticket", "Message", "TicketEvent"]),
]


# Pages of the admin that list no rows of a model: group, name of the address, words.
PAGES: list[tuple[Any, str, Any]] = [
    (_("Mail"), "tickets_dkimkey_domains", _("Mail domains")),
    (_("Mail"), "tickets_dkimkey_samples", _("What our mails look like")),
]


class DeskAdminSite(AdminSite):
    site_title = site_header = _("Helpdesk")
    index_title = _("Set up the desk")
    site_url = None

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The models in the groups of GROUPS, in that order; every registered model stands in one (a test)."""
        apps = self._build_app_dict(request, app_label)
        models = {model["object_name"]: model for app in apps.values() for model in app["models"]}
        return [
            {
                "name": label,
                "app_label": "tickets",
                "app_url": reverse("admin:app_list", args=["tickets"]),
                "has_module_perms": True,
                "models": [models[name] for name in names if name in models] + _pages(label),
            }
            for label, names in GROUPS
            if any(name in models for name in names)
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if self.has_permission(request):
                return guarded(request, *args, **kwargs)
            return self.turn_away(request, request.get_full_path())

        return entered

    def turn_away(self, request: HttpRequest, target: str) -> HttpResponse:
        """Strangers sign in on the portal's page, which limits tries, and come back; everybody else is refused."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(target)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        return redirect(target) if self.has_permission(request) else self.turn_away(request, target)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return LogoutView.as_view(next_page="/")(request)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        return redirect("account_change_password")


def _pages(group: Any) -> list[dict[str, Any]]:
    """As Django describes a model whose rows may only be looked at."""
    return [
        {"name": words, "object_name": "", "admin_url": reverse(f"admin:{name}"), "add_url": None, "view_only": True}
        for label, name, words in PAGES
        if label == group
    ]
