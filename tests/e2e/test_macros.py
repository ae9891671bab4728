"""Macros on the ticket page in a real browser: by mouse, by keys, and from the palette; and where menus open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.automation.making import rule, tag
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look
from tickets.models import Message, Rule, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def ticket(company: Company) -> Ticket:
    return factories.ticket(company.tomas, company.support, subject="The lift stands still")


@pytest.fixture
def macro(company: Company) -> Rule:
    Rule.objects.filter(kind=Rule.Kind.MACRO).delete()
    reply = {"do": "reply", "text": "Hello {{ requester.first_name }}, the lift runs again."}
    return rule("macro", "Lift repaired", {}, reply, tag("lift"))


@pytest.fixture
def page(surfer: Surfer, company: Company, macro: Rule, ticket: Ticket) -> Page:
    page = surfer.window(company.joan.email)
    page.goto(f"/staff/tickets/{ticket.number}/")
    return page


def is_done(page: Page, ticket: Ticket, body: str) -> None:
    expect(page.locator(".toast").first).to_contain_text("“Lift repaired” is done.")
    expect(page.locator(".message--reply")).to_contain_text(body)
    assert Message.objects.get(ticket=ticket, kind="reply").body == body
    assert Ticket.objects.get(pk=ticket.pk).tag_names == ["lift"]


def test_a_macro_is_run_with_the_mouse(page: Page, surfer: Surfer, ticket: Ticket) -> None:
    page.get_by_role("button", name="Macros").click()
    menu = page.locator("#macros-form")
    expect(menu.get_by_role("link", name=re.compile("Lift repaired"))).to_be_visible()
    look(surfer, page, "staff-macros-1440-light")
    menu.get_by_role("link", name=re.compile("Lift repaired")).click()
    expect(menu.get_by_label("The reply, to be changed if need be")).to_have_value(re.compile("the lift runs again"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"staff-macro-1440-{scheme}")
    assert not Message.objects.filter(ticket=ticket, kind="reply").exists()
    menu.get_by_role("button", name="Run").click()
    first = ticket.requester.display_name.split()[0]
    is_done(page, ticket, f"Hello {first}, the lift runs again.")


def test_a_macro_is_run_by_keys_alone(page: Page, ticket: Ticket) -> None:
    page.keyboard.press("m")
    choice = page.locator("#macros-form").get_by_role("link", name=re.compile("Lift repaired"))
    expect(choice).to_be_visible()
    page.keyboard.press("Tab")
    expect(choice).to_be_focused()
    page.keyboard.press("Enter")
    run = page.locator("#macros-form").get_by_role("button", name="Run")
    expect(run).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("It runs.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    is_done(page, ticket, "It runs.")


def test_the_palette_shows_a_macro_before_it_is_run(page: Page, ticket: Ticket) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("repaired")
    chosen = page.locator(".palette__item[aria-selected=true]")
    expect(chosen).to_contain_text("Lift repaired")
    expect(chosen).to_contain_text("lift")
    page.keyboard.press("Enter")
    form = page.locator("#message-form")
    expect(form.get_by_label("The reply, to be changed if need be")).to_be_focused()
    assert not Message.objects.filter(ticket=ticket, kind="reply").exists()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    first = ticket.requester.display_name.split()[0]
    is_done(page, ticket, f"Hello {first}, the lift runs again.")


def lies_beside(form: Locator, button: Locator) -> None:
    """They touch, but for a margin, and the form is whole inside the window."""
    expect(form.locator("form")).to_be_visible()
    there, here = form.bounding_box(), button.bounding_box()
    assert there
    assert here
    across = max(here["x"] - there["x"] - there["width"], there["x"] - here["x"] - here["width"])
    down = max(here["y"] - there["y"] - there["height"], there["y"] - here["y"] - here["height"])
    assert across <= 8, (there, here)
    assert down <= 8, (there, here)


@pytest.mark.parametrize("width", [1440, 390])
def test_what_a_key_opens_from_the_menu_lies_beside_the_menus_button(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.keyboard.press("z")
    more = page.get_by_role("button", name="More", exact=True)
    lies_beside(page.locator("#snooze-form"), more)
    page.keyboard.press("Escape")
    expect(page.locator("#snooze-form")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("snooze")
    expect(page.locator(".palette__item[aria-selected=true]")).to_contain_text("Snooze")
    page.keyboard.press("Enter")
    lies_beside(page.locator("#snooze-form"), more)
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    lies_beside(page.locator("#assign-form"), page.locator("[popovertarget=assign-form]"))
