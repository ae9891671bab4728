"""A ticket on paper."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import people
from tickets.actions import conversation

pytestmark = pytest.mark.django_db


def paper(ticket):
    return reverse("staff:print", args=[ticket.number])


def test_everything_that_was_written_and_notes_only_when_asked(browser, agent, ticket):
    conversation.reply(ticket, by=agent, body="Look here.")
    conversation.note(ticket, by=agent, body="They are cross.")
    page = browser(agent).get(paper(ticket)).content.decode()
    assert "Look here." in page
    assert ticket.subject in page
    assert "They are cross." not in page
    assert "They are cross." in browser(agent).get(paper(ticket) + "?notes=1").content.decode()
    assert "<form" not in page.replace("toast", "")


def test_strangers_print_nothing(browser, outsider, ticket):
    assert browser(outsider).get(paper(ticket)).status_code == 404
    assert browser(people.customer()).get(paper(ticket)).status_code == 403


def test_it_costs_the_same_with_one_message_and_three(browser, agent, ticket):
    client = browser(agent)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(paper(ticket)).status_code == 200
        return len(captured)

    cost()
    conversation.reply(ticket, by=agent, body="One.")
    once = cost()
    conversation.reply(ticket, by=agent, body="Two.")
    conversation.reply(ticket, by=agent, body="Three.")
    assert cost() == once <= 20
