"""Every verb on an open ticket, once with the mouse and once with keys alone, in one visit without a page load."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from operator import attrgetter
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tests import factories
from tests.e2e.company import Company
from tests.e2e.hands import Keys, Mouse
from tests.e2e.surfing import Surfer
from tickets.actions import checklist, conversation
from tickets.models import Department, Status, Team, Ticket
from tickets.states import State

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


LATER = date(timezone.localdate().year + 2, 5, 5)  # day and month alike: browsers differ in which comes first


class Visit:
    """Somebody's work on one ticket. `hand` is how; `ticket` is its row as it is now."""

    def __init__(self, page: Page, hand: Mouse | Keys, ticket: Ticket) -> None:
        self.page, self.hand, self.pk = page, hand, ticket.pk
        page.goto(f"/staff/tickets/{ticket.number}/")
        page.evaluate("window.stays = true")

    @property
    def ticket(self) -> Ticket:
        return Ticket.objects.get(pk=self.pk)

    def act(self, verb: str, notice: str) -> None:
        """A verb that is done at once."""
        self.hand.verb(verb)
        self.told(notice)

    def form(self, verb: str) -> Locator:
        """A verb's form, open and ready to be filled in: its first field has the focus."""
        self.hand.verb(verb)
        return self.opened(f"#{verb}-form")

    def opened(self, where: str) -> Locator:
        form = self.page.locator(f"{where} form")
        expect(form.locator(":focus")).to_have_count(1)
        return form

    def send(self, form: Locator, notice: str) -> None:
        self.hand.press(form.locator(".form__actions button"))
        self.told(notice)

    def told(self, notice: str) -> None:
        """The page said so, was not loaded anew, and the focus is somewhere in the ticket."""
        expect(self.page.locator(".toast").last).to_contain_text(notice)
        expect(self.page.locator("#ticket :focus")).to_have_count(1)
        assert self.page.evaluate("window.stays === true")

    def undo(self) -> None:
        self.hand.undo()
        self.told("Taken back.")

    def tried(self, verb: str, fill: Callable[[Locator], None], notice: str, value: Callable[[Ticket], object]) -> None:
        """A form that is sent, taken back, and sent again: `value` is what it changes."""
        before = value(self.ticket)
        for is_kept in (False, True):
            form = self.form(verb)
            fill(form)
            self.send(form, notice)
            assert value(self.ticket) != before, verb
            if not is_kept:
                self.undo()
                assert value(self.ticket) == before, verb


of_team = attrgetter("team")
urgency = attrgetter("priority")
label = attrgetter("status")
due = attrgetter("manual_due_at")


def tagged(ticket: Ticket) -> set[str]:
    return set(ticket.tag_names)


@pytest.fixture(params=[Mouse, Keys], ids=["mouse", "keys"])
def hand(request: Any) -> type[Mouse] | type[Keys]:
    return request.param


@pytest.fixture
def visit(surfer: Surfer, company: Company, hand: type[Mouse] | type[Keys]) -> Visit:
    page = surfer.window(company.ana.email)
    made = factories.ticket(company.tomas, company.support, subject="The lift hums")
    conversation.receive(made, by=company.tomas, body="And the door squeaks.", source="web")
    return Visit(page, hand(page), made)


def test_whose_it_is_how_urgent_and_until_when(visit: Visit, company: Company) -> None:
    team, _ = Team.objects.get_or_create(name="Night shift")
    team.members.add(company.ana)
    status, _ = Status.objects.get_or_create(slug="parts", state=State.OPEN, label="Waits for parts")
    visit.act("take", "It is yours.")
    assert (visit.ticket.assignee, visit.ticket.state) == (company.ana, State.OPEN)

    form = visit.form("assign")
    visit.hand.choose(form.get_by_label("Agent or team"), "Joan Okafor")
    visit.send(form, "Assigned to Joan Okafor.")
    assert visit.ticket.assignee == company.joan
    visit.undo()
    assert visit.ticket.assignee == company.ana

    hand = visit.hand
    visit.tried(
        "assign", lambda form: hand.choose(form.get_by_label("Agent or team"), "Night shift"), "Night shift", of_team
    )
    visit.tried("priority", lambda form: hand.choose(form.get_by_label("Priority"), "High"), "Priority set.", urgency)
    visit.tried(
        "status", lambda form: hand.choose(form.get_by_label("Status"), "Waits for parts"), "Status set.", label
    )
    visit.tried("tags", lambda form: hand.write(form.get_by_label("Tags"), "lift, noise"), "Tags set.", tagged)
    visit.tried("due", lambda form: hand.date(form.get_by_label("Due date"), LATER), "Due date set.", due)
    assert visit.ticket.manual_due_at.date() == LATER
    assert (visit.ticket.team, visit.ticket.status) == (team, status)

    visit.tried("snooze", lambda form: None, "Snoozed until", lambda ticket: ticket.is_asleep)
    visit.act("wake", "Awake again.")
    visit.undo()
    assert visit.ticket.is_asleep
    visit.act("wake", "Awake again.")
    visit.act("start", "You are working on it.")
    visit.undo()
    assert visit.ticket.state == State.OPEN
    visit.act("follow", "You follow this ticket.")
    visit.undo()
    assert not visit.ticket.followers.filter(user=company.ana).exists()
    visit.act("follow", "You follow this ticket.")
    visit.act("unfollow", "You no longer follow")
    visit.undo()
    assert visit.ticket.followers.filter(user=company.ana).exists()


