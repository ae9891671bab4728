"""A dry run tells what the real run does: over random rules and random tickets, with the same engine."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests import factories, forms, people
from tests.automation.making import fresh, handled, leaf
from tickets import rulebook
from tickets.actions import canned, checklist, rules
from tickets.automation.conditions import compiled, told
from tickets.automation.engine import plan
from tickets.automation.running import facts_of
from tickets.automation.world import World
from tickets.models import SYSTEM, RuleRun, Status, Ticket, TicketEvent, User
from tickets.tracking import COLUMNS

pytestmark = pytest.mark.django_db

_LEAVES = [
    some.builds(lambda op, value: leaf("priority", op, value), some.sampled_from(["is", "at_least", "at_most"]),
                some.integers(1, 4)),
    some.builds(lambda op, value: leaf("state", op, value), some.sampled_from(["is", "is_not"]),
                some.sampled_from(["new", "open", "in_progress", "resolved", "closed", "reopened"])),
    some.builds(lambda op, value: leaf("tags", op, value), some.sampled_from(["has", "has_not"]),
                some.sampled_from(["a", "b"])),
    some.builds(lambda op: leaf("team", op), some.sampled_from(["empty", "not_empty"])),
    some.builds(lambda op: leaf("assignee", op), some.sampled_from(["empty", "not_empty"])),
    some.builds(lambda op, value: leaf("subject", op, value), some.sampled_from(["contains", "matches", "begins"]),
                some.sampled_from(["printer", "fire", "^the", "zzz"])),
    some.builds(lambda op, value: leaf("fields.device", op, value), some.sampled_from(["is", "is_not"]),
                some.sampled_from(["laptop", "phone"])),
    some.builds(lambda op: leaf("fields.age", op, 3), some.sampled_from(["is", "at_least", "less_than"])),
    some.builds(lambda op: leaf("fields.colours", op, "red"), some.sampled_from(["has", "has_not"])),
]  # fmt: skip
TREES = some.recursive(
    some.one_of(_LEAVES),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        some.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


COMPLETE = [{"device": "laptop", "serial": "S0", "cause": "worn"}, {"device": "phone", "age": 4, "cause": "worn"}]
UNCLEAR = [{"device": "laptop", "serial": "S0"}, {"device": "phone", "age": 4}]  # neither can be resolved like this


def answer(key: str, value: Any) -> dict[str, Any]:
    return {"do": "set_field", "name": key, **({} if value is None else {"value": value})}


def effects(world: dict[str, Any]) -> some.SearchStrategy:
    simple = [{"do": name} for name in ("start", "resolve", "close", "reopen", "raise_priority", "clear_due")]
    anything = some.one_of(
        some.sampled_from(simple),
        some.integers(1, 4).map(lambda value: {"do": "set_priority", "value": value}),
        some.sampled_from(world["agents"]).map(lambda pk: {"do": "assign", "how": "agent", "agent": pk}),
        some.just({"do": "assign", "how": "nobody"}),
        some.sampled_from(world["teams"]).map(lambda pk: {"do": "hand_to_team", "team": pk}),
        some.sampled_from(world["departments"]).map(lambda pk: {"do": "transfer", "department": pk}),
        some.sampled_from(["a", "b", "c"]).map(lambda name: {"do": "add_tags", "tags": [name]}),
        some.sampled_from(["a", "b", "c"]).map(lambda name: {"do": "remove_tags", "tags": [name]}),
        some.sampled_from(world["statuses"]).map(lambda pk: {"do": "set_status", "status": pk}),
        some.just({"do": "note", "text": "Seen"}),
        some.just({"do": "invite_rating"}),
        some.sampled_from(["laptop", "phone", None]).map(lambda value: answer("device", value)),
        some.sampled_from(["S1", None]).map(lambda value: answer("serial", value)),
        some.sampled_from([3, 80]).map(lambda value: answer("age", value)),
        some.sampled_from([["blue"], ["blue", "red"]]).map(lambda value: answer("colours", value)),
        some.just({"do": "send_canned", "canned": world["canned"]}),
        some.sampled_from(["snooze", "set_due"]).map(lambda name: {"do": name, "minutes": 60}),
        some.just({"do": "wake"}),
    )
    return some.one_of(anything, _about_closing(world))


def _about_closing(world: dict[str, Any]) -> some.SearchStrategy:
    """What a ticket may refuse to be resolved for, drawn often: chance alone rarely puts the parts together."""
    return some.one_of(
        some.sampled_from([{"do": name} for name in ("resolve", "close", "reopen")]),
        some.sampled_from(["worn", None]).map(lambda value: answer("cause", value)),
        some.just(answer("solution", "oiled")),
        some.sampled_from([None, *world["agents"]]).map(lambda pk: {"do": "add_task", "text": "Call", "agent": pk}),
        some.just({"do": "transfer", "department": world["departments"][1], "help_topic": world["other_topic"]}),
    )


@pytest.fixture
def world() -> dict[str, Any]:
    here, there = factories.department(), factories.department()
    agents = [people.agent(here), people.agent(there), people.agent(here, there), people.admin()]
    teams = [people.team(agents[0], agents[2]), people.team(agents[1])]
    topic = factories.help_topic(here, form=forms.form(forms.DEVICE))
    solution = {"kind": "text", "key": "solution", "label": "Solution", "required": "close"}
    other = factories.help_topic(there, form=forms.form([*forms.CHOICES, solution]))
    return {
        "departments": [here.pk, there.pk],
        "agents": [agent.pk for agent in agents],
        "teams": [team.pk for team in teams],
        "statuses": list(Status.objects.values_list("pk", flat=True)),
        "boss": agents[3],
        "canned": canned.save(None, by=agents[3], title="Seen", body="Seen, {{ requester.first_name }}.").pk,
        "here": here,
        "topic": topic,
        "other_topic": other.pk,
    }


def test_a_dry_run_is_the_real_run(world):
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(data=some.data())
    def check(data: some.DataObject) -> None:
        with transaction.atomic():
            matched.append(_one(world, data))
            transaction.set_rollback(True)
        rulebook.forget_rules()

    matched: list[int] = []
    check()
    assert sum(matched) > 50


def _one(world: dict[str, Any], data: some.DataObject) -> int:
    state = data.draw(some.sampled_from(["new", "open", "in_progress", "resolved", "closed"]))
    ticket = factories.ticket_in(
        state, User.objects.get(pk=world["boss"].pk), department=world["here"],
        subject=data.draw(some.sampled_from(["The printer", "Fire!", "Hello"])),
        priority=data.draw(some.integers(1, 4)), help_topic=world["topic"],
        fields=data.draw(some.sampled_from(COMPLETE if state in ("resolved", "closed") else COMPLETE + UNCLEAR)),
    )  # fmt: skip
    if ticket.is_active and data.draw(some.booleans()):
        checklist.add_task(ticket, by=SYSTEM, title="Call them")
    TicketEvent.objects.unhandled().update(handled_at=timezone.now())
    for number in range(data.draw(some.integers(1, 4))):
        made = rules.save(
            None, by=SYSTEM, kind="trigger", name=f"Rule {number}", on=["note"],
            conditions=data.draw(some.just({}) | TREES),
            effects=data.draw(some.lists(effects(world), min_size=1, max_size=4)),
            stops_after=data.draw(some.booleans()),
        )  # fmt: skip
        rules.enable(made, by=SYSTEM)
    event = _event(ticket)
    dry = _dry_run(ticket, event)
    assert RuleRun.objects.count() == 0
    event.handled_at = None
    event.save()
    handled(1)
    _compare(dry, fresh(ticket))
    return len(dry.steps)


def _event(ticket: Ticket) -> TicketEvent:
    return TicketEvent.objects.create(ticket=ticket, kind="noted", actor_name="Somebody", handled_at=timezone.now())


def _dry_run(ticket: Ticket, event: TicketEvent):
    """As a screen does it: nothing is locked, nothing written."""
    active = rulebook.active("trigger")
    row = Ticket.objects.select_related("department", "requester", "sla_policy").get(pk=ticket.pk)
    known = facts_of(row, active, timezone.now(), event)
    return plan(active, known | World(active).around(row, known))


def _compare(dry, ticket: Ticket) -> None:
    runs = list(RuleRun.objects.order_by("pk"))
    assert [(run.rule_id, run.version) for run in runs] == [(step.rule.pk, step.rule.version) for step in dry.steps]
    for run, step in zip(runs, dry.steps, strict=True):
        assert run.results == step.results
        assert [one["changes"] for one in run.effects] == [dict(one.changes) for one in step.effects]
        assert [bool(one["refused"]) for one in run.effects] == [bool(one.refused) for one in step.effects], run.effects
    now = {name: getattr(ticket, column) for name, column in COLUMNS.items()} | {"tags": ticket.tag_names}
    now["message_count"] = ticket.message_count
    now["is_snoozed"], now["has_manual_due"] = ticket.is_asleep, ticket.manual_due_at is not None
    if "asked" in dry.before:  # some rule answers fields
        now |= {f"fields.{key}": ticket.fields.get(key) for key in ("device", "serial", "age", "colours", "cause")}
    reopened = any(one.effect["do"] == "reopen" and one.changes for step in dry.steps for one in step.effects)
    for name, value in now.items():
        if name == "sla_policy" or (name == "assignee" and reopened):  # who gets it back is for the agents to be there
            continue
        assert dry.after.get(name) == value, name


@settings(max_examples=200, deadline=None, database=None)
@given(tree=TREES, known=some.fixed_dictionaries({
    "priority": some.integers(1, 4), "state": some.sampled_from(["new", "closed"]),
    "tags": some.lists(some.sampled_from(["a", "b"]), max_size=2), "team": some.sampled_from([None, 1]),
    "assignee": some.sampled_from([None, 1]), "subject": some.sampled_from(["", "The printer", "fire"]),
}))  # fmt: skip
def test_the_quick_answer_and_the_told_tree_agree(tree, known):
    assert told(tree, known)["came"] == compiled(tree)(known) == _slowly(tree, known)


def _slowly(tree: dict[str, Any], known: dict[str, Any]) -> bool:
    """The meaning of a tree, written down once more and simply."""
    if "field" in tree:
        return told(tree, known)["came"]
    if "not" in tree:
        return not _slowly(tree["not"], known)
    parts = [_slowly(part, known) for part in next(iter(tree.values()))]
    return not parts or (all(parts) if "all" in tree else any(parts))
