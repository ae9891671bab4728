"""One ticket from intake to reopening, as people meet it: in the browser and in their mail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk, answer_to, links_in, text_of
from tests.e2e.surfing import Surfer, sign_in
from tests.wait import until
from tickets.models import Ticket
from tickets.states import State

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_a_ticket_lives_from_intake_to_reopening(
    desk: RunningDesk, company: Company, surfer: Surfer, javascript: bool
) -> None:
    address = f"grace-{'js' if javascript else 'plain'}@customers.example"
    customer = surfer.window(javascript=javascript)
    number = submit(customer, address)
    confirmation = desk.letter("auto_response", number, to=address)
    assert confirmation["Auto-Submitted"]
    assert "badge" not in text_of(confirmation)  # no word of an unverified writer goes out

    agent = surfer.window()
    work_on_it(agent, company, number)
    customer.goto(links_in(desk.letter("reply", number, to=address))[0])
    expect(customer.get_by_text("Please hold it to the reader.")).to_be_visible()
    expect(customer.get_by_text("Their badge was replaced")).to_have_count(0)

    desk.pipe(*answer(desk, number, address, "Still red, I am afraid."))
    until(lambda: ticket_of(number).message_count == 4)
    agent.reload()
    expect(agent.get_by_text("Still red, I am afraid.").last).to_be_visible()
    agent.get_by_role("button", name="Resolve", exact=False).first.click()
    expect(agent.locator(".stepper__step--current")).to_contain_text("Resolved")

    confirm(customer, desk, number, address)
    agent.reload()
    expect(agent.get_by_text("This ticket is closed and can only be read.")).to_be_visible()
    expect(agent.locator(".composer textarea")).to_have_count(0)

    desk.receive(*answer(desk, number, address, "It came back this morning.", kind="confirmation"))
    until(lambda: ticket_of(number).state == State.REOPENED)
    customer.goto(f"/tickets/{number}/")
    expect(customer.locator("[aria-current=step]")).to_contain_text("Reopened")
    agent.reload()
    expect(agent.get_by_text("with Ana Moreira")).to_be_visible()
    expect(agent.locator(".stepper__step--current")).to_contain_text("Reopened")
    breach(agent, desk, number)


def submit(page: Page, address: str) -> str:
    """A guest writes; the number they are given."""
    page.goto("/")
    page.get_by_role("link", name="Something is broken").click()
    page.get_by_label("Your name").fill("Grace Okafor")
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_label("Subject").fill("The door does not open")
    page.get_by_label("What happened?").fill("My badge blinks red since this morning.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="We received it")).to_be_visible()
    found = re.search(r"#(\d{5,})", page.get_by_text("Your ticket is").inner_text())
    assert found
    return found[1]


def editor(page: Page, kind: str) -> Locator:
    """Where one writes once the editor is there; it comes with the caret, and hides the plain field then."""
    return page.locator(f"form[data-writes={kind}] [contenteditable]")


def work_on_it(page: Page, company: Company, number: str) -> None:
    """Ana signs in, finds the ticket, takes it, writes a note and a reply."""
    sign_in(page, company.ana.email)
    page.get_by_role("link", name="Unassigned").click()
    page.locator(f".row__subject[href*='{number}']").click()
    expect(page.get_by_role("heading", name="The door does not open", level=1)).to_be_visible()
    page.get_by_role("button", name="Assign a", exact=True).click()
    form = page.locator("#assign-form")
    form.get_by_role("combobox").select_option(f"agent:{company.ana.pk}")
    form.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("with Ana Moreira")).to_be_visible()
    expect(page.locator(".stepper__step--current")).to_contain_text("Open")
    expect(page.locator(".toast__undo").first).to_be_visible()  # what came is the answer, not only the news

    page.get_by_role("radio", name="Note").check()
    editor(page, "note").fill("Their badge was replaced in May.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".message--note")).to_contain_text("Their badge was replaced in May.")
    page.get_by_role("radio", name="Reply").check()
    page.get_by_label("Write to the customer").click()
    editor(page, "reply").fill("Please hold it to the reader.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message--reply")).to_contain_text("Please hold it to the reader.")
    expect(page.locator(".stepper__step--current")).to_contain_text("In progress")


def confirm(page: Page, desk: RunningDesk, number: str, address: str) -> None:
    """The customer follows the link in the mail; opening it changes nothing, the button does."""
    links = links_in(desk.letter("confirmation", number, to=address))
    page.goto(next(link for link in links if "then=confirm" in link))
    assert ticket_of(number).state == State.RESOLVED
    page.get_by_role("button", name="Yes, it is solved").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Closed")
    assert ticket_of(number).state == State.CLOSED


def breach(page: Page, desk: RunningDesk, number: str) -> None:
    """A day goes by without an answer."""
    factories.age(ticket_of(number), days=1)
    desk.run_task("sweep_sla")
    late = desk.letter("sla_breach", number, to="ana@desk.example")
    assert "overdue" in text_of(late)
    page.goto("/staff/views/due-soon/")
    row = page.locator(".row", has=page.locator(f"[href*='{number}']"))
    expect(row).to_contain_text("Overdue by")
    row.get_by_role("link").click()
    expect(page.locator(".pane-context")).to_contain_text("Overdue")


def answer(desk: RunningDesk, number: str, address: str, body: str, kind: str = "reply") -> tuple[bytes, str, str]:
    raw, to = answer_to(desk.letter(kind, number, to=address), f"Grace Okafor <{address}>", body)
    return raw, address, to


def ticket_of(number: str) -> Ticket:
    return Ticket.objects.get(number=number)
