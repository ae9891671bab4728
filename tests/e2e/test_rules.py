"""Rules in the browser: built by mouse and by keys, looked back on, asked on a ticket why they did or did not act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from tests import factories, forms
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import STAFF, VIEWS, look, weight
from tickets import notifications
from tickets.actions import rules
from tickets.models import SYSTEM, Rule, Ticket, TicketEvent

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

BUILDER = 90  # kB
LOUD = [{"do": "add_tags", "tags": ["loud"]}]


@pytest.fixture
def page(surfer: Surfer, admin: str, company: Company) -> Iterator[Page]:
    """The admin's list of triggers, without any yet; they are taken away behind the test."""
    Rule.objects.filter(kind="trigger").delete()
    page = surfer.window(admin)
    page.goto("/staff/rules/")
    yield page
    for rule in Rule.objects.filter(kind="trigger"):
        rules.delete(rule, by=SYSTEM)


def make(name: str, subject: str, *more: dict[str, Any], on: str = "created") -> Rule:
    conditions = {"all": [{"field": "subject", "op": "contains", "value": subject}, *more]}
    return rules.save(None, by=SYSTEM, kind="trigger", name=name, on=[on], conditions=conditions, effects=LOUD)


def control(page: Page, name: str) -> Locator:
    return page.locator(f"[id='{name}']")


NESTED = {
    "all": [
        {"field": "subject", "op": "contains", "value": "Siren"},
        {"any": [
            {"field": "priority", "op": "at_least", "value": 3},
            {"field": "since_created", "op": "more_than", "value": 120},
        ]},
        {"not": {"any": [{"field": "source", "op": "any_of", "value": ["web", "api"]}]}},
    ]
}  # fmt: skip
DEEDS = [{"do": "assign", "how": "nobody"}, *LOUD]


def test_a_nested_rule_is_built_by_mouse(page: Page) -> None:
    """Saved with a mistake first: it is told in words, and nothing is lost."""
    page.get_by_role("link", name="New trigger").click()
    page.get_by_label("Name", exact=True).fill("Sirens")
    page.get_by_label("a ticket is opened").check()
    control(page, "c.0.field").select_option("subject")
    control(page, "c.0.value").fill("Siren")
    for place, mode in (("c.1", "any"), ("c.2", "none")):
        page.locator("[value='nest c']").click()
        control(page, f"{place}.mode").select_option(mode)
    control(page, "c.1.0.field").select_option("priority")
    control(page, "c.1.0.op").select_option("at_least")
    control(page, "c.1.0.value").select_option("3")
    page.locator("[value='add c.1']").click()
    control(page, "c.1.1.field").select_option("since_created")
    control(page, "c.1.1.op").select_option("more_than")
    control(page, "c.1.1.value").fill("two")
    control(page, "c.1.1.unit").select_option("60")
    control(page, "c.2.0.field").select_option("source")
    control(page, "c.2.0.op").select_option("any_of")
    page.locator("[name='c.2.0.value'][value=web]").check()
    page.locator("[name='c.2.0.value'][value=api]").check()
    control(page, "e.0.do").select_option("add_tags")
    control(page, "e.0.p_tags").fill("loud")
    page.get_by_role("button", name="Add an effect").click()
    control(page, "e.1.do").select_option("assign")
    control(page, "e.1.p_how").select_option("nobody")
    page.get_by_role("button", name="Do “Assign it” earlier").click()
    expect(page.locator("#look")).to_contain_text("assign it: nobody and add tags: loud")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("all that you typed is still here")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator(".leaf--wrong .field__errors")).to_have_text(
        "This value does not fit “time since it was opened”."
    )
    expect(control(page, "c.1.1.value")).to_have_value("two")
    expect(control(page, "c.0.value")).to_have_value("Siren")
    control(page, "c.1.1.value").fill("2")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("“Sirens” is saved.")
    rule = Rule.objects.get(kind="trigger")
    assert (rule.conditions, rule.effects) == (NESTED, DEEDS)
    page.goto(f"/staff/rule/{rule.pk}/")
    expect(control(page, "c.1.1.value")).to_have_value("2")
    expect(page.locator("[name='c.2.0.value'][value=api]")).to_be_checked()
    page.get_by_role("button", name="Remove the condition “Subject”").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("“Sirens” is saved.")
    assert Rule.objects.get().conditions == {"all": NESTED["all"][1:]}


