"""Custom fields on the ticket's row: there from the beginning, found through their index."""

from __future__ import annotations

import pytest
from django.db import connection

from tests import factories
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_a_ticket_begins_without_answers() -> None:
    made = factories.ticket()
    assert Ticket.objects.get(pk=made.pk).fields == {}


def test_a_row_written_by_sql_that_does_not_name_the_column_has_no_answers() -> None:
    """The column's default is the database's own: a process of the release before still writes tickets."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
            ["tickets_ticket", "fields"],
        )
        assert cursor.fetchone()[0] == "'{}'::jsonb"


def test_answers_are_found_through_the_index() -> None:
    made = factories.ticket()
    Ticket.objects.filter(pk=made.pk).update(fields={"device": "laptop", "parts": ["screen", "lid"]})
    factories.ticket()
    assert list(Ticket.objects.filter(fields__contains={"device": "laptop"})) == [made]
    assert list(Ticket.objects.filter(fields__contains={"parts": ["lid"]})) == [made]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Ticket.objects.filter(fields__contains={"device": "laptop"}).order_by().explain()
    assert "ticket_fields" in plan
