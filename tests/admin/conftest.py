from __future__ import annotations

import pytest
from django.test import Client

from tests import people
from tickets.models import Desk, User


@pytest.fixture
def admin(db: None) -> User:
    Desk.current()
    return people.admin()


@pytest.fixture
def at_work(client: Client, admin: User) -> Client:
    """A browser in which the admin is signed in."""
    client.force_login(admin)
    return client
