"""Reads a stream of events as it comes, without a browser."""

from __future__ import annotations

import json
import threading

import requests

from tests.wait import until


class Stream:
    """The events that a session hears."""

    def __init__(self, base: str, cookies: dict[str, str]) -> None:
        self._answer = requests.get(f"{base}/staff/stream/", cookies=cookies, stream=True, timeout=60)
        assert self._answer.headers["content-type"].startswith("text/event-stream")
        self._events: list[dict] = []
        self.is_over = False

        def read() -> None:
            try:
                for line in self._answer.iter_lines(chunk_size=1):
                    if line.startswith(b"data: "):
                        self._events.append(json.loads(line[6:]))
            except (requests.RequestException, AttributeError, ValueError):
                pass
            self.is_over = True

        threading.Thread(target=read, daemon=True).start()

    def kinds(self) -> list[str]:
        return [one["kind"] for one in self._events]

    def wait_for(self, kind: str) -> list[dict]:
        return until(lambda: [one for one in self._events if one["kind"] == kind])

    def close(self) -> None:
        self._answer.close()
