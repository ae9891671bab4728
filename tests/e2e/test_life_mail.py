"""The same life by e-mail alone: the customer writes mails to the SMTP intake and reads what comes back."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from tests.e2e.company import Company, token
from tests.e2e.desk import SUPPORT, RunningDesk, answer_to, text_of
from tests.mail.post import raw
from tests.wait import until
from tickets.models import InboundEmail, Ticket
from tickets.states import State

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

ADDRESS = "Ines Duarte <ines@customers.example>"


def test_a_ticket_lives_from_intake_to_reopening(desk: RunningDesk, company: Company) -> None:
    ana = token(company.ana)
    send(desk, raw(sender=ADDRESS, to=SUPPORT, subject="No hot water", body="Since Monday."), SUPPORT)
    number = until(lambda: Ticket.objects.filter(subject="No hot water").first()).number
    first = desk.letter("auto_response", number)
    assert parseaddr(str(first["To"]))[1] == "ines@customers.example"
    assert "+" in parseaddr(str(first["Reply-To"]))[1]

    answer(desk, first, "I forgot: third floor.")
    until(lambda: ticket(number).message_count == 2)
    say(desk, ana, number, "reply", "Is the tap on the left open?")
    reply = desk.letter("reply", number)
    assert reply["Auto-Submitted"] is None
    assert str(reply["In-Reply-To"] or reply["References"])

    answer(desk, reply, "Yes, it is.")
    until(lambda: ticket(number).message_count == 4)
    assert "> Is the tap" not in ticket(number).last_message_preview
    say(desk, ana, number, "resolve")
    asked = desk.letter("confirmation", number)

    answer(desk, asked, "I am away until Friday.", Auto_Submitted="auto-replied")
    until(lambda: InboundEmail.objects.filter(ticket__number=number, state="applied").count() == 4)
    assert ticket(number).state == State.RESOLVED

    answer(desk, asked, "No, still cold.")
    until(lambda: ticket(number).state == State.REOPENED)
    assert ticket(number).assignee == company.ana
    desk.letter("received", number, to=company.ana.email)
    say(desk, ana, number, "resolve", "We changed the boiler.")
    until(lambda: "changed the boiler" in text_of(desk.letter("reply", number, count=2)))
    say(desk, ana, number, "close")

    answer(desk, desk.letter("closed", number), "Cold again!")
    until(lambda: ticket(number).state == State.REOPENED)
    assert ticket(number).assignee == company.ana
    assert Ticket.objects.filter(requester__email="ines@customers.example").count() == 1
    assert len(desk.letters("auto_response", number)) == 1


def test_a_mail_that_cannot_be_read_is_kept_with_its_reason(desk: RunningDesk, company: Company) -> None:
    desk.receive(
        b"From: one@customers.example, two@customers.example\r\nSubject: Who am I\r\n\r\n?\r\n", "one@x.example"
    )
    row = until(lambda: InboundEmail.objects.filter(subject="Who am I").exclude(state="stored").first())
    assert row.state in {"suspended", "failed"}
    assert row.reason


def send(desk: RunningDesk, mail: bytes, to: str) -> None:
    desk.receive(mail, parseaddr(ADDRESS)[1], to)


def answer(desk: RunningDesk, letter: EmailMessage, body: str, **headers: str) -> None:
    send(desk, *answer_to(letter, ADDRESS, body, **headers))


def say(desk: RunningDesk, secret: str, number: str, verb: str, body: str = "") -> None:
    answered = desk.call(secret, "POST", f"{number}/{verb}/", {"body": body} if body else {})
    assert answered.ok, answered.text


def ticket(number: str) -> Ticket:
    return Ticket.objects.select_related("assignee").get(number=number)
