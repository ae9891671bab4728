from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

from aiosmtpd.smtp import SMTP
from django.conf import settings
from django.core.management.base import BaseCommand

from tickets.mail import fetch
from tickets.mail.smtpd import LongLineLMTP, LongLineSMTP, serve


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
        doors: list[tuple[str, type[SMTP]]] = [(settings.SMTP_IN, LongLineSMTP), (settings.LMTP_IN, LongLineLMTP)]
        await asyncio.gather(*[self._open(where, kind, stopped) for where, kind in doors if where])

    async def _open(self, where: str, kind: type[SMTP], stopped: asyncio.Event) -> None:
        host, _, port = where.rpartition(":")
        await serve(host.strip("[]") or "127.0.0.1", int(port), stopped, self._started, kind)

    def _started(self, address: str) -> None:
        self.stdout.write(f"Taking mail at {address}")
        self.stdout.flush()
