"""A small piece of work that a browser does before a guest's form is taken: nothing for one person, much for a robot.

Nobody else is asked, and nothing is stored but that a puzzle was used.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.core import signing

from tickets import limits

BITS = 16  # leading zeros that the hash must have; static/js/work-proof.js tries some 65,000 answers
LASTS = timedelta(hours=2)
_SALT = "tickets.puzzle"
_LONGEST = 300


@dataclass(frozen=True)
class Puzzle:
    """`challenge` followed by a colon and the answer must hash to `bits` leading zeros."""

    challenge: str
    bits: int = BITS


def new() -> Puzzle:
    return Puzzle(signing.TimestampSigner(salt=_SALT).sign(secrets.token_urlsafe(12)))


def solves(proof: str) -> bool:
    """Whether `challenge~answer` is an answer to one of our puzzles; True only once for each, and for two hours."""
    challenge, _tilde, answer = proof.rpartition("~")
    if len(proof) > _LONGEST or not fits(challenge, answer):
        return False
    try:
        nonce = signing.TimestampSigner(salt=_SALT).unsign(challenge, max_age=LASTS)
    except signing.BadSignature:
        return False
    return limits.count(f"puzzle:{nonce}", [(1, int(LASTS.total_seconds()))]).is_first


def fits(challenge: str, answer: str) -> bool:
    digest = sha256(f"{challenge}:{answer}".encode(errors="replace")).digest()
    return int.from_bytes(digest) >> (len(digest) * 8 - BITS) == 0
