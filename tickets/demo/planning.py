"""Decides what the demo desk's tickets go through and when, before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from random import Random

from tickets.clock import Calendar, add_working, working_between
from tickets.demo import company, customers
from tickets.demo.script import Script, Step, fill
from tickets.demo.threads import SCRIPTS
from tickets.states import Source

_ZONE = company.OFFICE_HOURS.zone
AGENTS_WORK = Calendar(_ZONE, dict.fromkeys(range(5), ((450, 1140),)) | {5: ((540, 780),)})
CUSTOMERS_WRITE = Calendar(_ZONE, dict.fromkeys(range(5), ((390, 1350),)) | {5: ((540, 1260),), 6: ((600, 1320),)})
# Median of the working minutes before a step of this kind.
_PAUSES = {
    "agent": 40, "note": 20, "resolve": 55, "customer": 100, "confirm": 240, "reopen": 600,
    "assign": 15, "close": 0, "hold": 10, "archive": 0,
}  # fmt: skip
_BY_CUSTOMER = {"customer", "confirm", "reopen"}
_QUIET = timedelta(days=4, minutes=3)
_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Fate:
    """Where tickets of a kind end: how many there are, and how many hours ago the last thing happened to them."""

    name: str
    count: int
    latest: float
    earliest: float


FATES = (
    Fate("new", 12, 0.05, 26),
    Fate("open", 20, 0.4, 40),
    Fate("answered", 26, 0.1, 30),
    Fate("waiting", 8, 1, 90),
    Fate("hold", 3, 20, 120),
    Fate("reopened", 6, 0.3, 22),
    Fate("resolved", 20, 0.5, 36),
    Fate("confirmed", 122, 2, 57 * 24),
    Fate("quiet", 75, 1, 50 * 24),
    Fate("archived", 8, 24, 20 * 24),
)


@dataclass(frozen=True)
class Beat:
    """One step and its moment. Besides those of scripts there are the kinds assign, hold, close and archive."""

    at: datetime
    step: Step


@dataclass(frozen=True)
class Plan:
    """One ticket from opening to its fate. `script` is filled; `requester` and `agent` are addresses."""

    script: Script
    fate: str
    requester: str
    agent: str
    source: str
    opened: datetime
    beats: tuple[Beat, ...]


def plan_tickets(now: datetime, random: Random) -> list[Plan]:
    """The tickets, the oldest first. No moment lies after `now`."""
    plans = []
    decks: dict[str, Iterator[Script]] = {}
    for fate in FATES:
        fitting = [script for script in SCRIPTS if steps_for(script, fate.name) is not None]
        # All open tickets are dealt from one deck, so that no subject stands twice in the queue.
        name = "open" if fate.name in {"new", "open", "answered"} else fate.name
        deck = decks.setdefault(name, _deck(random, fitting if name != "open" else list(SCRIPTS)))
        people = _requesters(random)
        for number in range(fate.count):
            script = next(one for one in deck if one in fitting)
            plans.append(_plan(script, fate, number, people, now, random))
    return sorted(plans, key=lambda plan: plan.opened)


def _deck(random: Random, scripts: list[Script]) -> Iterator[Script]:
    return cycle(random.sample(scripts, len(scripts)))


def _requesters(random: Random) -> Iterator[str]:
    """Addresses in turn; the customer whom visitors sign in as comes first in each fate."""
    others = [customer.email for customer in customers.CUSTOMERS[1:]]
    yield customers.CUSTOMERS[0].email
    while True:
        yield from random.sample(others, len(others))


def steps_for(script: Script, fate: str) -> list[Step] | None:
    """The beginning of the script's steps that ends in this fate; None when none does."""
    steps = list(script.steps)
    kinds = [step.kind for step in steps]
    if fate in {"new", "open"}:
        return []
    if fate == "waiting":
        ends = [place for place, step in enumerate(steps) if step.waits]
    elif fate == "reopened":
        ends = [place for place, kind in enumerate(kinds) if kind == "reopen"]
    elif fate in {"answered", "hold"}:
        before = kinds.index("resolve") if "resolve" in kinds else len(kinds)
        ends = [place for place in range(before) if "agent" in kinds[: place + 1] and not steps[place].waits]
    elif fate in {"resolved", "quiet"}:
        ends = [place for place, kind in enumerate(kinds) if kind == "resolve"]
    else:
        ends = [len(kinds) - 1] if kinds[-1:] == ["confirm"] else []
    return steps[: ends[-1] + 1] if ends else None


