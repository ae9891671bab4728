"""Which agents are at the desk, and what each of them does on which ticket: kept in Valkey for less than a minute.

Nothing depends on it: when Valkey is gone, nobody seems to be there.
"""

from __future__ import annotations

import json
import time
from typing import NamedTuple

import redis

from tickets.models import User
from tickets.pushes import line, push

KEY = "helpdesk:presence"
SECONDS = 60  # an open page says that it is still there every 25 seconds
DOING = ("viewing", "replying", "noting")
MOST = 1000


class Sign(NamedTuple):
    """One open page. `ticket` is 0 for a list; `doing` is one of DOING."""

    user: int
    name: str
    ticket: int
    doing: str
    until: float


def show(user: User, tab: str, ticket: int, doing: str) -> list[Sign]:
    """Notes what the person does in that tab and tells the others if it is something else than before. Returns what
    everybody does now."""
    signs = _read()
    place, name = f"{user.pk}:{tab}", user.display_name
    before = signs.get(place)
    now = Sign(user.pk, name, ticket, doing, time.time() + SECONDS)
    if not _write(place, now):
        return []
    others = [sign for key, sign in signs.items() if key != place]
    if before is None and all(sign.user != user.pk for sign in others):
        push("agents", "colleague", user=user.pk, name=name, here=True)
    if before and before.ticket != ticket:
        _tell(before.ticket, user, "")
    if ticket and (before is None or (before.ticket, before.doing) != (ticket, doing)):
        _tell(ticket, user, doing)
    return [*others, now]


def leave(user: User, tab: str) -> None:
    signs, place = _read(), f"{user.pk}:{tab}"
    before = signs.pop(place, None)
    if before is None:
        return
    _forget([place])
    if all(sign.user != user.pk or sign.ticket != before.ticket for sign in signs.values()):
        _tell(before.ticket, user, "")
    if all(sign.user != user.pk for sign in signs.values()):
        push("agents", "colleague", user=user.pk, name=user.display_name, here=False)


def _tell(ticket: int, user: User, doing: str) -> None:
    if ticket:
        push(f"ticket:{ticket}", "presence", ticket=ticket, user=user.pk, name=user.display_name, doing=doing)


def _read() -> dict[str, Sign]:
    """What is still true; what is not is swept out on the way."""
    try:
        rows: dict[str, str] = line.valkey().hgetall(KEY)  # type: ignore[assignment]
    except redis.RedisError:
        return {}
    signs = {place: Sign(*json.loads(row)) for place, row in rows.items()}
    now = time.time()
    if over := [place for place, sign in signs.items() if sign.until < now]:
        _forget(over)
    return {place: sign for place, sign in signs.items() if sign.until >= now}


def _write(place: str, sign: Sign) -> bool:
    try:
        valkey = line.valkey()
        if valkey.hlen(KEY) >= MOST:
            return False
        valkey.hset(KEY, place, json.dumps(sign))
        valkey.expire(KEY, 2 * SECONDS)
    except redis.RedisError:
        return False
    return True


def _forget(places: list[str]) -> None:
    try:
        line.valkey().hdel(KEY, *places)
    except redis.RedisError:
        return
