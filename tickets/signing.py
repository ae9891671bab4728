"""Signed reply addresses, bounce addresses and Message-IDs.

A token is base32 (lower case, no padding) of: key id, the numbers as varints, and 16 bytes of HMAC-SHA-256 over
purpose, key id and numbers. Mail systems may fold case, so the alphabet does not depend on it. Numbers are
non-negative and may be as large as a UUID; what does not fit the 64 octets of a local part raises ValueError.

The desk signs with `key()` and accepts all of `keys()`: after SECRET_KEY has changed, mail sent before it still finds
its ticket as long as the old value stands in SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

MAC_BYTES = 16
LOCAL_OCTETS = 64
_LARGEST = 1 << 128
_ID_PREFIX = "hd."


ROLES = ("participant", "agent", "note", "side")
_FIRST_WEEK = date(2020, 1, 6)


class ReplyAddress(NamedTuple):
    """`made` is the Monday of the week in which it was given out."""

    ticket_id: int
    user_id: int
    role: str
    made: date


@dataclass(frozen=True, slots=True)
class Key:
    """A secret and its id (0 to 255). Sign with the newest; verify with all that are still accepted."""

    id: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.id <= 255 or len(self.secret) < 16:
            raise ValueError("A mail key needs an id from 0 to 255 and at least 16 secret bytes.")


def key() -> Key:
    """What this desk signs with."""
    return _derived(settings.SECRET_KEY)


def keys() -> list[Key]:
    """What this desk accepts, the newest first."""
    return [_derived(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@lru_cache(maxsize=16)
def _derived(secret: str) -> Key:
    """Bound to its purpose, so that no other use of SECRET_KEY can make a mail token; the id tells keys apart."""
    derived = hmac.digest(secret.encode(), b"helpdesk.mail.1", "sha256")
    return Key(hmac.digest(derived, b"id", "sha256")[0], derived)


def reply_address(
    key: Key, ticket_id: int, user_id: int, domain: str, local: str = "support", *,
    role: str = "participant", made: date | None = None,
) -> str:  # fmt: skip
    """`support+<token>@domain`: whoever writes there writes on this ticket, in reply to mail for this person.

    `role` is what the person answers as: participant, agent (a reply to the customer), note (an internal note) or
    side (the conversation with a third party whose id stands in the place of the person's).
    `made` is the day it is given out, today if not said; the token keeps the week.
    """
    weeks = ((made or datetime.now(UTC).date()) - _FIRST_WEEK).days // 7
    return _address(key, b"reply", (ticket_id, user_id, max(weeks, 0) * 4 + ROLES.index(role)), domain, local)


def read_reply_address(keys: Iterable[Key], address: str) -> ReplyAddress | None:
    """What a reply address says that one of the keys made, whatever its case; else None."""
    found = _read_address(keys, b"reply", address)
    if not found or len(found) != 3 or found[2] % 4 >= len(ROLES) or found[2] >= 1 << 16:
        return None
    return ReplyAddress(found[0], found[1], ROLES[found[2] % 4], _FIRST_WEEK + timedelta(weeks=found[2] // 4))


def bounce_address(key: Key, outbound_ref: int, domain: str, local: str = "bounces") -> str:
    """Envelope sender that names the outgoing mail (VERP)."""
    return _address(key, b"bounce", (outbound_ref,), domain, local)


def read_bounce_address(keys: Iterable[Key], address: str) -> int | None:
    """The outgoing mail a bounce address was made for, or None."""
    found = _read_address(keys, b"bounce", address)
    return found[0] if found and len(found) == 1 else None


def message_id(key: Key, outbound_ref: int, ticket_id: int, domain: str) -> str:
    """Message-ID with angle brackets, bound to outgoing mail, ticket and domain."""
    token = _token(key, b"message:" + domain.lower().encode(), (outbound_ref, ticket_id))
    return f"<{_ID_PREFIX}{token}@{domain}>"


def read_message_id(keys: Iterable[Key], mid: str) -> tuple[int, int] | None:
    """(outgoing mail, ticket id) of a Message-ID that one of the keys made, with or without brackets; else None."""
    if len(mid) > 400:
        return None
    local, _, domain = mid.strip().strip("<>").lower().rpartition("@")
    if not local.startswith(_ID_PREFIX):
        return None
    found = _read(keys, b"message:" + domain.encode("utf-8", "replace"), local[len(_ID_PREFIX) :])
    return (found[0], found[1]) if found and len(found) == 2 else None


def looks_like_ours(mid: str) -> bool:
    """Whether a Message-ID has the form of those that this product makes, whoever made it."""
    return mid.strip().strip("<>").lower().startswith(_ID_PREFIX)


def instance_mark(key: Key, domain: str) -> str:
    """Value of our own header mark: the same for every mail of this installation."""
    return _encode(_mac(key, b"instance:" + domain.lower().encode(), b""))


def unsubscribe_token(key: Key, ticket_id: int, user_id: int) -> str:
    """Names a ticket and the person who may want no more notices about it."""
    return _token(key, b"unsubscribe", (ticket_id, user_id))


def read_unsubscribe_token(keys: Iterable[Key], token: str) -> tuple[int, int] | None:
    """(ticket id, user id), or None for what no key has made."""
    found = _read(keys, b"unsubscribe", token) if len(token) <= 200 else None
    return (found[0], found[1]) if found and len(found) == 2 and max(found) < 1 << 63 else None


def _address(key: Key, purpose: bytes, numbers: tuple[int, ...], domain: str, local: str) -> str:
    full = f"{local}+{_token(key, purpose, numbers)}"
    if len(full.encode()) > LOCAL_OCTETS:
        raise ValueError("The local part of the signed address would exceed 64 octets.")
    return f"{full}@{domain}"


def _read_address(keys: Iterable[Key], purpose: bytes, address: str) -> tuple[int, ...] | None:
    local = address.rpartition("@")[0]
    if "+" not in local or len(local) > LOCAL_OCTETS:
        return None
    return _read(keys, purpose, local.rpartition("+")[2])


def _token(key: Key, purpose: bytes, numbers: tuple[int, ...]) -> str:
    body = bytes([key.id]) + b"".join(_varint(number) for number in numbers)
    return _encode(body + _mac(key, purpose, body))


def _read(keys: Iterable[Key], purpose: bytes, token: str) -> tuple[int, ...] | None:
    data = _decode(token.lower())
    if data is None or len(data) < MAC_BYTES + 2:
        return None
    body, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
    for key in keys:
        if key.id == body[0] and hmac.compare_digest(mac, _mac(key, purpose, body)):
            return _numbers(body[1:])
    return None


def _mac(key: Key, purpose: bytes, body: bytes) -> bytes:
    signed = len(purpose).to_bytes(2, "big") + purpose + body
    return hmac.digest(key.secret, signed, "sha256")[:MAC_BYTES]


def _encode(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _decode(token: str) -> bytes | None:
    """Only the one spelling that `_encode` gives: spare bits at the end make no second valid token."""
    if not token.isascii():
        return None
    try:
        data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return None
    return data if _encode(data) == token else None


def _varint(number: int) -> bytes:
    if not 0 <= number < _LARGEST:
        raise ValueError("A signed number must be from 0 to 2**128 - 1.")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(data: bytes) -> tuple[int, ...]:
    found, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(number)
            number, shift = 0, 0
    return tuple(found)
