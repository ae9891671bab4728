"""The desk in the languages of its readers: nothing is left in English, nothing sticks out, and all of it is named for
assistive technology; a customer's life and an agent's pages from right to left."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Page, expect

from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk, links_in, text_of
from tests.e2e.scenery import Scenery
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look, scenery  # noqa: F401 - a fixture
from tickets.actions import conversation
from tickets.models import ArticleText, Category, Desk, Field, HelpTopic, Organization, Status, Ticket, User
from tickets.states import State

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]
OF_GUESTS = [
    "/", "/tickets/new/?topic=broken", "/kb/", "/kb/?q=wombat", "/accounts/login/", "/accounts/signup/",
    "/accounts/password/reset/", "/tickets/999999999/", "/links/", "/accounts/confirm-email/", "/accounts/inactive/",
]  # fmt: skip
OF_CUSTOMERS = ["/tickets/", "/tickets/{conversation}/", "/tickets/{resolved}/", "/search/?q=badge", "/accounts/mfa/"]
# Texts by people, which are in whatever language they speak.
WRITTEN: dict[Any, tuple[str, ...]] = {
    User: ("name",), Organization: ("name",), HelpTopic: ("name", "description"), Category: ("name", "description"),
    ArticleText: ("title", "summary"), Status: ("label", "customer_label"), Desk: ("name", "notice"),
    Ticket: ("subject",), Field: ("label",),
}  # fmt: skip
# What is read or heard in Arabic; the names of the languages and what is marked as anybody's text stand aside.
ENGLISH = """() => {
  const aside = "[lang]:not(html), [dir=auto], bdi, code, kbd, pre, script, style, .topic, .logo, .message__author";
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(aside)) found.push(walker.currentNode.data);
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const one of document.querySelectorAll(`[${name}]`))
      if (!one.closest(aside)) found.push(one.getAttribute(name));
  return found.map((text) => text.trim());
}"""
TWO_WORDS = re.compile("[A-Za-z]{2,} +[A-Za-z]{2,}")


@pytest.mark.parametrize("code", OTHERS)
def test_the_portal_speaks_the_language(code: str, surfer: Surfer, scenery: Scenery) -> None:  # noqa: F811
    scheme = "dark" if OTHERS.index(code) % 2 else "light"
    for email, paths in (("", OF_GUESTS), (scenery.customer, OF_CUSTOMERS)):
        page = surfer.window(email, width=390, scheme=scheme, locale=code)
        for path in paths:
            page.goto(path.format(**scenery.numbers))
            check(page, code)
            if code == "ar":
                assert english(page) == [], path
    page.goto(f"/tickets/{scenery.numbers['conversation']}/")
    look(surfer, page, f"portal-ticket-{code}-390-{scheme}")


@pytest.mark.parametrize("code", ["de", "ar"])
def test_the_workspace_speaks_it_too(code: str, surfer: Surfer, scenery: Scenery, admin: str) -> None:  # noqa: F811
    page = surfer.window(admin, locale=code)
    for path in (
        "/staff/views/all-open/",
        "/staff/tickets/{conversation}/",
        "/staff/rules/",
        "/staff/forms/",
        "/staff/me/",
    ):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.goto(path.format(**scenery.numbers))
            assert answer
            assert answer.status == 200, path
            check(page, code)


def english(page: Page) -> list[str]:
    """What is left of the page's texts without those that somebody at the desk wrote."""
    written: set[str] = set()
    for model, fields in WRITTEN.items():
        for row in model.objects.values_list(*fields):
            written.update(filter(None, row))
    known = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))))
    return [text for text in page.evaluate(ENGLISH) if TWO_WORDS.search(known.sub("", text))]


def check(page: Page, code: str) -> None:
    html = page.evaluate("[document.documentElement.lang, document.documentElement.dir]")
    assert html == [code, "rtl" if code == "ar" else "ltr"], page.url
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, page.url


def test_a_customer_lives_from_right_to_left(desk: RunningDesk, company: Company, surfer: Surfer) -> None:
    address = "layla@customers.example"
    page = surfer.window(width=390, locale="ar")
    with translation.override("ar"):
        number = submit(page, address)
        letter = desk.letter("auto_response", number, to=address)
        assert re.search(r"[\u0600-\u06ff]{3}", text_of(letter))
        ticket = Ticket.objects.get(number=number)
        assert ticket.requester.language == "ar"

        page.goto(links_in(letter)[0])
        page.locator(".site-reply textarea").fill("ما زال الباب مغلقًا.")
        page.locator(".site-reply").get_by_role("button", name=gettext("Send"), exact=True).click()
        expect(page.locator(".message__body", has_text="ما زال الباب مغلقًا.")).to_be_visible()
        assert page.locator(".message__body").first.evaluate("one => getComputedStyle(one).direction") == "rtl"
        expect(page.locator("[aria-current=step]")).to_contain_text(gettext("Received"))

        conversation.reply(Ticket.objects.get(number=number), by=company.ana, body="Please hold it to the reader.")
        page.reload()
        answer = page.locator(".message--reply .message__body")
        expect(answer).to_contain_text("Please hold it to the reader.")
        assert answer.evaluate("one => getComputedStyle(one).direction") == "ltr"

        page.get_by_text(gettext("Not needed any more?")).click()
        page.get_by_role("button", name=gettext("Close ticket")).click()
        expect(page.locator("[aria-current=step]")).to_contain_text(gettext("Closed"))
    assert Ticket.objects.get(number=number).state == State.CLOSED
    look(surfer, page, "portal-closed-ar-390-light")


def submit(page: Page, address: str) -> str:
    """A guest writes in Arabic; the number they are given."""
    page.goto("/")
    page.get_by_role("link", name="Something is broken").click()
    page.get_by_label(gettext("Your name")).fill("ليلى حداد")
    page.get_by_label(gettext("Your e-mail address")).fill(address)
    page.get_by_label(gettext("Subject")).fill("الباب لا يفتح")
    page.get_by_label(gettext("What happened?")).fill("تومض بطاقتي باللون الأحمر منذ الصباح.")
    page.get_by_role("button", name=gettext("Send")).click()
    expect(page.get_by_role("heading", name=gettext("We received it"))).to_be_visible()
    found = re.search(r"#(\d{5,})", page.locator("main").inner_text())
    assert found
    return found[1]
