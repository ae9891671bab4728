"""Fetches a file from an address that an admin typed: bounded, and never from inside the network.

The name is looked up once, every address it has must be public, and the connection goes to the address that was
checked. Redirects are refused: their target was not checked, and nobody typed it.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

LONGEST = 1_000_000
TIMEOUT = 15.0
"""Bytes and seconds for a whole answer."""

_CHUNK = 65_536
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64 (RFC 6052) leads to any IPv4 address


class FeedError(Exception):
    """Nothing was fetched; `str()` says why in words for an admin."""


def is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo or ip in _TRANSLATED:
            return False
        ip = ip.ipv4_mapped or ip
    return ip.is_global and not ip.is_multicast


def fetch(url: str) -> bytes:
    """The body that the address answers with status 200; webcal: is read as https:. Raises FeedError."""
    try:
        parts = urlsplit(url.strip().replace("webcal://", "https://", 1))
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise FeedError(_("The address must begin with https:// and name a host, without a password."))
    port = port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = time.monotonic() + TIMEOUT
    connection = _Pinned(host, port, _look_up(host, port), is_tls=parts.scheme == "https")
    try:
        connection.request("GET", path, headers={"Accept": "text/calendar", "User-Agent": "helpdesk"})
        return _body(connection, deadline)
    except FeedError:
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FeedError(_("%(host)s cannot be read: %(error)s") % {"host": host, "error": str(error)[:200]}) from error
    finally:
        connection.close()


def _look_up(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FeedError(_("The host %(host)s is not known.") % {"host": host}) from error
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise FeedError(_("%(host)s is inside a private network; feeds come from public addresses.") % {"host": host})
    return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to by now."""

    def __init__(self, host: str, port: int, address: str, *, is_tls: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._address, self._is_tls = address, is_tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _body(connection: http.client.HTTPConnection, deadline: float) -> bytes:
    answer = connection.getresponse()
    if 300 <= answer.status < 400:
        raise FeedError(_("The address leads elsewhere; type the address that it leads to."))
    if answer.status != 200:
        raise FeedError(_("The address answers with status %(status)d.") % {"status": answer.status})
    read = b""
    while chunk := answer.read1(_CHUNK):
        read += chunk
        if len(read) > LONGEST:
            raise FeedError(_("The file is too large: %(max)d kB fit.") % {"max": LONGEST // 1000})
        if time.monotonic() > deadline:
            raise FeedError(_("The answer took too long."))
    return read
