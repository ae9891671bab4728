"""Who works at the desk of these tests, and what they set up before the first ticket."""

from __future__ import annotations

from dataclasses import dataclass

from tests import factories, people
from tests.e2e.desk import SUPPORT
from tickets.models import ApiToken, Department, Desk, User

ADMIN = ("Ada Admin", "ada@desk.example", people.PASSWORD)


@dataclass
class Company:
    """`ana` and `joan` are agents of `support`, which answers within an hour and solves within eight, day and night."""

    support: Department
    ana: User
    joan: User
    tomas: User


def settle_in() -> Company:
    support = factories.department("Support", sla_policy=factories.sla_policy(first=60, resolution=480))
    billing = factories.department("Billing")
    box = factories.mailbox(support, address=SUPPORT, display_name="Acme Support", is_default=True)
    Department.objects.update(mailbox=box)
    Desk.objects.update(name="Acme", default_department=support)
    factories.help_topic(support, "Something is broken", slug="broken", description="Machines, doors, programs")
    factories.help_topic(billing, "Invoices and payments", slug="billing", description="Charges, refunds, copies")
    ana = people.agent(support, billing, name="Ana Moreira", email="ana@desk.example")
    joan = people.agent(support, name="Joan Okafor", email="joan@desk.example")
    return Company(support, ana, joan, people.customer(email="tomas@customers.example"))


def token(person: User, scope: str = "write") -> str:
    """A new API token's secret."""
    made = ApiToken(name="end to end", user=person, scope=scope)
    secret = made.set_new_secret()
    made.save()
    return secret
