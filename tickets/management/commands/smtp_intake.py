from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tickets.mail import fetch
from tickets.mail.smtpd import serve


class Command(BaseCommand):
    help = "Takes mail by SMTP at SMTP_IN and reads the mail accounts of the mailboxes. SIGTERM and Ctrl-C stop it."
    requires_system_checks: list[str] = []  # they load every page: 30 MiB that taking mail does not need

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        stop = threading.Event()
        watcher = threading.Thread(target=fetch.Watcher().run, args=[stop], name="fetch")
        watcher.start()
        try:
            await self._listen()
        finally:
            stop.set()
            await asyncio.to_thread(watcher.join)

    async def _listen(self) -> None:
        stopped = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
        host, _, port = settings.SMTP_IN.rpartition(":")
        await serve(host.strip("[]") or "127.0.0.1", int(port), stopped, self._started)

    def _started(self, address: str) -> None:
        self.stdout.write(f"Taking mail at {address}")
        self.stdout.flush()
