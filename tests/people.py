"""The people of the tests, by what they may do. Each call makes a new one unless told otherwise."""

from __future__ import annotations

import itertools
from typing import Any

from tickets.models import Department, Membership, Organization, Permission, Role, Team, User

PASSWORD = "correct horse battery staple"
_count = itertools.count(1)


def customer(name: str = "Tomás Herrera", **fields: Any) -> User:
    fields.setdefault("email", f"customer{next(_count)}@customers.example")
    return _person(name=name, **fields)


def agent(
    *departments: Department, name: str = "Ana Moreira", can: Any = tuple(Permission.values), **fields: Any
) -> User:
    """An agent with the permissions `can` in each of the departments."""
    fields.setdefault("email", f"agent{next(_count)}@desk.example")
    person = _person(name=name, is_agent=True, **fields)
    role = Role.objects.get_or_create(name=",".join(sorted(can))[:80], defaults={"permissions": list(can)})[0]
    for department in departments:
        Membership.objects.create(user=person, department=department, role=role)
    return person


def reader(*departments: Department, **fields: Any) -> User:
    return agent(*departments, can=["view"], **fields)


def admin(**fields: Any) -> User:
    fields.setdefault("email", f"admin{next(_count)}@desk.example")
    return _person(name=fields.pop("name", "Ada Admin"), is_agent=True, is_superuser=True, **fields)


def team(*members: User, name: str = "") -> Team:
    made = Team.objects.create(name=name or f"Team {next(_count)}")
    made.members.set(members)
    return made


def organization(name: str = "", **fields: Any) -> Organization:
    return Organization.objects.create(name=name or f"Organization {next(_count)}", **fields)


def _person(**fields: Any) -> User:
    person = User.objects.create_user(fields.pop("email"), PASSWORD, **fields)
    _verify(person)
    return person


def _verify(person: User) -> None:
    """Their address counts as confirmed, so that they can sign in."""
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
