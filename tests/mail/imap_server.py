"""Real IMAP servers on loopback: pymap in a thread of the test; Dovecot, where it is installed, is in dovecot.py."""

from __future__ import annotations

import asyncio
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from typing import Any

from imapclient import IMAPClient
from pymap.backend.dict import Config, DictBackend, Login
from pymap.imap import IMAPService

from tests.wait import free_port


class ImapServer:
    """What the tests need of a server, through a second client as other mail programs are one."""

    host, user, password = "127.0.0.1", "support", "canary-password"
    port = 0

    @contextmanager
    def client(self, folder: str = "INBOX") -> Iterator[IMAPClient]:
        with IMAPClient(self.host, self.port, ssl=False, timeout=30) as client:
            client.login(self.user, self.password)
            client.select_folder(folder)
            yield client

    def put(self, mail: bytes, folder: str = "INBOX", flags: Any = (), at: datetime | None = None) -> None:
        with self.client() as client:
            client.append(folder, mail, flags, at)

    def make(self, folder: str) -> None:
        with self.client() as client:
            client.create_folder(folder)

    def remove(self, folder: str) -> None:
        with self.client() as client:
            client.delete_folder(folder)

    def mails(self, folder: str = "INBOX") -> dict[int, tuple[bytes, ...]]:
        """UID -> flags."""
        with self.client(folder) as client:
            return {uid: fields[b"FLAGS"] for uid, fields in client.fetch(client.search(), ["FLAGS"]).items()}

    def folders(self) -> set[str]:
        with self.client() as client:
            return {name for _flags, _delimiter, name in client.list_folders()}


class Pymap(ImapServer):
    """`without`: capabilities that it does not announce."""

    def __init__(self, *without: bytes):
        self.without = set(without)
        self.start()

    def start(self) -> None:
        """On the port of before when it was stopped, and with empty folders."""
        self.port = self.port or free_port()
        self._loop, ready = asyncio.new_event_loop(), threading.Event()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._serve(ready)])
        self._thread.start()
        assert ready.wait(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        parser = ArgumentParser()
        DictBackend.add_subparser("dict", parser.add_subparsers())
        IMAPService.add_arguments(parser)
        parser.set_defaults(skip_services=[], passlib_cfg=None, debug=False)
        args = parser.parse_args([
            "--host", self.host, "--port", str(self.port), "--no-tls", "dict", "--demo-user", self.user,
            "--demo-password", self.password,
        ])  # fmt: skip
        config = _config(self.without).from_args(args)
        login = await _login(config)
        backend = DictBackend(login, config)
        config.apply_context()
        async with AsyncExitStack() as stack:
            await backend.start(stack)
            await IMAPService(backend, config).start(stack)
            ready.set()
            await self._stopped.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _config(without: set[bytes]) -> type[Config]:
    class Less(Config):
        @property
        def login_capability(self) -> Any:
            return [word for word in super().login_capability if word not in without]

        @property
        def initial_capability(self) -> Any:
            return [word for word in super().initial_capability if word not in without]

    return Less


async def _login(config: Config) -> Any:
    login = Login(config)
    await DictBackend._add_demo_user(config, login)
    return login
