"""Canned responses by keyboard alone, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tickets.actions import canned
from tickets.actions.writing import Upload
from tickets.models import CannedResponse, Message, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def ticket(company: Company) -> Ticket:
    return factories.ticket(company.tomas, company.support, subject="Nothing prints")


@pytest.fixture
def responses(company: Company) -> None:
    CannedResponse.objects.filter(owner=company.joan).delete()
    for title, body, shortcut in (
        ("Restart the printer", "Hello {{ requester.first_name }},\nplease restart the printer.", "restart"),
        ("Ask for a picture", "Could you send a picture of it?", "picture"),
    ):
        canned.save(
            None, by=company.joan, title=title, body=body, shortcut=shortcut, owner=company.joan,
            attachments=[Upload("printer.txt", b"1. Off. 2. On.", "text/plain")] if shortcut == "restart" else [],
        )  # fmt: skip


@pytest.fixture
def page(surfer: Surfer, company: Company, responses: None, ticket: Ticket) -> Page:
    page = surfer.window(company.joan.email)
    page.goto(f"/staff/tickets/{ticket.number}/")
    return page


def test_a_slash_puts_one_in_filled_in_and_its_file_goes_along(page: Page, ticket: Ticket) -> None:
    first = ticket.requester.display_name.split()[0]
    page.keyboard.press("r")
    page.keyboard.type("and/or ")
    writing = page.get_by_label("Write to the customer")
    expect(writing).to_have_text("and/or ")
    page.keyboard.type("/")
    picker = page.get_by_role("dialog", name="Canned responses")
    expect(picker.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(picker.get_by_role("option", selected=True)).to_contain_text("Restart the printer")
    expect(picker).to_contain_text(f"Hello {first},")
    page.keyboard.press("Enter")
    expect(picker).to_be_hidden()
    expect(writing).to_be_focused()
    expect(writing.locator("p")).to_have_text(["and/or ", f"Hello {first},please restart the printer."])
    expect(page.get_by_label("printer.txt").first).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--reply")).to_contain_text("please restart the printer.")
    assert Message.objects.get(ticket=ticket, kind="reply").attachments.get().name == "printer.txt"


def test_a_shortcut_is_found_by_typing_it(page: Page) -> None:
    page.keyboard.press("n")
    page.keyboard.type("/pict")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Write to your colleagues")).to_have_text("Could you send a picture of it?")


def test_a_slash_can_still_be_written_and_escape_leaves(page: Page) -> None:
    page.keyboard.press("r")
    writing = page.get_by_label("Write to the customer")
    page.keyboard.type("//")
    expect(writing).to_have_text("/")
    expect(writing).to_be_focused()
    page.keyboard.type("srv /")
    expect(page.get_by_role("dialog", name="Canned responses")).to_be_visible()
    page.keyboard.press("Escape")
    expect(writing).to_be_focused()
    expect(writing).to_have_text("/srv ")


def test_a_response_is_made_with_a_live_preview(page: Page, ticket: Ticket) -> None:
    page.goto("/staff/canned/new/")
    page.get_by_label("Title").fill("Greeting")
    page.get_by_label("Text", exact=True).first.fill("Hello ")
    page.get_by_label("On ticket").fill(ticket.number)
    page.get_by_label("Text", exact=True).first.press("End")
    page.get_by_role("button", name="requester.first_name").press("Enter")
    first = ticket.requester.display_name.split()[0]
    expect(page.locator("[data-shown]")).to_contain_text(f"Hello {first}")
    page.keyboard.type(" {{ foo }}")
    expect(page.locator("[data-shown]")).to_contain_text("There is no variable “foo”")
    page.get_by_label("Text", exact=True).first.fill("Hello {{ requester.first_name }}")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("heading", name="Greeting", level=1)).to_be_visible()
