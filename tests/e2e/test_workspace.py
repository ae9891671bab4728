"""Lists, bulk work, search box and palette in a browser, by keys and by mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.automation.making import rule, tag
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def made(company: Company) -> list[Ticket]:
    return [factories.ticket(company.tomas, company.support, subject=f"Lamp {n}") for n in range(3)]


@pytest.fixture
def page(surfer: Surfer, company: Company, made: list[Ticket]) -> Page:
    page = surfer.window(company.joan.email)
    page.goto("/staff/search/?q=lamp*")
    return page


def test_a_range_is_chosen_by_keys_and_tagged(page: Page, made: list[Ticket]) -> None:
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-count]")).to_have_text("3 chosen")
    page.locator("#bulk button[value=tags]").press("Enter")
    page.get_by_label("Add").fill("lamp")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Tags: 3 tickets.")
    assert all(Ticket.objects.get(pk=ticket.pk).tag_names == ["lamp"] for ticket in made)


def test_lists_are_gone_to_and_back(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile("/views/unassigned/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Unassigned")
    page.go_back()
    expect(page).to_have_url(re.compile("q=lamp"))


def test_the_palette_does_what_a_button_does(page: Page, made: list[Ticket]) -> None:
    page.goto(f"/staff/tickets/{made[0].number}/")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.type("assign")
    expect(page.locator(".palette__item[aria-selected=true]")).to_contain_text("Assign")
    page.keyboard.press("Enter")
    expect(page.locator("#assign-form form")).to_be_visible()


def test_the_palette_shows_a_macro_and_runs_it(page: Page, made: list[Ticket]) -> None:
    rule("macro", "Solved at last", {}, tag("lamp-solved"), {"do": "resolve"})
    page.goto(f"/staff/tickets/{made[2].number}/?view=all-open")
    page.keyboard.press("Control+k")
    page.keyboard.type("solved at")
    expect(page.locator(".palette__item[aria-selected=true]")).to_contain_text("lamp-solved")
    page.keyboard.press("Enter")
    expect(page.locator("#macros-form h2")).to_have_text("Solved at last")
    expect(page.locator("#macros-form button:focus")).to_have_text("Run")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("“Solved at last” is done.")
    assert Ticket.objects.get(pk=made[2].pk).state == "resolved"


def test_the_palette_jumps_to_a_number(page: Page, made: list[Ticket]) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(f"#{made[1].number}")
    expect(page.locator(".palette__item[aria-selected=true]")).to_contain_text("Lamp 1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tickets/{made[1].number}/"))


def test_the_search_box_completes(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type("is:open pri")
    expect(page.locator(".proposals__one").first).to_contain_text("priority:")
    page.keyboard.press("Tab")
    expect(page.locator(".proposals__one").first).to_contain_text("priority:low")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_have_value("is:open priority:low ")


def test_without_scripts_a_choice_is_a_form(surfer: Surfer, company: Company, made: list[Ticket]) -> None:
    page = surfer.window(company.joan.email, javascript=False)
    page.goto("/staff/search/?q=lamp*")
    page.locator("input[name=ticket]").first.check(force=True)
    page.locator("#bulk button[value=resolve]").click()
    page.get_by_role("main").get_by_role("button", name="Resolve: 1 ticket").click()
    expect(page.locator(".toast")).to_contain_text("Resolve: 1 ticket.")