def test_fields_of_forms_have_their_own_controls(page: Page, surfer: Surfer) -> None:
    """The control changes with the field that is chosen, at once, and what it holds is saved as that field's value."""
    forms.form([*forms.CHOICES, *forms.DEVICE])
    page.goto("/staff/rules/trigger/new/")
    page.get_by_label("Name", exact=True).fill("Old laptops")
    page.get_by_label("a ticket is opened").check()
    control(page, "c.0.field").select_option("fields.colours")
    control(page, "c.0.op").select_option("has_any")
    page.locator("[name='c.0.value'][value=red]").check()
    for place, field, op in ((1, "bought", "before"), (2, "switched_on", "ticked"), (3, "age", "more_than")):
        page.locator("[value='add c']").click()
        control(page, f"c.{place}.field").select_option(f"fields.{field}")
        control(page, f"c.{place}.op").select_option(op)
    control(page, "c.1.value").fill("2026-03-01")
    expect(control(page, "c.2.value")).to_have_count(0)
    control(page, "c.3.value").fill("3")
    for place, field in enumerate(("device", "colours")):
        if place:
            page.get_by_role("button", name="Add an effect").click()
        control(page, f"e.{place}.do").select_option("set_field")
        control(page, f"e.{place}.p_name").select_option(field)
    control(page, "e.0.p_value").select_option("phone")
    page.locator("[name='e.1.p_value'][value=blue]").check()
    at_all_sizes(surfer, page, "rules-fields")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("“Old laptops” is saved.")
    rule = Rule.objects.get(kind="trigger")
    assert [leaf.get("value") for leaf in rule.conditions["all"]] == [["red"], "2026-03-01", None, 3]
    assert [effect["value"] for effect in rule.effects] == ["phone", ["blue"]]


def test_the_same_by_keys_alone_at_full_speed(page: Page) -> None:
    """Nothing is waited for between the first key and Save, also not while the form is on its way."""
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("New trigger")
    to(page, "[id=r-name]", "Sirens by keys")
    to(page, "[name=on][value=created]", " ")
    to(page, "[id='c.0.field']", "Subject")
    to(page, "[id='c.0.value']", "Siren")
    to(page, "[value='nest c']", "\n")
    page.keyboard.type("At least")
    to(page, "[id='c.1.0.field']", "Priority")
    to(page, "[id='c.1.0.op']", "is at least")
    to(page, "[id='c.1.0.value']", "High")
    to(page, "[value='add c.1']", "\n")
    page.keyboard.type("Time since it was op")
    to(page, "[id='c.1.1.op']", "is more")
    to(page, "[id='c.1.1.value']", "two")
    to(page, "[id='c.1.1.unit']", "hours")
    to(page, "[value='nest c']", "\n")
    page.keyboard.type("None")
    to(page, "[id='c.2.0.field']", "Source")
    to(page, "[id='c.2.0.op']", "is one")
    to(page, "[name='c.2.0.value'][value=web]", " ")
    to(page, "[name='c.2.0.value'][value=api]", " ")
    to(page, "[id='e.0.do']", "Assign")
    to(page, "[id='e.0.p_how']", "nobody")
    to(page, "[id='add_deed']", "\n")
    page.keyboard.type("Add tags")
    to(page, "[id='e.1.p_tags']", "loud")
    away: list[Route] = []
    page.route("**/new/", lambda route: away.append(route), times=1)
    with page.expect_request("**/new/"):
        to(page, "[name=do][value=save]", "\n")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    away[0].continue_()
    expect(page.get_by_role("alert")).to_contain_text("all that you typed is still here")
    expect(page.locator("[name=stops_after]")).to_be_checked()
    to(page, "[id='c.1.1.value']", "2", clears=True)
    to(page, "[name=do][value=save]", "\n")
    expect(page.locator(".toast")).to_contain_text("“Sirens by keys” is saved.")
    rule = Rule.objects.get(kind="trigger")
    assert (rule.conditions, rule.effects, rule.stops_after) == (NESTED, DEEDS, True)


def to(page: Page, selector: str, typed: str, *, clears: bool = False) -> None:
    """On by Tab as far as the page goes, and types there."""
    for _turn in range(200):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError(f"{selector} is not reached by Tab")
    if clears:
        page.keyboard.press("Control+a")
    if typed in (" ", "\n"):
        page.keyboard.press("Space" if typed == " " else "Enter")
    else:
        page.keyboard.type(typed)


