"""Server push: one stream of events (SSE) for each browser, on the event loop, fed by Valkey.

A stream belongs to a signed-in agent. Nothing is written to it that the agent may not know at that moment: each batch
of news is checked against sessions, people and tickets in PostgreSQL, in one statement for all streams of the process.
Without streams the process neither listens to Valkey nor asks anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, TypeVar

import redis.asyncio
from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest

from tickets import audience
from tickets.audience import Listener
from tickets.models import User
from tickets.pushes import name_at

log = logging.getLogger(__name__)

BEAT_SECONDS = 15.0
GATHER_SECONDS = 0.05  # news that come together are checked together
KEPT_SECONDS = 120.0  # news for who comes back, or whose page was made a moment before its stream
SUBSCRIBE_SECONDS = 2.0
MOST_STREAMS = 2000  # of one process
MOST_WAITING = 200  # events for a reader who does not read; then the stream ends, and the page begins anew
HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache, no-store, private"),
    ("x-accel-buffering", "no"),
    ("x-content-type-options", "nosniff"),
]
PLAIN = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]
News = dict[str, Any]
Result = TypeVar("Result")


class Stream:
    __slots__ = ("listener", "waiting")

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.waiting: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)

    def say(self, text: str) -> None:
        try:
            self.waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        while self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


def event(kind: str, data: object = None) -> str:
    """One event; its id is the moment, which a browser that comes back names."""
    return f"id: {time.time():.3f}\ndata: {json.dumps({'kind': kind, 'data': data or {}}, separators=(',', ':'))}\n\n"


class Live:
    """The streams of this process; an RSGI coroutine for the bridge's table of native routes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.streams: set[Stream] = set()
        self.news: list[News] = []
        self.kept: deque[tuple[float, News]] = deque()
        self.since = 0.0  # from when on nothing was missed
        self.tasks: list[asyncio.Task] = []
        self.arrived, self.connected = asyncio.Event(), asyncio.Event()
        self.is_down = False
        self.resting: asyncio.TimerHandle | None = None
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="live")

    async def __call__(self, scope: Any, protocol: Any) -> None:
        if scope.method != "GET":
            protocol.response_str(405, PLAIN, "Streams are read.")
            return
        if len(self.streams) >= MOST_STREAMS:
            protocol.response_str(503, PLAIN, "Too many streams.")
            return
        listener = await self._ask(_listener, scope.headers.get("cookie") or "")
        if listener is None:
            protocol.response_str(403, PLAIN, "Sign in first.")
            return
        await self._serve(Stream(listener), protocol, _last_heard(scope))

    async def _serve(self, stream: Stream, protocol: Any, heard: float) -> None:
        transport = protocol.response_stream(200, HEADERS)
        gone = asyncio.ensure_future(protocol.client_disconnect())
        gone.add_done_callback(lambda _: stream.end())
        self.streams.add(stream)
        self._begin()
        try:
            # Spread out, so that a restart does not bring everybody back in the same moment.
            await transport.send_str(f"retry: {random.randint(800, 2500)}\n" + event("hello"))  # noqa: S311
            await self._catch_up(stream, heard)
            while (text := await stream.waiting.get()) is not None:
                await transport.send_str(text)
        except Exception as error:
            log.debug("A stream ended: %s", error)
        finally:
            self.streams.discard(stream)
            gone.cancel()
            if not self.streams and not self.resting:
                self.resting = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._rest)

    async def _catch_up(self, stream: Stream, heard: float) -> None:
        """What happened between the page, or the stream before, and this one."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.connected.wait(), SUBSCRIBE_SECONDS)
        if self.is_down or not self.connected.is_set():
            stream.say(event("down"))
        elif heard < max(self.since, time.time() - KEPT_SECONDS):
            stream.say(event("resync"))
        else:
            await self._deliver([news for moment, news in self.kept if moment >= heard], [stream])

    def _begin(self) -> None:
        if self.resting:
            self.resting.cancel()
            self.resting = None
        if not self.tasks:
            self.tasks = [asyncio.ensure_future(each()) for each in (self._listen, self._tell, self._beat)]

    def _rest(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.tasks, self.is_down, self.resting = [], False, None
        self.connected.clear()
        self.news.clear()
        self.kept.clear()

    def close(self) -> None:
        """Ends all streams, for a restart; their pages come back by themselves."""
        for stream in list(self.streams):
            stream.end()

    # -- from Valkey --

    async def _listen(self) -> None:
        pause = 0.5
        while True:
            try:
                await self._hear()
            except (redis.RedisError, OSError) as error:
                if not self.is_down:
                    log.warning("Open pages get no news: %s", error)
            self.connected.clear()
            self.is_down = True
            self._say_all(event("down"))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _hear(self) -> None:
        client = redis.asyncio.from_url(self.url, decode_responses=True, socket_connect_timeout=2)
        async with client, client.pubsub(ignore_subscribe_messages=True) as line:
            await line.subscribe(name_at(self.url))
            if self.is_down:
                self._say_all(event("resync"))  # what was said meanwhile is lost
            self.is_down, self.since = False, time.time()
            self.connected.set()
            async for message in line.listen():
                with contextlib.suppress(ValueError, TypeError):
                    news = json.loads(message["data"])
                    self.news.append(news)
                    self.kept.append((time.time(), news))
                    self.arrived.set()

    # -- to the streams --

    async def _tell(self) -> None:
        while True:
            await self.arrived.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self.arrived.clear()
            news, self.news = self.news, []
            while self.kept and self.kept[0][0] < time.time() - KEPT_SECONDS:
                self.kept.popleft()
            await self._deliver(news, list(self.streams))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            self._say_all(f"id: {time.time():.3f}\n\n")
            await self._deliver([], list(self.streams))

    async def _deliver(self, news: list[News], streams: list[Stream]) -> None:
        """Says to each stream what its agent may know. Who may hear nothing any more is told so, once."""
        if not streams:
            return
        tickets = {ticket for one in news if (ticket := _ticket(one["to"]))}
        try:
            heard = await self._ask(audience.of, [stream.listener for stream in streams], tickets)
        except Exception:
            log.exception("News could not be checked; pages are told to look for themselves")
            for stream in streams:
                stream.say(event("resync"))
            return
        written = [(one["to"], event(one["kind"], one["data"])) for one in news]
        for stream, known in zip(streams, heard, strict=True):
            if known is None:
                stream.say(event("bye"))
                stream.end()
                continue
            for channel, text in written:
                if _reaches(channel, stream.listener, known):
                    stream.say(text)

    def _say_all(self, text: str) -> None:
        for stream in list(self.streams):
            stream.say(text)

    async def _ask(self, question: Callable[..., Result], *values: Any) -> Result:
        """Runs `question`, which may speak to PostgreSQL, on this object's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, _fresh, question, *values)


def _fresh(question: Callable[..., Result], *values: Any) -> Result:
    close_old_connections()
    return question(*values)


def _last_heard(scope: Any) -> float:
    """When the browser heard last, or when its page was made; a second earlier, because clocks differ."""
    given = scope.headers.get("last-event-id") or scope.query_string.removeprefix("at=")
    try:
        return float(given[:20]) - 1.0
    except ValueError:
        return 0.0


def _ticket(channel: str) -> int | None:
    kind, _colon, number = channel.partition(":")
    return int(number) if kind == "ticket" and number.isdecimal() else None


def _reaches(channel: str, listener: Listener, known: set[int]) -> bool:
    ticket = _ticket(channel)
    return ticket in known if ticket is not None else channel in ("agents", f"user:{listener.user}")


def _listener(cookies: str) -> Listener | None:
    """The agent whose session the cookies name, checked as Django checks a page's."""
    try:
        cookie = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if cookie is None or not cookie.value:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active or not (user.is_agent or user.is_superuser):
        return None
    return audience.listener(user, cookie.value)
