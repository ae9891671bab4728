"""Fetches a file from an address that an admin typed: bounded, and never from inside the network (see outward.py)."""

from __future__ import annotations

import http.client
import time

from django.utils.translation import gettext as _

from tickets import outward
from tickets.outward import TIMEOUT
from tickets.outward import Unreachable as FeedError

LONGEST = 1_000_000
"""Bytes for a whole answer."""

_CHUNK = 65_536


def fetch(url: str) -> bytes:
    """The body that the address answers with status 200; webcal: is read as https:. Raises FeedError."""
    address = outward.read_address(url.strip().replace("webcal://", "https://", 1))
    deadline = time.monotonic() + TIMEOUT
    connection = outward.connect(address)
    try:
        connection.request("GET", address.path, headers={"Accept": "text/calendar", "User-Agent": "helpdesk"})
        return _body(connection, deadline)
    except FeedError:
        raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        words = {"host": address.host, "error": str(error)[:200]}
        raise FeedError(_("%(host)s cannot be read: %(error)s") % words) from error
    finally:
        connection.close()


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


__all__ = ["LONGEST", "FeedError", "fetch"]
