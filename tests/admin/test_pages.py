"""Every page of the admin: it opens, it is ordered, and its lists stay cheap."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories, people
from tests.admin.rows import ROWS
from tickets.admin.desk_site import GROUPS, PAGES
from tickets.mail import health
from tickets.models import Desk, User

READ_ONLY = {"inboundemail", "message", "outboundemail", "ticket", "ticketevent", "webhookdelivery"}
SITE = django_admin.site


def address(model: str, page: str, *args: Any) -> str:
    return reverse(f"admin:tickets_{model}_{page}", args=args)


def test_every_model_has_its_place_and_a_row_in_these_tests() -> None:
    names = {model._meta.object_name for model in SITE._registry}
    assert names == {name for _label, group in GROUPS for name in group}
    assert {model._meta.model_name for model in SITE._registry} == set(ROWS) | {"desk", "brand"}


def test_the_index_is_grouped(at_work: Client) -> None:
    groups = at_work.get("/admin/").context["app_list"]
    names = [
        (group["name"], [model["object_name"] for model in group["models"] if model["object_name"]]) for group in groups
    ]
    assert names == GROUPS
    assert at_work.get("/admin/tickets/").status_code == 200


def test_the_pages_without_a_model_are_reached_from_the_index(at_work: Client) -> None:
    page = at_work.get("/admin/").content.decode()
    for _group, name, words in PAGES:
        assert f'href="{reverse(f"admin:{name}")}"' in page
        assert str(words) in page
    assert at_work.get(reverse("admin:tickets_dkimkey_samples")).status_code == 200


def test_topics_are_listed_as_the_tree_they_are(at_work: Client) -> None:
    where = factories.department()
    first = factories.help_topic(where, "Zebra", position=1)
    second = factories.help_topic(where, "Apple", position=2)
    factories.help_topic(where, "Below apple", parent=second)
    low = factories.help_topic(where, "Low", parent=first, position=9)
    factories.help_topic(where, "Lowest", parent=low)
    factories.help_topic(where, "High", parent=first)
    rows = at_work.get(address("helptopic", "changelist")).context["cl"].result_list
    assert [topic.name for topic in rows] == ["Zebra", "High", "Low", "Lowest", "Apple", "Below apple"]


@pytest.mark.parametrize("model", ROWS)
def test_lists_cost_the_same_with_one_row_and_with_three(at_work: Client, model: str) -> None:
    costs = []
    for more in (1, 2):
        for _ in range(more):
            ROWS[model]()
        Desk.forget()  # or it depends on the clock who reads it
        health.forget()
        with CaptureQueriesContext(connection) as queries:
            assert at_work.get(address(model, "changelist"), {"q": ""}).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 15


@pytest.mark.parametrize("model", ROWS)
def test_pages_of_one_row_open(at_work: Client, model: str) -> None:
    row = ROWS[model]()
    page = at_work.get(address(model, "change", row.pk))
    assert page.status_code == 200
    assert ('name="_save"' in page.content.decode()) is (model not in READ_ONLY)
    assert at_work.get(address(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", [model for model in ROWS if model not in READ_ONLY | {"erasurerequest"}])
def test_pages_for_new_rows_open(at_work: Client, model: str) -> None:
    assert at_work.get(address(model, "add")).status_code == 200


@pytest.mark.parametrize("model", ROWS)
def test_lists_can_be_searched(at_work: Client, model: str) -> None:
    ROWS[model]()
    page = at_work.get(address(model, "changelist"), {"q": "no such thing 7"})
    assert page.status_code == 200
    assert 'name="q"' in page.content.decode()
    assert "0 " in page.content.decode()


@pytest.mark.parametrize("model", sorted(READ_ONLY))
def test_what_the_desk_wrote_is_only_looked_at(at_work: Client, model: str) -> None:
    row = ROWS[model]()
    before = type(row).objects.values().get(pk=row.pk)
    assert at_work.get(address(model, "add")).status_code == 403
    for page in ("change", "delete"):
        answer = at_work.post(address(model, page, row.pk), {"state": "closed", "subject": "x", "post": "yes"})
        assert answer.status_code == 403
    assert type(row).objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("model", ROWS)
def test_nothing_is_deleted_in_bulk(at_work: Client, model: str) -> None:
    row = ROWS[model]()
    chosen = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    at_work.post(address(model, "changelist"), chosen)
    assert type(row).objects.filter(pk=row.pk).exists()
    assert "delete_selected" not in at_work.get(address(model, "changelist")).content.decode()


def test_mails_about_accounts_do_not_show_their_links(at_work: Client) -> None:
    row = ROWS["outboundemail"]()
    assert "canary-link" not in at_work.get(address("outboundemail", "change", row.pk)).content.decode()


@pytest.mark.parametrize("field", ["organization", "department", "helptopic", "user"])
def test_look_ups_answer_and_stay_cheap(at_work: Client, field: str) -> None:
    source = {
        "organization": ("user", "organization"), "department": ("mailbox", "department"),
        "helptopic": ("helptopic", "parent"), "user": ("apitoken", "user"),
    }[field]  # fmt: skip
    costs = []
    for more in (1, 2):
        for _ in range(more):
            ROWS[field]()
        asked = {"term": "", "app_label": "tickets", "model_name": source[0], "field_name": source[1]}
        Desk.forget()  # or it depends on the clock who reads it
        health.forget()
        with CaptureQueriesContext(connection) as queries:
            answer = at_work.get("/admin/autocomplete/", asked)
        assert answer.json()["results"]
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 5


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/tickets/ticket/", "/admin/no-such-page/"])
def test_only_admins_come_in(client: Client, admin: User, path: str) -> None:
    assert client.get(path)["Location"].startswith("/accounts/login/?next=/admin/")
    for person in (people.customer(), people.agent()):
        client.force_login(person)
        assert client.get(path).status_code == 403


def test_strangers_sign_in_on_the_portals_page(client: Client, admin: User) -> None:
    end = client.get("/admin/tickets/desk/", follow=True)
    assert end.redirect_chain[-1][0] == "/accounts/login/?next=/admin/tickets/desk/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_in_leads_nowhere_else(at_work: Client, target: str) -> None:
    assert at_work.get("/admin/login/", {"next": target})["Location"] == "/admin/"


def test_signing_out_and_changing_the_password_are_the_portals(at_work: Client) -> None:
    assert at_work.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert at_work.get("/admin/logout/").status_code == 405
    assert at_work.post("/admin/logout/")["Location"] == "/"
    assert at_work.get("/admin/").status_code == 302
