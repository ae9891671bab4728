"""Every page of the workspace and the main pages elsewhere, in both schemes, on a desk and on a phone: nothing in the
way of assistive technology (axe, WCAG 2.0 to 2.2, A and AA), no script error, no sideways scrolling, light on a cold
cache. The pictures are left in the folder that PICTURES names, else in test-results/."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page

from tests import world as worlds
from tests.e2e.company import Company
from tests.e2e.scenery import Scenery, lay_out
from tests.e2e.surfing import Surfer
from tests.test_url_roles import path_of
from tests.url_roles import GET, STATES
from tickets.models import Rule

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

PICTURES = Path(os.environ.get("PICTURES") or Path(settings.BASE_DIR) / "test-results")
# Only what is wrong comes back: what is right would be ten times as much to carry over.
AXE = "options => axe.run({...options, resultTypes: ['violations']}).then(({violations}) => violations)"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
SIZES = [(1440, 900), (1024, 768), (390, 844)]
VIEWS = [(1440, 900, "light"), (1440, 900, "dark"), (390, 844, "light"), (390, 844, "dark")]
# kB (1000 bytes) on a cold cache; the admin is Django's own and has no limit of ours.
PORTAL, STAFF, ADMIN = 60, 90, 1000

# name -> who looks, where, how heavy it may be
PAGES = {
    "portal-home": ("", "/", PORTAL),
    "portal-ticket-new": ("", "/tickets/new/?topic=broken", PORTAL),
    "portal-sign-in": ("", "/accounts/login/", PORTAL),
    "portal-sign-up": ("", "/accounts/signup/", PORTAL),
    "portal-password": ("", "/accounts/password/reset/", PORTAL),
    "portal-missing": ("", "/tickets/999999999/", PORTAL),
    "portal-tickets": ("customer", "/tickets/", PORTAL),
    "portal-ticket": ("customer", "/tickets/{conversation}/", PORTAL),
    "portal-ticket-resolved": ("customer", "/tickets/{resolved}/", PORTAL),
    "portal-search": ("customer", "/search/?q=badge", PORTAL),
    "portal-forbidden": ("customer", "/staff/", PORTAL),
    "staff-queue": ("agent", "/staff/views/all-open/", STAFF),
    "staff-empty": ("agent", "/staff/views/my-open/", STAFF),
    "staff-table": ("agent", "/staff/views/all-open/?as=table&group=state", STAFF),
    "staff-filter": ("agent", "/staff/filter/?q=is:open tag:badge", STAFF),
    "staff-views": ("agent", "/staff/views/", STAFF),
    "staff-view-new": ("agent", "/staff/views/new/?q=is:open", STAFF),
    "staff-me": ("agent", "/staff/me/", STAFF),
    "staff-bulk": ("agent", "/staff/bulk/", STAFF),
    "staff-ticket": ("agent", "/staff/tickets/{conversation}/", STAFF),
    "staff-ticket-closed": ("agent", "/staff/tickets/{closed}/", STAFF),
    "staff-ticket-new": ("agent", "/staff/tickets/new/", STAFF),
    "staff-search": ("agent", "/staff/search/?q=badge", STAFF),
    "staff-mail": ("agent", "/staff/mail/", STAFF),
    "staff-mail-one": ("agent", "/staff/mail/arrived/{held}/", STAFF),
    "staff-mail-blocked": ("agent", "/staff/mail/blocked/", STAFF),
    "staff-ticket-copied": ("agent", "/staff/tickets/{copied}/", STAFF),
    "admin-index": ("admin", "/admin/", ADMIN),
    "admin-changelist": ("admin", "/admin/tickets/helptopic/", ADMIN),
    "admin-rows": ("admin", "/admin/tickets/businesshours/add/", ADMIN),
    "admin-samples": ("admin", "/admin/tickets/dkimkey/samples/", ADMIN),
    "admin-form": ("admin", "/admin/tickets/mailbox/add/", ADMIN),
}


@pytest.fixture
def scenery(company: Company) -> Scenery:
    """Laid out once."""
    if not hasattr(company, "scenery"):
        company.scenery = lay_out(company)
    return company.scenery


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_light_and_open_to_everybody(name: str, surfer: Surfer, scenery: Scenery, admin: str) -> None:
    who, path, heaviest = PAGES[name]
    email = {"": "", "customer": scenery.customer, "agent": scenery.agent, "admin": admin}[who]
    page = surfer.window(email)
    assert weight(page, path.format(**scenery.numbers)) <= heaviest
    if name.startswith("staff"):
        return  # looked at below, with all the others
    for width, height, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"{name}-{width}-{scheme}")


def test_every_page_of_the_workspace_is_open_to_everybody(surfer: Surfer, scenery: Scenery) -> None:
    """One walk through all of them: pictures in three widths and both schemes, axe in both at the widest and the
    narrowest."""
    with one_of_everything() as (person, pages):
        page = surfer.window(person)
        paths = {name: path.format(**scenery.numbers) for name, (_who, path, _kb) in PAGES.items() if "staff" in name}
        faults = []
        for name, path in {**pages, **paths}.items():
            page.goto(path)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                for width, height in SIZES:
                    page.set_viewport_size({"width": width, "height": height})
                    try:
                        look(surfer, page, f"{name}-{width}-{scheme}", None if width == 1024 else RULES)
                    except AssertionError as fault:
                        faults.append(str(fault).partition("\nassert not")[::2])
        assert not faults


@contextmanager
def one_of_everything() -> Iterator[tuple[str, dict[str, str]]]:
    """An admin, and the address of every page of the workspace by its name; pieces of pages and files are left out."""
    world = worlds.build()
    client = world.browser("admin")
    pages = {}
    for name in GET:
        if not name.startswith("staff:") or STATES.get(name):
            continue
        path = path_of(name, world)
        answer = client.get(path)
        is_page = answer.status_code == 200 and b"<!DOCTYPE html>" in getattr(answer, "content", b"")[:200]
        if is_page and "sandbox" not in answer["Content-Security-Policy"]:
            pages[name.replace(":", "-")] = path
    yield world.people["admin"].email, pages
    Rule.objects.filter(pk__in=[world.rule.pk, world.macro.pk]).delete()


def test_the_page_after_sending_is_open_to_everybody(surfer: Surfer) -> None:
    page = surfer.window(width=390)
    page.goto("/tickets/new/")
    page.get_by_role("button", name="Send").click()
    look(surfer, page, "portal-ticket-new-wrong-390-light")
    page.get_by_label("Your name").fill("Lea Brandt")
    page.get_by_label("Your e-mail address").fill("lea@customers.example")
    page.get_by_label("Subject").fill("No heating")
    page.get_by_label("What happened?").fill("It is cold.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="We received it").wait_for()
    look(surfer, page, "portal-received-390-light")
    page.set_viewport_size({"width": 1440, "height": 900})
    look(surfer, page, "portal-received-1440-light")


def test_what_opens_on_a_staff_page_is_open_to_everybody(surfer: Surfer, scenery: Scenery) -> None:
    page = surfer.window(scenery.agent)
    page.goto(f"/staff/tickets/{scenery.numbers['conversation']}/")
    for opener, opened in (
        ("[popovertarget=more-verbs]", "#more-verbs"),
        ("[popovertarget=assign-form]", "#assign-form form"),
    ):
        page.locator(opener).first.click()
        page.locator(opened).wait_for()
        look(surfer, page, "staff-" + opened.strip("#").split()[0])
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.locator("#keys").wait_for()
    look(surfer, page, "staff-keys")


def weight(page: Page, path: str) -> float:
    """kB that came over the line until the page stood still."""
    came: list[float] = []
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle")
    return sum(came) / 1000


def look(surfer: Surfer, page: Page, name: str, rules: dict | None = RULES) -> None:
    """Takes a picture, and looks for faults; without `rules` for sideways scrolling only."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page="portal" in name)
    scrolls = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert scrolls <= 0, f"{name} scrolls sideways by {scrolls} px"
    if rules is None:
        return
    met = list(surfer.problems)
    if not page.evaluate("'axe' in window"):  # a new document; other widths and schemes of the same one find it there
        page.evaluate(Axe().axe_script)
    found = page.evaluate(AXE, rules)
    surfer.problems[:] = met  # axe tries a style sheet of its own, which our policy rightly refuses
    assert not [f"{rule['id']}: {[node['target'] for node in rule['nodes']][:5]}" for rule in found], name
