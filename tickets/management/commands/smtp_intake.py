from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tickets.mail.smtpd import serve


class Command(BaseCommand):
    help = "Takes mail by SMTP at the address in SMTP_IN and stores it. Stops on SIGTERM and Ctrl-C."
    requires_system_checks: list[str] = []  # they load every page: 30 MiB that taking mail does not need

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        stopped = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
        host, _, port = settings.SMTP_IN.rpartition(":")
        await serve(host.strip("[]") or "127.0.0.1", int(port), stopped, self._started)

    def _started(self, address: str) -> None:
        self.stdout.write(f"Taking mail at {address}")
        self.stdout.flush()
