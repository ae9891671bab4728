"""A POP3 server in a thread (RFC 1939), for machines without Dovecot: QUIT makes deletions last."""

from __future__ import annotations

import itertools
import socketserver
import threading
from typing import Any


class PopServer:
    """`mails`: UIDL -> bytes. `sessions` counts the sign-ins, `drop` names a command at which it hangs up."""

    host, user, password = "127.0.0.1", "support", "canary-password"

    def __init__(self) -> None:
        self.mails: dict[str, bytes] = {}
        self.sessions, self.drop, self.has_uidl = 0, "", True
        self._count = itertools.count(1)
        self._server = socketserver.ThreadingTCPServer((self.host, 0), self._handler())
        self._server.daemon_threads = True
        self.pop = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def put(self, mail: bytes) -> None:
        self.mails[f"uidl-{next(self._count)}"] = mail

    def left(self) -> int:
        return len(self.mails)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Session(server, self.rfile, self.wfile).serve()

        return Handler


class _Session:
    def __init__(self, server: PopServer, reader: Any, writer: Any):
        self.server, self.reader, self.writer = server, reader, writer
        self.names: list[str] = []
        self.deleted: set[str] = set()
        self.user = ""

    def serve(self) -> None:
        self.say("+OK ready")
        while line := self.reader.readline():
            word, *given = line.decode().split()
            if word == self.server.drop:
                return
            self.do(word.upper(), given)
            if word.upper() == "QUIT":
                return

    def say(self, text: str, *lines: str) -> None:
        self.writer.write("\r\n".join([text, *lines, *(["."] if lines or text == "+OK list" else []), ""]).encode())

    def do(self, word: str, given: list[str]) -> None:
        if word == "USER":
            self.user = given[0]
            self.say("+OK")
        elif word == "PASS":
            self.sign_in(given[0])
        elif word == "QUIT":
            for name in self.deleted:
                del self.server.mails[name]
            self.say("+OK bye")
        elif not self.names and not self.user:
            self.say("-ERR sign in first")
        else:
            self.look(word, given)

    def sign_in(self, password: str) -> None:
        if (self.user, password) != (self.server.user, self.server.password):
            self.user = ""
            self.say("-ERR [AUTH] no such user or password")
            return
        self.server.sessions += 1
        self.names = list(self.server.mails)
        self.say("+OK")

    def look(self, word: str, given: list[str]) -> None:
        numbered = list(enumerate(self.names, 1))
        if word == "STAT":
            self.say(f"+OK {len(self.names)} 0")
        elif word == "LIST":
            self.say("+OK list", *(f"{number} {len(self.server.mails[name])}" for number, name in numbered))
        elif word == "UIDL" and self.server.has_uidl:
            self.say("+OK list", *(f"{number} {name}" for number, name in numbered))
        elif word == "RETR":
            mail = self.server.mails[self.names[int(given[0]) - 1]]
            stuffed = (b"\r\n" + mail).replace(b"\r\n.", b"\r\n..")[2:]
            self.writer.write(b"+OK\r\n" + stuffed + b".\r\n")
        elif word == "DELE":
            self.deleted.add(self.names[int(given[0]) - 1])
            self.say("+OK")
        else:
            self.say("-ERR unknown")
