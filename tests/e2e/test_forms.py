"""A help topic's form in the browser: answered with and without scripts, and decided there as on the server."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import forms
from tests.e2e.company import Company
from tests.e2e.surfing import Surfer
from tests.test_fields import CASES
from tickets.models import Form, HelpTopic, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


@pytest.fixture
def asking(company: Company) -> HelpTopic:
    """A topic whose form has a branch; taken off behind the test."""
    form = Form.objects.filter(name="Device").first() or forms.form(forms.DEVICE, name="Device")
    topic = HelpTopic.objects.get(slug="broken")
    HelpTopic.objects.filter(pk=topic.pk).update(form=form)
    yield topic
    HelpTopic.objects.filter(pk=topic.pk).update(form=None)


def write(page: Page, subject: str) -> None:
    page.get_by_label("Your name").fill("Rui Silva")
    page.get_by_label("Your e-mail address").fill("rui.forms@customers.example")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("What happened?").fill("It went out at noon.")


def test_questions_come_with_the_topic_and_follow_the_answers(surfer: Surfer, asking: HelpTopic) -> None:
    page = surfer.window()
    page.goto("/tickets/new/")
    write(page, "Form with scripts")
    expect(page.get_by_label("Device")).to_have_count(0)
    page.get_by_label("What is it about?").select_option(asking.slug)
    expect(page.get_by_label("Serial number")).to_be_hidden()
    page.get_by_label("Device").select_option("laptop")
    expect(page.get_by_label("Serial number")).to_be_visible()
    page.get_by_label("Serial number").fill("4711")
    page.get_by_label("Age in years").fill("3")
    expect(page.get_by_text("Bring the charger")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    assert Ticket.objects.get(subject="Form with scripts").fields == {"device": "laptop", "serial": "4711", "age": 3}


def test_without_scripts_the_same_form_does(surfer: Surfer, asking: HelpTopic) -> None:
    page = surfer.window(javascript=False)
    page.goto("/tickets/new/")
    write(page, "Form without scripts")
    page.get_by_label("What is it about?").select_option(asking.slug)
    page.get_by_role("button", name="Show its questions").click()
    expect(page.get_by_text("Only if Device is Laptop.")).to_be_visible()
    page.get_by_label("Device").select_option("laptop")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".field--wrong")).to_contain_text("Please answer this.")
    page.get_by_label("Serial number").fill("4712")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/tickets/received/**")
    assert Ticket.objects.get(subject="Form without scripts").fields == {"device": "laptop", "serial": "4712"}


def test_the_browser_decides_as_the_server_does(surfer: Surfer, company: Company) -> None:
    page = surfer.window()
    page.goto("/tickets/new/")
    for condition, values, expected in CASES:
        found: Any = page.evaluate(
            "([condition, values]) => customElements.get('form-branches').holds(condition, values)", [condition, values]
        )
        assert found is expected, (condition, values)
