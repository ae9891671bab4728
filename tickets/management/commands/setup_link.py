from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tickets import links
from tickets.models import User


class Command(BaseCommand):
    help = "Prints the one-time link where the first admin sets name, address and password."
    requires_system_checks: list[str] = []  # bin/run waits for it

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            raise CommandError("This desk has an admin already; make others under /admin/.")
        self.stdout.write(links.setup_url())
