"""Machines that answer each other have to stop by themselves."""

import json
from mailbox import mbox as mailbox_file
from pathlib import Path

import pytest
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets.actions import conversation, lifecycle
from tickets.mail import letters
from tickets.models import InboundEmail, OutboundEmail, Ticket

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


def test_abuse_17_two_desks_that_acknowledge_each_other_stop_at_once(desks):
    one, two = desks
    with one:
        factories.ticket(people.customer(email=two.address), one.department)
    assert run(one, two, set()) <= 2
    assert Ticket.objects.count() <= 2


def test_abuse_17_an_agents_reply_to_another_desk_is_answered_once(desks):
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


def test_a_loop_is_told_of_once(desks, caplog):
    one, _two = desks
    with one:
        factories.ticket(people.customer(email="list@one.example"), one.department)
        post.settle()
        (row,) = post.outgoing()
        raw = post.sent(row).as_bytes()
        ends = [post.arrive(raw + b"\r\n" * number, one.address).reason for number in range(5)]
    assert ends == ["own_mail"] * 5
    assert sum("came back" in record.getMessage() for record in caplog.records) == 1


NOTES = (
    {"subject": "Out of Office: your ticket", "Auto_Submitted": "auto-replied"},
    {"subject": "Abwesenheitsnotiz", "X_Autoreply": "yes"},
    {"subject": "Absence du bureau", "Precedence": "auto_reply"},
    {"subject": "On vacation", "Return_Path": "<>"},
)


@pytest.mark.parametrize("way", ["reply address", "return address", "message id"])
def test_abuse_18_vacation_notes_change_nothing(mailbox, way):
    agent = people.agent(mailbox.department)
    ticket = post.arrive(post.raw()).ticket
    conversation.reply(ticket, by=agent, body="Restart it, please.")
    lifecycle.resolve(Ticket.objects.get(pk=ticket.pk), by=agent)
    OutboundEmail.objects.update(next_attempt_at=timezone.now())
    post.settle()
    reply = OutboundEmail.objects.get(kind="reply")
    to = {"reply address": post.sent(reply)["Reply-To"], "return address": letters.bounce_address(reply)}
    before, sent = clock(ticket), len(post.outgoing())
    for number in range(120 // 3):
        note = NOTES[number % len(NOTES)]
        more = {"In_Reply_To": reply.rfc_message_id} if way == "message id" else {}
        row = post.arrive(post.raw(**note, **more, body=f"Back on day {number}."), to.get(way, mailbox.address))
        assert (row.state, row.ticket) == ("applied", ticket)
    post.settle()
    assert len(post.outgoing()) == sent
    assert ticket.messages.filter(is_machine=True).count() == 120 // 3
    assert clock(ticket) == before
    assert Ticket.objects.count() == 1


def clock(ticket) -> dict:
    """State and everything the SLA clock and the lists go by."""
    fields = ("state", "due_at", "next_breach_at", "resolved_at", "reopen_count", "waiting_since", "auto_close_at",
              "last_message_at", "message_count")  # fmt: skip
    return Ticket.objects.values(*fields).get(pk=ticket.pk)


# Of two the set itself says that they are no reports, and in a mailbox one person forwards a report to another.
PERSONS = {"maildir/not/is-not-bounce-01.eml", "maildir/not/is-not-bounce-02.eml", "mailbox/mbox-0"}


def mails_of(folder: Path) -> dict[str, list[bytes]]:
    """Every file of the set, a mailbox file as its mails."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("_"):
            mails = mailbox_file(path) if path.parent.name == "mailbox" else []
            found[str(path.relative_to(folder))] = [one.as_bytes() for one in mails] or [path.read_bytes()]
    return found


def test_abuse_21_reports_of_77_systems_are_answered_by_nobody(corpora, mailbox):
    """Whatever the set holds: reports, complaints, vacation notes, broken ones and what is none. Each comes to the
    return address of a mail of ours, and to the desk's own."""
    agent = people.agent(mailbox.department)
    ticket = post.arrive(post.raw()).ticket
    conversation.reply(ticket, by=agent, body="Which printer?")
    OutboundEmail.objects.update(next_attempt_at=timezone.now())
    post.settle()
    back = letters.bounce_address(OutboundEmail.objects.get(kind="reply"))
    expected = json.loads((corpora / "expectations" / "sisimai_bounces.json").read_text())["files"]
    sent, before = {row.pk for row in post.outgoing()}, clock(ticket)
    asked: list[InboundEmail] = []
    for name, mails in mails_of(corpora / "bounces" / "sisimai").items():
        for mail in mails:
            matched, own = post.arrive(mail, back), post.arrive(mail + b"\r\n", mailbox.address)
            if expected.get(name):
                assert (matched.state, matched.ticket, own.ticket) == ("applied", ticket, None), name
            assert matched.ticket in (None, ticket) or name in PERSONS, name
            if own.ticket:
                assert name in PERSONS, name
                asked.append(own)
    post.settle()
    new = [row for row in post.outgoing() if row.pk not in sent]
    assert {row.kind for row in new} == {"mail_failed", "auto_response"}
    assert {row.recipient for row in new if row.kind == "auto_response"} <= {row.sender for row in asked}
    assert len(asked) == 3
    assert clock(ticket) == before
