"""Macros: an agent's several deeds by one click, with the agent's rights, all or nothing."""

from __future__ import annotations

import uuid

import pytest

from tests import factories, people
from tests.automation.making import fresh, leaf, rule, tag
from tickets.actions.macros import macros_for, preview_macro, run_macro
from tickets.models import Message, RuleRun
from tickets.refusals import IllegalTransition, Invalid, NotAllowed
from tickets.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return factories.department()


@pytest.fixture
def solved():
    return rule(
        "macro", "Solved", leaf("state", "is_not", "closed"),
        {"do": "assign", "how": "myself"}, {"do": "reply", "text": "Hello {{ requester.first_name }}, it is done."},
        tag("solved"), {"do": "resolve"},
    )  # fmt: skip


def test_a_macro_does_everything_as_the_agent(department, solved):
    agent, ticket = people.agent(department), factories.ticket(people.customer("Grace Hopper"), department)
    plan = preview_macro(ticket, by=agent, macro=solved)
    assert plan.changes["state"] == ["new", "resolved"]
    assert fresh(ticket).state == State.NEW
    run = run_macro(ticket, by=agent, macro=solved)
    row = fresh(ticket)
    assert (row.state, row.assignee, row.tag_names) == (State.RESOLVED, agent, ["solved"])
    message = Message.objects.get(kind="reply")
    assert (message.body, message.author) == ("Hello Grace, it is done.", agent)
    assert (run.actor, run.rule, run.version) == (agent, solved, 1)
    assert row.events.filter(kind="macro_run", actor=agent).exists()


def test_the_agent_may_change_the_text_before(department, solved):
    agent, ticket = people.agent(department), factories.ticket(department=department)
    run_macro(ticket, by=agent, macro=solved, body="Mine, with {{ braces }}")
    assert Message.objects.get(kind="reply").body == "Mine, with {{ braces }}"


def test_a_double_click_is_one_run(department, solved):
    agent, ticket, nonce = people.agent(department), factories.ticket(department=department), uuid.uuid4()
    first = run_macro(ticket, by=agent, macro=solved, nonce=nonce)
    assert run_macro(ticket, by=agent, macro=solved, nonce=nonce) == first
    assert (Message.objects.filter(kind="reply").count(), RuleRun.objects.count()) == (1, 1)


def test_what_the_agent_may_not_do_is_refused_and_nothing_is_done(department, solved):
    reader = people.agent(department, can=["view", "assign", "reply"])
    ticket = factories.ticket(department=department)
    with pytest.raises(NotAllowed):
        run_macro(ticket, by=reader, macro=solved)
    row = fresh(ticket)
    assert (row.state, row.assignee, RuleRun.objects.count()) == (State.NEW, None, 0)
    assert not Message.objects.filter(kind="reply").exists()


def test_the_state_machine_holds_for_macros(department):
    macro = rule("macro", "Reopen", {}, tag("x"), {"do": "reopen"})
    agent, ticket = people.agent(department), factories.ticket(department=department)
    with pytest.raises(IllegalTransition):
        run_macro(ticket, by=agent, macro=macro)
    assert fresh(ticket).tag_names == []


def test_only_macros_that_fit_are_offered_and_run(department, solved):
    agent = people.agent(department)
    ticket = factories.ticket_in("closed", agent, department=department)
    assert macros_for(ticket, agent) == []
    with pytest.raises(Invalid, match="does not fit"):
        run_macro(ticket, by=agent, macro=solved)
    assert macros_for(factories.ticket(department=department), agent) == [solved]
