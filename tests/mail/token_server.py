"""A small OAuth 2.0 token endpoint on loopback that keeps the rules: codes once, PKCE, refresh tokens it gave out."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


class TokenServer:
    """`asked` has the fields of every request. `refuse` is answered with 400 instead, when set."""

    def __init__(self, client_id: str = "desk", client_secret: str = "canary-secret"):
        self.client = (client_id, client_secret)
        self.asked: list[dict[str, str]] = []
        self.refresh_tokens = {"canary-refresh"}
        self.challenges: dict[str, str] = {}  # code -> challenge
        self.lives, self.with_refresh_token, self.rotates = 3600, True, False
        self.refuse: dict[str, str] | None = None
        self.body: bytes | None = None
        self.hold = threading.Event()
        self.hold.set()
        self._count = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/token"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def consent(self, challenge: str) -> str:
        """The code that the owner is sent back with."""
        code = f"code-{next(self._count)}"
        self.challenges[code] = challenge
        return code

    def answer(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(asked)
        self.hold.wait(30)
        if self.refuse:
            return 400, self.refuse
        if (asked.get("client_id"), asked.get("client_secret")) != self.client:
            return 401, {"error": "invalid_client"}
        if not self._is_granted(asked):
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        number = next(self._count)
        given = {"access_token": f"canary-access-{number}", "token_type": "Bearer", "expires_in": self.lives}
        if self.with_refresh_token and (self.rotates or asked["grant_type"] == "authorization_code"):
            given["refresh_token"] = f"canary-refresh-{number}"
            self.refresh_tokens.add(given["refresh_token"])
        return 200, given

    def _is_granted(self, asked: dict[str, str]) -> bool:
        if asked["grant_type"] == "refresh_token":
            return asked["refresh_token"] in self.refresh_tokens
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        return self.challenges.pop(asked["code"], None) == base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, given = server.answer(dict(parse_qsl(sent)))
                self.send_response(status)
                self.send_header("Location", server.url)
                self.end_headers()
                self.wfile.write(server.body if server.body is not None else json.dumps(given).encode())

            def log_message(self, *args: Any) -> None:
                pass

        return Handler
