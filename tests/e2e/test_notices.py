"""The bell in an open page, and the page where an agent chooses what rings it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk
from tests.e2e.surfing import Surfer
from tests.wait import until
from tickets import notices, notifications
from tickets.actions import assignment
from tickets.models import SYSTEM, Ticket, TicketEvent

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


def assigned(company: Company, subject: str) -> Ticket:
    ticket = factories.ticket(company.tomas, company.support, subject=subject)
    assignment.assign(ticket, by=SYSTEM, agent=company.ana)
    for event in TicketEvent.objects.unhandled().filter(ticket=ticket):
        notifications.handle(event.pk)
    return ticket


def opened(page: Page, address: str) -> None:
    with page.expect_response(lambda answer: "/staff/stream/" in answer.url):
        page.goto(address)


def test_the_bell_rises_in_an_open_page_and_falls_when_the_ticket_is_read(
    desk: RunningDesk, surfer: Surfer, company: Company
) -> None:
    notices.read(company.ana)  # of what other tests gave her
    page = surfer.window(company.ana.email)
    opened(page, "/staff/me/")
    bell = page.locator(".bell__count")
    expect(bell).to_be_hidden()
    ticket = assigned(company, "The bell rings")
    expect(bell).to_have_text(re.compile(r"^1\s+unread$"))
    page.get_by_role("link", name="Notices").first.click()
    page.get_by_role("link", name=re.compile("The bell rings")).click()
    expect(page).to_have_url(re.compile(ticket.number))
    expect(bell).to_be_hidden()


def test_a_browser_that_was_allowed_to_shows_a_notice(desk: RunningDesk, surfer: Surfer, company: Company) -> None:
    page = surfer.window(company.ana.email)
    page.add_init_script(
        "const Real = Notification; window.Notification = class extends Real {"
        " constructor(title, more) { super(title, more); (window.shown ??= []).push(title); } }"
    )
    opened(page, "/staff/me/")
    page.context.grant_permissions(["notifications"])
    page.reload()
    expect(page.locator("browser-notices [role=status]")).to_have_text("This browser shows them.")
    expect(page.get_by_role("button", name="Allow them in this browser")).to_be_hidden()
    page.get_by_label("Show notices of the browser while the workspace is open").check()
    page.locator("form[action$='/me/notices/'] button.button--primary").click()
    expect(page.locator(".toast")).to_be_visible()
    opened(page, "/staff/me/")
    ticket = assigned(company, "The bell is seen")
    assert until(lambda: page.evaluate("window.shown")) == [f"#{ticket.number} The bell is seen"]


def test_an_absence_is_planned_and_ended_without_scripts(surfer: Surfer, company: Company) -> None:
    page = surfer.window(company.ana.email, javascript=False)
    page.goto("/staff/me/")
    page.get_by_label("Who stands in").select_option(label="Joan Okafor")
    page.get_by_role("button", name="Plan the absence").click()
    expect(page.get_by_text("Joan Okafor stands in.")).to_be_visible()
    page.get_by_role("button", name="I am back").click()
    expect(page.get_by_text("You are away.")).to_have_count(0)
