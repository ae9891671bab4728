from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests import factories, people
from tickets.models import ApiToken, Department, Ticket, User


class Caller:
    """Speaks to the API as one person."""

    def __init__(self, person: User, scope: str = "write", **token: Any) -> None:
        self.token = ApiToken(name="test", user=person, scope=scope, **token)
        self.secret = self.token.set_new_secret()
        self.token.save()
        self.client = Client(raise_request_exception=False)

    def get(self, path: str = "", **query: str) -> Any:
        return self.client.get(f"/api/v1/tickets/{path}", query, headers=self.headers())

    def post(self, path: str = "", body: Any = None, **headers: str) -> Any:
        return self.send("post", path, json.dumps(body or {}), **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("patch", path, json.dumps(body))

    def send(self, method: str, path: str, body: str | bytes, **headers: str) -> Any:
        return getattr(self.client, method)(
            f"/api/v1/tickets/{path}", body, content_type="application/json", headers=self.headers(**headers)
        )

    def headers(self, **more: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", **named}


@pytest.fixture
def department(db: None) -> Department:
    return factories.department("Support")


@pytest.fixture
def agent(department: Department) -> User:
    return people.agent(department, email="ana@desk.example")


@pytest.fixture
def customer(db: None) -> User:
    return people.customer(email="tomas@customers.example")


@pytest.fixture
def ticket(customer: User, department: Department) -> Ticket:
    return factories.ticket(customer, department, subject="Printer on fire")


@pytest.fixture
def calling() -> Callable[..., Caller]:
    return Caller
