"""The minute sweep of the SLA clock on a table of N tickets of which 100 are due: `python -m tests.bench.sweep N`.

Runs in a process of its own on a database of its own (HELPDESK_DATA), and prints one JSON object: CPU milliseconds of
the sweep, here and in its PostgreSQL process, the median of some rounds, and how PostgreSQL finds the rows that are
due.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from tickets.actions import timers  # noqa: E402
from tickets.actions.intake import open_ticket  # noqa: E402
from tickets.models import SYSTEM, Department, SlaFired, SlaPolicy, Ticket, TicketEvent, User  # noqa: E402

DUE = 100
ROUNDS = 7
_TICK = os.sysconf("SC_CLK_TCK")
# Every tenth ticket is open, has waited for less than two days and is due some day; the first hundred were to be warned
# of a minute ago.
_COPY = """
INSERT INTO tickets_ticket ({columns})
SELECT {values} FROM tickets_ticket AS one, generate_series(1, %(count)s) AS counted WHERE one.id = %(model)s
"""
_OTHERS = {
    "number": "'B' || counted",
    "nonce": "NULL",
    "state": "CASE WHEN counted %% 10 = 0 THEN 'new' ELSE 'closed' END",
    "closed_at": "CASE WHEN counted %% 10 = 0 THEN NULL ELSE one.created_at END",
    "waiting_since": "CASE WHEN counted %% 10 = 0 THEN now() + (counted %% 39 - 39) * interval '1 hour' END",
    "next_breach_at": "CASE WHEN counted %% 10 = 0 THEN now() + (1 + counted %% 9999) * interval '1 hour' END",
}
_DUE = {"number": "'A' || counted", "nonce": "NULL"}


def main(count: int) -> None:
    model = tables(count)
    rounds = [_round(model) for _ in range(ROUNDS + 1)][1:]  # the first fills caches
    _fall_due(model)
    plan = Ticket.objects.filter(next_breach_at__lte=timezone.now()).order_by("next_breach_at").values_list("pk")
    found = {
        "tickets": Ticket.objects.count(),
        **{name: median(one[name] for one in rounds) for name in rounds[0]},
        "explain": plan[:200].explain(analyze=True, costs=False),
    }
    print(json.dumps(found))


def tables(count: int) -> Ticket:
    """Made once; returns the ticket that the others are like."""
    call_command("migrate", verbosity=0)
    model = Ticket.objects.filter(subject="Bench").order_by("pk").first() or _model()
    if Ticket.objects.count() < count:
        _copies(model, DUE - 1, _DUE)
        _copies(model, count - DUE, _OTHERS)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE tickets_ticket")
    return model


def _model() -> Ticket:
    policy = SlaPolicy.objects.create(name="Bench", first_response_minutes=60, resolution_minutes=480)
    department = Department.objects.create(name="Bench", slug="bench", sla_policy=policy)
    requester = User.objects.create_user("bench@customers.example", None)
    return open_ticket(
        by=SYSTEM, requester=requester, department=department, subject="Bench", body="Bench", source="web"
    )


def _copies(model: Ticket, count: int, other: dict[str, str]) -> None:
    names = [
        field.column for field in Ticket._meta.concrete_fields if field.column not in ("id", "search")
    ]  # the key is given, and the vector made, by PostgreSQL
    quoted = [connection.ops.quote_name(name) for name in names]
    values = [other.get(name, f"one.{connection.ops.quote_name(name)}") for name in names]
    with connection.cursor() as cursor:
        statement = _COPY.format(columns=", ".join(quoted), values=", ".join(values))
        cursor.execute(statement, {"count": count, "model": model.pk})


def _round(model: Ticket) -> dict[str, float]:
    pks = _fall_due(model)
    looked, cost = measured(timers.sweep_sla)
    warned = TicketEvent.objects.filter(ticket__in=pks, kind="sla_warning").count()
    if (looked, warned) != (DUE, DUE):
        raise SystemExit(f"looked at {looked} tickets and warned of {warned} instead of {DUE}")
    return cost


def measured(sweep: Callable[[], int]) -> tuple[int, dict[str, float]]:
    """What the sweep says, and what it cost."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    before = (time.monotonic(), time.process_time(), _cpu(backend))
    looked = sweep()
    after = (time.monotonic(), time.process_time(), _cpu(backend))
    wall, ours, theirs = ((b - a) * 1000 for a, b in zip(before, after, strict=True))
    return looked, {"milliseconds": round(wall, 1), "worker": round(ours, 1), "database": round(theirs, 1)}


def chosen(model: Ticket) -> list[int]:
    """The tickets whose time comes."""
    due = Ticket.objects.filter(state="new", number__regex="^A") | Ticket.objects.filter(pk=model.pk)
    return list(due.values_list("pk", flat=True))


def _fall_due(model: Ticket) -> list[int]:
    """A hundred warnings are due now, as if none had been given yet."""
    pks = chosen(model)
    began = timezone.now() - timedelta(minutes=49)
    for rows in (SlaFired, TicketEvent):
        rows.objects.filter(ticket__in=pks, **({"kind": "sla_warning"} if rows is TicketEvent else {})).delete()
    Ticket.objects.filter(pk__in=pks).update(
        sla_started_at=began, first_response_warned_at=None, next_breach_at=began + timedelta(minutes=48)
    )
    return pks


def _cpu(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICK


if __name__ == "__main__":
    main(int(sys.argv[1]))
