"""What the pages show while they are looked at: tickets in every state, with words a desk would really read."""

from __future__ import annotations

from dataclasses import dataclass

from tests import factories, people
from tests.e2e.company import Company
from tests.mail import post
from tickets.actions import assignment, conversation, lifecycle, triage
from tickets.models import BlockedSender, Ticket, User
from tickets.states import Priority, State

SUBJECTS = [
    "Badge blinks red at the side entrance",
    "Invoice 2031 was charged twice",
    "Two monitors, but only one picture after the update on Tuesday",
    "Please add Nina Kowalczyk to the shared calendar",
    "VPN drops every ten minutes",
    "How do I export last year’s orders?",
]


@dataclass
class Scenery:
    """Addresses of who looks, and numbers of the tickets by what they show."""

    customer: str
    agent: str
    numbers: dict[str, str]


def lay_out(company: Company) -> Scenery:
    acme = people.organization("Northwind Traders")
    rosa = people.customer("Rosa Lindqvist", email="rosa@northwind.example", organization=acme)
    agent = people.agent(company.support, name="Mei Tanaka", email="mei@desk.example")
    for subject in SUBJECTS:
        ticket = factories.ticket(rosa, company.support, subject=subject, body="Since this morning. What can I do?")
        factories.age(ticket, minutes=11 * len(subject))
    numbers = {
        "conversation": talk(company, rosa).number,
        "resolved": factories.ticket_in(State.RESOLVED, company.ana, requester=rosa, department=company.support).number,
        "closed": factories.ticket_in(State.CLOSED, company.ana, requester=rosa, department=company.support).number,
    }
    return Scenery(rosa.email, agent.email, numbers | arrive(company))


def arrive(company: Company) -> dict[str, str]:
    """Mail that is held back, a blocked sender, and a ticket with people in copy; their keys by what they show."""
    box = factories.mailbox(company.support, address="post@desk.example")
    held = post.arrive(
        post.raw(sender='"security@bank.example" <no-reply@shop.example>', subject="Your order"), box.address
    )
    post.arrive(post.raw(sender="a@x.example, b@x.example", subject="Two writers"), box.address)
    mail = post.raw(
        sender='"Nina at bank.example <nina@bank.example>" <nina@northwind.example>', to=box.address,
        subject="Shared calendar", Cc="Jo Park <jo@northwind.example>, a.very.long.name.of.somebody@northwind.example",
    )  # fmt: skip
    BlockedSender.objects.create(pattern="@spam.example", created_by=company.ana)
    opened = post.arrive(mail, box.address).ticket
    return {"held": str(held.pk), "copied": opened.number if opened else ""}


def talk(company: Company, rosa: User) -> Ticket:
    body = "Hello,\n\nmy badge opened it for a year.\nNow it blinks red:\n\n- twice, then once\n- since Monday\n\nRosa"
    ticket = factories.ticket(rosa, company.support, subject="Badge does not open the side entrance", body=body)
    ticket = triage.set_priority(ticket, by=company.ana, priority=Priority.HIGH)
    ticket = triage.set_tags(ticket, by=company.ana, tags=["badge", "building b"])
    assignment.assign(ticket, by=company.ana, agent=company.ana)
    conversation.note(ticket, by=company.joan, body="The reader there was changed on Friday. I asked the locksmith.")
    conversation.reply(
        ticket, by=company.ana, body="Hello Rosa,\n\nthe reader was changed. Please hold the badge flat.\n\nAna"
    )
    conversation.receive(ticket, by=rosa, body="> Please hold the badge flat.\n\nFlat works, thank you!", source="web")
    return lifecycle.start(ticket, by=company.ana) if ticket.state == State.OPEN else ticket
