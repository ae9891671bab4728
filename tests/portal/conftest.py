from __future__ import annotations

import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories, people
from tickets.models import Department, Desk, Ticket, User


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits begin anew at the full minute or hour; no test may run across that."""
    now = timezone.now()
    monkeypatch.setattr("tickets.limits.timezone", SimpleNamespace(now=lambda: now))


@pytest.fixture
def desk(db: None) -> Desk:
    """A desk with one public department, the default, and nothing else."""
    desk = Desk.current()
    desk.default_department = factories.department("Support")
    desk.save()
    return desk


@pytest.fixture
def department(desk: Desk) -> Department:
    return desk.default_department


@pytest.fixture
def customer(desk: Desk) -> User:
    return people.customer()


@pytest.fixture
def agent(department: Department) -> User:
    return people.agent(department)


@pytest.fixture
def ticket(customer: User, department: Department) -> Ticket:
    return factories.ticket(customer, department)


@pytest.fixture
def signed_in(client: Client, customer: User) -> Client:
    client.force_login(customer)
    return client


@pytest.fixture
def request_form() -> Any:
    """The fields of the ticket form as a guest types them; keywords replace single ones."""

    def fill(**changes: Any) -> dict[str, Any]:
        typed = {
            "name": "Grace Okafor",
            "email": "grace@customers.example",
            "topic": "",
            "subject": "The door does not open",
            "body": "My badge blinks red since this morning.",
            "website": "",
            "nonce": str(uuid.uuid4()),
        }
        return typed | changes

    return fill


@pytest.fixture
def same_page() -> Any:
    """The text of a page without what is random in it (the CSRF token and the form's mark), and without the address
    that the language menu leads back to."""

    def strip(response: Any) -> str:
        text = response.content.decode()
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
        return re.sub(r'name="(nonce|next)" value="[^"]*"', "", text)

    return strip
