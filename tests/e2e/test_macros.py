"""Macros on a ticket, with the mouse and with keys alone: what they would do, doing it, and taking all of it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import factories, forms
from tests.automation.making import leaf, rule, tag
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk
from tests.e2e.hands import Keys, Mouse
from tests.e2e.surfing import Surfer
from tests.e2e.test_look import RULES, VIEWS, look
from tests.e2e.test_verbs import Visit
from tickets.actions import rules
from tickets.models import SYSTEM, Message, OutboundEmail, Rule, Ticket
from tickets.states import State

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

PANEL = "#macros-form"


@pytest.fixture
def macros(company: Company) -> Iterator[list[Rule]]:
    made = [
        rule("macro", "Oil the hinge", leaf("state", "is_not", "closed"),
             {"do": "reply", "text": "Hello {{ requester.first_name }}, it is oiled."}, tag("oiled"),
             {"do": "resolve"}),
        rule("macro", "Nothing to do here", leaf("state", "is", "closed"), tag("x")),
        rule("macro", "Over and out", {}, tag("over"), {"do": "close"}),
    ]  # fmt: skip
    yield made
    for one in made:
        rules.delete(one, by=SYSTEM)


@pytest.fixture
def ticket(company: Company, macros: list[Rule]) -> Ticket:
    topic = factories.help_topic(company.support, form=forms.form(forms.DEVICE))
    return factories.ticket(
        company.tomas, company.support, subject="The hinge squeaks", help_topic=topic, fields={"device": "phone"}
    )


@pytest.fixture(params=[Mouse, Keys], ids=["mouse", "keys"])
def visit(request: Any, surfer: Surfer, company: Company, ticket: Ticket) -> Visit:
    page = surfer.window(company.ana.email)
    return Visit(page, request.param(page), ticket)


@pytest.fixture(scope="module")
def _undo_window(running: RunningDesk, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), running.database():
        running.set(undo_seconds=60)
    yield
    with django_db_blocker.unblock(), running.database():
        running.set(undo_seconds=0)


@pytest.mark.usefixtures("_undo_window")
def test_one_is_looked_at_run_with_another_reply_and_taken_back(visit: Visit, macros: list[Rule]) -> None:
    Ticket.objects.filter(pk=visit.pk).update(fields={"device": "phone", "cause": "worn"})
    panel = visit.page.locator(PANEL)
    visit.hand.verb("macros")
    expect(panel.locator(".macros__one")).to_have_count(2)  # the third does not fit
    visit.hand.press(panel.get_by_role("link", name="Oil the hinge"))
    expect(panel.locator("li")).to_contain_text(["Write a reply", "Add tags: oiled", "Resolve it"])
    reply = panel.get_by_role("textbox")
    expect(reply).to_have_value("Hello Tomás, it is oiled.")
    assert visit.ticket.state == State.NEW
    visit.hand.write(reply, "It hums no more.")
    visit.hand.press(panel.get_by_role("button", name="Run"))
    visit.told("“Oil the hinge” is done.")
    assert (visit.ticket.state, visit.ticket.tag_names) == (State.RESOLVED, ["oiled"])
    assert Message.objects.get(ticket=visit.pk, kind="reply").body == "It hums no more."
    visit.undo()
    assert (visit.ticket.state, visit.ticket.tag_names) == (State.NEW, [])
    assert not OutboundEmail.objects.filter(ticket=visit.pk).exclude(state="cancelled").filter(kind="reply").exists()


def test_what_the_ticket_would_refuse_is_said_before(visit: Visit) -> None:
    panel = visit.page.locator(PANEL)
    visit.hand.verb("macros")
    visit.hand.press(panel.get_by_role("link", name="Over and out"))
    expect(panel.get_by_role("status")).to_contain_text("Before it is resolved, please answer: Cause.")
    expect(panel.get_by_role("button", name="Run")).to_be_disabled()
    assert visit.ticket.state == State.NEW


def test_the_panel_is_open_to_everybody(surfer: Surfer, company: Company, ticket: Ticket) -> None:
    page = surfer.window(company.ana.email)
    page.goto(f"/staff/tickets/{ticket.number}/")
    panel = page.locator(PANEL)
    Mouse(page).verb("macros")
    expect(panel.get_by_role("heading", name="Macros")).to_be_visible()
    at_all_sizes(page, surfer, "macros")
    panel.get_by_role("link", name="Oil the hinge").click()
    expect(panel.get_by_role("button", name="Run")).to_be_visible()
    at_all_sizes(page, surfer, "macro")


def at_all_sizes(page: Page, surfer: Surfer, name: str) -> None:
    for width, height, scheme in reversed(VIEWS):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        look(surfer, page, f"{name}-{width}-{scheme}", None)
        assert not Axe().run(page, context=PANEL, options=RULES).response["violations"]
