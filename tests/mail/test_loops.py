"""Machines that answer each other have to stop by themselves."""

import pytest

from tests import factories, people
from tests.mail import post
from tickets.actions import conversation
from tickets.models import OutboundEmail, Ticket

pytestmark = pytest.mark.django_db


class Desk:
    """One of two installations: a secret key, a domain and a mailbox of its own, in the one test database."""

    def __init__(self, settings, name: str) -> None:
        self.settings, self.name = settings, name
        self.address = f"support@{name}.example"
        self.department = factories.department(f"Support of {name}")
        self.mailbox = factories.mailbox(self.department, address=self.address)
        self.department.mailbox = self.mailbox
        self.department.save()

    def __enter__(self) -> "Desk":
        """Other desks' mailboxes do not exist for this one."""
        self.settings.SECRET_KEY = f"the key of {self.name} " * 5
        self.settings.MAIL_DOMAIN = f"{self.name}.example"
        type(self.mailbox).objects.exclude(pk=self.mailbox.pk).update(address=_hidden(self.name))
        type(self.mailbox).objects.filter(pk=self.mailbox.pk).update(address=self.address)
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def receive(self, mails: list[OutboundEmail]) -> None:
        for row in mails:
            raw = post.sent(row).as_bytes()
            with self:
                post.arrive(raw, row.recipient)

    def send(self, already: set[int]) -> list[OutboundEmail]:
        with self:
            post.settle()
        new = [row for row in post.outgoing() if row.pk not in already]
        already |= {row.pk for row in new}
        return new


def _hidden(name: str) -> str:
    return f"hidden-from-{name}@nowhere.invalid"


@pytest.fixture
def desks(settings):
    return Desk(settings, "one"), Desk(settings, "two")


def run(first: Desk, second: Desk, already: set[int]) -> int:
    """Lets the two talk until both are silent; how many mails went over."""
    total, here, there = 0, first, second
    while (mails := here.send(already)) and total < 20:
        total += len(mails)
        there.receive(mails)
        here, there = there, here
    return total


def test_two_desks_that_acknowledge_each_other_stop_at_once(desks):
    one, two = desks
    with one:
        factories.ticket(people.customer(email=two.address), one.department)
    assert run(one, two, set()) <= 2
    assert Ticket.objects.count() <= 2


def test_an_agents_reply_to_another_desk_is_answered_once(desks):
    one, two = desks
    with one:
        ticket = factories.ticket(people.customer(email=two.address), one.department, auto_response=False)
        agent = people.agent(one.department)
        conversation.reply(ticket, by=agent, body="Do you deliver?")
    assert run(one, two, set()) == 2
    assert ticket.messages.filter(is_machine=True).count() == 1


def test_a_mail_that_comes_back_to_its_own_desk_ends_there(desks):
    one, _two = desks
    with one:
        ticket = factories.ticket(people.customer(email="list@one.example"), one.department)
        post.settle()
        (row,) = post.outgoing()
        back = post.arrive(post.sent(row).as_bytes(), one.address)
    assert (back.state, back.reason, Ticket.objects.count()) == ("rejected", "own_mail", 1)
    assert ticket.messages.count() == 1
