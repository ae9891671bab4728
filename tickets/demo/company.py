"""Northwind Help itself: departments, topics, agents, teams, hours and promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tickets.states import Priority

COMPANY = "Northwind Help"
DOMAIN = "northwind.example"


@dataclass(frozen=True)
class Hours:
    """Business hours: weekday (0 is Monday) -> ranges of (opens, closes) as HH:MM local time."""

    name: str
    zone: str
    ranges: Mapping[int, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Sla:
    """Targets in minutes of working time; `hours` None runs day and night."""

    name: str
    hours: str | None
    first_response_minutes: int
    resolution_minutes: int


@dataclass(frozen=True)
class Department:
    slug: str
    name: str
    sla: str
    signature: str


@dataclass(frozen=True)
class Topic:
    """`icon` is the name of an outline heroicon; `team` the name of a team or None."""

    slug: str
    name: str
    department: str
    description: str
    icon: str
    sla: str
    priority: Priority = Priority.NORMAL
    team: str | None = None


@dataclass(frozen=True)
class Role:
    name: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class Agent:
    """`roles` maps department slugs to names of roles; `teams` are names."""

    name: str
    email: str
    roles: dict[str, str]
    teams: tuple[str, ...]
    language: str = "en"
    is_admin: bool = False


OFFICE_HOURS = Hours(
    "Office hours",
    "Europe/Berlin",
    dict.fromkeys(range(4), (("08:00", "12:30"), ("13:15", "17:30"))) | {4: (("08:00", "15:00"),)},
)
SUPPORT_HOURS = Hours(
    "Support hours",
    "Europe/Berlin",
    dict.fromkeys(range(5), (("07:30", "19:00"),)) | {5: (("09:00", "13:00"),)},
)
HOURS = (OFFICE_HOURS, SUPPORT_HOURS)


def holidays(year: int) -> tuple[tuple[date, str], ...]:
    """The fixed holidays of a year; both business hours keep them."""
    return (
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 5, 1), "Labour Day"),
        (date(year, 10, 3), "Unity Day"),
        (date(year, 12, 25), "Christmas Day"),
        (date(year, 12, 26), "Second Christmas Day"),
    )


SLAS = (
    Sla("Urgent, day and night", None, 30, 4 * 60),
    Sla("Standard support", "Support hours", 2 * 60, 16 * 60),
    Sla("Office", "Office hours", 4 * 60, 24 * 60),
    Sla("Unhurried", "Office hours", 8 * 60, 5 * 8 * 60),
)

DEPARTMENTS = (
    Department("support", "Support", "Standard support", "Northwind Help · Support"),
    Department("billing", "Billing", "Office", "Northwind Help · Billing"),
    Department("facilities", "Facilities", "Office", "Northwind Help · Facilities"),
)

TEAMS = ("Network", "Workplace", "Accounts", "House")

TOPICS = (
    Topic(
        "sign-in-and-access",
        "Sign-in and access",
        "support",
        "Passwords, locked accounts, shared mailboxes",
        "key",
        "Standard support",
        Priority.HIGH,
        "Workplace",
    ),
    Topic(
        "computer-or-phone",
        "Computer or phone",
        "support",
        "Broken, slow, lost, new",
        "computer-desktop",
        "Standard support",
        team="Workplace",
    ),
    Topic(
        "invoices-and-payments",
        "Invoices and payments",
        "billing",
        "Corrections, copies, bank details",
        "banknotes",
        "Office",
        team="Accounts",
    ),
    Topic(
        "office-and-building",
        "Office and building",
        "facilities",
        "Badges, heating, light, water",
        "building-office-2",
        "Office",
        team="House",
    ),
    Topic(
        "network-and-vpn",
        "Network and VPN",
        "support",
        "Wifi, connections from home, large files",
        "wifi",
        "Standard support",
        team="Network",
    ),
    Topic("orders-and-delivery", "Orders and delivery", "billing", "Where it is, change, return", "truck", "Office"),
    Topic(
        "rooms-and-events",
        "Rooms and events",
        "facilities",
        "Bookings, screens, catering, post",
        "calendar-days",
        "Unhurried",
        Priority.LOW,
    ),
    Topic(
        "something-else",
        "Something else",
        "support",
        "We will find the right person",
        "chat-bubble-left-right",
        "Unhurried",
    ),
)

_AGENT_PERMISSIONS = ("view", "reply", "note", "assign", "triage", "transfer", "merge", "resolve", "create")

ROLES = (
    Role("Lead", (*_AGENT_PERMISSIONS, "close", "reopen", "canned")),
    Role("Agent", _AGENT_PERMISSIONS),
    Role("Observer", ("view", "note")),
)

AGENTS = (
    Agent("Ana Moreira", f"ana.moreira@{DOMAIN}", {"billing": "Lead", "support": "Agent"}, ("Accounts",)),
    Agent("Joan Okafor", f"joan.okafor@{DOMAIN}", {"billing": "Agent", "facilities": "Observer"}, ("Accounts",)),
    Agent("Ravi Shah", f"ravi.shah@{DOMAIN}", {"support": "Lead", "facilities": "Agent"}, ("Network", "Workplace")),
    Agent("Ingrid Solberg", f"ingrid.solberg@{DOMAIN}", {"support": "Agent"}, ("Network",)),
    Agent("Daniel Weiß", f"daniel.weiss@{DOMAIN}", {"facilities": "Lead"}, ("House",), language="de"),
    Agent("Phạm Minh Châu", f"chau.pham@{DOMAIN}", {"support": "Agent", "facilities": "Agent"}, ("Workplace", "House")),
)
