"""A Dovecot that may be killed, and a mail server behind it that puts mails into its folder, whether it runs or not."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.chaos.services import descendants, free_port, kill_all
from tests.mail.dovecot import BINARY, why_not

USER, PASSWORD = "support", "canary-password"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:~/mail
first_valid_uid = 1
first_valid_gid = 0
disable_plaintext_auth = no
ssl = no
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
"""


class ImapServer:
    """`why_not` says why there is none here; empty once it has started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.why_not = folder / "imap", free_port(), why_not()
        self._maildir = self.folder / "home" / "mail"
        self._process: subprocess.Popen[bytes] | None = None
        if not self.why_not:
            self._furnish()

    def _furnish(self) -> None:
        self._owner = pwd.getpwnam("nobody")
        for place in (self.folder, self.folder / "home", self._maildir, *map(self._place, ("new", "cur", "tmp"))):
            place.mkdir(parents=True)
            place.chmod(0o755)
            if place != self.folder:
                os.chown(place, self._owner.pw_uid, self._owner.pw_gid)
        (self.folder / "dovecot.conf").write_text(
            _CONFIG.format(
                folder=self.folder, port=self.port, password=PASSWORD, uid=self._owner.pw_uid, gid=self._owner.pw_gid
            )
        )

    def _place(self, name: str) -> Path:
        return self._maildir / name

    def start(self) -> None:
        """Does nothing when it runs; notes why when it cannot."""
        if self.why_not or (self._process and self._process.poll() is None):
            return
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        self._process = subprocess.Popen(
            [str(BINARY), "-F", "-c", str(self.folder / "dovecot.conf")], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        end = time.monotonic() + 20
        while not self._lets_in():
            if time.monotonic() > end or self._process.poll() is not None:
                self.kill()
                self.why_not = f"Dovecot does not work here: {self.folder / 'log'}"
                return
            time.sleep(0.02)

    def _lets_in(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as line:
            line.sendall(f"a LOGIN {USER} {PASSWORD}\r\nb SELECT INBOX\r\nc LOGOUT\r\n".encode())
            said = b"".join(iter(lambda: line.recv(4096), b""))
            return b"b OK" in said
        return False

    def kill(self) -> None:
        """SIGKILL for all of its processes."""
        if self._process:
            kill_all([self._process.pid, *descendants(self._process.pid)])
            self._process.wait()

    # -- the mail server behind it --

    def put(self, token: str, raw: bytes) -> None:
        """In the folder when this returns."""
        name = f"{time.time():.6f}.{token}.chaos"
        new = self._place("tmp") / name
        new.write_bytes(raw)
        os.chown(new, self._owner.pw_uid, self._owner.pw_gid)
        new.rename(self._place("new") / name)

    def is_gone(self, token: str) -> bool:
        """Whether somebody has removed it for good. Looked at twice: a rename can hide it for a moment."""
        return not self._has(token) and not self._has(token)

    def _has(self, token: str) -> bool:
        wanted = f".{token}."
        return any(wanted in name for place in ("new", "cur") for name in os.listdir(self._place(place)))
