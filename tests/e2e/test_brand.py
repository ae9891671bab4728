"""The company's own looks and words, as an admin chooses them and customers see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look
from tests.wait import until
from tickets.models import Desk, PortalText

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

VIEWS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def seen(surfer: Surfer, page: Page, name: str) -> None:
    for width, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"account-{name}-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def press(page: Page, name: str, then: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(re.compile(then))


@pytest.fixture
def as_before() -> Any:
    yield
    Desk.objects.update(accent_light="", accent_dark="", name="Acme")
    PortalText.objects.all().delete()


def test_looks_and_words_of_the_company(surfer: Surfer, company: Company, admin: str, as_before: None) -> None:
    office = surfer.window(admin)
    office.goto("/admin/tickets/brand/")
    frame = office.frame_locator("iframe[name=preview]")
    office.locator("#id_accent_light").fill("#ffd400")
    expect(frame.get_by_text("4.5 to 1 is the least")).to_be_visible()
    press(office, "Save and continue editing", "/brand/1/change/")
    expect(office.get_by_text("4.5 to 1 is the least").first).to_be_visible()
    office.locator("#id_accent_light").fill("#6530b4")
    expect(frame.get_by_text("Send").first).to_have_css("background-color", "rgb(101, 48, 180)")
    look(surfer, office, "admin-brand-1440-light")
    press(office, "Save and continue editing", "/brand/1/change/")
    page = surfer.window()
    until(lambda: page.goto("/") and page.locator('link[href^="/brand/"]').count())  # a process remembers for seconds
    expect(page.get_by_role("button", name="Search")).to_have_css("background-color", "rgb(101, 48, 180)")
    seen(surfer, page, "branded-home")

    office.goto("/admin/tickets/mailwording/add/")
    office.locator("#id_body").fill("Hello {{ requester.nmae }}")
    expect(frame.get_by_text("There is no variable")).to_be_visible()
    office.locator("#id_kind").select_option("confirmation")
    press(office, "Save", "/mailwording/add/")
    expect(office.get_by_text("There is no variable").first).to_be_visible()
    office.locator("#id_body").fill("Hello {{ requester.name }}, is it fine?")
    expect(frame.get_by_text("Hello Grace Hopper, is it fine?")).to_be_visible()
    look(surfer, office, "admin-mail-wording-1440-light")
