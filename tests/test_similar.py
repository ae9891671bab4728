"""Similar solved tickets: by rare words, of the agent's own work, and never the ticket itself."""

from __future__ import annotations

import pytest

from tests import factories, people
from tickets import similar, timeline
from tickets.actions import conversation
from tickets.models import Message, TicketEvent

pytestmark = pytest.mark.django_db


def test_finds_solved_ones_of_the_own_work_by_their_words() -> None:
    home = factories.department()
    agent = people.agent(home)
    ticket = factories.ticket(department=home, subject="The turbine hums and smells")
    solved = factories.ticket_in("resolved", agent, department=home, subject="A turbine that smells")
    less = factories.ticket_in("closed", agent, department=home, subject="Turbine broken")
    factories.ticket(department=home, subject="Turbine again")  # not solved
    factories.ticket_in("resolved", agent, department=home, subject="Coffee is cold")
    other = factories.department()
    factories.ticket_in("resolved", people.agent(other), department=other, subject="Turbine smells")
    assert [one.pk for one in similar.solved(ticket, agent)] == [solved.pk, less.pk]
    assert similar.solved(factories.ticket(department=home, subject="??? 12 a"), agent) == []


@pytest.mark.parametrize(
    ("show", "kinds"), [("messages", {"customer", "reply"}), ("notes", {"note"}), ("events", set())]
)
def test_the_timeline_shows_what_is_asked_for(show: str, kinds: set[str]) -> None:
    home = factories.department()
    agent = people.agent(home)
    ticket = factories.ticket(department=home)
    conversation.reply(ticket, by=agent, body="Which one?")
    conversation.note(ticket, by=agent, body="He is right.")
    items = timeline.page(ticket, agent, show=show).items
    assert {item.kind for item in items if isinstance(item, Message)} == kinds
    assert any(isinstance(item, TicketEvent) for item in items) == (show == "events")
