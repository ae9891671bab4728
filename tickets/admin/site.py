"""What INSTALLED_APPS names; read before there are models, so the site itself stands in desk_site."""

from __future__ import annotations

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    default_site = "tickets.admin.desk_site.DeskAdminSite"

    def ready(self) -> None:
        super().ready()
        for name in (
            "desk",
            "brand",
            "people",
            "privacy",
            "tokens",
            "routing",
            "canned",
            "knowledge",
            "time",
            "choices",
            "mail",
            "relays",
            "oauth",
            "staffing",
            "recurring",
            "webhooks",
            "tickets",
        ):
            import_module(f"tickets.admin.{name}")
