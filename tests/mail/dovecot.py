"""A Dovecot of the test's own (IMAP, POP3, TLS, OAuth 2.0), where it is installed. Every user has an empty mailbox."""

from __future__ import annotations

import ipaddress
import itertools
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.mail.imap_server import ImapServer
from tests.wait import free_port, until

BINARY = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_count = itertools.count(1)

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
mail_location = maildir:~/mail
first_valid_uid = 1
first_valid_gid = 0
auth_mechanisms = plain login xoauth2
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop}
  }}
  inet_listener pop3s {{
    port = {pops}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%n
}}
"""
OAUTH = """
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/
username_attribute = username
active_attribute = active
active_value = true
"""


def why_not() -> str:
    """Why these tests cannot run here; empty when they can."""
    if BINARY is None:
        return "Dovecot is not installed (apt-get install dovecot-imapd dovecot-pop3d)"
    said = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=False).stdout
    if not said.startswith("2.3."):
        return f"Dovecot 2.3 is needed, this is {said.strip()}"
    return "" if os.geteuid() == 0 else "Dovecot gives each user a mailbox only when it runs as root"


class Dovecot(ImapServer):
    """`tokens`: access token -> user name, as the introspection endpoint answers it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="helpdesk-dovecot-"))
        self.folder.chmod(0o755)
        self.tokens: dict[str, str] = {}
        self._introspection = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._introspection.serve_forever)
        self._thread.start()
        self.port, self.imaps, self.pop, self.pops = (free_port() for _ in range(4))
        self.certificate = self.folder / "cert.pem"
        _write_certificate(self.certificate, self.folder / "key.pem")
        owner = pwd.getpwnam("nobody")
        home = self.folder / "home"
        home.mkdir()
        os.chown(home, owner.pw_uid, owner.pw_gid)
        (self.folder / "oauth2.conf").write_text(OAUTH.format(port=self._introspection.server_port))
        (self.folder / "dovecot.conf").write_text(
            CONFIG.format(
                folder=self.folder, imap=self.port, imaps=self.imaps, pop=self.pop, pops=self.pops,
                password=self.password, uid=owner.pw_uid, gid=owner.pw_gid,
            )
        )  # fmt: skip
        self._process = subprocess.Popen([BINARY, "-F", "-c", self.folder / "dovecot.conf"])
        until(self._answers)

    def new_user(self) -> None:
        self.user = f"user{next(_count)}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._introspection.shutdown()
        self._introspection.server_close()
        self._thread.join()
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text()
        try:
            self.new_user()
            self.mails()
        except OSError:
            return False
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tokens = self.tokens

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                user = tokens.get(sent.get("token", ""))
                body = json.dumps({"active": bool(user), "username": user}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def _write_certificate(certificate: Path, private: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dovecot of the tests")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
