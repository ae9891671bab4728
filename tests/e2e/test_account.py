"""The life of an account, from signing up to being forgotten; and the company's own looks and words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk, links_in, text_of
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look
from tests.wait import until
from tickets.models import Desk, PortalText, User

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

ADDRESS, SECOND = "rosa.with.a.rather.long.name@customers.example", "rosa.second@customers.example"
PASSWORD = "a dozen quiet herons"
EMAIL = re.compile("e-?mail", re.IGNORECASE)
VIEWS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


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


def prove(page: Page, then: str) -> None:
    """Types the password once more."""
    page.wait_for_url(re.compile("/reauthenticate/"))
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on", then)


def done(page: Page, words: str) -> None:
    """The page says so, at once or after the password was typed once more."""
    page.get_by_text(words).or_(page.get_by_role("button", name="Go on")).first.wait_for()
    if "reauthenticate" in page.url:
        prove(page, "/accounts/data/")
        page.get_by_text(words).wait_for()


def newest(desk: RunningDesk, about: str, to: str, count: int = 1) -> Any:
    return desk.letter("account", about, to, count)


def test_an_account_from_beginning_to_end(surfer: Surfer, desk: RunningDesk, company: Company, admin: str) -> None:
    page = surfer.window()
    _sign_up(page, desk)
    _get_a_passkey(surfer, page)
    _add_an_address(surfer, page, desk)
    _say_how(surfer, page)
    _sign_in_by_code(surfer, desk)
    _fetch_the_data(surfer, page, desk)
    _be_forgotten(surfer, page, admin)


def _sign_up(page: Page, desk: RunningDesk) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label(EMAIL).fill(ADDRESS)
    page.get_by_label("Your name").fill("Rosa Life")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Make my account", "/confirm-email/")
    page.goto(links_in(newest(desk, "confirm-email", ADDRESS))[0])
    press(page, "Yes, confirm", "/accounts/login/")
    page.get_by_label(EMAIL).fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in", "/tickets/")


def _get_a_passkey(surfer: Surfer, page: Page) -> None:
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    page.goto("/accounts/mfa/")
    seen(surfer, page, "signing-in")
    page.get_by_role("link", name="Add a passkey").click()
    prove(page, "/webauthn/add/")
    seen(surfer, page, "passkey-add")
    page.get_by_label("Name").fill("My phone")
    press(page, "Add a passkey", "/accounts/mfa/$")
    expect(page.get_by_text("My phone", exact=True)).to_be_visible()
    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/accounts/")
    seen(surfer, page, "sign-in")
    press(page, "Use a passkey", r"\d/accounts/$")


def _add_an_address(surfer: Surfer, page: Page, desk: RunningDesk) -> None:
    page.goto("/accounts/email/")
    seen(surfer, page, "addresses")
    page.get_by_label(EMAIL).fill(SECOND)
    page.get_by_role("button", name="Add", exact=True).click()
    prove(page, "/accounts/email/")
    page.goto(links_in(newest(desk, "/email/join/", SECOND))[0])
    seen(surfer, page, "address-join")
    press(page, "Yes, it is mine", "/accounts/email/$")
    expect(page.get_by_label(SECOND)).to_be_visible()


def _say_how(surfer: Surfer, page: Page) -> None:
    page.goto("/accounts/")
    seen(surfer, page, "profile")
    page.get_by_label("Time zone").select_option("Europe/Lisbon")
    page.get_by_label("The question whether it is solved").uncheck()
    press(page, "Save", "/accounts/$")
    person = User.objects.get(email=ADDRESS)
    assert (person.time_zone, person.declined_mail) == ("Europe/Lisbon", ["confirmation"])


def _sign_in_by_code(surfer: Surfer, desk: RunningDesk) -> None:
    page = surfer.window(javascript=False)
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Mail me a code instead").click()
    page.get_by_label("E-mail address").fill(SECOND)
    press(page, "Mail me a code", "/code/confirm/")
    code = re.search(r"^[A-Z]{4}-[A-Z]{4}\s*$", text_of(newest(desk, "Your code", SECOND)), re.MULTILINE)[0].strip()
    page.get_by_label("Code").fill("BBBB-BBBB")
    press(page, "Go on", "/code/confirm/")
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    page.get_by_label("Code").fill(code.lower())
    press(page, "Go on", "/tickets/")


def _fetch_the_data(surfer: Surfer, page: Page, desk: RunningDesk) -> None:
    page.goto("/accounts/data/")
    seen(surfer, page, "data")
    page.get_by_role("button", name="Make a copy").click()
    done(page, "We make the copy now")
    newest(desk, "/accounts/data/", ADDRESS)
    page.goto("/accounts/data/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "my-data.zip"


def _be_forgotten(surfer: Surfer, page: Page, admin: str) -> None:
    page.goto("/accounts/data/")
    page.get_by_label("Is there anything we should know?").fill("I move away.")
    page.get_by_role("button", name="Ask to be forgotten").click()
    done(page, "We have your request")
    expect(page.get_by_role("button", name="Take that back")).to_be_visible()
    person = User.objects.get(email=ADDRESS)
    office = surfer.window(admin)
    office.goto("/admin/tickets/erasurerequest/")
    office.get_by_role("link", name="Rosa Life").click()
    office.locator("#id_decision").select_option("erase")
    office.get_by_label("I know that this cannot be undone").check()
    press(office, "Save", "/erasurerequest/$")
    person.refresh_from_db()
    assert person.name == f"Erased person {person.pk}"
    page.goto("/accounts/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


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
