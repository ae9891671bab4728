"""Codes by mail: to sign in without a password, and to prove that somebody signed in is still the one.

Every address takes the same steps here, known or not. A code is made for each; the worker that writes the mail looks
up whose address it is, and puts the code only into a mail to somebody who may sign in.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import get_language

from tickets import limits, outbox
from tickets.mail.account_letters import CODE, owner
from tickets.models import User

MINUTES = 10
GUESSES = 5
MAILS = [(5, limits.HOUR)]
ASKED = [(20, limits.HOUR)]
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; nothing that looks like a digit
_LENGTH = 8
_KEPT = "mailed_code"


def send(request: HttpRequest, address: str, *, then: str = "", again: bool = False) -> None:
    """Mails a code to the address, if there is somebody to mail it to. It is good in this browser only.

    `again`: it does not sign in but proves that whoever is signed in reads this mail.
    """
    code = "".join(secrets.choice(_ALPHABET) for _sign in range(_LENGTH))
    request.session[_KEPT] = {
        "address": address, "digest": _digest(code), "until": time.time() + 60 * MINUTES,
        "guesses": GUESSES, "then": then, "again": again,
    }  # fmt: skip
    if not limits.hit(f"account:code:{address}", MAILS):
        shown = f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"
        more = {"asks": CODE, "code": shown, "language": get_language()}
        outbox.enqueue("account", None, User(email=address), address=address, **more)


def awaited(request: HttpRequest) -> dict[str, Any] | None:
    """What is known of the code that this browser waits for: its address, where to go then, whether it is `again`."""
    kept = request.session.get(_KEPT)
    return kept if kept and kept["until"] > time.time() and kept["guesses"] > 0 else None


def redeem(request: HttpRequest, typed: str) -> User | None:
    """The person whom this code lets in; None when it is wrong. A code works once, and five guesses end it."""
    kept = awaited(request)
    if kept is None:
        return None
    right = constant_time_compare(kept["digest"], _digest("".join(filter(str.isalnum, typed.upper()))))
    if right:
        forget(request)
        return owner(kept["address"])
    request.session[_KEPT] = {**kept, "guesses": kept["guesses"] - 1}
    return None


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEPT, None)


def _digest(code: str) -> str:
    return salted_hmac("portal.codes", code, algorithm="sha256").hexdigest()