def test_how_it_ends(surfer: Surfer, company: Company, admin: str, hand: type[Mouse] | type[Keys]) -> None:
    """The verbs of admins too. Resolving and closing tell the customer, in whose mail they are held for a moment."""
    page = surfer.window(admin)
    visit = Visit(page, hand(page), factories.ticket(company.tomas, company.support, subject="The lift stands"))
    visit.hand.verb("revoke-links")
    visit.hand.press(page.get_by_role("button", name="Yes, do it"))
    visit.told("Earlier e-mail links no longer work.")
    visit.undo()
    for verb, notice, state in (
        ("resolve", "Resolved.", State.RESOLVED),
        ("close", "Closed.", State.CLOSED),
        ("reopen", "Reopened.", State.REOPENED),
        ("close", "Closed.", State.CLOSED),
    ):
        visit.act(verb, notice)
        assert visit.ticket.state == state
    visit.act("archive", "Archived.")
    visit.undo()
    assert visit.ticket.archived_at is None
    visit.act("archive", "Archived.")
    visit.act("unarchive", "Taken from the archive.")
    visit.undo()
    assert visit.ticket.archived_at is not None
    visit.act("unarchive", "Taken from the archive.")
    visit.hand.verb("trash")
    visit.hand.press(page.get_by_role("button", name="Yes, do it"))
    visit.told("Put into the trash.")
    visit.act("restore", "Taken from the trash.")
    assert visit.ticket.deleted_at is None
    visit.hand.print()
    page.wait_for_url("**/print/")
    expect(page.locator(".paper__facts")).to_contain_text("Closed")


def test_what_hangs_on_it(visit: Visit, company: Company) -> None:
    other = factories.ticket(company.tomas, company.support, subject="The lift squeaks")
    form = visit.form("link")
    visit.hand.write(form.get_by_label("Ticket number"), other.number)
    visit.send(form, f"Linked with #{other.number}.")
    visit.undo()
    expect(visit.page.get_by_role("button", name=f"Take off the link to #{other.number}")).to_have_count(0)
    form = visit.form("link")
    visit.hand.write(form.get_by_label("Ticket number"), other.number)
    visit.send(form, f"Linked with #{other.number}.")
    form = visit.form("task")
    visit.hand.write(form.get_by_label("What is to be done?"), "Order oil")
    visit.send(form, "Task added.")
    visit.hand.press(visit.page.get_by_role("button", name="Done: Order oil"))
    visit.told("Task done.")
    assert visit.ticket.tasks.get().done_at is not None
    visit.undo()
    assert visit.ticket.tasks.get().done_at is None

    form = visit.form("merge")
    visit.hand.write(form.get_by_label("Ticket numbers"), other.number)
    visit.send(form, "Merged into this ticket.")
    assert Ticket.objects.get(pk=other.pk).merged_into_id == visit.pk
    visit.hand.press(visit.page.get_by_role("button", name=f"Unmerge #{other.number}"))
    expect(visit.page.get_by_role("button", name=f"Unmerge #{other.number}")).to_have_count(0)
    assert Ticket.objects.get(pk=other.pk).merged_into_id is None


