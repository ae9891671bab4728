"""An article written from a ticket, from its details to the page that everybody reads, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tickets.actions import conversation
from tickets.models import Article

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def _shelf(company: Company) -> Iterator[None]:
    """Other tests count on there being no articles but their own."""
    shelf = factories.category("Gates")
    yield
    Article.objects.filter(category=shelf).delete()
    shelf.delete()


@pytest.mark.usefixtures("_shelf")
def test_an_answer_becomes_an_article_with_a_heading(surfer: Surfer, admin: str, company: Company) -> None:
    ticket = factories.ticket(company.tomas, company.support, subject="The turnstile sticks")
    conversation.reply(ticket, by=company.ana, body="Lift the arm, then push.")
    page = surfer.window(admin)
    page.goto(f"/staff/tickets/{ticket.number}/")
    page.get_by_role("link", name="Write an article").click()
    expect(page.get_by_label("Title")).to_have_value("The turnstile sticks")
    page.get_by_label("Category").select_option(label="Gates")
    page.get_by_label("Title").fill("When a turnstile sticks")
    page.get_by_label("Text").focus()  # which brings the editor
    text = page.locator(".rich-text__text")
    expect(text).to_have_accessible_name("Text")
    expect(text).to_contain_text("Lift the arm, then push.")
    expect(page.locator(".field__label", has_text="Text")).to_be_visible()
    assert page.locator(".composer__box").evaluate("box => getComputedStyle(box).borderTopStyle") == "solid"
    text.press("Control+End")
    page.keyboard.press("Enter")
    page.keyboard.type("What helps")
    page.get_by_role("button", name="Heading", exact=True).click()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When a turnstile sticks")
    assert surfer.window().goto(f"/kb/articles/{Article.objects.latest('pk').slug}/").status == 404
    page.get_by_label("Who reads it").select_option(label="Everybody")
    page.locator("section", has=page.get_by_role("heading", name="Readers and place")).get_by_role(
        "button", name="Save", exact=True
    ).click()
    expect(page.locator(".toast").last).to_be_visible()
    reader = surfer.window()
    reader.goto(f"/kb/articles/{Article.objects.latest('pk').slug}/")
    expect(reader.get_by_role("heading", level=1)).to_have_text("When a turnstile sticks")
    expect(reader.get_by_role("heading", level=2, name="What helps")).to_be_visible()
    expect(reader.locator(".prose--article")).to_contain_text("Lift the arm, then push.")
