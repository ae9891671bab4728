from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests import factories, people
from tickets.models import Department, Ticket, User


@pytest.fixture
def home(db: None) -> Department:
    return factories.department("Support")


@pytest.fixture
def agent(home: Department) -> User:
    return people.agent(home)


@pytest.fixture
def colleague(home: Department) -> User:
    return people.agent(home, name="Joan Okafor")


@pytest.fixture
def reader(home: Department) -> User:
    return people.reader(home)


@pytest.fixture
def outsider(db: None) -> User:
    return people.agent(factories.department("Billing"), name="Rui Silva")


@pytest.fixture
def ticket(home: Department) -> Ticket:
    return factories.ticket(department=home)


@pytest.fixture
def browser() -> Callable[[User], Client]:
    """A signed-in browser."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
