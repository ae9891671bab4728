"""What 100 active rules cost an event when none of them matches: `python -m tests.bench.rules`.

Runs in a process of its own on a database of its own (HELPDESK_DATA), and prints one JSON object: CPU milliseconds for
one event, here and in its PostgreSQL process, with no rule and with 100; `asked` is the engine alone, which answers for
each of them.
"""

from __future__ import annotations

import json
import os
import time
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests.bench.sweep import _cpu, _model  # noqa: E402
from tickets import notifications, rulebook  # noqa: E402
from tickets.actions import rules  # noqa: E402
from tickets.automation.engine import matches_any  # noqa: E402
from tickets.automation.running import facts_of  # noqa: E402
from tickets.models import SYSTEM, Message, Rule, Ticket, TicketEvent  # noqa: E402

RULES, EVENTS, ROUNDS = 100, 200, 5
_TEXT = "The printer on the second floor is on fire again, and nobody has come yet. " * 40


def conditions(number: int) -> dict[str, object]:
    """As admins write them: a few fields each, some texts, some patterns, some nested."""
    words = {"field": "subject", "op": "contains_any", "value": [f"word{number}", f"other{number}"]}
    sender = {"field": "requester_email", "op": "ends", "value": f"@company{number}.example"}
    text = {"field": "body", "op": "matches", "value": rf"\border\s+#?{number}\d{{4}}\b"}
    urgent = {"field": "priority", "op": "at_least", "value": 4}
    tags = {"field": "tags", "op": "has_any", "value": [f"tag{number}", "never"]}
    shapes = [{"all": [urgent, words]}, {"any": [words, sender]}, {"any": [text, tags]},
              {"all": [{"not": urgent}, {"any": [sender, tags, words]}]}]  # fmt: skip
    return shapes[number % len(shapes)]


def main() -> None:
    call_command("migrate", verbosity=0)
    ticket = Ticket.objects.filter(subject="Bench").first() or _model()
    Message.objects.filter(ticket=ticket).update(body=_TEXT)
    Rule.objects.all().delete()
    rulebook.forget_rules()
    without = _measured(ticket)
    for number in range(RULES):
        made = rules.save(
            None, by=SYSTEM, kind="trigger", name=f"Rule {number}", on=["message_in"],
            conditions=conditions(number), effects=[{"do": "add_tags", "tags": ["matched"]}],
        )  # fmt: skip
        rules.enable(made, by=SYSTEM)
    found = {"rules": RULES, "without": without, "with": _measured(ticket), "asked": _asked(ticket)}
    if Ticket.objects.get(pk=ticket.pk).tag_names:
        raise SystemExit("a rule matched, and none should")
    print(json.dumps(found))


def _measured(ticket: Ticket) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    rounds = [_round(ticket, backend) for _ in range(ROUNDS + 1)][1:]  # the first fills caches
    return {name: round(median(one[name] for one in rounds), 2) for name in rounds[0]}


def _round(ticket: Ticket, backend: int) -> dict[str, float]:
    message = Message.objects.filter(ticket=ticket).first()
    events = [
        TicketEvent.objects.create(ticket=ticket, kind="received", actor_name="Bench", message=message)
        for _number in range(EVENTS)
    ]
    before = (time.process_time(), _cpu(backend))
    for event in events:
        notifications.handle(event.pk)
    ours, theirs = (b - a for a, b in zip(before, (time.process_time(), _cpu(backend)), strict=True))
    return {"worker": ours * 1000 / EVENTS, "database": theirs * 1000 / EVENTS}


def _asked(ticket: Ticket) -> float:
    active = rulebook.active("trigger")
    event = TicketEvent.objects.filter(ticket=ticket, kind="received").select_related("message").last()
    known = facts_of(Ticket.objects.get(pk=ticket.pk), active, timezone.now(), event)
    begin = time.process_time()
    for _number in range(EVENTS):
        matches_any(active, known)
    return round((time.process_time() - begin) * 1000 / EVENTS, 3)


if __name__ == "__main__":
    main()