def test_the_order_is_changed_by_keys_and_by_dragging(page: Page) -> None:
    for name in "ABC":
        make(name, "Nowhere")
    page.reload()
    names = page.locator(".rules__name")
    up = page.get_by_role("button", name="Move “C” up")
    up.focus()
    page.keyboard.press("Enter")
    expect(names).to_have_text(["A", "C", "B"])
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(names).to_have_text(["C", "A", "B"])
    with page.expect_response(re.compile("/order/")):
        page.locator(".rules__row").last.drag_to(page.locator(".rules__row").first, target_position={"x": 300, "y": 4})
    expect(names).to_have_text(["B", "C", "A"])
    assert list(Rule.objects.filter(kind="trigger").values_list("name", flat=True)) == ["B", "C", "A"]


def test_deleting_asks_once(page: Page) -> None:
    make("Gone soon", "Nowhere")
    page.reload()
    page.get_by_role("link", name="Gone soon").click()
    page.get_by_role("link", name="Delete…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete “Gone soon”?")
    page.get_by_role("button", name="Delete the rule").click()
    expect(page.locator(".toast")).to_contain_text("is deleted")
    assert not Rule.objects.filter(kind="trigger").exists()


class TestBackTest:
    def test_it_tells_what_would_have_been_done(self, page: Page, company: Company) -> None:
        loud, calm = (
            factories.ticket(company.tomas, company.support, subject="Horn blows", priority=priority)
            for priority in (3, 2)
        )
        rule = make("Horns", "Horn blows", {"field": "priority", "op": "at_least", "value": 3})
        page.goto(f"/staff/rule/{rule.pk}/")
        page.get_by_role("link", name="Back-test").click()
        expect(page.locator(".explain__head")).to_contain_text("Would have matched 1 of")
        expect(page.locator(".explain__one")).to_contain_text("nothing → “loud”")
        page.get_by_label("Or try it on ticket").fill(f"#{calm.number}")
        page.get_by_role("button", name="Try").click()
        expect(page.locator(".explain__head")).to_have_text(f"It does not match #{calm.number} now")
        expect(page.locator(".outcome__one--not").last).to_contain_text("it was Normal")
        assert not Ticket.objects.get(pk=loud.pk).tag_names

    def test_a_long_one_is_done_by_a_worker(self, page: Page, company: Company) -> None:
        """So long ago that no other test looks back on it."""
        ticket = factories.ticket(company.tomas, company.support, subject="Gong of old")
        then = timezone.now() - timedelta(days=80)
        rows = [TicketEvent(ticket=ticket, kind="noted", handled_at=then) for _ in range(1600)]
        made = TicketEvent.objects.bulk_create(rows)
        TicketEvent.objects.filter(pk__in=[row.pk for row in made]).update(created_at=then)
        rule = make("Gongs", "Gong of old", on="note")
        page.goto(f"/staff/rule/{rule.pk}/test/?days=90")
        expect(page.get_by_text("A worker looks through many events")).to_be_visible()
        expect(page.locator(".explain__head")).to_contain_text("Would have matched 1 of", timeout=60_000)
        expect(page.locator(".explain__one")).to_contain_text("1600 times")


class TestWhy:
    @pytest.fixture
    def ticket(self, page: Page, company: Company) -> Ticket:
        """One rule acted on it, another did not."""
        by_phone = {"field": "source", "op": "is", "value": "phone"}
        for rule in (make("Bells", "Bell rings"), make("Late bells", "Bell rings", by_phone)):
            rules.enable(rule, by=SYSTEM)
        ticket = factories.ticket(company.tomas, company.support, subject="Bell rings")
        for event in TicketEvent.objects.unhandled().filter(ticket=ticket):
            notifications.handle(event.pk)
        return ticket

    def test_the_ticket_says_what_acted_and_what_did_not(
        self, desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket
    ) -> None:
        page = surfer.window(company.ana.email)
        page.goto(f"/staff/tickets/{ticket.number}/")
        page.get_by_text("What did rules do here?").click()
        expect(page.locator("#rules-why")).to_contain_text("Bells")
        page.get_by_role("link", name="Every rule, with what was compared").click()
        expect(page.locator(".explain__one")).to_contain_text("add tags: loud")
        expect(page.locator(".explain__unmet")).to_contain_text("source is Phone: it was")
        page.get_by_label("Rule", exact=True).select_option(label="Late bells")
        expect(page.locator(".explain__head")).to_contain_text("Late bells")
        expect(page.locator(".explain__list")).to_contain_text("did not match")

    def test_by_keys(self, surfer: Surfer, company: Company, ticket: Ticket) -> None:
        page = surfer.window(company.ana.email)
        page.goto(f"/staff/tickets/{ticket.number}/")
        opener = page.locator("summary", has_text="What did rules do here?")
        opener.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#rules-why")).to_contain_text("Bells")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".explain__head")).to_contain_text("Bells")
        expect(page.locator(".explain__list .chip--ok")).to_have_text("matched")


