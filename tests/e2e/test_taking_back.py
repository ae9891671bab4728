"""What the notice after a verb offers: taken back with the mouse, done again, and taken back with `y`; each time the
page and the database are as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.desk import RunningDesk
from tests.e2e.hands import Keys, Mouse
from tests.e2e.surfing import Surfer
from tickets.actions import conversation
from tickets.models import Desk, OutboundEmail, Ticket
from tickets.states import State

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

Do = Callable[[Page, Mouse | Keys], None]


def at_once(verb: str) -> Do:
    return lambda page, hand: hand.verb(verb)


def trash(page: Page, hand: Mouse | Keys) -> None:
    hand.verb("trash")
    hand.press(page.get_by_role("button", name="Yes, do it"))


def transfer(page: Page, hand: Mouse | Keys) -> None:
    form = opened(page, hand, "transfer")
    hand.choose(form.get_by_label("Department", exact=True), "Billing")
    hand.press(form.locator(".form__actions button"))


def change_requester(page: Page, hand: Mouse | Keys) -> None:
    form = opened(page, hand, "requester")
    hand.write(form.get_by_label("E-mail address of the requester"), "chief@customers.example")
    hand.tick(form.get_by_label("The requester until now goes on taking part"))
    hand.press(form.locator(".form__actions button"))


def split(page: Page, hand: Mouse | Keys) -> None:
    hand.press(page.get_by_role("link", name="Split off").last)
    form = page.locator("#message-form form")
    expect(form.locator(":focus")).to_have_count(1)
    hand.write(form.get_by_label("Subject of the new ticket"), "The gate squeaks")
    hand.press(form.locator(".form__actions button"))


def opened(page: Page, hand: Mouse | Keys, verb: str) -> Locator:
    hand.verb(verb)
    form = page.locator(f"#{verb}-form form")
    expect(form.locator(":focus")).to_have_count(1)
    return form


# verb -> the state it is done in, how, what the notice says
DEEDS: dict[str, tuple[State, Do, str]] = {
    "resolve": (State.IN_PROGRESS, at_once("resolve"), "Resolved."),
    "close": (State.IN_PROGRESS, at_once("close"), "Closed."),
    "close what is resolved": (State.RESOLVED, at_once("close"), "Closed."),
    "reopen": (State.CLOSED, at_once("reopen"), "Reopened."),
    "trash": (State.OPEN, trash, "Put into the trash."),
    "transfer": (State.IN_PROGRESS, transfer, "Billing"),
    "change the requester": (State.OPEN, change_requester, "is the requester now."),
    "split": (State.OPEN, split, "Split off to this ticket."),
}


@pytest.fixture(autouse=True)
def time_to_take_back(desk: RunningDesk) -> Iterator[None]:
    """Mails that tell customers of a deed wait for a minute."""
    Desk.objects.update(undo_seconds=60)
    yield
    Desk.objects.update(undo_seconds=0)


@pytest.mark.parametrize("verb", DEEDS)
def test_it_is_taken_back_whole(verb: str, surfer: Surfer, company: Company, admin: str) -> None:
    state, do, notice = DEEDS[verb]
    page = surfer.window(admin)
    ticket = gate(company, state)
    page.goto(f"/staff/tickets/{ticket.number}/")
    row, shown = of_database(ticket), of_page(page)
    page.evaluate("window.stays = true")
    made, last = set(Ticket.objects.kept().values_list("pk", flat=True)), ticket.events.latest("pk").pk
    for hand in (Mouse(page), Keys(page)):
        do(page, hand)
        expect(page.locator(".toast").last).to_contain_text(notice)
        assert of_database(ticket) != row
        hand.undo()
        expect(page.locator(".toast").last).to_contain_text("Taken back.")
        expect(page).to_have_url(f"{surfer.base}/staff/tickets/{ticket.number}/")
        assert of_database(ticket) == row
        assert of_page(page) == shown
        assert set(Ticket.objects.kept().values_list("pk", flat=True)) == made
        assert page.evaluate("window.stays === true")
    told = OutboundEmail.objects.filter(event__ticket=ticket, event__pk__gt=last)
    assert not told.exclude(state=OutboundEmail.State.CANCELLED).exists()


def test_a_ticket_that_went_out_of_sight_comes_back(surfer: Surfer, company: Company) -> None:
    """The list takes its place, with the notice; Joan does not work for Billing."""
    page, ticket = surfer.window(company.joan.email), gate(company, State.OPEN)
    page.goto(f"/staff/tickets/{ticket.number}/")
    row = of_database(ticket)
    for hand in (Mouse(page), Keys(page)):
        transfer(page, hand)
        page.wait_for_url("**/staff/views/*/")
        expect(page.locator(".toast")).to_contain_text("Billing")
        assert of_database(ticket) != row
        hand.undo()
        expect(page.locator(".toast").last).to_contain_text("Taken back.")
        expect(page.get_by_role("heading", name="The gate hums")).to_be_visible()
        assert of_database(ticket) == row


def gate(company: Company, state: State) -> Ticket:
    ticket = factories.ticket_in(
        state, company.ana, requester=company.tomas, department=company.support, subject="The gate hums"
    )
    if state not in (State.RESOLVED, State.CLOSED):  # a customer's answer would bring it back
        conversation.receive(ticket, by=company.tomas, body="And it squeaks.", source="web")
    return Ticket.objects.get(pk=ticket.pk)


def of_database(ticket: Ticket) -> dict[str, Any]:
    """All columns but those of the moment, and what hangs on the ticket."""
    row = Ticket.objects.filter(pk=ticket.pk).values().get()
    for name in ("updated_at", "search"):
        row.pop(name)
    return {
        **row,
        "followers": sorted(ticket.followers.values_list("user", "role")),
        "links": sorted(ticket.links.values_list("other", "kind")),
        "messages": sorted(ticket.messages.values_list("pk", flat=True)),
        "runs": list(ticket.sla_runs.order_by("pk").values()),
        "pauses": list(ticket.sla_pauses.order_by("pk").values()),
    }


def of_page(page: Page) -> dict[str, list[str]]:
    """What the ticket and its row say, but for the time that went by and the list of what happened."""
    return {
        part: page.locator(part).all_inner_texts()
        for part in (".ticket-head", ".context__person", ".properties", ".message__body", ".composer__tabs")
    }
