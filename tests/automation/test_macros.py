"""Macros: an agent's several deeds by one click, with the agent's rights, all or nothing."""

from __future__ import annotations

import uuid

import pytest

from tests import factories, forms, people
from tests.automation.making import fresh, leaf, rule, tag
from tickets.actions import triage, undoing
from tickets.actions.macros import macros_for, preview_macro, run_macro
from tickets.models import Message, OutboundEmail, RuleRun
from tickets.refusals import IllegalTransition, Invalid, NotAllowed, TooLate
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


def test_a_preview_says_what_keeps_a_ticket_from_being_closed(department):
    macro = rule("macro", "Over", {}, {"do": "close"})
    form = forms.form(forms.DEVICE)
    agent, topic = people.agent(department), factories.help_topic(department, form=form)
    asked = {"help_topic": topic, "department": department, "fields": {"device": "phone"}}
    ticket, own = factories.ticket(**asked), factories.ticket(agent, **asked)
    assert preview_macro(ticket, by=agent, macro=macro).steps[0].effects[0].refused == "answers:Cause"
    with pytest.raises(Invalid, match="Cause"):
        run_macro(ticket, by=agent, macro=macro)
    assert preview_macro(own, by=agent, macro=macro).changes["state"] == ["new", "closed"]  # requesters are not asked
    run_macro(own, by=agent, macro=macro)
    assert fresh(own).state == State.CLOSED


def test_only_macros_that_fit_are_offered_and_run(department, solved):
    agent = people.agent(department)
    ticket = factories.ticket_in("closed", agent, department=department)
    assert macros_for(ticket, agent) == []
    with pytest.raises(Invalid, match="does not fit"):
        run_macro(ticket, by=agent, macro=solved)
    assert macros_for(factories.ticket(department=department), agent) == [solved]


@pytest.mark.usefixtures("undo_window")
def test_one_undo_takes_back_all_that_a_macro_did(department, solved):
    agent, ticket = people.agent(department), factories.ticket(department=department)
    before = fresh(ticket)
    run_macro(ticket, by=agent, macro=solved)
    event = ticket.events.get(pk=undoing.last_deed(ticket, by=agent))
    assert event.kind == "macro_run"
    undoing.undo(event, by=agent)
    row = fresh(ticket)
    assert (row.state, row.assignee, row.tag_names) == (State.NEW, None, [])
    assert (row.resolved_at, row.auto_close_at, row.waiting_since) == (None, None, before.waiting_since)
    assert not Message.objects.filter(kind="reply").exists()
    assert not ticket.outbound_emails.filter(state="queued", kind="reply").exists()
    with pytest.raises(TooLate):
        undoing.undo(event, by=agent)


def test_what_was_taken_back_already_is_passed_over(department):
    agent, ticket = people.agent(department), factories.ticket(department=department)
    macro = rule(
        "macro", "Urgent", leaf("state", "is_not", "closed"), tag("urgent"), {"do": "set_priority", "value": 4}
    )  # fmt: skip
    run_macro(ticket, by=agent, macro=macro)
    undoing.undo(ticket.events.get(kind="priority_changed"), by=agent)
    undoing.undo(ticket.events.get(kind="macro_run"), by=agent)
    row = fresh(ticket)
    assert (row.priority, row.tag_names) == (ticket.priority, [])


def test_a_macro_whose_reply_has_left_stays(department, solved):
    agent, ticket = people.agent(department), factories.ticket(department=department)
    run_macro(ticket, by=agent, macro=solved)
    OutboundEmail.objects.filter(kind="reply").update(state="sent")
    with pytest.raises(TooLate, match="has left"):
        undoing.undo(ticket.events.get(kind="macro_run"), by=agent)
    assert fresh(ticket).state == State.RESOLVED


def test_somebody_elses_deed_in_between_keeps_the_macro(department):
    agent, other = people.agent(department), people.agent(department)
    ticket = factories.ticket(department=department)
    macro = rule(
        "macro", "Urgent", leaf("state", "is_not", "closed"), tag("urgent"), {"do": "set_priority", "value": 4}
    )  # fmt: skip
    run_macro(ticket, by=agent, macro=macro)
    triage.set_priority(ticket, by=other, priority=1)
    with pytest.raises(TooLate, match="Meanwhile"):
        undoing.undo(ticket.events.get(kind="macro_run"), by=agent)
    assert fresh(ticket).tag_names == ["urgent"]
