"""Writing, side by side in two browsers: nothing typed is lost, and nothing leaves that its writer has not seen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests import factories, people
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk, text_of
from tests.e2e.surfing import Surfer
from tests.wait import until
from tickets.actions import conversation
from tickets.models import Desk, Draft, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def ticket(company: Company) -> Ticket:
    return factories.ticket(company.tomas, company.support, subject="The lift hums")


def opened(surfer: Surfer, person: str, ticket: Ticket, **options: Any) -> Page:
    page = surfer.window(person, **options)
    page.goto(f"/staff/tickets/{ticket.number}/")
    return page


def write(page: Page, words: str, label: str = "Write to the customer") -> None:
    """Types into the editor, once it has come."""
    page.get_by_label(label).click()
    editor = page.locator(".rich-text__text:visible")
    editor.press_sequentially(words)
    expect(editor).to_contain_text(words)


def saved(page: Page) -> None:
    expect(page.locator("[data-status]:visible")).to_have_text("Draft saved")


def test_a_draft_is_there_on_another_device(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    desk = opened(surfer, company.ana.email, ticket)
    write(desk, "We send somebody")
    desk.keyboard.press("Control+b")
    desk.keyboard.type(" today")
    saved(desk)
    phone = opened(surfer, company.ana.email, ticket, width=390)
    expect(phone.locator(".rich-text__text:visible strong")).to_have_text("today")
    phone.goto("/staff/views/all-open/")
    expect(phone.locator(f"#row-{ticket.pk}")).to_contain_text("Draft: We send somebody today")
    desk.locator(".rich-text__text:visible").press("Control+a")
    desk.keyboard.press("Delete")
    until(lambda: not Draft.objects.filter(ticket=ticket).exists())


def test_a_text_changed_in_two_windows_is_lost_in_neither(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    one, other = (opened(surfer, company.ana.email, ticket) for _ in range(2))
    write(one, "From one")
    saved(one)
    write(other, "From the other")
    expect(other.locator("[data-status]:visible")).to_contain_text("changed in another window")
    expect(other.locator(".rich-text__text:visible")).to_have_text("From the other")
    other.get_by_role("button", name="Show the other text").click()
    expect(other.locator(".rich-text__text:visible")).to_have_text("From one")


def test_a_reply_to_an_older_thread_is_held_and_the_new_message_shown(
    surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = opened(surfer, company.ana.email, ticket)
    page.route("**/live/*", lambda route: route.fulfill(status=429))  # a moment before the news arrive
    write(page, "Please restart it")
    conversation.receive(ticket, by=company.tomas, body="It burns now!", source="web")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")
    expect(page.locator(".message--customer").last).to_contain_text("It burns now!")
    expect(
        page.locator("form[data-writes=reply] .rich-text__text, form[data-writes=reply] textarea").last
    ).to_have_text("Please restart it")
    assert not ticket.messages.filter(kind="reply").exists()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message--reply")).to_contain_text("Please restart it")
    expect(page.locator("form[data-writes=reply] textarea")).to_have_value("")
    assert not Draft.objects.filter(ticket=ticket).exists()


def test_a_reply_taken_back_stands_in_the_editor_again(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    Desk.objects.update(undo_seconds=60)
    Desk.forget()
    try:
        conversation.reply(ticket, by=company.ana, body="It is done.", html="<p>It is <strong>done</strong>.</p>")
    finally:
        Desk.objects.update(undo_seconds=0)
        Desk.forget()
    page = opened(surfer, company.ana.email, ticket)
    page.locator(".message--reply").get_by_role("button", name="Undo").press("Enter")
    expect(page.locator(".rich-text__text:visible strong")).to_have_text("done")
    expect(page.locator(".message--reply")).to_have_count(0)
    assert Draft.objects.get(ticket=ticket).body == "It is done."


def test_formatting_pictures_and_files_reach_the_customer(
    desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = opened(surfer, company.ana.email, ticket)
    write(page, "Look at ")
    page.keyboard.press("Control+b")
    page.keyboard.type("this")
    page.locator("draft-files input[type=file]").first.set_input_files(
        [{"name": "plan.txt", "mimeType": "text/plain", "buffer": b"words"}]
    )
    expect(page.locator(".picked__file")).to_contain_text("plan.txt")
    page.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "shot.png", { type: "image/png" }));
            document.querySelector(".rich-text__text")
              .dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        list(PIXEL),
    )
    expect(page.locator(".rich-text__text img")).to_have_count(1)
    page.locator(".composer__people summary").first.click()
    page.get_by_label("Bcc").fill("chief@desk.example")
    page.get_by_role("button", name="Send", exact=True).click()
    message = page.locator(".message--reply")
    expect(message.locator("strong")).to_have_text("this")
    expect(message.locator("img")).to_have_js_property("naturalWidth", 1)
    expect(message).to_contain_text("bcc chief@desk.example")
    letter = desk.letter("reply", ticket.number, to=company.tomas.email)
    html = letter.get_body(("html",))
    assert html is not None
    assert "<strong>this</strong>" in html.get_content()
    assert "cid:" in html.get_content()
    assert [part.get_content_type() for part in letter.walk() if part["Content-ID"]] == ["image/png"]
    assert [part.get_filename() for part in letter.iter_attachments()] == ["plan.txt"]
    assert "Look at this" in text_of(letter)
    assert "chief@desk.example" not in letter.as_string()


def test_a_reply_can_wait_for_its_time_and_stays_when_the_customer_writes(
    surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = opened(surfer, company.ana.email, ticket)
    write(page, "Did it work?")
    page.locator(".composer__more summary").click()
    page.get_by_role("button", name="Tomorrow morning").click()
    page.get_by_role("button", name="Send later").click()
    expect(page.get_by_text("Leaves by itself tomorrow 09:00")).to_be_visible()
    page.get_by_role("link", name="Scheduled replies").click()
    expect(page.locator("main")).to_contain_text("The lift hums")
    page.goto(f"/staff/tickets/{ticket.number}/")
    conversation.receive(ticket, by=company.tomas, body="It hums no more.", source="web")
    page.reload()
    expect(page.get_by_text("Your reply did not leave at its time.")).to_be_visible()
    expect(page.locator("form[data-writes=reply] textarea")).to_have_value("Did it work?")


def test_who_is_signed_out_while_writing_finds_the_text_again(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    page = opened(surfer, company.ana.email, ticket)
    write(page, "Half a sentence")
    saved(page)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator(".rich-text__text:visible").press_sequentially(" more")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/accounts/login/**")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(company.ana.email)
    page.get_by_label("Password", exact=True).fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/staff/tickets/{ticket.number}/**")
    expect(page.locator("form[data-writes=reply]")).to_contain_text("Half a sentence more")
    assert not ticket.messages.filter(kind="reply").exists()


def test_without_scripts_the_composer_is_a_plain_form(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    page = opened(surfer, company.ana.email, ticket, javascript=False)
    page.get_by_label("Write to the customer").fill("Plain words")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message--reply")).to_contain_text("Plain words")


def test_an_article_is_linked_to_by_keys_and_by_mouse(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    factories.article("When the lift hums", summary="Oil, mostly.")
    factories.article("The lift inside", audience="internal")
    page = opened(surfer, company.ana.email, ticket)
    write(page, "Look here: ")
    page.keyboard.type("[[")
    picker = page.get_by_role("dialog", name="Articles")
    expect(picker.get_by_role("option")).to_have_text(["When the lift hums"])
    page.keyboard.press("Enter")
    link = page.locator(".rich-text__text:visible a")
    expect(link).to_have_text("When the lift hums")
    expect(page.locator(".rich-text__text:visible")).to_have_text("Look here: When the lift hums")
    page.get_by_role("link", name="Link to an article").first.click()
    picker.get_by_role("option").click()
    expect(page.locator(".rich-text__text:visible")).to_have_text("Look here: When the lift hums When the lift hums")
    expect(link).to_have_count(2)


def test_what_is_known_of_the_customer_is_written_beside_the_ticket(
    surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = opened(surfer, company.ana.email, ticket)
    page.get_by_role("link", name=re.compile("notes about the customer|Change the notes")).click()
    page.locator("#message-form").get_by_label("Notes").fill("Rings twice.")
    page.get_by_role("button", name="Keep notes about the customer").click()
    expect(page.locator("#context")).to_contain_text("Rings twice.")
