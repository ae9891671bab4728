"""Who of those that are listening may hear of which ticket, asked at the moment of telling.

One statement for everybody: it says the same as `Ticket.objects.inside` (a test compares them), and that the session
each one came with is still good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection

from tickets.models import User


class Listener(NamedTuple):
    """Somebody with an open stream: their session, and a mark that a new password changes."""

    session: str
    user: int
    mark: str


_WHO = """
    SELECT heard.place, ticket.id
    FROM unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY AS heard(session, person, mark, place)
    JOIN django_session ON session_key = heard.session AND expire_date > now()
    JOIN tickets_user AS person ON person.id = heard.person AND person.is_active
        AND (person.is_agent OR person.is_superuser) AND md5(person.password) = heard.mark
    LEFT JOIN tickets_ticket AS ticket ON ticket.id = ANY(%s) AND (
        person.is_superuser
        OR (ticket.deleted_at IS NULL AND (
            ticket.assignee_id = person.id
            OR EXISTS (SELECT FROM tickets_membership AS work JOIN tickets_role ON tickets_role.id = work.role_id
                       WHERE work.user_id = person.id AND work.department_id = ticket.department_id
                       AND 'view' = ANY(tickets_role.permissions))
            OR EXISTS (SELECT FROM tickets_team_members AS member JOIN tickets_team ON tickets_team.id = member.team_id
                       WHERE member.user_id = person.id AND member.team_id = ticket.team_id AND tickets_team.is_enabled)
            OR (ticket.requester_id <> person.id AND EXISTS (
                SELECT FROM tickets_follower AS follower
                WHERE follower.ticket_id = ticket.id AND follower.user_id = person.id)))))
"""


def listener(user: User, session: str) -> Listener:
    return Listener(session, user.pk, hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest())


def of(listeners: Sequence[Listener], tickets: Collection[int]) -> list[set[int] | None]:
    """For each listener the tickets of `tickets` that they may know of; None for who may hear nothing any more."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO, [*map(list, zip(*listeners, strict=True)), list(tickets)])
        rows = cursor.fetchall()
    heard: list[set[int] | None] = [None] * len(listeners)
    for place, ticket in rows:
        known = heard[place - 1] = heard[place - 1] or set()
        if ticket is not None:
            known.add(ticket)
    return heard
