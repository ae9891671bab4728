"""The form of a demo conversation, and how its slots are filled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from string import Formatter
from typing import Literal

from tickets.demo.slots import SLOTS
from tickets.states import Priority

StepKind = Literal["agent", "customer", "note", "resolve", "confirm", "reopen", "close", "archive"]


@dataclass(frozen=True)
class Step:
    """One thing that happens to the ticket, in the order of `Script.steps`.

    agent: public reply · customer: message of the requester · note: internal note · resolve: reply that resolves ·
    confirm: the requester confirms, no text · reopen: message of the requester that reopens.
    `waits` marks a reply that sets the ticket to waiting on customer.
    """

    kind: StepKind
    text: str = ""
    waits: bool = False


@dataclass(frozen=True)
class Script:
    """A conversation from opening to wherever it ends. Every prefix of `steps` is a believable ticket too.

    `department` and `topic` are slugs of `company.DEPARTMENTS` and `company.TOPICS`, `tags` are names, `language` is
    a code such as "de" and matches that of the customers who can have written it. Texts hold slots: those of `SLOTS`,
    and {first_name} of the requester and {agent}, the first name of the assignee.
    """

    department: str
    topic: str
    subject: str
    opening: str
    steps: tuple[Step, ...] = ()
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    language: str = "en"

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.subject, self.opening, *(step.text for step in self.steps))

    @property
    def slots(self) -> set[str]:
        return {name for text in self.texts for _, name, _, _ in Formatter().parse(text) if name is not None}


def fill(script: Script, random: Random, *, first_name: str, agent: str) -> Script:
    """The script with one value for each slot, the same wherever the slot stands."""
    values = {name: random.choice(choices) for name, choices in SLOTS.items()}
    values |= {"first_name": first_name, "agent": agent}
    return replace(
        script,
        subject=script.subject.format_map(values),
        opening=script.opening.format_map(values),
        steps=tuple(replace(step, text=step.text.format_map(values)) for step in script.steps),
    )


def agent(text: str) -> Step:
    return Step("agent", text)


def ask(text: str) -> Step:
    return Step("agent", text, waits=True)


def customer(text: str) -> Step:
    return Step("customer", text)


def note(text: str) -> Step:
    return Step("note", text)


def resolve(text: str) -> Step:
    return Step("resolve", text)


def reopen(text: str) -> Step:
    return Step("reopen", text)


CONFIRM = Step("confirm")
