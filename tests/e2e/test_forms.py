"""A help topic's form in the browser: answered with and without scripts, and decided there as on the server."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import forms
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk
from tests.e2e.surfing import Surfer
from tests.test_fields import CASES
from tests.wait import until
from tickets.models import Attachment, Form, HelpTopic, Ticket, UnsentRequest

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

_writers = itertools.count(1)


@pytest.fixture
def asking(company: Company) -> HelpTopic:
    """A topic whose form has a branch; taken off behind the test."""
    form = Form.objects.filter(name="Device").first() or forms.form([*forms.DEVICE, *forms.CHOICES], name="Device")
    topic = HelpTopic.objects.get(slug="broken")
    HelpTopic.objects.filter(pk=topic.pk).update(form=form)
    yield topic
    HelpTopic.objects.filter(pk=topic.pk).update(form=None)


def write(page: Page, subject: str) -> None:
    page.get_by_label("Your name").fill("Rui Silva")
    page.get_by_label("Your e-mail address").fill(f"rui.{next(_writers)}@customers.example")  # each may write so often
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("What happened?").fill("It went out at noon.")


def test_questions_come_with_the_topic_and_follow_the_answers(surfer: Surfer, asking: HelpTopic) -> None:
    page = surfer.window()
    page.goto("/tickets/new/")
    write(page, "Form with scripts")
    expect(page.get_by_label("Device")).to_have_count(0)
    page.get_by_label("What is it about?").select_option(asking.slug)
    expect(page.get_by_label("Serial number")).to_be_hidden()
    page.get_by_label("Device").select_option("laptop")
    expect(page.get_by_label("Serial number")).to_be_visible()
    page.get_by_label("Serial number").fill("4711")
    page.get_by_label("Age in years").fill("3")
    expect(page.get_by_text("Bring the charger")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    assert Ticket.objects.get(subject="Form with scripts").fields == {
        "device": "laptop", "serial": "4711", "age": 3, "switched_on": False,
    }  # fmt: skip


def test_what_was_chosen_is_kept_on_the_device_too(surfer: Surfer, asking: HelpTopic) -> None:
    page = surfer.window()
    page.goto("/tickets/new/")
    write(page, "Kept on the device")
    page.get_by_label("What is it about?").select_option(asking.slug)
    page.get_by_label("Device").select_option("laptop")
    page.get_by_label("Serial number").fill("4713")
    page.get_by_label("Bought on").fill("2026-03-04")
    page.get_by_label("Blue").check()
    page.get_by_label("It is switched on").check()
    until(lambda: page.evaluate("Object.values(localStorage).some((kept) => kept.includes('switched_on\":[\"'))"))
    page.goto("/")
    page.goto("/tickets/new/")
    expect(page.get_by_label("What is it about?")).to_have_value(asking.slug)
    expect(page.get_by_label("Device")).to_have_value("laptop")
    expect(page.get_by_label("Serial number")).to_have_value("4713")
    expect(page.get_by_label("Serial number")).to_be_visible()
    expect(page.get_by_label("Blue")).to_be_checked()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    assert Ticket.objects.get(subject="Kept on the device").fields == {
        "device": "laptop", "serial": "4713", "bought": "2026-03-04", "colours": ["blue"], "switched_on": True,
    }  # fmt: skip


DROPPED = """(form, [name, how]) => {
    const brought = new DataTransfer();
    brought.items.add(new File(["a line"], name, { type: "text/plain" }));
    form.dispatchEvent(how === "paste" ? new ClipboardEvent(how, { clipboardData: brought, bubbles: true })
        : new DragEvent(how, { dataTransfer: brought, bubbles: true, cancelable: true }));
}"""


def test_files_are_chosen_dropped_and_pasted_and_outlive_a_refusal(surfer: Surfer, company: Company) -> None:
    page = surfer.window(width=390)
    page.goto("/tickets/new/")
    write(page, "")
    page.locator("input[type=file]").set_input_files(
        [{"name": f"{name}.txt", "mimeType": "text/plain", "buffer": b"x"} for name in ("one", "two")]
    )
    body = page.locator("form.card")
    body.evaluate(DROPPED, ["dropped.txt", "drop"])
    body.evaluate(DROPPED, ["pasted.txt", "paste"])
    held = page.locator("[name=kept]:checked")
    expect(held).to_have_count(4)  # each was sent ahead
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".field--wrong")).to_have_count(1)
    expect(held).to_have_count(4)
    page.get_by_label("dropped.txt").uncheck()
    page.get_by_label("Subject").fill("Four files less one")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    sent = Attachment.objects.filter(message__ticket__subject="Four files less one").order_by("name")
    assert [file.name for file in sent] == ["one.txt", "pasted.txt", "two.txt"]


def test_files_outlive_a_refusal_without_scripts(surfer: Surfer, company: Company) -> None:
    page = surfer.window(javascript=False)
    page.goto("/tickets/new/")
    write(page, "")
    files = [{"name": f"{name}.txt", "mimeType": "text/plain", "buffer": b""} for name in ("empty", "left")]
    page.get_by_label("Files").set_input_files(files)
    page.get_by_role("button", name="Send").click()
    page.get_by_label("left.txt").uncheck()
    page.get_by_label("Subject").fill("Without scripts, with a file")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    assert Attachment.objects.get(message__ticket__subject="Without scripts, with a file").name == "empty.txt"


def test_a_puzzle_is_solved_while_one_writes(desk: RunningDesk, surfer: Surfer, company: Company) -> None:
    page, plain = surfer.window(), surfer.window(javascript=False)
    desk.set(asks_puzzle=True)
    try:
        plain.goto("/tickets/new/")
        page.goto("/tickets/new/")
        expect(page.get_by_text("Without scripts you get a link")).to_be_hidden()
        write(page, "With a puzzle")
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/tickets/received/**", timeout=60_000)  # it counts as long as it takes
        expect(plain.get_by_text("Without scripts you get a link")).to_be_visible()
        write(plain, "Without a puzzle")
        plain.get_by_role("button", name="Send").click()
        expect(plain.get_by_role("heading", name="One step more")).to_be_visible()
        plain.goto(f"/tickets/unsent/{UnsentRequest.objects.get().key}/")
        plain.get_by_role("button", name="Send").click()
        plain.wait_for_url("**/tickets/received/**")
    finally:
        desk.set(asks_puzzle=False)
    assert Ticket.objects.filter(subject__in=["With a puzzle", "Without a puzzle"]).count() == 2


def test_without_scripts_the_same_form_does(surfer: Surfer, asking: HelpTopic) -> None:
    page = surfer.window(javascript=False)
    page.goto("/tickets/new/")
    write(page, "Form without scripts")
    page.get_by_label("What is it about?").select_option(asking.slug)
    page.get_by_role("button", name="Show its questions").click()
    expect(page.get_by_text("Only if Device is Laptop.")).to_be_visible()
    page.get_by_label("Device").select_option("laptop")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".field--wrong")).to_contain_text("Please answer this.")
    page.get_by_label("Serial number").fill("4712")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    assert Ticket.objects.get(subject="Form without scripts").fields == {
        "device": "laptop", "serial": "4712", "switched_on": False,
    }  # fmt: skip


def test_the_browser_decides_as_the_server_does(surfer: Surfer, company: Company) -> None:
    page = surfer.window()
    page.goto("/tickets/new/")
    for condition, values, expected in CASES:
        found: Any = page.evaluate(
            "([condition, values]) => customElements.get('form-branches').holds(condition, values)", [condition, values]
        )
        assert found is expected, (condition, values)
