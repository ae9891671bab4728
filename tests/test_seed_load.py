"""Loaded tickets have to look as if the verbs had written them, or measurements would be of something else."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tickets import search
from tickets.actions import conversation
from tickets.demo import loading
from tickets.demo.words import COMMON, RARE, RARE_MESSAGES
from tickets.models import Message, Ticket, TicketEvent, User
from tickets.states import ACTIVE, State

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("seed_load")]
COUNT = 400


@pytest.fixture
def crowd(monkeypatch):
    monkeypatch.setattr("tickets.demo.crowd.CUSTOMERS", 60)  # as many as four hundred tickets need
    return loading.load(COUNT)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename IN ('tickets_ticket', 'tickets_message')")
        return {definition for (definition,) in cursor.fetchall()}


def test_as_many_as_asked_for_and_one_long_one(crowd):
    assert Ticket.objects.count() == COUNT + 1
    assert Message.objects.count() == COUNT * loading.MESSAGES + loading.LONG
    long = Ticket.objects.get(number=crowd.ticket)
    assert long.messages.count() == long.message_count == loading.LONG
    assert long.requester == crowd.customers[0]
    assert long.assignee == crowd.agents[0]


def test_a_few_percent_are_open(crowd):
    states = set(Ticket.objects.values_list("state", flat=True))
    assert states >= {State.NEW, State.OPEN, State.IN_PROGRESS, State.RESOLVED, State.CLOSED}
    assert 0.02 < Ticket.objects.filter(state__in=ACTIVE).count() / COUNT < 0.12


def test_list_columns_tell_what_the_messages_say(crowd):
    for ticket in Ticket.objects.prefetch_related("messages", "tags"):
        messages = list(ticket.messages.all())
        public = [message for message in messages if message.kind != Message.Kind.NOTE]
        assert ticket.message_count == len(messages)
        assert (ticket.last_message_at, ticket.last_message_kind) == (public[-1].created_at, public[-1].kind)
        assert ticket.last_message_by == public[-1].author_name
        assert public[-1].body.split()[0] == ticket.last_message_preview.split()[0]
        assert ticket.tag_names == sorted(tag.name for tag in ticket.tags.all())
        assert ticket.requester_name == ticket.requester.name
        is_waiting = public[-1].kind == Message.Kind.CUSTOMER and ticket.is_active
        assert bool(ticket.waiting_since) == is_waiting
        assert bool(ticket.due_at) == (ticket.is_active and ticket.status is None)


def test_states_have_their_moments_and_events(crowd):
    assert not Ticket.objects.filter(state=State.CLOSED, closed_at=None).exists()
    assert not Ticket.objects.filter(state=State.RESOLVED, auto_close_at=None).exists()
    assert not TicketEvent.objects.unhandled().exists()
    assert TicketEvent.objects.filter(kind="opened").count() == COUNT + 1
    closed = Ticket.objects.filter(state=State.CLOSED).count()
    assert TicketEvent.objects.filter(kind="confirmed").count() == closed


def test_words_are_as_common_as_said(crowd):
    agent = crowd.agents[0]
    rare = search.find(RARE, by=agent).tickets
    assert 1 <= rare.count() <= RARE_MESSAGES
    assert 0.1 < Message.objects.filter(body__icontains=COMMON).count() / Message.objects.count() < 0.3


def test_the_desk_goes_on_with_loaded_tickets(crowd):
    """Sequences are past what was loaded, and the verbs take the rows as they are."""
    ticket = Ticket.objects.filter(state=State.OPEN).first()
    message = conversation.reply(ticket, by=crowd.agents[0], body="On its way.")
    assert message.pk > Message.objects.exclude(pk=message.pk).latest("pk").pk
    assert Ticket.objects.get(pk=ticket.pk).state == State.IN_PROGRESS


def test_the_same_seed_makes_the_same_texts(crowd):
    def subjects(first: int) -> list[str]:
        return list(Ticket.objects.filter(pk__gte=first).order_by("pk").values_list("subject", flat=True))

    before = subjects(0)
    last = Ticket.objects.latest("pk").pk
    loading.load(COUNT)
    assert subjects(last + 1) == before


def test_search_indexes_are_built_after_a_large_load(monkeypatch):
    monkeypatch.setattr("tickets.demo.crowd.CUSTOMERS", 10)
    monkeypatch.setattr(loading, "_INDEX_LATER", 50)
    before = indexes()
    loading.load(60)
    assert indexes() == before
    assert any("gin" in definition for definition in before)


def test_the_command_prints_what_a_measurement_needs(capsys, monkeypatch):
    monkeypatch.setattr("tickets.demo.crowd.CUSTOMERS", 10)
    call_command("seed_load", tickets=20)
    found = json.loads(capsys.readouterr().out)
    assert found["tickets"] == 20
    assert Ticket.objects.filter(number=found["ticket"]).exists()
    for account in found["accounts"].values():
        assert User.objects.get(email=account["email"]).check_password(account["password"])
    with pytest.raises(CommandError, match="at least 1"):
        call_command("seed_load", tickets=0)
