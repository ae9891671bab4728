"""Signs outgoing mail (RFC 6376): rsa-sha256, headers and body relaxed, so that it survives what relays do to a mail.

Signed are all headers that a reader sees or acts on. From and Subject are signed once more than they occur, so that
nobody can add a second one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from functools import lru_cache
from typing import Any

from tickets.models import DkimKey
from tickets.secrets import Unreadable, seal, unseal

SIGNED = (
    "from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "mime-version",
    "content-type", "auto-submitted", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
_ONCE_MORE = ("from", "subject")
_BITS = 2048
_SECONDS = 30.0
_keys: tuple[float, dict[str, DkimKey]] | None = None
_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:.*)(?:\r\n[ \t].*)*)\r\n", re.MULTILINE)
_B = re.compile(rb"b=$")


def forget() -> None:
    """To be called after keys were changed, so that at least this process sees it at once."""
    global _keys
    _keys = None


def new_key() -> tuple[str, str]:
    """(sealed private key, public key for the DNS record)."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return seal(pem), base64.b64encode(public).decode()


def signed(raw: bytes, sender: str) -> bytes:
    """The mail with a signature on top, if there is a key for the sender's domain or one above it.

    A key that cannot be read (SECRET_KEY has changed) signs nothing: unsigned mail arrives, unsent mail does not.
    """
    key = _key_for(sender.rpartition("@")[2].lower())
    if key is None:
        return raw
    try:
        return signature(raw, key.domain, key.selector, unseal(key.private_key)) + raw
    except Unreadable:
        return raw


def signature(raw: bytes, domain: str, selector: str, pem: str, now: float | None = None) -> bytes:
    """The DKIM-Signature header with its line end. `raw` has CRLF lines."""
    head, _blank, body = raw.partition(b"\r\n\r\n")
    fields = [(name.lower().decode(), value) for name, value in _FIELD.findall(head + b"\r\n")]
    names = [name for name, _value in fields if name in SIGNED]
    names += _ONCE_MORE
    digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
    begin = (
        f" v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};\r\n t={int(now or time.time())};\r\n"
        f" h={_folded(names)};\r\n bh={digest};\r\n b="
    ).encode("ascii")
    lines = b"".join(relaxed_field(name, value) + b"\r\n" for name, value in _chosen(fields, names))
    lines += relaxed_field("dkim-signature", begin)
    return b"DKIM-Signature:" + begin + _folded_base64(_sign(pem, lines)) + b"\r\n"


def _chosen(fields: list[tuple[str, bytes]], names: list[str]) -> list[tuple[str, bytes]]:
    """The named fields, of several with one name from the bottom up (5.4.2); what is not there counts as nothing."""
    left = list(fields)
    found = []
    for name in names:
        place = next((at for at in range(len(left) - 1, -1, -1) if left[at][0] == name), None)
        if place is not None:
            found.append(left.pop(place))
    return found


def relaxed_field(name: str, value: bytes) -> bytes:
    """RFC 6376, 3.4.2; without the line end."""
    return name.lower().encode() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip()


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4."""
    text = re.sub(rb"[ \t]+", b" ", body)
    text = re.sub(rb" (?=\r\n|\Z)", b"", text)
    text = re.sub(rb"(?:\r\n)+\Z", b"", text)
    return text + b"\r\n" if text else b""


def _folded(names: list[str]) -> str:
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > 70:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n  ".join([*lines, line.rstrip(":")])


def _folded_base64(data: bytes) -> bytes:
    text = base64.b64encode(data)
    return b"\r\n  ".join(text[place : place + 72] for place in range(0, len(text), 72))


def _sign(pem: str, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signed: bytes = _private(pem).sign(data, padding.PKCS1v15(), hashes.SHA256())
    return signed


@lru_cache(maxsize=8)
def _private(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(pem.encode(), None)


def _key_for(domain: str) -> DkimKey | None:
    """The key of the domain, else of the nearest one above it: DMARC counts that as aligned."""
    global _keys
    if _keys is None or _keys[0] < time.monotonic():
        _keys = (
            time.monotonic() + _SECONDS,
            {key.domain.lower(): key for key in DkimKey.objects.filter(is_enabled=True)},
        )
    found = _keys[1]
    while found and "." in domain:
        if domain in found:
            return found[domain]
        domain = domain.partition(".")[2]
    return None