def _plan(script: Script, fate: Fate, number: int, people: Iterator[str], now: datetime, random: Random) -> Plan:
    requester = _speaker(script, people, random)
    agent = random.choice(_agents_for(script))
    first_name = next(one.first_name for one in customers.CUSTOMERS if one.email == requester)
    script = fill(script, random, first_name=first_name, agent=agent.name.split()[0])
    steps = [*_before(script, fate, number), *(steps_for(script, fate.name) or ()), *_after(fate)]
    end = now - timedelta(hours=_hours_ago(fate, number, random))
    source = _source(script, fate, random)
    opened, beats = _timed(script, steps, end, source, random)
    return Plan(script, fate.name, requester, agent.email, source, opened, beats)


def _speaker(script: Script, people: Iterator[str], random: Random) -> str:
    """Everybody writes English; other languages are left to those who speak them."""
    if script.language == "en":
        return next(people)
    return random.choice([one.email for one in customers.CUSTOMERS if one.language == script.language])


def _agents_for(script: Script) -> list[company.Agent]:
    team = next(topic.team for topic in company.TOPICS if topic.slug == script.topic)
    able = [agent for agent in company.AGENTS if agent.roles.get(script.department) in {"Agent", "Lead"}]
    return [agent for agent in able if team is None or team in agent.teams] or able


def _before(script: Script, fate: Fate, number: int) -> list[Step]:
    if fate.name == "new":
        return []
    return [_step("assign")] if fate.name == "open" or number % 3 == 0 else []


def _after(fate: Fate) -> list[Step]:
    names = {"hold": ["hold"], "quiet": ["close"], "archived": ["archive"]}
    return [_step(name) for name in names.get(fate.name, ())]


def _step(kind: str) -> Step:
    return Step(kind)  # type: ignore[arg-type]


def _source(script: Script, fate: Fate, random: Random) -> str:
    """Topics with a team are taken up at once, so a ticket of theirs that is still new came by mail."""
    team = next(topic.team for topic in company.TOPICS if topic.slug == script.topic)
    if fate.name == "new" and team:
        return Source.EMAIL
    return random.choices([Source.WEB, Source.EMAIL, Source.PHONE, Source.API], [55, 32, 9, 4])[0]


def _hours_ago(fate: Fate, number: int, random: Random) -> float:
    """Spread evenly, a little shaken: the first is the freshest."""
    share = (number + random.random()) / fate.count
    return fate.latest + (fate.earliest - fate.latest) * share**1.3


def _timed(
    script: Script, steps: list[Step], end: datetime, source: str, random: Random
) -> tuple[datetime, tuple[Beat, ...]]:
    """Moments such that the last one is `end`, or the last working moment before it."""
    gaps = [timedelta(minutes=_PAUSES[step.kind] * random.lognormvariate(0, 0.8)) for step in steps]
    if steps and random.random() < 0.12:  # some wait too long for the first answer
        gaps[0] += timedelta(hours=random.uniform(4, 11))
    calendar = AGENTS_WORK if source == Source.PHONE else CUSTOMERS_WRITE
    opened = end if not steps and source != Source.PHONE else _last_open(calendar, end)
    beats = _run(opened, steps, gaps)
    while beats and beats[-1].at > end:
        opened = _last_open(calendar, opened - max(beats[-1].at - end, timedelta(minutes=7)))
        beats = _run(opened, steps, gaps)
    return opened, tuple(beats)


def _last_open(calendar: Calendar, moment: datetime) -> datetime:
    """`moment`, or when it is night a moment of the day before."""
    while not working_between(calendar, moment - timedelta(minutes=5), moment):
        moment -= timedelta(minutes=47)
    return moment


def _run(opened: datetime, steps: list[Step], gaps: list[timedelta]) -> list[Beat]:
    beats, at = [], opened
    for step, gap in zip(steps, gaps, strict=True):
        if step.kind == "close":
            at += _QUIET
        elif step.kind == "archive":
            at += _KEPT
        else:
            calendar = CUSTOMERS_WRITE if step.kind in _BY_CUSTOMER else AGENTS_WORK
            at = add_working(calendar, at, max(int(gap.total_seconds()), 90))
        beats.append(Beat(at, step))
    return beats


__all__ = ["FATES", "Beat", "Fate", "Plan", "plan_tickets", "steps_for"]
