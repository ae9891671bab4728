"""Links and addresses of ours that let their one reader in. Who answers a mail quotes them, and others read that."""

from __future__ import annotations

import re

from tickets import signing
from tickets.links import ticket_of_old_token

# As they stand in our mails, and as services write them that look at links before their readers do.
_GUEST = re.compile(
    r"((?:/|%2F)t(?:/|%2F))([A-Za-z0-9_-]{4,80}(?::|%3A)[A-Za-z0-9]{5,9}(?::|%3A)[A-Za-z0-9_-]{43})", re.IGNORECASE
)
_SIGNED = re.compile(r"(?<=[/+FB])[a-z2-7]{30,64}(?![a-z2-7])", re.IGNORECASE)  # after %2F and %2B, too
_MASKED = re.compile(r"[/+FB]x{30}", re.IGNORECASE)


def masked(text: str) -> str:
    """`text` with x in place of every sign of such a token, so that it is as long as before."""
    return _SIGNED.sub(_signed, _GUEST.sub(_guest, text))


def is_masked(text: str) -> bool:
    """Whether one of our links or addresses stood in the text."""
    return bool(_MASKED.search(text))


def _guest(found: re.Match[str]) -> str:
    before, token = found.groups()
    known = ticket_of_old_token(re.sub("%3A", ":", token, flags=re.IGNORECASE)) is not None
    return before + "x" * len(token) if known else found[0]


def _signed(found: re.Match[str]) -> str:
    keys = signing.keys()
    known = signing.read_unsubscribe_token(keys, found[0]) or signing.read_reply_address(keys, f"to+{found[0]}@desk")
    return "x" * len(found[0]) if known else found[0]
