"""Triggers from the event to what they leave behind."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tests.automation.making import fresh, handled, leaf, tag, trigger
from tickets import notifications, rulebook
from tickets.actions import assignment, canned, conversation, lifecycle, rules, triage
from tickets.actions.writing import Upload
from tickets.automation import applier
from tickets.models import SYSTEM, OutboundEmail, Rule, RuleCheck, RuleRun, TicketEvent
from tickets.refusals import Invalid
from tickets.said import told
from tickets.states import State

pytestmark = pytest.mark.django_db


def runs() -> list[tuple[str, str]]:
    return [(run.rule_name, run.error) for run in RuleRun.objects.order_by("pk")]


def test_a_trigger_acts_once_however_often_the_event_is_handled():
    trigger(
        "Urgent", leaf("priority", "at_least", 3), tag("urgent"), {"do": "note", "text": "Look: {{ ticket.subject }}"}
    )
    ticket = factories.ticket(priority=3)
    event = TicketEvent.objects.get(kind="opened")
    for _time in range(3):
        notifications.handle(event.pk)
    handled()
    assert fresh(ticket).tag_names == ["urgent"]
    assert ticket.messages.filter(kind="note").count() == 1
    assert runs() == [("Urgent", "")]


def test_the_run_keeps_facts_results_and_effects():
    rule = trigger("Urgent", {"all": [leaf("priority", "at_least", 3), leaf("tags", "empty")]}, tag("urgent"))
    ticket = factories.ticket(priority=4)
    handled()
    run = RuleRun.objects.get()
    assert (run.rule, run.version, run.ticket, run.matched) == (rule, 1, ticket, True)
    assert run.facts == {"priority": 4, "tags": []}
    assert run.results == {
        "came": True,
        "all": [
            {"field": "priority", "op": "at_least", "value": 3, "fact": 4, "came": True},
            {"field": "tags", "op": "empty", "fact": [], "came": True},
        ],
    }
    assert run.effects == [{"effect": tag("urgent"), "changes": {"tags": [[], ["urgent"]]}, "refused": ""}]
    event = TicketEvent.objects.get(kind="tagged")
    assert event.cause == {"rule": rule.pk, "name": "Urgent", "version": 1, "depth": 1}
    assert event.changes == {"tags": [[], ["urgent"]]}


def test_a_later_rule_sees_what_an_earlier_one_did():
    team, rest = people.team(), people.team()
    give = {"do": "hand_to_team", "team": team.pk}
    trigger("VIP", leaf("priority", "is", 4), give)
    trigger("Rest", leaf("team", "empty"), {"do": "hand_to_team", "team": rest.pk})
    urgent, usual = factories.ticket(priority=4), factories.ticket()
    handled()
    assert (fresh(urgent).team, fresh(usual).team) == (team, rest)


def test_contradicting_rules_are_ordered_and_both_shown():
    trigger("First", {}, {"do": "set_priority", "value": 4})
    trigger("Second", {}, {"do": "set_priority", "value": 1})
    ticket = factories.ticket()
    handled()
    assert fresh(ticket).priority == 1
    changes = [run.effects[0]["changes"]["priority"] for run in RuleRun.objects.order_by("pk")]
    assert changes == [[2, 4], [4, 1]]


def test_a_rule_may_be_the_last():
    first = trigger("First", {}, tag("one"), stops_after=True)
    second = trigger("Second", {}, tag("two"))
    ticket = factories.ticket()
    handled()
    assert fresh(ticket).tag_names == ["one"]
    assert RuleCheck.objects.order_by("pk")[0].asked == [[first.pk, 1, "matched"], [second.pk, 1, "skipped"]]


def test_what_has_just_changed_can_be_asked():
    trigger(
        "Raised", {"all": [leaf("priority", "changed_from", 2), leaf("priority", "changed_to", 4)]}, tag("raised"),
        on=["updated"],
    )  # fmt: skip
    high, low = factories.ticket(), factories.ticket()
    triage.set_priority(high, by=SYSTEM, priority=4)
    triage.set_priority(low, by=SYSTEM, priority=3)
    triage.set_priority(low, by=SYSTEM, priority=4)
    handled()
    assert (fresh(high).tag_names, fresh(low).tag_names) == (["raised"], [])


def test_each_moment_reaches_its_triggers():
    for word in Rule.On.values:
        trigger(word, {}, tag(word), on=[word])
    department = factories.department()
    agent, customer = people.agent(department), people.customer()
    ticket = factories.ticket(customer, department)
    handled()
    assert fresh(ticket).tag_names == ["created", "updated"]  # being tagged is a change
    for act, word in [
        (lambda: assignment.assign(ticket, by=agent, agent=agent), "assigned"),
        (lambda: conversation.reply(ticket, by=agent, body="Hello"), "message_out"),
        (lambda: conversation.receive(ticket, by=customer, body="Hi", source="web"), "message_in"),
        (lambda: conversation.note(ticket, by=agent, body="Hm"), "note"),
        (lambda: lifecycle.resolve(ticket, by=agent), "state_changed"),
    ]:
        act()
        handled()
        assert word in fresh(ticket).tag_names


def test_a_refused_effect_is_written_down_and_the_others_are_done():
    elsewhere = people.agent(factories.department())
    trigger("Give", {}, {"do": "assign", "how": "agent", "agent": elsewhere.pk}, tag("given"))
    ticket = factories.ticket()
    handled()
    assert fresh(ticket).tag_names == ["given"]
    assert fresh(ticket).assignee is None
    first, second = RuleRun.objects.get().effects
    assert "does not work in" in first["refused"]
    assert first["changes"] == {}
    assert second["refused"] == ""


def test_rules_keep_to_the_state_machine():
    trigger("Close", {}, {"do": "close"}, {"do": "set_priority", "value": 4}, on=["created"])
    ticket = factories.ticket()
    handled()
    assert (fresh(ticket).state, fresh(ticket).priority) == (State.CLOSED, 2)
    assert "not possible" in RuleRun.objects.get().effects[1]["refused"]


def test_a_rule_that_names_a_deleted_team_is_switched_off_and_others_go_on():
    admin = people.admin()
    team = people.team(name="Night watch")
    broken = trigger("Night", {}, {"do": "hand_to_team", "team": team.pk}, tag("night"))
    trigger("Day", {}, tag("day"))
    team.delete()
    ticket = factories.ticket()
    handled()
    broken.refresh_from_db()
    assert not broken.is_enabled
    assert "team" in told(broken.disabled_reason)
    assert fresh(ticket).tag_names == ["day", "night"]
    assert OutboundEmail.objects.get(kind="rule_disabled").recipient == admin.email
    factories.ticket()
    handled()
    assert [name for name, _error in runs()] == ["Night", "Day", "Day"]


def test_an_automatic_answer_counts_for_nothing():
    trigger("Answer", {}, {"do": "auto_reply", "text": "We have it, {{ requester.first_name }}."})
    department = factories.department(auto_response=False, sla_policy=factories.sla_policy())
    ticket = factories.ticket(people.customer("Grace Hopper"), department)
    handled()
    row = fresh(ticket)
    assert row.messages.get(kind="reply").body == "We have it, Grace."
    assert (row.state, row.first_response_at, row.assignee) == (State.NEW, None, None)
    assert row.waiting_since == ticket.created_at
    assert row.next_breach_at
    assert [mail.kind for mail in OutboundEmail.objects.all()] == ["auto_reply"]


def test_a_canned_response_answers_in_the_language_of_the_requester_with_its_files():
    admin = people.admin()
    response = canned.save(
        None, by=admin, title="Received", body="We have it, {{ requester.first_name }}.", language="en",
        translations={"de": "Ist da, {{ requester.first_name }}."},
        attachments=[Upload("how.txt", b"So", "text/plain")],
    )  # fmt: skip
    own = canned.save(None, by=admin, title="Mine", body="Mine", owner=admin)
    made = trigger("Answer", {}, {"do": "send_canned", "canned": response.pk})
    with pytest.raises(Invalid, match="gone or switched off"):
        trigger("Own", {}, {"do": "send_canned", "canned": own.pk})
    ticket = factories.ticket(people.customer("Grace Hopper", language="de"), factories.department(auto_response=False))
    handled()
    reply = fresh(ticket).messages.get(kind="reply")
    assert (reply.body, [file.name for file in reply.attachments.all()]) == ("Ist da, Grace.", ["how.txt"])
    assert (fresh(ticket).state, fresh(ticket).waiting_since) == (State.NEW, ticket.created_at)
    assert [mail.kind for mail in OutboundEmail.objects.all()] == ["auto_reply"]
    canned.delete(response, by=admin)
    factories.ticket()
    handled()
    assert "gone" in told(Rule.objects.get(pk=made.pk).disabled_reason)


def test_a_rating_is_asked_for_once_for_each_closing():
    trigger("Ask", {}, {"do": "invite_rating"}, {"do": "invite_rating"}, on=["note", "state_changed"])
    admin = people.admin()
    ticket = factories.ticket_in(State.RESOLVED, admin)
    handled()
    assert "closed" not in [mail.kind for mail in OutboundEmail.objects.all()]
    assert {one["refused"] != "" for run in RuleRun.objects.all() for one in run.effects} <= {True}
    lifecycle.close(fresh(ticket), by=admin)
    handled()
    assert [bool(one["refused"]) for one in RuleRun.objects.order_by("-pk")[0].effects] == [False, True]
    mail = OutboundEmail.objects.get(kind="rating")
    assert (mail.recipient, fresh(ticket).events.filter(kind="rating_invited").count()) == (ticket.requester.email, 1)
    lifecycle.reopen(fresh(ticket), by=admin)
    lifecycle.close(fresh(ticket), by=admin)
    handled()
    assert OutboundEmail.objects.filter(kind="rating").count() == 2


def test_rules_write_to_those_who_may_see_the_ticket():
    department = factories.department()
    inside, outside = people.agent(department), people.agent(factories.department())
    for agent in (inside, outside):
        trigger(
            f"Tell {agent.pk}", {},
            {"do": "mail", "to": "agent", "agent": agent.pk, "subject": "New: {{ ticket.subject }}", "text": "Look."},
        )  # fmt: skip
    factories.ticket(department=department, subject="Fire")
    handled()
    mail = OutboundEmail.objects.get(kind="rule_mail")
    assert (mail.recipient, mail.context["headline"]) == (inside.email, "New: Fire")


def test_an_error_in_a_rule_holds_up_neither_mail_nor_event(monkeypatch):
    monkeypatch.setattr("tickets.automation.running.matches_any", lambda *given: 1 / 0)
    trigger("Any", {}, tag("x"))
    factories.ticket()
    handled()
    assert not TicketEvent.objects.unhandled().exists()
    assert OutboundEmail.objects.filter(kind="auto_response").exists()


def test_abuse_22_a_rule_that_triggers_itself_stops_and_says_so():
    admin = people.admin()
    customer = people.customer()
    trigger(
        "Again", {}, {"do": "note", "text": "Again"},
        {"do": "mail", "to": "requester", "subject": "Again", "text": "Again"}, on=["created", "note"],
    )  # fmt: skip
    ticket = factories.ticket(customer)
    assert handled() < 50
    assert RuleRun.objects.count() == 10
    assert TicketEvent.objects.filter(ticket=ticket, kind="rules_stopped").count() == 1
    assert OutboundEmail.objects.filter(kind="rules_stopped", recipient=admin.email).count() == 1
    assert OutboundEmail.objects.filter(recipient=customer.email).count() <= 2
    assert (
        RuleCheck.objects.filter(ticket=ticket)
        .exclude(note="")
        .get()
        .note.startswith('{"says": "rules caused each other')
    )
    assert fresh(ticket).state == State.NEW
    triage.set_priority(ticket, by=SYSTEM, priority=4)
    handled()
    assert RuleRun.objects.count() == 10


def test_abuse_22_a_loop_through_the_world_is_stopped_by_its_pace():
    trigger("Seen", {}, tag("seen"), on=["message_in"])
    customer = people.customer()
    ticket = factories.ticket(customer)
    for number in range(65):
        conversation.receive(ticket, by=customer, body=f"Ping {number}", source="web")
    handled(500)
    assert RuleRun.objects.count() == 60
    assert TicketEvent.objects.filter(kind="rules_stopped").count() == 1


def test_the_price_of_an_event_does_not_grow_with_the_rules():
    def price() -> int:
        factories.ticket()
        rulebook.book()
        event = TicketEvent.objects.unhandled().get()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            notifications.handle(event.pk)
        return len(queries)

    for number in range(3):
        trigger(f"Never {number}", leaf("subject", "contains", "zzz"), tag("x"))
    price()
    few = price()
    for number in range(3, 60):
        trigger(f"Never {number}", leaf("requester_email", "ends", f"@n{number}.example"), tag("x"))
    assert price() <= few + 1  # the organization, which all of them share


def test_without_rules_nothing_is_written_and_nothing_waits():
    ticket = factories.ticket()
    triage.set_priority(ticket, by=SYSTEM, priority=4)
    assert not TicketEvent.objects.unhandled().exclude(kind="opened").exists()
    handled()
    assert not RuleCheck.objects.exists()


def test_a_rule_switched_off_does_nothing():
    rule = trigger("Off", {}, tag("x"))
    rules.disable(rule, by=SYSTEM)
    ticket = factories.ticket()
    handled()
    assert fresh(ticket).tag_names == []


def test_a_worker_that_dies_in_the_middle_undoes_all_and_the_next_does_it_once(monkeypatch):
    trigger("Urgent", {}, tag("urgent"), {"do": "note", "text": "Look"}, tag("late"))
    ticket = factories.ticket()
    event = TicketEvent.objects.get(kind="opened")
    apply, done = applier.apply, []

    def dying(*given, **more):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(given)
        return apply(*given, **more)

    monkeypatch.setattr(applier, "apply", dying)
    with pytest.raises(KeyboardInterrupt):
        notifications.handle(event.pk)
    assert (fresh(ticket).tag_names, RuleRun.objects.count()) == ([], 0)
    monkeypatch.setattr(applier, "apply", apply)
    handled()
    assert fresh(ticket).tag_names == ["late", "urgent"]
    assert (ticket.messages.filter(kind="note").count(), RuleRun.objects.count()) == (1, 1)


def test_rules_give_work_out_as_tasks_and_linked_tickets():
    finance, agent = factories.department("Finance"), people.admin()
    trigger(
        "Refund", leaf("subject", "contains", "refund"),
        {"do": "add_task", "text": "Check {{ ticket.number }}", "agent": agent.pk},
        {"do": "open_linked", "department": finance.pk, "subject": "Pay back", "text": "For {{ requester.name }}"},
    )  # fmt: skip
    ticket = factories.ticket(people.customer("Grace Hopper"), subject="A refund please")
    handled()
    assert [one["refused"] for one in RuleRun.objects.get().effects] == ["", ""]
    task = ticket.tasks.get()
    assert (task.title, task.assignee) == (f"Check {ticket.number}", agent)
    made = finance.ticket_set.get()
    assert (made.subject, made.messages.get().body) == ("Pay back", "For Grace Hopper")


def test_rules_that_open_tickets_for_each_other_stop():
    department = factories.department()
    trigger("More", {}, {"do": "open_linked", "department": department.pk, "subject": "More", "text": "More"})
    factories.ticket(department=department)
    handled()
    assert department.ticket_set.count() == 11
    assert TicketEvent.objects.filter(kind="rules_stopped").count() == 1
