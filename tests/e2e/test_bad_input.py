"""What people get wrong, do twice, or do on purpose: a clear word, nothing half-saved, nothing typed lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tickets.actions import conversation
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

HOSTILE = (
    """"><script>alert(1)</script><img src="http://evil.example/x" onerror=alert(2)>{{7*7}}'"><svg onload=alert(3)>"""
)


@pytest.fixture
def page(surfer: Surfer) -> Page:
    page = surfer.window()
    page.goto("/tickets/new/")
    return page


def write(page: Page, **changes: str) -> None:
    typed = {
        "Your name": "Rui Silva",
        "Your e-mail address": "rui@customers.example",
        "Subject": "The lamp is dark",
        "What happened?": "It went out at noon.",
    }
    for label, value in (typed | changes).items():
        page.get_by_label(label).fill(value)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("Subject", "", "required"),
        ("Subject", "x" * 300, "too long"),
        ("Your e-mail address", "rui at customers", "not an e-mail address"),
        ("What happened?", "", "Please write something"),
    ],
)
def test_a_wrong_field_is_named_and_the_rest_is_kept(page: Page, label: str, value: str, said: str) -> None:
    before = Ticket.objects.count()
    write(page, **{label: value})
    page.get_by_label("Subject").evaluate("box => box.removeAttribute('maxlength')")
    page.get_by_label(label).fill(value)
    send(page)
    field = page.locator(".field--wrong")
    expect(field).to_have_count(1)
    expect(field.locator(".field__errors")).to_contain_text(said)
    expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Your name")).to_have_value("Rui Silva")
    expect(page.get_by_label(label)).to_have_value(value)
    assert Ticket.objects.count() == before


def test_a_file_too_large_is_refused_and_the_text_kept(page: Page, tmp_path: Path) -> None:
    before = Ticket.objects.count()
    write(page)
    film = tmp_path / "film.bin"
    film.write_bytes(b"0" * (26 * 1024 * 1024))
    page.locator("input[type=file]").set_input_files(film)
    send(page)
    expect(page.get_by_text("too large").first).to_be_visible()
    expect(page.get_by_label("What happened?")).to_have_value("It went out at noon.")
    assert Ticket.objects.count() == before


def test_two_clicks_on_send_make_one_ticket(page: Page) -> None:
    write(page, Subject="Clicked twice")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.get_by_role("heading", name="We received it")).to_be_visible()
    assert Ticket.objects.filter(subject="Clicked twice").count() == 1


def test_a_reply_on_an_outdated_page_is_stopped_and_kept(surfer: Surfer, company: Company) -> None:
    ticket = factories.ticket(company.tomas, company.support, subject="Two at once")
    page = surfer.window(company.joan.email)
    page.route("**/live/*", lambda route: route.fulfill(status=429))  # a moment before the news arrive
    page.goto(f"/staff/tickets/{ticket.number}/")
    page.get_by_label("Write to the customer").fill("My answer.")
    expect(page.locator(".rich-text__text:visible")).to_have_text("My answer.")
    conversation.receive(ticket, by=company.tomas, body="Wait, it was the other door.", source="web")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Wait, it was the other door.").last).to_be_visible()
    expect(page.locator("[role=alert]").first).to_be_visible()
    expect(page.locator(".rich-text__text:visible")).to_have_text("My answer.")
    assert ticket.messages.count() == 2
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message--reply")).to_contain_text("My answer.")


def test_hostile_words_are_shown_as_words(surfer: Surfer, page: Page, company: Company) -> None:
    write(page, **{"Your name": HOSTILE[:190], "Subject": HOSTILE, "What happened?": HOSTILE})
    page.locator("input[type=file]").set_input_files(
        {"name": '<img src=x onerror="alert(4)">.html', "mimeType": "text/html", "buffer": b"<script>alert(5)</script>"}
    )
    send(page)
    expect(page.get_by_role("heading", name="We received it")).to_be_visible()
    expect(page.get_by_text("{{7*7}}")).to_be_visible()
    ticket = Ticket.objects.get(subject=HOSTILE)

    agent = surfer.window(company.joan.email)
    agent.goto("/staff/views/unassigned/")
    expect(agent.locator(f".row__subject[href*='{ticket.number}']")).to_contain_text("<script>alert(1)</script>")
    agent.goto(f"/staff/tickets/{ticket.number}/")
    expect(agent.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(agent.locator(".message__body").first).to_contain_text("<svg onload=alert(3)>")
    expect(agent.locator(".message img[onerror], .message script, .message svg[onload]")).to_have_count(0)
    with agent.expect_download() as download:
        agent.locator(".message a[href*='/attachments/']").first.click()
    assert download.value.suggested_filename.endswith(".html")
