"""Whether time tells who has an account: `bin/bench --timings`.

The same page is asked 500 times for addresses that the desk knows and 500 times for some that it does not, in random
order, and the two series of answer times are compared by the test of Mann and Whitney. A p above 0.01 means that this
many tries cannot tell them apart; of two series without any difference one in a hundred falls below it.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.bench.client import Browser, token
from tests.bench.desk import Desk

TRIES = 500
WARM = 30
SMALL = 1000


def report(data: Path) -> str:
    with Desk(data, SMALL, "") as desk:
        lines = [_line(name, *_series(desk, ask)) for name, ask in PAGES.items()]
    head = f"{TRIES} answers for known and for unknown addresses each, milliseconds\n"
    return head + "\n".join(lines)


def _reset(browser: Browser, page_token: str, address: str) -> None:
    browser.post("/accounts/password/reset/", {"email": address, "csrfmiddlewaretoken": page_token})


def _sign_in(browser: Browser, page_token: str, address: str) -> None:
    fields = {"login": address, "password": "not the password", "csrfmiddlewaretoken": page_token}
    browser.post("/accounts/login/", fields)


PAGES: dict[str, Callable[[Browser, str, str], None]] = {"new password": _reset, "sign-in": _sign_in}


def _series(desk: Desk, ask: Callable[[Browser, str, str], None]) -> tuple[list[float], list[float]]:
    rows = desk.query(
        "SELECT email FROM tickets_user WHERE NOT is_agent AND is_active ORDER BY random() LIMIT %s", TRIES + WARM
    )
    known = [email for (email,) in rows]
    unknown = [f"{random.randrange(16**8):08x}.{email}" for email in known]  # the same lengths would be too kind
    browser = Browser(desk.url)
    page_token = token(browser.get("/accounts/login/"))
    for address in known[TRIES:] + unknown[TRIES:]:
        ask(browser, page_token, address)
    tries = [(0, address) for address in known[:TRIES]] + [(1, address) for address in unknown[:TRIES]]
    random.shuffle(tries)
    found: tuple[list[float], list[float]] = ([], [])
    for which, address in tries:
        begin = time.perf_counter()
        ask(browser, page_token, address)
        found[which].append((time.perf_counter() - begin) * 1000)
    return found


def _line(name: str, known: list[float], unknown: list[float]) -> str:
    p = mann_whitney(known, unknown)
    verdict = "not told apart" if p > 0.01 else "TOLD APART"
    return f"{name:<14} known {median(known):6.2f}   unknown {median(unknown):6.2f}   p = {p:.3f}   {verdict}"


def mann_whitney(first: list[float], second: list[float]) -> float:
    """The two-sided p of the test, by its normal approximation with the correction for ties."""
    pooled = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks, ties, place = 0.0, 0.0, 0
    while place < len(pooled):
        end = place
        while end < len(pooled) and pooled[end][0] == pooled[place][0]:
            end += 1
        rank = (place + 1 + end) / 2
        ranks += rank * sum(1 for _value, which in pooled[place:end] if which == 0)
        ties += (end - place) ** 3 - (end - place)
        place = end
    one, two, total = len(first), len(second), len(pooled)
    u = ranks - one * (one + 1) / 2
    variance = one * two / 12 * (total + 1 - ties / (total * (total - 1)))
    return 1.0 if variance == 0 else math.erfc(abs(u - one * two / 2) / math.sqrt(2 * variance))
