"""The portal by keys alone, enlarged, and on a small phone; the knowledge base among its pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import look
from tickets.models import Article, Desk, HelpTopic, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

TEXT = (
    "<h2>Before you begin</h2><p>Have your <strong>old password</strong> at hand.</p><ul><li>At the office</li>"
    "<li>At home with the VPN</li></ul><h2>Change it</h2><p>Open <code>https://accounts.example/a/very/long/address/"
    "that/does/not/break/by/itself/anywhere</code>.</p><table><tr><th>Where</th><th>How long it takes to arrive</th>"
    "</tr><tr><td>Mail</td><td>A minute</td></tr></table><h2>Afterwards</h2><p>Sign in once more.</p>"
)
# 1440 px wide at 200 %, and the narrowest that has to work.
NARROW = [(640, "light"), (320, "light"), (320, "dark")]
WIDE = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def _made() -> list[Article]:
    return []


@pytest.fixture
def article(company: Company, _made: list[Article]) -> Article:
    """Articles on two shelves, one under the other; topics under topics; laid out once."""
    if not _made:
        top = factories.category("Accounts", description="Signing in, passwords, addresses")
        shelf = factories.category("Passwords", parent=top)
        _made.append(factories.article("Change a forgotten password", TEXT, category=shelf, summary="In two minutes."))
        factories.article("Another address for your account", "<p>Your password stays.</p>", category=top)
        broken = HelpTopic.objects.get(slug="broken")
        screen = factories.help_topic(company.support, "Screen", parent=broken, slug="screen")
        factories.help_topic(company.support, "A line across it", parent=screen, slug="line")
        HelpTopic.objects.filter(pk=broken.pk).update(icon="computer-desktop")
    return _made[0]


@pytest.fixture
def notice(company: Company) -> Iterator[None]:
    Desk.objects.update(
        notice="Mail is slower than usual today. We are working on it, and it will be read all the same."
    )
    yield
    Desk.objects.update(notice="")


def test_pages_fit_and_are_open_to_everybody(surfer: Surfer, article: Article, notice: None) -> None:
    pages = {
        "home": "/",
        "kb": "/kb/",
        "kb-category": f"/kb/categories/{article.category.slug}/",
        "kb-article": f"/kb/articles/{article.slug}/",
        "kb-search": "/kb/?q=password",
        "kb-nothing": "/kb/?q=wombat",
        "ticket-new": "/tickets/new/?topic=screen",
    }
    page = surfer.window()
    for name, path in pages.items():
        page.goto(path)
        for width, scheme in NARROW + (WIDE if name.startswith(("kb", "home")) else []):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            look(surfer, page, f"portal-{name}-{width}-{scheme}")


def test_suggested_articles_fit_the_form(surfer: Surfer, article: Article) -> None:
    page = surfer.window()
    page.goto("/tickets/new/")
    page.get_by_label("Subject").press_sequentially("I have forgotten my password")
    expect(page.get_by_role("link", name="Change a forgotten password")).to_be_visible()
    for width, scheme in NARROW + WIDE:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"portal-ticket-suggested-{width}-{scheme}")


def test_keys_alone_lead_from_the_start_to_a_ticket(surfer: Surfer, article: Article) -> None:
    page = surfer.window()
    page.goto("/")
    reach(page, "Something is broken")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/new/?topic=broken")
    for label, words in (
        ("Your name", "Kim Park"),
        ("Your e-mail address", "kim.keys@customers.example"),
        ("Subject", "By keys alone"),
        ("What happened?", "The mouse is broken."),
    ):
        reach(page, label)
        page.keyboard.type(words)
    reach(page, "Send")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/received/**")
    assert Ticket.objects.get(subject="By keys alone").help_topic.slug == "broken"


def test_keys_alone_find_an_answer_and_say_that_it_helped(surfer: Surfer, article: Article) -> None:
    page = surfer.window()
    page.goto("/kb/")
    reach(page, "Search")
    page.keyboard.type("forgotten")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=forgotten**")
    reach(page, "Change a forgotten password")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/kb/articles/{article.slug}/")
    reach(page, "Yes")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you.")).to_be_visible()
    article.refresh_from_db()
    assert article.helpful_count == 1


def reach(page: Page, name: str, most: int = 80) -> None:
    """Presses Tab until what is named `name` has the focus, which has to be seen."""
    for _press in range(most):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(() => { const e = document.activeElement, l = e.labels?.[0];"
            " return (e.getAttribute('aria-label') || l?.textContent || e.textContent || '').trim(); })()"
        )
        if said.startswith(name):
            seen = (
                "(e => [e, e.closest('.search')].filter(Boolean).some((each) => {"
                " const s = getComputedStyle(each); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }))"
            )
            assert page.evaluate(f"{seen}(document.activeElement)"), f"{name}: the focus is not seen"
            return
    raise AssertionError(f"{name} cannot be reached by Tab")
