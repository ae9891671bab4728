from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.company import ADMIN, Company, settle_in
from tests.e2e.desk import RunningDesk
from tests.e2e.surfing import FLAGS, Surfer, chromium
from tests.run import HINT


@pytest.fixture(scope="package")
def running(django_db_blocker: Any) -> Iterator[RunningDesk]:
    desk = RunningDesk()
    try:
        with django_db_blocker.unblock():
            desk.start()
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="package")
def settled(running: RunningDesk, django_db_blocker: Any) -> Company:
    with django_db_blocker.unblock(), running.database():
        return settle_in()


@pytest.fixture
def desk(running: RunningDesk, django_db_blocker: Any) -> Iterator[RunningDesk]:
    """The running desk; the ORM speaks to its database while the test runs."""
    with django_db_blocker.unblock(), running.database():
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """A failed walk tells what stood in its windows."""
    report = yield
    surfer = getattr(item, "funcargs", {}).get("surfer")
    if report.when == "call" and report.failed and isinstance(surfer, Surfer):
        report.sections.append(("Windows", surfer.seen()))
    return report


@pytest.fixture
def company(desk: RunningDesk, settled: Company, admin: str) -> Company:
    return settled


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip(HINT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def _surfer(browser: Browser, running: RunningDesk) -> Surfer:
    return Surfer(browser, running.base)


@pytest.fixture
def surfer(_surfer: Surfer, company: Company) -> Iterator[Surfer]:
    """Opens windows of strangers and of signed-in people; the test fails when one of them met a script error, a
    dialog or a foreign host."""
    yield _surfer
    _surfer.close()


@pytest.fixture(scope="package")
def admin(_surfer: Surfer, running: RunningDesk, settled: Company) -> str:
    """The address of the first admin, who used the link that `bin/run` printed."""
    link = re.search(r"http://\S+/setup/\S+", running.log)
    assert link
    name, address, password = ADMIN
    page = _surfer.window()
    page.goto(link[0])
    page.get_by_label("name", exact=False).first.fill(name)
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(address)
    for box in page.locator("input[type=password]").all():
        box.fill(password)
    page.get_by_role("button", name="Make me the admin").click()
    page.wait_for_url(re.compile(r"/(staff|admin|accounts)/"))
    _surfer.close()
    return address
