"""Why did it, why did it not; and what would it have done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories, forms, people
from tests.automation.making import fresh, handled, leaf, rule, tag, trigger
from tickets.actions import assignment, checklist, conversation, fields, lifecycle, rules, triage
from tickets.automation import words
from tickets.automation.backtest import back_test
from tickets.automation.engine import ready
from tickets.automation.explaining import why
from tickets.models import SYSTEM, RuleRun, Ticket, TicketEvent
from tickets.reading import moment

pytestmark = pytest.mark.django_db


def test_a_rule_that_did_not_match_says_which_condition():
    made = trigger("Urgent", {"all": [leaf("priority", "at_least", 3), leaf("subject", "contains", "fire")]}, tag("x"))
    ticket = factories.ticket(subject="Fire", priority=2)
    handled()
    triage.set_priority(ticket, by=SYSTEM, priority=4)
    answer = why(fresh(ticket), made)[-1]
    assert (answer.came, answer.event.kind, answer.version) == ("not", "opened", 1)
    first, second = answer.results["all"]
    assert (first["fact"], first["came"]) == (2, False)
    assert second["came"] is True


def test_later_events_are_told_apart():
    made = trigger("Urgent", {}, tag("x"))
    ticket = factories.ticket()
    handled()
    triage.set_priority(ticket, by=SYSTEM, priority=4)
    newest, *_others, oldest = why(fresh(ticket), made)
    assert (newest.came, oldest.came) == ("not_asked", "matched")
    assert "does not listen" in newest.reason
    assert oldest.run == RuleRun.objects.get()


def test_the_answer_is_that_of_the_version_of_then():
    made = trigger("Urgent", leaf("priority", "is", 4), tag("x"))
    ticket = factories.ticket(priority=2)
    handled()
    rules.save(made, by=SYSTEM, conditions=leaf("priority", "is", 2))
    answer = why(fresh(ticket), made)[-1]
    assert (answer.version, answer.came, answer.results["value"]) == (1, "not", 4)


def test_a_rule_behind_one_that_stops_says_so():
    trigger("First", {}, {"do": "set_priority", "value": 4}, stops_after=True)
    second = trigger("Second", leaf("priority", "is", 4), tag("x"))
    ticket = factories.ticket()
    handled()
    answer = why(fresh(ticket), second)[-1]
    assert answer.came == "skipped"
    assert "“First” matched before it" in answer.reason
    assert answer.results["fact"] == 4  # as the rule before it had left it


def test_a_rule_that_was_not_there_or_off():
    trigger("Other", {}, tag("x"))
    ticket = factories.ticket()
    handled()
    late = trigger("Late", {}, tag("late"))
    assert "did not exist" in why(fresh(ticket), late)[-1].reason
    rules.disable(late, by=SYSTEM)
    other = factories.ticket()
    handled()
    assert "switched off then" in why(fresh(other), late)[-1].reason


def test_long_texts_are_compared_whole_and_kept_short():
    made = trigger("Far", leaf("body", "contains", "needle"), tag("x"), on=["message_in"])
    customer = people.customer()
    ticket = factories.ticket(customer)
    handled()
    conversation.receive(ticket, by=customer, body="x" * 50_000 + " needle", source="web")
    handled()
    assert len(RuleRun.objects.get().facts["body"]) == 2000
    assert [one.came for one in why(fresh(ticket), made)].count("matched") == 1


def test_automations_say_when_their_time_comes():
    made = rule("automation", "Old", leaf("since_created", "at_least", 1440), tag("old"))
    ticket = factories.ticket()
    assert moment(ticket.created_at + timedelta(days=1)) in why(ticket, made)[0].reason
    aged = factories.age(ticket, days=3)
    assert "before the rule was switched on" in why(aged, made)[0].reason
    off = rules.disable(made, by=SYSTEM)
    assert "switched off" in why(aged, off)[0].reason


def test_a_back_test_takes_tickets_as_they_were():
    agent = people.admin()
    raised, calm, later = factories.ticket(priority=4), factories.ticket(priority=2), factories.ticket(priority=2)
    triage.set_priority(raised, by=SYSTEM, priority=1)  # was urgent when it was opened
    triage.set_priority(later, by=SYSTEM, priority=4)  # was not
    assignment.assign(calm, by=agent, agent=agent)
    made = rules.save(
        None, by=SYSTEM, kind="trigger", name="Urgent", on=["created"],
        conditions={"all": [leaf("priority", "is", 4), leaf("state", "is", "new")]}, effects=[tag("urgent")],
    )  # fmt: skip
    found = back_test(ready(made), days=7)
    assert (found.asked, found.matched, found.is_complete) == (3, 1, True)
    match = found.matches[0]
    assert match.ticket == raised
    assert match.step.effects[0].changes == {"tags": [[], ["urgent"]]}
    assert not RuleRun.objects.exists()
    assert fresh(raised).tag_names == []


def test_a_back_test_of_an_automation_looks_at_the_moment():
    agent = people.admin()
    waits, solved = factories.ticket(), factories.ticket()
    for ticket in (waits, solved):
        factories.age(ticket, days=3)
    lifecycle.resolve(Ticket.objects.get(pk=solved.pk), by=agent)
    TicketEvent.objects.filter(ticket=solved, kind="resolved").update(created_at=timezone.now() - timedelta(days=2.5))
    made = rules.save(
        None, by=SYSTEM, kind="automation", name="Old",
        conditions={"all": [leaf("since_created", "at_least", 1440), leaf("state", "is", "new")]}, effects=[tag("old")],
    )  # fmt: skip
    found = back_test(ready(made), days=7)
    assert [match.ticket for match in found.matches] == [waits]
    assert abs(found.matches[0].at - (timezone.now() - timedelta(days=2))) < timedelta(minutes=1)


def test_a_back_test_says_what_tickets_would_refuse():
    topic = factories.help_topic(factories.department(), form=forms.form(forms.DEVICE))
    answers = {"device": "phone", "cause": "worn"}
    clear, unclear, unclear_then, busy = (
        factories.ticket(help_topic=topic, department=topic.department, fields=given)
        for given in (answers, {"device": "phone"}, {"device": "phone"}, answers)
    )
    fields.set_fields(unclear_then, by=SYSTEM, fields={"cause": "worn"})
    checklist.add_task(busy, by=SYSTEM, title="Call the vendor")
    made = rules.save(
        None, by=SYSTEM, kind="trigger", name="Solve", on=["created"], conditions={},
        effects=[{"do": "set_field", "name": "serial", "value": "S1"}, {"do": "resolve"}],
    )  # fmt: skip
    found = {match.ticket: match.step.effects for match in back_test(ready(made), days=7).matches}
    assert {answered.refused for answered, _resolved in found.values()} == {"field"}  # only asked of laptops
    assert {ticket: words.refusal(resolved.refused) for ticket, (_answered, resolved) in found.items()} == {
        clear: "",
        unclear: "Before it is resolved, please answer: Cause.",
        unclear_then: "Before it is resolved, please answer: Cause.",
        busy: "Tasks are still open: Call the vendor. Do or remove them first.",
    }


@pytest.mark.parametrize("effect", [tag("x"), {"do": "resolve"}, {"do": "set_field", "name": "device"}])
def test_a_back_test_costs_the_same_for_more_tickets(effect):
    forms.form(forms.DEVICE)
    made = rules.save(
        None, by=SYSTEM, kind="trigger", name="All", on=["created"], conditions=leaf("language", "is_not", "xx"),
        effects=[effect],
    )  # fmt: skip

    def price() -> int:
        with CaptureQueriesContext(connection) as queries:
            back_test(ready(made))
        return len(queries)

    factories.ticket()
    one = price()
    for _number in range(5):
        factories.ticket()
    assert price() == one