class TestLook:
    """Open to everybody, light, and no wider than the window."""

    @pytest.fixture
    def acted(self, page: Page, company: Company) -> tuple[Rule, Ticket]:
        """A rule with two versions and a run, after one that did not match."""
        phone = {"field": "source", "op": "is", "value": "phone"}
        inner = {"not": {"any": [phone, {"field": "priority", "op": "at_least", "value": 3}]}}
        late, rule = make("Late chimes", "Chime", phone), make("Chimes of every door", "Chime")
        rule = rules.save(
            rule, by=SYSTEM, conditions={"all": [*rule.conditions["all"], inner]},
            effects=[*LOUD, {"do": "set_priority", "value": 3}], stops_after=True,
        )  # fmt: skip
        for one in (late, rule):
            rules.enable(one, by=SYSTEM)
        make("A longer name of a rule that is switched off, as desks have them", "Nowhere")
        ticket = factories.ticket(company.tomas, company.support, subject="Chime is silent at the side entrance")
        for event in TicketEvent.objects.unhandled().filter(ticket=ticket):
            notifications.handle(event.pk)
        return rule, ticket

    def test_pages(self, surfer: Surfer, admin: str, acted: tuple[Rule, Ticket]) -> None:
        rule, ticket = acted
        pages = {
            "list": "/staff/rules/", "empty": "/staff/rules/filter/", "new": "/staff/rules/trigger/new/",
            "builder": f"/staff/rule/{rule.pk}/", "history": f"/staff/rule/{rule.pk}/history/",
            "delete": f"/staff/rule/{rule.pk}/delete/", "test": f"/staff/rule/{rule.pk}/test/?days=7",
            "try": f"/staff/rule/{rule.pk}/test/?ticket={ticket.number}",
            "why": f"/staff/tickets/{ticket.number}/rules/",
            "why-one": f"/staff/tickets/{ticket.number}/rules/?rule={rule.pk}",
        }  # fmt: skip
        for name, path in pages.items():
            page = surfer.window(admin)
            assert weight(page, path) <= (BUILDER if name in ("builder", "new") else STAFF), name
            at_all_sizes(surfer, page, f"rules-{name}")

    def test_the_panel_beside_a_ticket(self, page: Page, surfer: Surfer, acted: tuple[Rule, Ticket]) -> None:
        page.goto(f"/staff/tickets/{acted[1].number}/")
        opener = page.get_by_text("What did rules do here?")
        opener.click()
        expect(page.locator("#rules-why")).to_contain_text("Chimes of every door")
        page.locator("#rules-why a").last.scroll_into_view_if_needed()
        at_all_sizes(surfer, page, "rules-panel")
        page.set_viewport_size({"width": 390, "height": 844})
        page.get_by_role("button", name="Details").click()
        page.locator("#rules-why a").last.scroll_into_view_if_needed()
        look(surfer, page, "rules-panel-details-390-light")

    def test_a_refused_form(self, page: Page, surfer: Surfer) -> None:
        page.goto("/staff/rules/trigger/new/")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        at_all_sizes(surfer, page, "rules-wrong")


def at_all_sizes(surfer: Surfer, page: Page, name: str) -> None:
    for width, height, scheme in (*VIEWS, (1024, 768, "light")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"{name}-{width}-{scheme}")
        ends = page.locator("main .card").evaluate_all("cards => cards.map(card => card.getBoundingClientRect().right)")
        assert all(end <= width for end in ends), f"{name} is cut off at {width} px"
    page.emulate_media(color_scheme="light")
