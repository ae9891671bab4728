"""The admin in a browser, under the desk's own policy: nothing is refused, nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests import people
from tests.admin.rows import ROWS
from tests.admin.test_pages import READ_ONLY, address
from tests.e2e.surfing import FLAGS, Surfer, chromium
from tests.run import HINT
from tickets.models import Desk, SlaPolicy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def surfer(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surfer]:
    program = chromium()
    if program is None:
        pytest.skip(HINT)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright has an event loop in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        surfer = Surfer(browser, live_server.url)
        yield surfer
        surfer.close()
        browser.close()


@pytest.fixture
def admin(transactional_db: None) -> str:
    Desk.current()
    return people.admin().email


def pages() -> list[str]:
    """Lists, forms for one more, and one row of every model."""
    found = ["/admin/"]
    for model, make in ROWS.items():
        found += [address(model, "changelist"), address(model, "change", make().pk)]
        if model not in READ_ONLY:
            found.append(address(model, "add"))
    return found


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_policy_refuses_nothing(surfer: Surfer, admin: str, width: int, scheme: str) -> None:
    page = surfer.window(admin, width=width, scheme=scheme)
    for one in pages():
        page.goto(one)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, one


def test_its_tools_work(surfer: Surfer, admin: str) -> None:
    where = ROWS["department"]()
    page = surfer.window(admin)
    page.goto(address("helptopic", "add"))
    page.locator("#id_name").press_sequentially("My topic")
    assert page.input_value("#id_slug") == "my-topic"
    page.click("#id_department + .select2 .select2-selection")
    page.get_by_role("option", name=where.name, exact=True).click()
    assert page.input_value("#id_department") == str(where.pk)
    add_policy_in_pop_up(page)
    page.click("input[name=_save]")
    page.get_by_text("was added successfully").wait_for()
    page.goto(address("businesshours", "add"))
    page.click("text=Add another Holiday")
    page.click("#holidays-0 [id^=calendarlink]")
    page.click(".calendarbox:visible >> text=Tomorrow")
    assert page.input_value("#id_holidays-0-date")


def add_policy_in_pop_up(page: Page) -> None:
    with page.expect_popup() as opened:
        page.click("#add_id_sla_policy")
    pop_up = opened.value
    pop_up.fill("#id_name", "Gold")
    pop_up.fill("#id_first_response_minutes", "5")
    pop_up.fill("#id_resolution_minutes", "50")
    with pop_up.expect_event("close"):
        pop_up.click("input[name=_save]")
    policy = SlaPolicy.objects.get(name="Gold")
    page.locator(f"#id_sla_policy option[value='{policy.pk}']").wait_for(state="attached")
