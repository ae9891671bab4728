"""The printed table: this run, the last one, the goals, and what others needed on one machine of two cores."""

from __future__ import annotations

from typing import Any

# Peers: server CPU milliseconds per action at 100,000 tickets of five messages; docs/performance.md says where.
ROWS: dict[str, tuple[str, float, str, str, str]] = {
    "queue": ("queue page, 50 rows", 10, "492-610", "483-559", "97-104"),
    "agent_ticket": ("agent opens a ticket, 20 messages", 12, "89-95", "202-207", "154-159"),
    "customer_ticket": ("customer opens own ticket, 20 messages", 8, "93-111", "51-54", "-"),
    "guest_create": ("guest creates a ticket: form + post", 20, "113-117", "72-79", "-"),
    "reply": ("agent replies, with the mail", 20, "210-213", "412-432", "280-306"),
    "search_rare": ("search, rare word", 10, "60", "2,090-2,298", "9,150"),
    "search_common": ("search, common word", 20, "378-439", "2,350-2,573", "8,650"),
    "api_create": ("API creates a ticket", 8, "99-105", "34-39", "-"),
}
HEAD = ("", "goal", "ours", "16 at once", "web/worker/db", "last run", "osTicket", "django-helpdesk", "FreeScout")


def table(found: dict[str, Any], last: dict[str, Any]) -> str:
    lines = [HEAD]
    for name, costs in found["costs"].items():
        label, goal, *peers = ROWS[name]
        one, many = costs["1"], costs["16"]
        split = "/".join(f"{one[part]:.1f}" for part in ("web", "worker", "database"))
        before = last.get("costs", {}).get(name, {}).get("1", {}).get("total")
        lines.append((label, f"<= {goal:g}", _ms(one["total"]), _ms(many["total"]), split, _ms(before), *peers))
    lines += _others(found, last)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = ["  ".join(_cell(cell, width, number) for number, (cell, width) in enumerate(zip(line, widths, strict=True)))
            for line in lines]  # fmt: skip
    title = f"{found['tickets']:,} tickets; server CPU milliseconds per action, median of 3"
    title += f"; reference work {_ms(found['reference'])} ms (last run {_ms(last.get('reference')) or '-'})"
    return "\n".join([title, "", *(line.rstrip() for line in text)])


def _others(found: dict[str, Any], last: dict[str, Any]) -> list[tuple[str, ...]]:
    lines = [
        *_mails("intake", ("mail intake, mails a second", ">= 60", "2-17", "17-27", "-"), found, last),
        *_mails("corpus", ("intake of real mails, mails a second", ">= 20", "-", "-", "-"), found, last),
        *_mails("outbox", ("outbox, mails a second", ">= 50", "-", "-", "-"), found, last),
    ]
    if "ratio" in found:
        before = last.get("ratio")
        lines.append(
            ("queue: cost against 1,000 tickets", "<= 1.2", f"{found['ratio']:.2f}", "", "",
             f"{before:.2f}" if before else "", "9-11", "3.5", "1.25")
        )  # fmt: skip
    lines.append(
        ("memory at rest, everything, MiB", "<= 290", f"{found['memory']:.0f}", "", "",
         f"{last['memory']:.0f}" if last else "", "680", "299", "712")
    )  # fmt: skip
    return lines


def _mails(name: str, row: tuple[str, ...], found: dict[str, Any], last: dict[str, Any]) -> list[tuple[str, ...]]:
    if name not in found:
        return []
    speed, cost = found[name]["per_second"], found[name]["cost"]
    split = "/".join(f"{cost[part]:.1f}" for part in ("web", "worker", "database"))
    before = last.get(name, {}).get("per_second")
    label, goal, *peers = row
    ours = (f"{speed:.0f}", f"{cost['total']:.1f} ms each", split, f"{before:.0f}" if before else "")
    return [(label, goal, *ours, *peers)]


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _cell(text: str, width: int, number: int) -> str:
    return text.ljust(width) if number == 0 else text.rjust(width)
