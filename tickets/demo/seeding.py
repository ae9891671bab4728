"""Fills an empty desk with the invented company and its tickets: what `manage.py seed_demo` does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import transaction
from django.utils import timezone

from tickets.demo.phrasing import phrase
from tickets.demo.planning import plan_tickets
from tickets.demo.replay import Replay
from tickets.demo.shelf import fill_shelves
from tickets.demo.staffing import SHOWN, Company, staff_company
from tickets.models import Department, Ticket


class NotEmpty(Exception):
    """The desk is in use: demo data would mix with real tickets."""


@dataclass(frozen=True)
class Seeded:
    """`accounts` maps admin, agent, agent2 and customer to {"email", "password"}."""

    tickets: int
    accounts: dict[str, dict[str, str]]
    api_token: str


@transaction.atomic
def seed_demo(now: datetime | None = None, seed: int = 20) -> Seeded:
    """All or nothing. The same `seed` and `now` give the same company and conversations; secrets and ticket numbers
    are always new. Sends no mail and needs no broker. Raises NotEmpty."""
    if Ticket.objects.exists() or Department.objects.exists():
        raise NotEmpty
    now, random = now or timezone.now(), Random(seed)  # noqa: S311 - chooses texts, no secrets
    made = staff_company(now, random)
    fill_shelves(made.admin)
    replay = Replay(made)
    plans = plan_tickets(now, random)
    for plan in plans:
        replay.play(plan)
    replay.tell(now)
    phrase(made, now)
    # The verbs asked for workers to be nudged after the commit; all of it happened long ago.
    transaction.get_connection().run_on_commit.clear()
    return Seeded(len(plans), _accounts(made), made.api_token)


def _accounts(made: Company) -> dict[str, dict[str, str]]:
    return {role: {"email": email, "password": made.passwords[email]} for role, email in SHOWN.items()}
