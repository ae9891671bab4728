"""An agent's work without the mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tickets.models import Ticket
from tickets.states import State

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def waiting(company: Company) -> list[Ticket]:
    """Two unassigned tickets, the newest first."""
    made = [factories.ticket(company.tomas, company.support, subject=f"Keys are stuck {n}") for n in (1, 2)]
    return made[::-1]


@pytest.fixture
def page(surfer: Surfer, company: Company, waiting: list[Ticket]) -> Page:
    page = surfer.window(company.joan.email)
    page.goto("/staff/views/unassigned/")
    return page


def test_a_ticket_is_opened_noted_and_answered_by_keys(page: Page, waiting: list[Ticket]) -> None:
    page.keyboard.press("j")
    expect(page.locator(".row__subject:focus")).to_have_text("Waits for an answer: Keys are stuck 2")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Keys are stuck 2", level=1)).to_be_visible()

    page.keyboard.press("n")
    expect(page.get_by_label("Write to your colleagues")).to_be_focused()
    page.keyboard.type("Seen before.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--note")).to_contain_text("Seen before.")
    page.keyboard.press("r")
    expect(page.get_by_label("Write to the customer")).to_be_focused()
    page.keyboard.type("Turn it off and on.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--reply")).to_contain_text("Turn it off and on.")
    page.keyboard.press("Escape")  # out of the composer, where the caret stayed
    page.keyboard.press("e")
    expect(page.locator(".stepper__step--current")).to_contain_text("Resolved")
    assert Ticket.objects.get(pk=waiting[0].pk).state == State.RESOLVED


def test_enter_opens_what_has_the_focus(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#thread")).to_be_visible()


def test_what_is_typed_in_the_composer_triggers_nothing(page: Page, waiting: list[Ticket]) -> None:
    page.goto(f"/staff/tickets/{waiting[0].number}/")
    page.keyboard.press("r")
    page.keyboard.type("a e s # j k ? o u and/or")
    expect(page.locator("form[data-writes=reply] textarea")).to_have_value("a e s # j k ? o u and/or")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url.endswith(f"/staff/tickets/{waiting[0].number}/")
    assert Ticket.objects.get(pk=waiting[0].pk).state == State.NEW


def test_the_sheet_of_keys_opens_and_closes(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.get_by_label("Single keys work in this browser").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Control+k")  # works always, and comes after it
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator(".row__subject:focus")).to_have_count(0)
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    page.get_by_label("Single keys work in this browser").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".row__subject:focus")).to_have_count(1)


def test_keys_pressed_in_haste_are_all_obeyed(page: Page, waiting: list[Ticket]) -> None:
    """The second comes while the first is on its way, and its answer finds the page in order."""
    page.goto(f"/staff/tickets/{waiting[0].number}/")
    page.evaluate(
        "for (const key of ['i', 'e']) document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"
    )
    expect(page.locator(".stepper__step--current")).to_contain_text("Resolved")
    expect(page.locator(".ticket-head")).to_contain_text("with Joan Okafor")


def test_a_verb_works_by_its_own_address(page: Page, waiting: list[Ticket]) -> None:
    """Opened in a window of its own, its form has no ticket beside it to renew."""
    page.goto(f"/staff/tickets/{waiting[0].number}/priority/")
    page.get_by_label("Priority").select_option(label="High")
    page.get_by_role("main").get_by_role("button").last.click()
    expect(page).to_have_url(re.compile(rf"/staff/tickets/{waiting[0].number}/$"))
    assert Ticket.objects.get(pk=waiting[0].pk).priority == 3