def test_who_takes_part(visit: Visit, company: Company, hand: type[Mouse] | type[Keys]) -> None:
    mine = hand.__name__.lower()
    form = visit.form("collaborator")
    visit.hand.write(form.get_by_label("E-mail address"), f"porter-{mine}@customers.example")
    visit.send(form, "takes part now.")
    visit.undo()
    form = visit.form("collaborator")
    visit.hand.write(form.get_by_label("E-mail address"), f"porter-{mine}@customers.example")
    visit.send(form, "takes part now.")
    visit.hand.press(visit.page.get_by_role("button", name=f"Let porter-{mine}@customers.example only read"))
    expect(visit.page.get_by_role("button", name=f"Let porter-{mine}@customers.example answer")).to_be_visible()
    form = visit.form("side")
    visit.hand.write(form.get_by_label("To"), f"maker-{mine}@lifts.example")
    visit.hand.write(form.get_by_label("Message"), "Do you have oil?")
    visit.send(form, "The answer will stand here as a note.")
    assert visit.ticket.side_conversations.count() == 1
    form = visit.form("requester")
    visit.hand.write(form.get_by_label("E-mail address of the requester"), f"boss-{mine}@customers.example")
    visit.hand.tick(form.get_by_label("The requester until now goes on taking part"))
    visit.send(form, "is the requester now.")
    found = visit.ticket
    assert found.requester.email == f"boss-{mine}@customers.example"
    assert found.followers.filter(user=company.tomas).exists()


def test_what_goes_elsewhere(visit: Visit, company: Company) -> None:
    billing = Department.objects.get(name="Billing")
    visit.hand.press(visit.page.get_by_role("link", name="Split off").last)
    form = visit.opened("#message-form")
    visit.hand.write(form.get_by_label("Subject of the new ticket"), "The door squeaks")
    visit.send(form, "Split off to this ticket.")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("The door squeaks")
    visit.pk = Ticket.objects.get(number=visit.page.locator(".number").inner_text().strip("#")).pk

    form = visit.form("transfer")
    visit.hand.choose(form.get_by_label("Department", exact=True), "Billing")
    visit.hand.write(form.get_by_label("Note for the new department"), "Yours, I think.")
    visit.send(form, "Billing")
    assert visit.ticket.department == billing
    visit.hand.press(visit.form("spam").locator(".form__actions button"))
    expect(visit.page.locator(".toast").last).to_contain_text("Marked as spam.")
    assert visit.ticket.deleted_at is not None
    visit.hand.undo()
    expect(visit.page.locator(".toast").last).to_contain_text("Taken back.")
    assert visit.ticket.deleted_at is None


def test_many_at_once(surfer: Surfer, company: Company, hand: type[Mouse] | type[Keys]) -> None:
    """Two of three are chosen; one of them cannot be resolved, which is told by ticket."""
    page, word = surfer.window(company.ana.email), f"Bell{hand.__name__.lower()}"
    made = [factories.ticket(company.tomas, company.support, subject=f"{word} {n}") for n in range(3)]
    checklist.add_task(made[1], by=company.ana, title="Oil it")
    page.goto(f"/staff/search/?q={word}")
    hands = hand(page)
    hands.choose_rows([made[2], made[1]])
    expect(page.locator("[data-count]")).to_have_text("2 chosen")
    hands.press(page.locator("#bulk button[value=resolve]"))
    page.wait_for_url("**/staff/bulk/*/")
    hands.press(page.get_by_role("main").get_by_role("button", name="Resolve: 2 tickets"))
    expect(page.get_by_role("status").filter(has_text="1 not done")).to_be_visible()
    expect(page.locator(".bulk-list").first).to_contain_text(f"#{made[1].number}")
    states = {one.pk: one.state for one in Ticket.objects.filter(pk__in=[one.pk for one in made])}
    assert [states[one.pk] for one in made] == [State.NEW, State.NEW, State.RESOLVED]
    hands.press(page.get_by_role("link", name="Back to the list"))
    page.wait_for_url(f"**/search/?q={word}*")
    hands.choose_rows([made[0]])
    hands.press(page.get_by_role("button", name="More for the chosen tickets"))
    hands.press(page.locator("#bulk-more button[value=due]"))
    page.wait_for_url("**/staff/bulk/*/")
    hands.date(page.get_by_label("Due date"), LATER)
    hands.press(page.get_by_role("main").get_by_role("button", name="Due date: 1 ticket"))
    expect(page.locator(".toast")).to_contain_text("Due date: 1 ticket.")
    assert Ticket.objects.get(pk=made[0].pk).manual_due_at is not None
