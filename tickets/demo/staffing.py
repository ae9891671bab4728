"""Writes the invented company into an empty desk: hours, promises, departments, topics, people."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random

from allauth.account.models import EmailAddress
from django.conf import settings

from tickets.demo import company, customers
from tickets.models import (
    ApiToken,
    BusinessHours,
    Department,
    Desk,
    HelpTopic,
    Holiday,
    Mailbox,
    Membership,
    OpeningHours,
    Organization,
    Role,
    SlaPolicy,
    Team,
    User,
)

ADMIN = ("Sofia Lindgren", f"sofia.lindgren@{company.DOMAIN}")
# Who is shown to visitors of the demo: role in demo.json -> address.
SHOWN = {
    "admin": ADMIN[1],
    "agent": company.AGENTS[0].email,
    "agent2": company.AGENTS[2].email,
    "customer": customers.CUSTOMERS[0].email,
}


@dataclass
class Company:
    """The rows by the names that scripts use: slugs of departments and topics, addresses of people."""

    departments: dict[str, Department] = field(default_factory=dict)
    topics: dict[str, HelpTopic] = field(default_factory=dict)
    agents: dict[str, User] = field(default_factory=dict)
    customers: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    admin: User = field(default_factory=User)
    passwords: dict[str, str] = field(default_factory=dict)
    api_token: str = ""


def staff_company(now: datetime, random: Random) -> Company:
    """Everything but tickets. Passwords and the API token are fresh secrets, whatever `random` is."""
    made = Company()
    policies = _policies(now)
    made.teams = {name: Team.objects.create(name=name) for name in company.TEAMS}
    _departments(made, policies)
    _topics(made, policies)
    _people(made, now, random)
    _settings(made)
    made.api_token = _token(made.admin)
    return made


def _policies(now: datetime) -> dict[str, SlaPolicy]:
    hours = {plan.name: _business_hours(plan, now.year) for plan in company.HOURS}
    return {
        plan.name: SlaPolicy.objects.create(
            name=plan.name,
            business_hours=hours[plan.hours] if plan.hours else None,
            first_response_minutes=plan.first_response_minutes,
            resolution_minutes=plan.resolution_minutes,
        )
        for plan in company.SLAS
    }


def _business_hours(plan: company.Hours, year: int) -> BusinessHours:
    hours = BusinessHours.objects.create(name=plan.name, zone=plan.zone)
    OpeningHours.objects.bulk_create(
        OpeningHours(
            business_hours=hours, weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
        )
        for weekday, ranges in plan.ranges.items()
        for opens, closes in ranges
    )
    Holiday.objects.bulk_create(
        Holiday(business_hours=hours, date=day, name=name)
        for near in (year - 1, year, year + 1)
        for day, name in company.holidays(near)
    )
    return hours


def _departments(made: Company, policies: dict[str, SlaPolicy]) -> None:
    for plan in company.DEPARTMENTS:
        department = Department.objects.create(
            name=plan.name, slug=plan.slug, sla_policy=policies[plan.sla], signature=plan.signature
        )
        department.mailbox = Mailbox.objects.create(
            name=plan.name,
            address=f"{plan.slug}@{settings.MAIL_DOMAIN}",
            display_name=plan.signature.replace(" · ", " "),
            department=department,
            is_default=plan.slug == "support",
        )
        department.save(update_fields=["mailbox"])
        made.departments[plan.slug] = department


def _topics(made: Company, policies: dict[str, SlaPolicy]) -> None:
    for position, plan in enumerate(company.TOPICS):
        made.topics[plan.slug] = HelpTopic.objects.create(
            name=plan.name,
            slug=plan.slug,
            description=plan.description,
            icon=plan.icon,
            department=made.departments[plan.department],
            priority=plan.priority,
            sla_policy=policies[plan.sla],
            team=made.teams[plan.team] if plan.team else None,
            position=position,
        )


def _people(made: Company, now: datetime, random: Random) -> None:
    made.admin = _person(made, ADMIN[1], now, is_superuser=True, is_agent=True, name=ADMIN[0])
    roles = {
        plan.name: Role.objects.update_or_create(name=plan.name, defaults={"permissions": list(plan.permissions)})[0]
        for plan in company.ROLES
    }
    for agent in company.AGENTS:
        row = _person(made, agent.email, now, is_agent=True, name=agent.name, time_zone=company.HOURS[0].zone)
        for slug, role in agent.roles.items():
            Membership.objects.create(user=row, department=made.departments[slug], role=roles[role])
        row.teams.set(made.teams[name] for name in agent.teams)
        made.agents[agent.email] = row
    organizations = {plan.name: _organization(plan) for plan in customers.ORGANIZATIONS}
    zones = {plan.name: plan.zone for plan in customers.ORGANIZATIONS}
    for customer in customers.CUSTOMERS:
        made.customers[customer.email] = _person(
            made,
            customer.email,
            now - timedelta(days=random.randint(70, 900)),
            name=customer.name,
            organization=organizations.get(customer.organization or ""),
            time_zone=zones.get(customer.organization or "", ""),
        )


def _organization(plan: customers.Organization) -> Organization:
    return Organization.objects.create(
        name=plan.name, domains=[plan.domain], shares_tickets=plan.shares_tickets, notes=plan.notes
    )


def _person(made: Company, email: str, since: datetime, **fields: object) -> User:
    """Only the people shown to visitors get a password; agents' addresses count as confirmed."""
    password = secrets.token_urlsafe(12) if email in SHOWN.values() else None
    person = User.objects.create_user(email, password, created_at=since, **fields)
    if password:
        made.passwords[email] = password
    if password or person.is_agent:
        EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def _settings(made: Company) -> None:
    desk = Desk.current()
    desk.name, desk.default_department = company.COMPANY, made.departments["support"]
    desk.save(update_fields=["name", "default_department"])


def _token(admin: User) -> str:
    token = ApiToken(name="Demo", user=admin, scope=ApiToken.Scope.ADMIN)
    secret = token.set_new_secret()
    token.save()
    return secret
