"""The people and departments that loaded tickets belong to; made once, found again by the next load."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from allauth.account.models import EmailAddress
from django.conf import settings

from tickets.models import (
    ApiToken,
    Department,
    HelpTopic,
    Mailbox,
    Membership,
    Permission,
    Role,
    SlaPolicy,
    Status,
    Tag,
    User,
)

AGENTS, CUSTOMERS, DEPARTMENTS, TAGS = 20, 5000, 5, 30
_DOMAIN = "load.example"
# What nobody can sign in with; hashing five thousand passwords would take longer than the tickets.
_NO_PASSWORD = "!"  # noqa: S105


@dataclass
class Crowd:
    """The first agent works in every department. `ticket` is the number of the long one; `passwords` and `api_token`
    are fresh with each load: those of the first agent and the first customer, and the token of the first agent."""

    departments: list[Department]
    agents: list[User]
    customers: list[User]
    tags: dict[str, int]
    policy: SlaPolicy
    waiting_id: int
    auto_close_days: int
    passwords: dict[str, str]
    api_token: str
    members: dict[int, list[User]] = field(default_factory=dict)
    ticket: str = ""

    def agents_in(self, department: Department) -> list[User]:
        return self.members[department.pk]

    @cached_property
    def sign_ins(self) -> dict[str, dict[str, str]]:
        people = {"agent": self.agents[0], "customer": self.customers[0]}
        return {role: {"email": one.email, "password": self.passwords[one.email]} for role, one in people.items()}


def gather(now: datetime) -> Crowd:
    policy = SlaPolicy.objects.get_or_create(
        name="Load", defaults={"first_response_minutes": 2 * 24 * 60, "resolution_minutes": 12 * 24 * 60}
    )[0]
    departments = [_department(number, policy) for number in range(1, DEPARTMENTS + 1)]
    agents, customers = _people("agent", AGENTS, now), _people("customer", CUSTOMERS, now)
    Tag.objects.bulk_create([Tag(name=f"tag{number:02}") for number in range(TAGS)], ignore_conflicts=True)
    crowd = Crowd(
        departments,
        agents,
        customers,
        dict(Tag.objects.filter(name__startswith="tag").values_list("name", "pk")),
        policy,
        Status.objects.get(slug="waiting_on_customer").pk,
        departments[0].auto_close_days,
        _sign_ins(agents[0], customers[0]),
        _token(agents[0]),
    )
    _memberships(crowd)
    return crowd


def _department(number: int, policy: SlaPolicy) -> Department:
    name = f"Load {number}"
    department = Department.objects.get_or_create(slug=f"load-{number}", defaults={"name": name, "sla_policy": policy})[
        0
    ]
    HelpTopic.objects.get_or_create(slug=f"load-{number}", defaults={"name": name, "department": department})
    Mailbox.objects.get_or_create(
        address=f"load-{number}@{settings.MAIL_DOMAIN}", defaults={"name": name, "department": department}
    )
    return department


def _people(kind: str, count: int, now: datetime) -> list[User]:
    User.objects.bulk_create(
        [
            User(
                email=f"{kind}{number}@{_DOMAIN}",
                name=f"{kind.capitalize()} {number}",
                is_agent=kind == "agent",
                password=_NO_PASSWORD,
                created_at=now - timedelta(days=1200),
            )
            for number in range(1, count + 1)
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    return list(User.objects.filter(email__startswith=kind, email__endswith=f"@{_DOMAIN}").order_by("pk"))


def _memberships(crowd: Crowd) -> None:
    role = Role.objects.get_or_create(name="Load", defaults={"permissions": Permission.values})[0]
    for number, agent in enumerate(crowd.agents):
        for place, department in enumerate(crowd.departments):
            if number == 0 or (number + place) % DEPARTMENTS in (0, 1):
                Membership.objects.get_or_create(user=agent, department=department, defaults={"role": role})
                crowd.members.setdefault(department.pk, []).append(agent)


def _sign_ins(*people: User) -> dict[str, str]:
    passwords = {}
    for person in people:
        passwords[person.email] = secrets.token_urlsafe(12)
        person.set_password(passwords[person.email])
        person.save(update_fields=["password"])
        EmailAddress.objects.get_or_create(
            user=person, email=person.email, defaults={"verified": True, "primary": True}
        )
    return passwords


def _token(agent: User) -> str:
    token = ApiToken(name="Load", user=agent, scope=ApiToken.Scope.ADMIN)
    secret = token.set_new_secret()
    token.save()
    return secret
