"""The builder: an admin makes a form on its pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import people
from tests.forms import DEVICE, form
from tickets.models import Form

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(people.admin())
    return client


def add(browser: Client, slug: str, kind: str, **typed: Any) -> Any:
    made = Form.objects.get(slug=slug)
    data = {
        "revision": made.revision,
        "audience": "customers",
        "required": "never",
        "show_join": "all",
        "require_join": "all",
    }
    return browser.post(f"/staff/forms/{slug}/items/new/?kind={kind}", data | typed)


def test_a_form_is_made_published_and_changed(browser: Client) -> None:
    assert browser.post("/staff/forms/", {"name": "Device"})["Location"] == "/staff/forms/device/"
    assert (
        add(browser, "device", "choice", label="Device", choices="laptop = Laptop or tablet\nPhone").status_code == 302
    )
    condition = {"show_0_field": "device", "show_0_op": "is", "show_0_value": "Laptop or tablet"}
    assert add(browser, "device", "text", label="Serial number", required="send", **condition).status_code == 302
    page = browser.get("/staff/forms/device/").content.decode()
    assert "only if Device is Laptop or tablet" in page
    assert "Only if Device is Laptop or tablet." in page  # in the preview
    browser.post("/staff/forms/device/", {"publish": "1"})
    made = Form.objects.select_related("current").get()
    assert made.current.items == [
        {
            "kind": "choice", "key": "device", "label": "Device", "audience": "customers", "required": "never",
            "choices": [{"value": "laptop", "label": "Laptop or tablet"}, {"value": "Phone", "label": "Phone"}],
        },
        {
            "kind": "text", "key": "serial_number", "label": "Serial number", "audience": "customers",
            "required": "send", "show": {"field": "device", "op": "is", "value": "laptop"},
        },
    ]  # fmt: skip


def test_items_move_and_go(browser: Client) -> None:
    form(DEVICE, name="Device")
    for button, place, first in (("down", "0", "Device"), ("up", "1", "Your device"), ("remove", "0", "Device")):
        made = Form.objects.get()
        browser.post("/staff/forms/device/", {"revision": made.revision, button: place})
        assert Form.objects.get().draft[0]["label"] == first


def test_a_page_that_is_old_changes_nothing(browser: Client) -> None:
    form(DEVICE, name="Device")
    response = browser.post("/staff/forms/device/", {"revision": "0", "remove": "0"})
    assert response.status_code == 409
    assert "Somebody else changed this form meanwhile" in response.content.decode()
    assert len(Form.objects.get().draft) == len(DEVICE)


def test_what_cannot_be_published_says_why(browser: Client) -> None:
    made = form(DEVICE, name="Device")
    browser.post("/staff/forms/device/", {"revision": made.revision, "down": "1"})
    page = browser.get("/staff/forms/device/").content.decode()
    assert "“Serial number” depends on “Device”, which has to stand above it." in page
    assert browser.post("/staff/forms/device/", {"publish": "1"}).status_code == 400


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"label": ""}, "This field is required."),
        ({"label": "Device"}, "There is a field “device” in this form already."),
        ({"label": "x", "key": "Not a key"}, "A key begins with a letter"),
        ({"label": "x", "audience": "agents", "required": "send"}, "What customers cannot fill in"),
        (
            {"label": "x", "show_0_field": "age", "show_0_op": "at_least", "show_0_value": "old"},
            "This is not a number.",
        ),
        ({"label": "x", "show_0_field": "device", "show_0_op": "is"}, "Please give a value to compare with."),
    ],
)
def test_mistakes_stand_at_their_field(browser: Client, typed: dict[str, str], sentence: str) -> None:
    form(DEVICE, name="Device")
    response = add(browser, "device", "text", **typed)
    assert response.status_code == 400
    assert sentence in response.content.decode()


def test_every_kind_can_be_added_and_opened(browser: Client) -> None:
    shared = form([{"kind": "text", "key": "street", "label": "Street"}], name="Address", is_field_set=True)
    browser.post("/staff/forms/", {"name": "All"})
    kinds = [
        kind for kind, _label in Form.draft.field.model._meta.apps.get_model("tickets", "Field").kind.field.choices
    ]
    for kind in kinds:
        more = {"form": shared.slug} if kind == "field_set" else {"choices": "A\nB"} if "choice" in kind else {}
        assert add(browser, "all", kind, label=f"One {kind}", **more).status_code == 302, kind
    for index in range(len(kinds)):
        assert browser.get(f"/staff/forms/all/items/{index}/").status_code == 200
    assert browser.post("/staff/forms/all/", {"publish": "1"}).status_code == 302
    assert "Street" in browser.get("/staff/forms/all/").content.decode()


def test_a_nested_condition_is_kept(browser: Client) -> None:
    nested = {"not": {"any": [{"field": "a", "op": "answered"}]}}
    form(
        [{"kind": "text", "key": "a", "label": "A"}, {"kind": "text", "key": "b", "label": "B", "show": nested}],
        name="Nested",
    )
    made = Form.objects.get()
    typed = {
        "revision": made.revision,
        "label": "Bee",
        "key": "b",
        "audience": "customers",
        "required": "never",
        "require_join": "all",
    }
    assert browser.post("/staff/forms/nested/items/1/", typed).status_code == 302
    assert Form.objects.get().draft[1] == {
        "kind": "text", "key": "b", "label": "Bee", "audience": "customers", "required": "never", "show": nested,
    }  # fmt: skip


def test_an_earlier_version_is_taken_back(browser: Client) -> None:
    made = form(DEVICE, name="Device")
    browser.post("/staff/forms/device/", {"revision": made.revision, "remove": "0"})
    made = Form.objects.get()
    browser.post("/staff/forms/device/", {"revision": made.revision, "version": "1"})
    assert len(Form.objects.get().draft) == len(DEVICE)


def test_sites_are_named(browser: Client) -> None:
    form(DEVICE, name="Device")
    browser.post("/staff/forms/device/", {"origins": "https://www.company.example/\nhttps://b.example"})
    assert Form.objects.get().allowed_origins == ["https://www.company.example", "https://b.example"]
    assert "script async src=" in browser.get("/staff/forms/device/").content.decode()
    assert browser.post("/staff/forms/device/", {"origins": "*"}).status_code == 400


@pytest.mark.parametrize("path", ["nothing/", "device/items/99/", "device/items/new/", "device/items/new/?kind=x"])
def test_what_is_not_there(browser: Client, path: str) -> None:
    form(DEVICE, name="Device")
    assert browser.get(f"/staff/forms/{path}").status_code == 404


def test_agents_have_no_way_in() -> None:
    client = Client()
    client.force_login(people.agent())
    assert client.get("/staff/forms/").status_code == 403


def test_the_list_costs_the_same(browser: Client) -> None:
    costs = []
    for count in (1, 2):
        for _form in range(count):
            form(DEVICE)
        browser.get("/staff/forms/")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/staff/forms/")
        costs.append(len(queries))
    assert costs[0] == costs[1]
