"""Customers follow their tickets: find, answer, say who takes part, close, rate, reopen, take away. With scripts on a
desk, without on a phone, and right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import factories, people
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk, links_in
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look
from tickets.models import Organization, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.mark.parametrize(("javascript", "width"), [(True, 1440), (False, 390)], ids=["scripts", "no scripts"])
def test_a_customer_follows_a_ticket(surfer: Surfer, company: Company, javascript: bool, width: int) -> None:
    name = "scripts" if javascript else "plain"
    firm = people.organization(f"Firm {name}")
    Organization.objects.filter(pk=firm.pk).update(shares_tickets=True)
    mara = people.customer("Mara Lind", email=f"mara-{name}@firm.example", organization=firm)
    theirs = people.customer("Iven Lind", email=f"iven-{name}@firm.example", organization=firm)
    ticket = factories.ticket(mara, company.support, subject=f"Projector hums ({name})")
    factories.ticket(theirs, company.support, subject=f"A colleague's lamp ({name})")
    page = surfer.window(mara.email, javascript=javascript, width=width)
    find(page, name)
    answer(page)
    invite(page, f"guest-{name}@firm.example")
    end(page)
    page.emulate_media(media="print")
    expect(page.get_by_text("It hums in A flat.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    assert Ticket.objects.get(pk=ticket.pk).ratings.get().score == 5


def find(page: Page, name: str) -> None:
    page.goto("/tickets/")
    expect(page.get_by_role("link", name="A colleague")).to_have_count(0)
    page.get_by_label("Whose").select_option("all")
    press(page, "Search")
    expect(page.get_by_role("link", name=f"A colleague's lamp ({name})")).to_be_visible()
    page.get_by_label("Search").first.fill("hums")
    press(page, "Search")
    expect(page.get_by_role("link", name="A colleague")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this list").click()
    assert download.value.suggested_filename.startswith("my-tickets-")
    page.get_by_role("link", name=f"Projector hums ({name})").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Projector hums ({name})")


def press(page: Page, name: str) -> None:
    """The button, or Enter where a script sends by itself and hides the button."""
    button = page.get_by_role("main").get_by_role("button", name=name)
    if button.is_visible():
        button.click()
    else:
        page.get_by_label("Search").first.press("Enter")


def answer(page: Page) -> None:
    page.get_by_role("textbox", name="Write to us").fill("It hums in A flat.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message", has_text="It hums in A flat.")).to_be_visible()


def invite(page: Page, address: str) -> None:
    page.get_by_text("Let somebody else take part").click()
    page.get_by_label("E-mail address").fill("nobody")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("This is not an e-mail address.")).to_be_visible()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 other person takes part")).to_be_visible()
    page.get_by_text("1 other person takes part").click()
    page.get_by_role("button", name=f"Remove {address}").click()
    expect(page.get_by_text("Let somebody else take part")).to_be_visible()


def end(page: Page) -> None:
    page.get_by_text("Not needed any more?").click()
    page.get_by_role("button", name="Close ticket").click()
    page.get_by_role("radio", name="Very good").check()
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_text("You rated this: Very good.")).to_be_visible()
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Reopened")


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no scripts"])
def test_a_link_that_ended_is_renewed_by_mail_and_tells_a_stranger_nothing(
    desk: RunningDesk, surfer: Surfer, company: Company, javascript: bool
) -> None:
    guest = people.customer("Noor Vis", email=f"noor-{javascript}@customers.example".lower())
    ticket = factories.ticket(guest, company.support, subject="The gate squeaks")
    page = surfer.window(javascript=javascript, width=390)
    page.goto("/t/an-old-link/")
    for address in ("stranger@customers.example", guest.email):
        page.goto("/links/")
        page.get_by_label("Your e-mail address").fill(address)
        page.get_by_role("main").get_by_role("button").first.click()
        expect(page.get_by_text(address)).to_be_visible()
    page.goto(links_in(desk.letter("fresh_link", ticket.number, to=guest.email))[0])
    expect(page.get_by_role("heading", level=1)).to_have_text("The gate squeaks")


def test_right_to_left_nothing_runs_over(surfer: Surfer, company: Company) -> None:
    guest = people.customer("Lina Haddad", email="lina-rtl@customers.example")
    ticket = factories.ticket(guest, company.support, subject="The gate squeaks, from the right")
    page = surfer.window(guest.email)
    page.add_init_script(
        "new MutationObserver(() => { document.documentElement.dir = 'rtl'; }).observe(document, {childList: true})"
    )
    for where in ("/", "/tickets/", f"/tickets/{ticket.number}/", "/tickets/new/", "/kb/"):
        page.goto(where)
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        for width in (1440, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            look(surfer, page, f"portal-rtl-{where.strip('/').replace('/', '-') or 'home'}-{width}-light")
