"""Rules and macros through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tests.api.conftest import Caller
from tests.automation.making import fresh, handled, leaf, rule, tag, trigger
from tickets.actions import rules
from tickets.models import SYSTEM, Message, RuleRun
from tickets.states import State

pytestmark = pytest.mark.django_db


def asks(caller: Caller, path: str, **query: Any) -> Any:
    return caller.client.get(f"/api/v1/{path}", query, headers=caller.headers())


@pytest.fixture
def reads(db: None) -> Caller:
    return Caller(people.admin(), "admin")


@pytest.fixture
def solved(db: None) -> Any:
    return rule(
        "macro", "Solved", leaf("state", "is_not", "closed"),
        {"do": "reply", "text": "Hello {{ requester.first_name }}, it is done."}, tag("solved"), {"do": "resolve"},
    )  # fmt: skip


def test_rules_are_read_with_their_versions_in_words(reads: Caller) -> None:
    team = people.team()
    made = trigger("Hand over", leaf("priority", "at_least", 3), {"do": "hand_to_team", "team": team.pk})
    rules.save(made, by=SYSTEM, effects=[{"do": "hand_to_team", "team": team.pk}, tag("handed")])
    row = asks(reads, "rules/").json()["results"][0]
    assert (row["id"], row["kind"], row["version"], row["is_enabled"]) == (made.pk, "trigger", 2, True)
    assert (row["on"], row["conditions"]["field"]) == (["created"], "priority")
    assert team.name in row["told"][0]
    one = asks(reads, f"rules/{made.pk}/").json()
    assert [version["number"] for version in one["versions"]] == [2, 1]
    assert len(one["versions"][1]["definition"]["effects"]) == 1
    assert asks(reads, "rules/999999/").status_code == 404


def test_only_an_admins_token_for_that_reads_them() -> None:
    made = trigger("Any", {}, tag("x"))
    for caller in (Caller(people.admin(), "write"), Caller(people.agent(factories.department()), "admin")):
        for path in ("rules/", f"rules/{made.pk}/"):
            assert asks(caller, path).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_and_three(reads: Caller, count: int) -> None:
    ticket = factories.ticket()
    for number in range(count):
        trigger(f"Rule {number}", {}, {"do": "hand_to_team", "team": people.team().pk}, on=["updated"])
        rule("macro", f"Macro {number}", {}, {"do": "hand_to_team", "team": people.team().pk})
    from tickets.actions import triage

    triage.set_priority(ticket, by=SYSTEM, priority=4)
    handled()
    for path, most in (
        ("rules/", 6), (f"tickets/{ticket.number}/rules/", 10), (f"tickets/{ticket.number}/macros/", 12),
    ):  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            assert asks(reads, path).status_code == 200
        assert len(queries) <= most, path


def test_a_ticket_says_what_rules_did_and_why_others_did_not(department: Any, agent: Any, customer: Any) -> None:
    did = trigger("Urgent", leaf("priority", "at_least", 3), tag("urgent"))
    did_not = trigger("Loud", leaf("subject", "contains", "LOUD"), tag("loud"))
    ticket = factories.ticket(customer, department, priority=4)
    handled()
    caller = Caller(agent, "read")
    told = caller.get(f"{ticket.number}/rules/").json()
    assert [(one["name"], one["rule"], one["version"]) for one in told["runs"]] == [("Urgent", did.pk, 1)]
    assert told["runs"][0]["effects"][0]["changes"] == {"tags": [[], ["urgent"]]}
    assert [(one["name"], one["came"]) for one in told["rules"]] == [("Urgent", "matched"), ("Loud", "not")]
    why = caller.get(f"{ticket.number}/rules/", rule=str(did_not.pk)).json()
    opened = why["moments"][-1]
    assert (opened["came"], opened["results"]["fact"], opened["run"]) == ("not", ticket.subject, None)
    assert caller.get(f"{ticket.number}/rules/", rule=str(did.pk)).json()["moments"][-1]["run"]["rule"] == did.pk
    for wrong, status in (("x", 400), ("999999", 404), ("²", 400)):
        assert caller.get(f"{ticket.number}/rules/", rule=wrong).status_code == status
    assert Caller(customer).get(f"{ticket.number}/rules/").status_code == 403


def test_a_macro_is_looked_at_and_then_run(ticket: Any, agent: Any, solved: Any) -> None:
    caller = Caller(agent)
    offered = caller.get(f"{ticket.number}/macros/").json()["macros"]
    assert [(one["id"], one["name"], len(one["told"])) for one in offered] == [(solved.pk, "Solved", 3)]
    preview = caller.get(f"{ticket.number}/macros/{solved.pk}/").json()
    assert (preview["fits"], preview["changes"]["state"]) == (True, ["new", "resolved"])
    assert (fresh(ticket).state, Message.objects.filter(kind="reply").count()) == (State.NEW, 0)
    for _time in range(2):  # the same request, sent twice
        answer = caller.post(f"{ticket.number}/macros/{solved.pk}/", {"body": "Mine."}, Idempotency_Key="k1")
        assert (answer.status_code, answer.json()["state"], answer.json()["tags"]) == (200, "resolved", ["solved"])
    assert Message.objects.get(kind="reply").body == "Mine."
    assert RuleRun.objects.get(rule=solved).actor == agent


def test_a_macro_that_does_not_fit_or_is_not_there_does_nothing(ticket: Any, agent: Any, solved: Any) -> None:
    caller = Caller(agent)
    assert caller.post(f"{ticket.number}/macros/999999/").status_code == 404
    assert caller.post(f"{ticket.number}/macros/{solved.pk}/", {"text": "x"}).status_code == 400
    other = trigger("No macro", {}, tag("x"))
    assert caller.post(f"{ticket.number}/macros/{other.pk}/").status_code == 404
    rules.disable(solved, by=SYSTEM)
    assert caller.post(f"{ticket.number}/macros/{solved.pk}/").status_code == 404
    assert fresh(ticket).state == State.NEW


def test_abuse_43_a_macro_reaches_no_ticket_out_of_sight_and_no_right_that_is_missing(solved: Any) -> None:
    here, elsewhere = factories.department(), factories.department()
    hidden, seen = factories.ticket(department=elsewhere), factories.ticket(department=here)
    reader = people.agent(here, can=["view", "reply", "note"])
    for who, where, status in ((reader, hidden, 404), (reader, seen, 403), (seen.requester, seen, 403)):
        caller = Caller(who, "admin")
        assert caller.post(f"{where.number}/macros/{solved.pk}/").status_code == status
        row = fresh(where)
        assert (row.state, row.tag_names, where.messages.filter(kind="reply").count()) == (State.NEW, [], 0)
