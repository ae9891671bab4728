"""Two browsers side by side: what one does, the other sees within a second; the list never moves under the reader."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Page, expect

from tests import factories, people
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk
from tests.e2e.streams import Stream
from tests.e2e.surfing import Surfer, sign_in
from tests.wait import until
from tickets.actions import assignment, conversation
from tickets.models import Department, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

SECOND = 1.0
BUSY = 4.0  # times slower than a quiet machine; what is promised is said in the messages of these tests


@pytest.fixture
def ticket(company: Company) -> Ticket:
    return factories.ticket(company.tomas, company.support, subject="The lift hums")


def opened(surfer: Surfer, person: str, ticket: Ticket) -> Page:
    page = surfer.window(person)
    listening(page, lambda: page.goto(f"/staff/tickets/{ticket.number}/"))
    return page


def listening(page: Page, go: Callable[[], object]) -> None:
    """Opens a page and waits until its stream has said hello."""
    page.add_init_script("document.addEventListener('live', (event) => (window.heard ??= []).push(event.detail.kind))")
    with page.expect_response(lambda answer: "/staff/stream/" in answer.url):
        go()


def quickest(act: Callable[[], object], seen: Callable[[], object]) -> float:
    """Seconds from the act, when it is done, until it is seen."""
    act()
    begin = time.monotonic()
    seen()
    return time.monotonic() - begin


def test_a_message_a_state_and_an_assignee_arrive_in_an_open_ticket(
    desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = opened(surfer, company.ana.email, ticket)
    took = quickest(
        lambda: conversation.receive(ticket, by=company.tomas, body="It hums louder now.", source="web"),
        lambda: expect(page.locator(".message--customer").last).to_contain_text("It hums louder now."),
    )
    assert took < SECOND * BUSY, f"a new message took {took:.2f} s"
    took = quickest(
        lambda: assignment.assign(ticket, by=company.joan, agent=company.joan),
        lambda: expect(page.locator(".ticket-head")).to_contain_text("with Joan Okafor"),
    )
    assert took < SECOND * BUSY, f"a new assignee took {took:.2f} s"
    expect(page.locator(".stepper__step--current")).to_contain_text("Open")
    expect(page.locator("#context")).to_contain_text("Joan Okafor")


def test_an_open_menu_stays_where_it_is(desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket) -> None:
    page = opened(surfer, company.ana.email, ticket)
    page.locator("[popovertarget=more-verbs]").click()
    place = page.locator("#more-verbs").bounding_box()
    conversation.receive(ticket, by=company.tomas, body="It hums louder now.", source="web")
    assignment.assign(ticket, by=company.joan, agent=company.joan)
    expect(page.locator("#context")).to_contain_text("Joan Okafor")
    assert page.locator("#more-verbs").bounding_box() == place
    expect(page.locator(".ticket-head")).not_to_contain_text("with Joan Okafor")
    page.keyboard.press("Escape")
    expect(page.locator(".ticket-head")).to_contain_text("with Joan Okafor")


def test_the_list_does_not_move_under_the_reader(
    desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = surfer.window(company.ana.email)
    listening(page, lambda: page.goto("/staff/views/all-open/"))
    expect(page.locator(".row").first).to_be_visible()
    before = until(lambda: page.locator(".row").first.bounding_box())  # none while a row is renewed
    first = page.locator(".row").first.get_attribute("id")
    factories.ticket(company.tomas, company.support, subject="Coffee is cold")
    pill = page.get_by_role("button", name="1 new")
    expect(pill).to_be_visible()
    expect(page).to_have_title("(1) All open · Acme")
    assert page.locator(".row").first.get_attribute("id") == first
    assert until(lambda: page.locator(".row").first.bounding_box()) == before
    conversation.note(ticket, by=company.joan, body="I listen to it.")
    assignment.assign(ticket, by=company.joan, agent=company.joan)
    pill.click()
    expect(page.locator(".row").first).to_contain_text("Coffee is cold")
    expect(page.get_by_role("button", name="1 new")).to_have_count(0)
    expect(page).to_have_title("All open · Acme")


def test_what_moves_out_of_sight_fades_and_is_gone_when_the_list_is_looked_at_again(
    desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    page = surfer.window(company.joan.email)
    listening(page, lambda: page.goto("/staff/views/all-open/"))
    row = page.locator(f"#row-{ticket.pk}")
    expect(row).not_to_have_class(re.compile("row--gone"))
    assignment.transfer(ticket, by=company.ana, department=Department.objects.get(name="Billing"))
    expect(row).to_have_class(re.compile("row--gone"))
    page.reload()
    expect(row).to_have_count(0)


def test_colleagues_see_who_reads_and_who_replies(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    ana = opened(surfer, company.ana.email, ticket)
    joan = opened(surfer, company.joan.email, ticket)
    at_ticket = ana.locator("colleague-list[data-of=ticket]")
    expect(at_ticket).to_contain_text("Joan Okafor is here too")
    expect(ana.locator("colleague-list[data-of=desk]")).to_contain_text("1 colleague here")
    joan.get_by_label("Write to the customer").press_sequentially("We")
    expect(at_ticket).to_contain_text("Joan Okafor is replying")
    joan.goto("/staff/views/all-open/")
    expect(at_ticket).to_be_empty()


def test_a_restricted_agent_hears_nothing_of_other_departments(
    desk: RunningDesk, surfer: Surfer, company: Company, ticket: Ticket
) -> None:
    stranger = people.agent(factories.department("Kitchen"), name="Rui Silva", email="rui@desk.example")
    session = signed_in(surfer, stranger.email)
    heard = Stream(desk.base, session)
    heard.wait_for("hello")
    conversation.note(ticket, by=company.ana, body="Not for Rui.")
    mine = factories.ticket(department=stranger.memberships.get().department)
    assert [one["data"]["id"] for one in heard.wait_for("ticket")] == [mine.pk]
    heard.close()


def test_strangers_and_customers_get_no_stream_and_signing_out_ends_one(
    desk: RunningDesk, surfer: Surfer, company: Company
) -> None:
    address = f"{desk.base}/staff/stream/"
    assert requests.get(address, timeout=10).status_code == 403
    assert requests.get(address, cookies={"sessionid": "x" * 32}, timeout=10).status_code == 403
    assert requests.get(address, cookies=signed_in(surfer, company.tomas.email), timeout=10).status_code == 403
    assert requests.post(address, timeout=10).status_code == 405
    window = surfer.window()
    sign_in(window, company.joan.email)
    heard = Stream(desk.base, {one["name"]: one["value"] for one in window.context.cookies()})
    heard.wait_for("hello")
    window.goto("/accounts/logout/")
    window.get_by_role("button", name="Sign out").first.click()
    window.wait_for_url("**/")
    factories.ticket(department=company.support)
    assert heard.wait_for("bye")
    assert "ticket" not in heard.kinds()
    until(lambda: heard.is_over)


def signed_in(surfer: Surfer, email: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in surfer.window(email).context.cookies()}
