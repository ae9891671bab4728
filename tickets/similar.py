"""Tickets that were solved and speak of the same things."""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchRank
from django.db.models import F

from tickets.models import Ticket, User
from tickets.search import RARE, Word, guess
from tickets.states import State

SHOWN = 5
_WORD = re.compile(r"[^\W\d_]{4,30}")
_MOST_WORDS = 8


def solved(ticket: Ticket, user: User, *, size: int = SHOWN) -> list[Ticket]:
    """Resolved and closed ones among the user's work that share rare words with the subject, the likest first. Words
    that stand in many tickets say nothing and would cost much, so they are left out."""
    words = [Word(text) for text in dict.fromkeys(_WORD.findall(ticket.subject.lower()))][:_MOST_WORDS]
    rare = [word for word in words if guess(word) <= RARE]
    if not rare:
        return []
    query = rare[0].query
    for word in rare[1:]:
        query |= word.query
    rows = Ticket.objects.kept().worked_by(user).filter(search=query, state__in=[State.RESOLVED, State.CLOSED])
    rows = rows.exclude(pk=ticket.pk).annotate(likeness=SearchRank(F("search"), query)).order_by("-likeness", "-id")
    return list(rows.only("number", "subject", "state", "resolved_at")[:size])
