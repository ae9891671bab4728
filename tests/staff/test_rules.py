"""The rules screens without scripts: every button sends the whole form and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from staff.rules import changing, draft
from staff.rules.draft import Draft, Group
from tests import factories, people
from tickets.actions import rules
from tickets.models import Department, Rule, RuleVersion, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    return people.admin()


@pytest.fixture
def page(browser: Callable[[User], Client], ada: User) -> Client:
    return browser(ada)


def rule(by: User, name: str = "Loud", kind: str = "trigger", **more: Any) -> Rule:
    more.setdefault("on", ["created"] if kind == "trigger" else [])
    more.setdefault("conditions", {"all": [{"field": "priority", "op": "at_least", "value": 3}]})
    more.setdefault("effects", [{"do": "add_tags", "tags": ["loud"]}])
    return rules.save(None, by=by, kind=kind, name=name, **more)


FORM = {
    "name": "VIPs first", "description": "", "on": ["created", "message_in"], "c.mode": "all",
    "c.0.field": "tags", "c.0.was": "tags", "c.0.op": "has", "c.0.value": "VIP",
    "c.1.mode": "none",
    "c.1.0.field": "priority", "c.1.0.was": "priority", "c.1.0.op": "any_of", "c.1.0.value": ["3", "4"],
    "c.1.1.field": "since_created", "c.1.1.was": "since_created", "c.1.1.op": "more_than", "c.1.1.value": "2",
    "c.1.1.unit": "60",
    "e.0.do": "set_priority", "e.0.was": "set_priority", "e.0.p_value": "3",
    "e.1.do": "add_tags", "e.1.was": "add_tags", "e.1.p_tags": "hurry, first ",
    "stops_after": "on",
}  # fmt: skip
SAID = {
    "all": [
        {"field": "tags", "op": "has", "value": "vip"},
        {"not": {"any": [
            {"field": "priority", "op": "any_of", "value": [3, 4]},
            {"field": "since_created", "op": "more_than", "value": 120},
        ]}},
    ]
}  # fmt: skip
DONE = [{"do": "set_priority", "value": 3}, {"do": "add_tags", "tags": ["hurry", "first"]}]


def read(**changes: Any) -> Draft:
    data = QueryDict(mutable=True)
    for name, value in {**FORM, **changes}.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return draft.read(data, "trigger")


class TestDraft:
    def test_a_form_is_read_as_the_rule_it_says(self):
        said = read().definition()
        assert (said["conditions"], said["effects"]) == (SAID, DONE)
        assert (said["on"], said["stops_after"], said["reaches_back"]) == (["created", "message_in"], True, False)

    def test_a_rule_and_its_form_say_the_same(self):
        definition = {**read().definition(), "description": ""}
        assert draft.of_rule(definition).definition() == definition

    @pytest.mark.parametrize(
        "tree",
        [
            {}, {"field": "is_overdue", "op": "is", "value": True}, {"any": [{"field": "team", "op": "empty"}]},
            {"not": {"all": [{"field": "subject", "op": "contains", "value": "a"}, {"field": "team", "op": "empty"}]}},
            {"all": [
                {"not": {"field": "source", "op": "is", "value": "web"}},
                {"field": "headers.x-spam", "op": "is", "value": "1"},
            ]},
            {"all": [{"field": "since_waiting", "op": "at_least", "value": 1441}]},
        ],
    )  # fmt: skip
    def test_every_tree_comes_back_with_the_same_meaning(self, tree):
        definition = {**read().definition(), "conditions": tree}
        once = draft.of_rule(definition).definition()["conditions"]
        again = draft.of_rule({**definition, "conditions": once}).definition()["conditions"]
        assert again == once
        assert list(flat(once)) == list(flat(tree))

    def test_another_field_drops_the_value_of_the_old_one(self):
        given = read(**{"c.0.field": "state"})
        leaf = given.root.rows[0]
        assert (leaf.op, leaf.given) == ("is", [])

    def test_empty_rows_are_left_out(self):
        given = read(**{"c.2.field": "", "c.3.mode": "any", "e.7.do": ""})
        assert given.definition()["conditions"] == SAID
        assert given.definition()["effects"] == DONE

    def test_nonsense_is_kept_as_text(self):
        given = read(**{"c.1.1.value": "soon", "c.1.0.value": ["99"]})
        inner = given.definition()["conditions"]["all"][1]["not"]["any"]
        assert [inner[0]["value"], inner[1]["value"]] == [["99"], "soon"]

    @pytest.mark.parametrize(
        "name", ["c.x.field", "c.99999.field", "c.0.0.0.0.0.0.0.0.field", "c", "c..field", "e.-1.do"]
    )
    def test_strange_names_do_no_harm(self, name):
        assert read(**{name: "priority"}).definition()["conditions"] == SAID


def flat(tree: Any) -> Any:
    if "field" in tree:
        yield tree["field"]
    for name in ("all", "any"):
        for one in tree.get(name, ()):
            yield from flat(one)
    if "not" in tree:
        yield from flat(tree["not"])


class TestChanges:
    @pytest.mark.parametrize(
        ("deed", "focus"),
        [
            ("add c", "c.2.field"), ("add c.1", "c.1.2.field"), ("nest c.1", "c.1.2.mode"), ("remove c.1.0", "add c.1"),
            ("remove c.1", "add c"), ("add_deed", "e.2.do"), ("remove e.0", "add_deed"), ("up e.1", "e.0.do"),
            ("down e.0", "e.1.do"), ("up e.0", ""), ("remove c.9", ""), ("add c.0", ""), ("refresh", ""), ("", ""),
            ("remove c", ""), ("remove e.9", "add_deed"), ("nest c.1.0", ""),
        ],
    )  # fmt: skip
    def test_each_button_says_what_is_in_hand_then(self, deed, focus):
        assert changing.change(read(), deed) == focus

    def test_rows_move_up_without_holes(self):
        given = read()
        changing.change(given, "remove c.0")
        group = given.root.rows[0]
        assert isinstance(group, Group)
        assert (group.place, group.rows[1].place) == ("c.0", "c.0.1")


class TestBuilder:
    def test_a_rule_is_made_without_scripts(self, page, ada):
        assert page.get("/staff/rules/trigger/new/").status_code == 200
        answer = page.post("/staff/rules/trigger/new/", {**FORM, "do": "save"})
        assert answer.status_code == 302
        made = Rule.objects.get()
        assert (made.name, made.conditions, made.effects, made.is_enabled) == ("VIPs first", SAID, DONE, False)
        assert RuleVersion.objects.get().saved_by == ada

    def test_adding_a_row_keeps_all_that_was_typed_and_saves_nothing(self, page):
        html = page.post("/staff/rules/trigger/new/", {**FORM, "name": "Half <done>", "do": "add c.1"}).content.decode()
        assert escape("Half <done>") in html
        for kept in ('value="VIP"', 'name="c.1.2.field"', 'value="hurry, first "', '<option value="60" selected>'):
            assert kept in html
        assert not Rule.objects.exists()

    def test_save_and_switch_on(self, page):
        page.post("/staff/rules/trigger/new/", {**FORM, "do": "save_on"})
        assert Rule.objects.get().is_enabled

    def test_what_is_wrong_is_told_at_its_place(self, page):
        wrong = {**FORM, "name": "", "on": [], "c.1.1.value": "soon", "e.1.p_tags": "", "do": "save"}
        answer = page.post("/staff/rules/trigger/new/", wrong)
        html = answer.content.decode()
        assert answer.status_code == 400
        assert 'value="soon"' in html
        assert not Rule.objects.exists()
        assert 'id="r-name-error"' in html
        assert 'id="c.1.1.error"' in html
        assert 'id="e.1.p_tags.error"' in html
        assert 'id="b-when-error"' in html

    def test_the_name_of_another_rule_is_refused(self, page, ada):
        rule(ada, "VIPs first")
        answer = page.post("/staff/rules/trigger/new/", {**FORM, "do": "save"})
        assert b'id="r-name-error"' in answer.content

    def test_a_rule_is_changed(self, page, ada):
        row = rule(ada)
        assert 'value="loud"' in page.get(f"/staff/rule/{row.pk}/").content.decode()
        page.post(f"/staff/rule/{row.pk}/", {**FORM, "seen": "1", "do": "save"})
        row = Rule.objects.get()
        assert (row.version, row.conditions) == (2, SAID)

    def test_who_saves_over_another_version_is_told_once(self, page, ada):
        row = rule(ada)
        rules.save(row, by=ada, name="Louder")
        answer = page.post(f"/staff/rule/{row.pk}/", {**FORM, "seen": "1", "do": "save"})
        assert answer.status_code == 400
        assert b"Somebody saved this rule meanwhile" in answer.content
        assert b'name="seen" value="2"' in answer.content
        assert page.post(f"/staff/rule/{row.pk}/", {**FORM, "seen": "2", "do": "save"}).status_code == 302

    def test_many_people_are_named_and_few_are_chosen(self, page, ada, monkeypatch):
        grace = people.customer(email="grace@acme.example")
        monkeypatch.setattr("staff.rules.values.LONG", 1)
        typed = {**FORM, "c.0.field": "requester", "c.0.was": "requester", "c.0.op": "is", "do": "save"}
        answer = page.post("/staff/rules/trigger/new/", {**typed, "c.0.value": "nobody@acme.example"})
        assert (answer.status_code, b'id="c.0.error"' in answer.content) == (400, True)
        page.post("/staff/rules/trigger/new/", {**typed, "c.0.value": "Grace@ACME.example"})
        row = Rule.objects.get()
        assert row.conditions["all"][0] == {"field": "requester", "op": "is", "value": grace.pk}
        assert b'value="grace@acme.example"' in page.get(f"/staff/rule/{row.pk}/").content

    def test_something_that_is_gone_stays_visible(self, page, ada):
        team = people.team(name="Night shift")
        row = rule(ada, effects=[{"do": "hand_to_team", "team": team.pk}])
        pk = team.pk
        team.delete()
        assert f"gone ({pk})" in page.get(f"/staff/rule/{row.pk}/").content.decode()

    def test_a_kind_that_is_none(self, page):
        assert page.get("/staff/rules/nonsense/").status_code == 404
        assert page.get("/staff/rules/nonsense/new/").status_code == 404


class TestLook:
    def test_the_newest_tickets_that_match(self, page, department):
        for number in range(3):
            factories.ticket(department=department, priority=3, subject=f"Hot {number}")
        factories.ticket(department=department)
        asked = {**FORM, "c.0.field": "priority", "c.0.was": "priority", "c.0.op": "is", "c.0.value": "3"}
        asked = {name: value for name, value in asked.items() if not name.startswith("c.1")}
        html = page.post("/staff/rules/trigger/look/", asked).content.decode()
        assert ">3</strong> of the last 4 tickets" in html
        assert "Hot 2" in html
        assert "When a ticket is opened or a customer writes, if priority is High: " in html

    def test_what_only_an_event_shows_is_said(self, page, department):
        factories.ticket(department=department)
        asked = {**FORM, "c.0.field": "tags", "c.0.op": "changed"}
        assert b"a back-test looks at that" in page.post("/staff/rules/trigger/look/", asked).content

    def test_half_done_is_no_error(self, page):
        assert b"not complete yet" in page.post("/staff/rules/trigger/look/", {**FORM, "c.1.1.value": ""}).content

    @pytest.mark.parametrize("asked", ["priority", "requester_domain", "body"])
    def test_more_tickets_need_no_more_queries(self, page, department, asked, django_assert_num_queries):
        data = {"c.mode": "all", "c.0.field": asked, "c.0.was": asked, "c.0.op": "is_not", "c.0.value": "1"}
        factories.ticket(department=department)
        page.post("/staff/rules/trigger/look/", data)
        with CaptureQueriesContext(
            connection,
        ) as one:
            page.post("/staff/rules/trigger/look/", data)
        for _ in range(2):
            factories.ticket(department=department)
        with django_assert_num_queries(len(one)):
            page.post("/staff/rules/trigger/look/", data)


@pytest.fixture
def department(db: None) -> Department:
    return factories.department()


class TestList:
    def test_the_rules_stand_in_their_order(self, page, ada):
        rule(ada, "Second")
        first = rule(ada, "First")
        page.post(f"/staff/rule/{first.pk}/move/", {"up": "1"})
        html = page.get("/staff/rules/").content.decode()
        assert html.index(">First<") < html.index(">Second<")
        page.post(f"/staff/rule/{first.pk}/move/", {"up": "1"})  # as far as it goes
        page.post(f"/staff/rule/{first.pk}/move/", {"down": "1"})
        html = page.get("/staff/rules/").content.decode()
        assert html.index(">Second<") < html.index(">First<")

    def test_the_whole_order_as_it_was_dragged(self, page, ada):
        pks = [rule(ada, name).pk for name in "ABC"]
        page.post("/staff/rules/trigger/order/", {"rule": [pks[2], pks[0], "x", pks[1]]})
        assert list(Rule.objects.values_list("name", flat=True)) == ["C", "A", "B"]

    def test_a_switch(self, page, ada):
        row = rule(ada)
        page.post(f"/staff/rule/{row.pk}/switch/", {"on": "1"})
        assert Rule.objects.get().is_enabled
        page.post(f"/staff/rule/{row.pk}/switch/", {"on": ""})
        assert not Rule.objects.get().is_enabled

    def test_what_cannot_be_switched_on_says_why(self, page, ada):
        team = people.team()
        row = rule(ada, effects=[{"do": "hand_to_team", "team": team.pk}])
        team.delete()
        html = page.post(f"/staff/rule/{row.pk}/switch/", {"on": "1"}, follow=True).content.decode()
        assert "stays off" in html
        assert "is gone or switched off" in html

    def test_the_desks_own_reason_is_shown(self, page, ada):
        row = rule(ada)
        Rule.objects.filter(pk=row.pk).update(disabled_reason="The team it names is gone or switched off.")
        assert b"Switched off by the desk: The team it names is gone" in page.get("/staff/rules/").content

    def test_matches_of_seven_days(self, page, ada):
        row = rule(ada)
        for error in ("", "", "boom"):
            row.runs.create(rule_name=row.name, version=1, error=error)
        html = page.get("/staff/rules/").content.decode()
        assert "3 matches in 7 days" in html
        assert "1 failed" in html

    def test_an_empty_desk_teaches(self, page):
        for kind in Rule.Kind.values:
            assert b"Make the first one" in page.get(f"/staff/rules/{kind}/").content

    def test_more_rules_need_no_more_queries(self, page, ada, django_assert_num_queries):
        rule(ada, "One", effects=[{"do": "hand_to_team", "team": people.team().pk}])
        page.get("/staff/rules/")
        with CaptureQueriesContext(connection) as one:
            page.get("/staff/rules/")
        for name in ("Two", "Three"):
            rule(ada, name, effects=[{"do": "hand_to_team", "team": people.team().pk}])
        with django_assert_num_queries(len(one)):
            page.get("/staff/rules/")

    def test_deleting_asks_first(self, page, ada):
        row = rule(ada)
        assert f'href="/staff/rule/{row.pk}/delete/"' in page.get(f"/staff/rule/{row.pk}/").content.decode()
        html = page.get(f"/staff/rule/{row.pk}/delete/").content.decode()
        assert "Delete “Loud”?" in html
        assert "Switch it off" not in html
        rules.enable(row, by=ada)
        assert "Switch it off" in page.get(f"/staff/rule/{row.pk}/delete/").content.decode()
        assert Rule.objects.exists()
        page.post(f"/staff/rule/{row.pk}/delete/")
        assert not Rule.objects.exists()


class TestHistory:
    def test_versions_show_what_changed_and_can_come_back(self, page, ada):
        row = rule(ada)
        rules.save(row, by=ada, effects=[{"do": "add_tags", "tags": ["quiet"]}])
        html = page.get(f"/staff/rule/{row.pk}/history/").content.decode()
        assert "Then: add tags: quiet" in html
        assert html.count("diff__line--old") == 1
        assert html.count("diff__line--new") == 1
        page.post(f"/staff/rule/{row.pk}/roll-back/", {"number": "1"})
        now = Rule.objects.get()
        assert (now.version, now.effects) == (3, [{"do": "add_tags", "tags": ["loud"]}])

    @pytest.mark.parametrize("number", ["9", "x", "", "99999999999"])
    def test_a_version_that_is_none(self, page, ada, number):
        row = rule(ada)
        html = page.post(f"/staff/rule/{row.pk}/roll-back/", {"number": number}, follow=True).content.decode()
        assert "There is no such version." in html


@pytest.mark.parametrize("who", ["agent", "reader"])
def test_agents_are_refused(browser, request, ada, who):
    row, client = rule(ada), browser(request.getfixturevalue(who))
    for url in (
        "/staff/rules/",
        "/staff/rules/trigger/new/",
        f"/staff/rule/{row.pk}/",
        f"/staff/rule/{row.pk}/history/",
    ):
        assert client.get(url).status_code == 403
    for url in (f"/staff/rule/{row.pk}/switch/", f"/staff/rule/{row.pk}/delete/", "/staff/rules/trigger/order/"):
        assert client.post(url, {"on": "1"}).status_code == 403
