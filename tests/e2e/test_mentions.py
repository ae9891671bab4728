"""Colleagues mentioned in a note, by keyboard, by mouse and without scripts, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories, people
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look
from tickets.models import Message, Ticket, User

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk
NOTE = "Write to your colleagues"


@pytest.fixture
def ticket(company: Company) -> Ticket:
    return factories.ticket(company.tomas, company.support, subject="The gate is open")


@pytest.fixture
def zora(company: Company) -> User:
    """A colleague of a name that nobody else on the desk has."""
    known = User.objects.filter(name="Zora Quill").first()
    return known or people.agent(company.support, name="Zora Quill", email="zora@desk.example")


@pytest.fixture
def page(surfer: Surfer, company: Company, ticket: Ticket, zora: User) -> Page:
    page = surfer.window(company.joan.email)
    page.goto(f"/staff/tickets/{ticket.number}/")
    return page


def test_a_colleague_is_mentioned_by_keys_alone(page: Page, surfer: Surfer, zora: User, ticket: Ticket) -> None:
    page.keyboard.press("n")
    writing = page.get_by_label(NOTE)
    expect(writing).to_be_focused()
    page.keyboard.type("Hello @zo")
    offered = page.get_by_role("listbox", name="Colleagues")
    expect(offered.get_by_role("option", selected=True)).to_contain_text("Zora Quill")
    page.keyboard.press("Enter")
    expect(offered).to_be_hidden()
    expect(writing).to_be_focused()
    page.keyboard.type("look")
    expect(writing).to_have_text("Hello @Zora Quill look")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message--note .mention")).to_have_text("@Zora Quill")
    assert Message.objects.get(ticket=ticket, kind="note").mentions == [[6, 17, zora.pk]]
    other = surfer.window(zora.email)
    other.goto("/staff/views/mentions/")
    expect(other.get_by_role("link", name=re.compile("The gate is open"))).to_be_visible()


def test_escape_and_other_words_leave_the_text_alone(page: Page, surfer: Surfer) -> None:
    page.keyboard.press("n")
    writing = page.get_by_label(NOTE)
    page.keyboard.type("@")
    offered = page.get_by_role("listbox", name="Colleagues")
    expect(offered).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"staff-mention-1440-{scheme}")
    page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    expect(writing).to_be_focused()
    page.keyboard.type("property ana@home")
    page.keyboard.press("Enter")
    page.keyboard.type("next")
    expect(writing.locator("p")).to_have_text(["@property ana@home", "next"])


def test_a_colleague_is_mentioned_with_the_mouse(page: Page) -> None:
    page.locator(".composer__tabs label", has_text="Note").click()
    page.locator("form[data-writes=note] [contenteditable]").fill("Please")
    page.get_by_role("button", name="Mention").click()
    page.keyboard.type("zo")  # there are more colleagues than the list shows at once
    page.get_by_role("option", name=re.compile("Zora Quill")).click()
    expect(page.get_by_label(NOTE)).to_have_text("Please @Zora Quill ")


def test_without_scripts_the_name_is_typed(surfer: Surfer, company: Company, ticket: Ticket, zora: User) -> None:
    page = surfer.window(company.joan.email, javascript=False)
    page.goto(f"/staff/tickets/{ticket.number}/")
    page.locator(".composer__tabs label", has_text="Note").click()
    page.get_by_label(NOTE).fill("@Zora Quill, please")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".message--note .mention")).to_have_text("@Zora Quill")


def test_the_picker_of_canned_responses_is_open_to_everybody(page: Page, surfer: Surfer, company: Company) -> None:
    from tickets.actions import canned

    canned.save(None, by=company.joan, title="A greeting", body="Hello", owner=company.joan)
    page.keyboard.press("r")
    page.keyboard.type("/")
    expect(page.get_by_role("dialog").get_by_role("option", selected=True)).to_be_visible()
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"staff-canned-picker-{width}-{scheme}")
