"""Connections to addresses that an admin typed: bounded, and never to the inside of the network.

The name is looked up once, every address it has must be public, and the connection goes to the address that was
checked. Redirects are refused: their target was not checked, and nobody typed it.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

TIMEOUT = 15.0
"""Seconds for connecting, and for a whole answer."""

_CHUNK = 65_536
_LOW_PORTS = (80, 443)  # what else listens below 1024 is no web server: mail, ssh, a printer
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64 (RFC 6052) leads to any IPv4 address


class Unreachable(Exception):
    """Nothing was sent or read; `str()` says why in words for an admin."""


@dataclass(frozen=True)
class Address:
    """A URL in parts, before anything was looked up."""

    host: str
    port: int
    path: str
    is_tls: bool


def is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo or ip in _TRANSLATED:
            return False
        ip = ip.ipv4_mapped or ip
    return ip.is_global and not ip.is_multicast


def read_address(url: str) -> Address:
    """Raises Unreachable unless it is plainly http or https, without a password."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise Unreachable(_("The address must begin with https:// and name a host, without a password."))
    port = port or (443 if parts.scheme == "https" else 80)
    if port < 1024 and port not in _LOW_PORTS:
        raise Unreachable(_("Port %(port)d is not one of the web.") % {"port": port})
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(host, port, path, parts.scheme == "https")


def connect(address: Address) -> http.client.HTTPConnection:
    """A connection to the address that was checked, made at the first request. Raises Unreachable."""
    return _Pinned(address.host, address.port, _look_up(address.host, address.port), is_tls=address.is_tls)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer; the answer itself is not kept. Raises Unreachable, OSError, HTTPException."""
    address, deadline = read_address(url), time.monotonic() + TIMEOUT
    connection = connect(address)
    try:
        connection.request("POST", address.path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        while answer.read1(_CHUNK):
            if time.monotonic() > deadline:
                raise Unreachable(_("The answer took too long."))
        return answer.status
    finally:
        connection.close()


def _look_up(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(_("The host %(host)s is not known.") % {"host": host}) from error
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise Unreachable(
            _("%(host)s is inside a private network; only public addresses are reached.") % {"host": host}
        )
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
