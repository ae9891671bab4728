"""An admin makes a form with a condition in the builder; then it is answered in the portal, by the API and by mail."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.e2e.company import Company, token
from tests.e2e.desk import RunningDesk
from tests.e2e.surfing import Surfer
from tests.mail.post import raw
from tests.wait import until
from tickets.models import Form, HelpTopic, Mailbox, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk

RETURNS = "returns@desk.example"
REASONS = "broken = It arrived broken\nwrong = It is something else"


@pytest.fixture
def topic(company: Company) -> Iterator[HelpTopic]:
    """A help topic and its mailbox; both go behind the test, so that no other meets their form."""
    made = factories.help_topic(company.support, "Returns", slug="returns")
    box = factories.mailbox(company.support, address=RETURNS, help_topic=made)
    yield made
    HelpTopic.objects.filter(pk=made.pk).update(is_enabled=False)
    Mailbox.objects.filter(pk=box.pk).update(is_enabled=False)


def build(page: Page) -> Form:
    page.goto("/staff/forms/")
    page.get_by_label("Name").fill("Returns")
    page.get_by_role("button", name="Create").click()
    add(page, "Choice")
    page.get_by_label("Label").fill("Reason")
    page.get_by_label("Choices").fill(REASONS)
    save(page)
    add(page, "Text")
    page.get_by_label("Label").fill("What came instead")
    page.get_by_label("Required").select_option("send")
    condition = page.get_by_role("group", name="Show it only if")
    condition.get_by_label("Field").first.select_option("reason")
    condition.get_by_label("Value").first.fill("wrong")
    save(page)
    expect(page.locator("ol li", has_text="only if Reason is It is something else")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published as version 1.")).to_be_visible()
    return Form.objects.get(name="Returns")


def add(page: Page, kind: str) -> None:
    page.get_by_label("Add").select_option(label=kind)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(re.compile("/items/new/"))


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/staff/forms/returns/(#|$)"))


def test_what_was_built_is_answered_in_three_ways(
    desk: RunningDesk, surfer: Surfer, company: Company, admin: str, topic: HelpTopic
) -> None:
    form = build(surfer.window(admin))
    HelpTopic.objects.filter(pk=topic.pk).update(form=form)
    answers = {"reason": "wrong", "what_came_instead": "A kettle"}
    for ticket in (by_portal(surfer), by_api(desk, company), by_mail(desk)):
        assert (ticket.fields, ticket.form_version) == (answers, form.versions.get())


def by_portal(surfer: Surfer) -> Ticket:
    page = surfer.window()
    page.goto("/tickets/new/?topic=returns")
    page.get_by_label("Your name").fill("Olga Petrova")
    page.get_by_label("Your e-mail address").fill("olga.returns@customers.example")
    page.get_by_label("Subject").fill("Returned in the portal")
    page.get_by_label("What happened?").fill("I ordered a lamp.")
    page.get_by_label("What is it about?").select_option("returns")
    page.get_by_label("Reason").select_option("broken")
    expect(page.get_by_label("What came instead")).to_be_hidden()
    page.get_by_label("Reason").select_option("wrong")
    page.get_by_label("What came instead").fill("A kettle")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    return Ticket.objects.get(subject="Returned in the portal")


def by_api(desk: RunningDesk, company: Company) -> Ticket:
    secret = token(company.tomas)
    body = {"subject": "Returned by the API", "body": "I ordered a lamp.", "help_topic": "returns"}
    refused = desk.call(secret, "POST", "", body | {"fields": {"reason": "wrong"}})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"fields.what_came_instead"})
    made = desk.call(secret, "POST", "", body | {"fields": {"reason": "wrong", "what_came_instead": "A kettle"}})
    assert made.status_code == 201, made.text
    return Ticket.objects.get(number=made.json()["number"])


def by_mail(desk: RunningDesk) -> Ticket:
    text = "I ordered a lamp.\n\nReason: It is something else\nWhat came instead: A kettle\n"
    sender = "olga.returns@customers.example"
    desk.receive(raw(sender=sender, to=RETURNS, subject="Returned by mail", body=text), sender, RETURNS)
    return until(lambda: Ticket.objects.filter(subject="Returned by mail").first())
