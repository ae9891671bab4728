"""Why did, or didn't, a rule act: beside the ticket and on its page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from staff.rules import explained
from staff.rules.trees import first_failing
from tests import factories, people
from tickets import notifications
from tickets.actions import rules, triage
from tickets.automation import trying, words
from tickets.automation.conditions import told
from tickets.models import Department, Rule, Ticket, TicketEvent, User

pytestmark = pytest.mark.django_db
HIGH = {"field": "priority", "op": "at_least", "value": 3}
LOUD = [{"do": "add_tags", "tags": ["loud"]}]


@pytest.fixture
def ada(db: None) -> User:
    return people.admin()


@pytest.fixture
def page(browser: Callable[[User], Client], agent: User) -> Client:
    return browser(agent)


def make(by: User, name: str, conditions: Any, effects: Any = LOUD, **more: Any) -> Rule:
    more.setdefault("on", ["created"])
    row = rules.save(None, by=by, kind="trigger", name=name, conditions=conditions, effects=effects, **more)
    return rules.enable(row, by=by)


def opened(department: Department, **fields: Any) -> Ticket:
    ticket = factories.ticket(department=department, **fields)
    handle(ticket)
    return ticket


def handle(ticket: Ticket) -> None:
    for event in TicketEvent.objects.filter(ticket=ticket, handled_at=None).order_by("pk"):
        notifications.handle(event.pk)


def test_what_a_rule_did_stands_with_what_was_compared(page, ada, home):
    make(ada, "Loud ones", {"all": [HIGH, {"not": {"field": "source", "op": "is", "value": "phone"}}]})
    ticket = opened(home, priority=4)
    html = page.get(f"/staff/tickets/{ticket.number}/rules/").content.decode()
    for said in (
        "Loud ones", "priority is at least High", "it was Emergency", "source is Phone", "it was Web",
        "add tags: loud", "tags: nothing → “loud”", "version 1",
    ):  # fmt: skip
        assert said in html


def test_what_did_not_match_names_the_first_condition_in_the_way(page, ada, home):
    make(ada, "VIPs", {"all": [{"field": "source", "op": "is", "value": "web"}, HIGH]})
    ticket = opened(home)
    html = page.get(f"/staff/tickets/{ticket.number}/rules/").content.decode()
    assert "priority is at least High: it was Normal" in html
    assert "No rule has done anything to this ticket." in html


def test_a_rule_sees_what_the_ones_before_it_would_change(page, ada, home):
    make(ada, "Raise", {"field": "source", "op": "is", "value": "web"}, [{"do": "set_priority", "value": 3}])
    make(ada, "Low ones", {"field": "priority", "op": "at_most", "value": 2})
    ticket = opened(home)
    html = page.get(f"/staff/tickets/{ticket.number}/rules/").content.decode()
    assert "priority is at most Normal: it was High" in html


def test_every_moment_of_one_rule(page, ada, home, agent):
    rule = make(ada, "Loud ones", HIGH, on=["created", "updated"])
    ticket = opened(home)
    triage.set_priority(ticket, by=agent, priority=3)
    handle(ticket)
    html = page.get(f"/staff/tickets/{ticket.number}/rules/?rule={rule.pk}").content.decode()
    assert ">did not match<" in html
    assert ">matched<" in html
    assert html.index(">matched<") < html.index(">did not match<")


@pytest.mark.parametrize("asked", ["x", "999999", "99999999999999", ""])
def test_a_rule_that_is_none_shows_all(page, home, asked):
    ticket = opened(home)
    assert page.get(f"/staff/tickets/{ticket.number}/rules/?rule={asked}").status_code == 200


def test_the_piece_beside_the_ticket(page, ada, home):
    ticket = opened(home)
    asked = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "rules-why"}
    assert b"No rule has done anything" in page.get(f"/staff/tickets/{ticket.number}/rules/", **asked).content
    make(ada, "Loud ones", HIGH)
    ticket = opened(home, priority=3)
    html = page.get(f"/staff/tickets/{ticket.number}/rules/", **asked).content.decode()
    assert "Loud ones" in html
    assert "<html" not in html
    assert f"/staff/tickets/{ticket.number}/rules/" in page.get(f"/staff/tickets/{ticket.number}/").content.decode()


def test_a_deleted_rule_keeps_its_run(page, ada, home):
    rule = make(ada, "Loud ones", HIGH)
    ticket = opened(home, priority=3)
    rules.delete(rule, by=ada)
    html = page.get(f"/staff/tickets/{ticket.number}/rules/").content.decode()
    assert "Loud ones (deleted)" in html


def test_strangers_find_nothing(browser, outsider, home):
    ticket = opened(home)
    assert browser(outsider).get(f"/staff/tickets/{ticket.number}/rules/").status_code == 404


def test_more_rules_and_runs_need_no_more_queries(page, ada, home, django_assert_num_queries):
    make(ada, "A", HIGH)
    make(ada, "B", {"field": "department", "op": "is_not", "value": home.pk})
    one = opened(home, priority=3)
    page.get(f"/staff/tickets/{one.number}/rules/")
    with CaptureQueriesContext(connection) as asked:
        page.get(f"/staff/tickets/{one.number}/rules/")
    for name in "CDEF":
        make(ada, name, HIGH if name < "E" else {"field": "department", "op": "is_not", "value": home.pk})
    three = opened(home, priority=3)
    with django_assert_num_queries(len(asked)):
        page.get(f"/staff/tickets/{three.number}/rules/")


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (
            {"any": [HIGH, {"field": "source", "op": "is", "value": "phone"}]},
            "priority is at least High: it was Normal",
        ),
        ({"not": {"any": [{"field": "source", "op": "is", "value": "web"}]}}, "not (source is Web): it was Web"),
        ({"not": {"not": HIGH}}, "priority is at least High: it was Normal"),
        ({"field": "priority", "op": "changed"}, "priority has just changed: it did not change"),
        ({"field": "team", "op": "not_empty"}, "team is not empty: it was nothing"),
    ],
)
def test_the_first_condition_in_the_way(tree, said):
    outcome = told(tree, {"priority": 2, "source": "web", "team": None})
    assert not outcome["came"]
    assert first_failing(outcome, words.Names()) == said


def test_changes_are_told_by_name(home):
    names = words.Names([("department", home.pk)])
    assert list(explained.changes({"department": [None, home.pk]}, names)) == ["department: nothing → Support"]


class TestBackTest:
    """The same numbers by a worker and at once; nothing is changed."""

    @pytest.fixture
    def rule(self, ada, home) -> Rule:
        for priority in (2, 3, 4):
            factories.ticket(department=home, priority=priority)
        return rules.save(
            None, by=ada, kind="trigger", name="Loud ones", on=["created"], conditions=HIGH,
            effects=[*LOUD, {"do": "transfer", "department": home.pk}],
        )  # fmt: skip

    def test_what_it_would_have_done(self, browser, ada, rule):
        html = browser(ada).get(f"/staff/rule/{rule.pk}/test/?days=7").content.decode()
        assert "Would have matched 2 of 3 tickets" in html
        assert html.count("tags: nothing → “loud”") == 2
        assert "refused: It is in this department already." in html
        assert not Ticket.objects.filter(tag_names__contains=["loud"]).exists()

    def test_a_long_one_is_a_workers_and_says_how_far_it_is(self, browser, ada, rule, monkeypatch):
        monkeypatch.setattr(trying, "SHORT", 2)
        asked: list[tuple[int, int]] = []
        monkeypatch.setattr(trying.run_back_test, "delay", lambda *what: asked.append(what))
        cache.clear()
        address = f"/staff/rule/{rule.pk}/test/?days=7"
        assert b"<progress" in browser(ada).get(address).content
        assert b"<progress" in browser(ada).get(address).content
        assert asked == [(rule.pk, 7)]  # once, however often it is looked at
        monkeypatch.setattr(trying, "_SILENT", timedelta(0))
        browser(ada).get(address)
        assert len(asked) == 2  # its worker was killed
        trying.run(*asked[0])
        assert b"Would have matched 2 of 3 tickets" in browser(ada).get(address).content
        cache.clear()

    def test_on_one_ticket(self, browser, ada, rule):
        loud, calm = Ticket.objects.get(priority=4), Ticket.objects.get(priority=2)
        html = browser(ada).get(f"/staff/rule/{rule.pk}/test/?ticket=%23{loud.number}").content.decode()
        assert f"It matches #{loud.number} now" in html
        html = browser(ada).get(f"/staff/rule/{rule.pk}/test/?ticket={calm.number}").content.decode()
        assert f"It does not match #{calm.number} now" in html
        assert "it was Normal" in html

    def test_strange_questions(self, browser, ada, rule):
        assert b"There is no ticket 9" in browser(ada).get(f"/staff/rule/{rule.pk}/test/?ticket=9").content
        assert browser(ada).get(f"/staff/rule/{rule.pk}/test/?days=x").status_code == 200
