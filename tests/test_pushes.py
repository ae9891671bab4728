"""News leave after the commit, with ids only, and a dead Valkey costs one short wait."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from tests import factories, people
from tests.wait import until
from tickets import presence, pushes
from tickets.actions import assignment, conversation
from tickets.models import User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard(settings) -> Iterator[list[dict]]:
    """What Valkey passed on so far."""
    pushes.line.client = None
    pushes.line.quiet_until = 0
    listener = pushes.line.valkey().pubsub(ignore_subscribe_messages=True)
    listener.subscribe(pushes.line.name)
    until(lambda: listener.get_message(timeout=1) is None)

    class Heard(list):
        def more(self) -> list[dict]:
            while message := listener.get_message(timeout=0.2):
                self.append(json.loads(message["data"]))
            return self

    yield Heard()
    listener.close()
    pushes.line.valkey().delete(presence.KEY)


def test_a_verb_is_told_with_ids_alone(heard) -> None:
    home = factories.department()
    agent, ticket = people.agent(home), factories.ticket(department=home)
    heard.more().clear()
    message = conversation.note(ticket, by=agent, body="The canary sings in the note")
    (told,) = heard.more()
    assert told["to"] == f"ticket:{ticket.pk}"
    assert told["data"] == {
        "id": ticket.pk, "number": ticket.number, "event": ticket.events.latest("pk").pk, "what": "noted",
        "by": agent.pk, "message": message.pk,
    }  # fmt: skip


def test_who_may_have_lost_sight_of_a_ticket_hears_that_something_went_and_no_more(heard) -> None:
    home, other = factories.department(), factories.department()
    agent, ticket = people.agent(home, other), factories.ticket(department=home)
    assignment.assign(ticket, by=agent, agent=agent)
    heard.more().clear()
    assignment.assign(ticket, by=agent, agent=None)
    assert [one for one in heard.more() if one["kind"] == "moved"] == [
        {"to": f"user:{agent.pk}", "kind": "moved", "data": {}}
    ]
    heard.clear()
    assignment.transfer(ticket, by=agent, department=other)
    assert [one for one in heard.more() if one["kind"] == "moved"] == [{"to": "agents", "kind": "moved", "data": {}}]


def test_what_is_undone_is_not_told(heard) -> None:
    with transaction.atomic():
        pushes.push("agents", "nothing")
        transaction.set_rollback(True)
    pushes.push("agents", "something")
    assert [one["kind"] for one in heard.more()] == ["something"]


def test_without_valkey_the_verb_works_and_waits_once(heard) -> None:
    home = factories.department()
    agent, ticket = people.agent(home), factories.ticket(department=home)
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        pushes.line.client = None
        begin = time.monotonic()
        for number in range(3):
            conversation.note(ticket, by=agent, body=f"Note {number}")
        assert time.monotonic() - begin < 2
        assert presence.show(agent, "tab", ticket.pk, "viewing") == []
        pushes.line.client, pushes.line.quiet_until = None, 0.0
    assert ticket.messages.filter(kind="note").count() == 3


def test_colleagues_see_who_does_what_until_the_page_is_closed(heard) -> None:
    ana, joan = (User.objects.create_user(f"{name}@desk.example", name=name, is_agent=True) for name in ("Ana", "Joan"))
    presence.show(ana, "a", 7, "viewing")
    presence.show(ana, "a", 7, "viewing")
    presence.show(ana, "a", 7, "replying")
    signs = presence.show(joan, "j", 7, "viewing")
    assert {(sign.name, sign.ticket, sign.doing) for sign in signs} == {("Ana", 7, "replying"), ("Joan", 7, "viewing")}
    presence.leave(ana, "a")
    assert [sign.name for sign in presence.show(joan, "j", 7, "viewing")] == ["Joan"]
    told = [
        (one["kind"], one["data"].get("doing", one["data"].get("here")), one["data"]["name"]) for one in heard.more()
    ]
    assert told == [
        ("colleague", True, "Ana"), ("presence", "viewing", "Ana"), ("presence", "replying", "Ana"),
        ("colleague", True, "Joan"), ("presence", "viewing", "Joan"), ("presence", "", "Ana"),
        ("colleague", False, "Ana"),
    ]  # fmt: skip
