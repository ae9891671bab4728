"""What the admin keeps from breaking: things in use stay, states stay, tags stay in step."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import factories, people
from tests.admin.rows import ROWS, status
from tests.admin.test_pages import address
from tickets import sla
from tickets.models import BusinessHours, Desk, HelpTopic, Role, Status, Tag, Ticket, User


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def fields_of(response: Any, **changes: Any) -> dict[str, Any]:
    """What a browser would send back for the form on the page, inlines included."""
    context = response.context
    forms = [context["adminform"].form]
    typed: dict[str, Any] = {}
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                typed[bound.html_name] = getattr(value, "pk", value)
    return typed | changes


USED = {
    "businesshours": lambda row: factories.sla_policy(business_hours=row),
    "department": lambda row: factories.help_topic(row),
    "helptopic": lambda row: factories.help_topic(row.department, parent=row),
    "mailbox": lambda row: type(row.department).objects.update(mailbox=row),
    "organization": lambda row: people.customer(organization=row),
    "role": lambda row: people.agent().memberships.create(department=factories.department(), role=row),
    "slapolicy": lambda row: factories.department(sla_policy=row),
    "status": lambda row: Ticket.objects.filter(pk=factories.ticket().pk).update(status=row),
    "team": lambda row: factories.help_topic(factories.department(), team=row),
    "user": lambda row: factories.ticket(row),
}


@pytest.mark.parametrize("model", USED)
def test_what_is_in_use_is_not_deleted_and_the_page_says_why(at_work: Client, model: str) -> None:
    row = ROWS[model]()
    USED[model](row)
    for send in (at_work.get, at_work.post):
        answer = send(address(model, "delete", row.pk), {"post": "yes"}, follow=True)
        assert answer.redirect_chain[-1][0] == address(model, "change", row.pk)
        assert "cannot be deleted: it is used by" in said(answer)
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", ["apitoken", "role", "status", "tag", "team"])
def test_what_nobody_uses_is_deleted(at_work: Client, model: str) -> None:
    row = ROWS[model]()
    assert at_work.get(address(model, "delete", row.pk)).status_code == 200
    at_work.post(address(model, "delete", row.pk), {"post": "yes"})
    assert not type(row).objects.filter(pk=row.pk).exists()


def test_a_status_keeps_its_state(at_work: Client) -> None:
    row = status()
    page = at_work.get(address("status", "change", row.pk))
    at_work.post(address("status", "change", row.pk), fields_of(page, state="closed", label="Waiting for parts"))
    assert Status.objects.values_list("state", "label").get(pk=row.pk) == ("open", "Waiting for parts")


def test_a_topic_cannot_lie_under_itself(at_work: Client) -> None:
    top = factories.help_topic(factories.department())
    below = factories.help_topic(top.department, parent=top)
    page = at_work.get(address("helptopic", "change", top.pk))
    answer = at_work.post(address("helptopic", "change", top.pk), fields_of(page, parent=below.pk))
    assert "cannot lie under itself" in answer.content.decode()
    assert HelpTopic.objects.get(pk=top.pk).parent is None


def test_the_order_of_topics_is_typed_into_the_list(at_work: Client) -> None:
    topic = factories.help_topic(factories.department())
    rows = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": topic.pk,
        "form-0-position": 7,
        "_save": "Save",
    }
    at_work.post(address("helptopic", "changelist"), rows)
    assert HelpTopic.objects.get(pk=topic.pk).position == 7


def test_permissions_of_a_role_are_ticked_by_their_meaning(at_work: Client) -> None:
    page = at_work.get(address("role", "add")).content.decode()
    assert "Write internal notes" in page
    at_work.post(address("role", "add"), {"name": "Reader", "permissions": ["view", "note"]})
    assert Role.objects.get(name="Reader").permissions == ["view", "note"]
    answer = at_work.post(address("role", "add"), {"name": "Odd", "permissions": ["everything"]})
    assert not answer.context["adminform"].form.is_valid()


def test_changed_hours_count_at_once(at_work: Client) -> None:
    hours = factories.business_hours()
    assert sla.load_calendar(hours.pk)
    sla._calendars[hours.pk] = "stale"
    page = at_work.get(address("businesshours", "change", hours.pk))
    answer = at_work.post(address("businesshours", "change", hours.pk), fields_of(page, zone="Europe/Berlin"))
    assert answer.status_code == 302
    assert BusinessHours.objects.get(pk=hours.pk).zone == "Europe/Berlin"
    assert hours.pk not in sla._calendars


@pytest.mark.parametrize(("opens", "closes"), [("17:00", "09:00"), ("09:00", "09:00")])
def test_hours_that_end_before_they_begin_are_refused(at_work: Client, opens: str, closes: str) -> None:
    hours = factories.business_hours()
    page = at_work.get(address("businesshours", "change", hours.pk))
    typed = fields_of(page, **{"ranges-0-opens": opens, "ranges-0-closes": closes})
    answer = at_work.post(address("businesshours", "change", hours.pk), typed)
    assert "Closing time must be after opening time." in answer.content.decode()


def test_a_renamed_tag_is_renamed_on_its_tickets(at_work: Client) -> None:
    ticket = factories.ticket()
    tag = Tag.objects.create(name="wifi")
    Ticket.objects.filter(pk=ticket.pk).update(tag_names=["urgent", "wifi"])
    at_work.post(address("tag", "change", tag.pk), {"name": " Wireless  LAN "})
    assert Ticket.objects.get(pk=ticket.pk).tag_names == ["urgent", "wireless lan"]
    at_work.post(address("tag", "delete", tag.pk), {"post": "yes"})
    assert Ticket.objects.get(pk=ticket.pk).tag_names == ["urgent"]


def test_the_desk_is_one_row_that_stays(at_work: Client) -> None:
    here = address("desk", "change", 1)
    assert at_work.get(address("desk", "changelist"))["Location"] == here
    assert at_work.get(address("desk", "add")).status_code == 403
    assert at_work.post(address("desk", "delete", 1), {"post": "yes"}).status_code == 403
    at_work.post(here, fields_of(at_work.get(here), name="Acme Support"))
    assert Desk.current().name == "Acme Support"
    answer = at_work.post(here, fields_of(at_work.get(here), number_format="###"))
    assert "5 to 12 #" in answer.content.decode()


def test_domains_of_an_organization_are_tidied(at_work: Client, admin: User) -> None:
    row = people.organization()
    page = at_work.get(address("organization", "change", row.pk))
    typed = fields_of(page, domains="@Acme.example, acme.example ,b.example")
    at_work.post(address("organization", "change", row.pk), typed)
    row.refresh_from_db()
    assert row.domains == ["acme.example", "b.example"]
