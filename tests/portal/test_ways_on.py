"""Pages that people meet when something went wrong: in their language, and with a way on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from helpdesk import errors
from portal import wording
from tests import people
from tickets import brand
from tickets.models import Desk, Mailbox, PortalText, User

GONE = "/tickets/unsent/11111111-1111-1111-1111-111111111111/"


@pytest.mark.parametrize(
    ("path", "status", "way"),
    [
        ("/nowhere/", 404, "/links/"),
        (GONE, 404, "/tickets/new/"),
        ("/accounts/confirm-email/", 200, "/accounts/login/"),
        ("/accounts/confirm-email/x/", 200, "/accounts/login/"),
        ("/accounts/password/reset/done/", 200, "/accounts/login/"),
        ("/accounts/password/reset/key/1-x/", 200, "/accounts/password/reset/"),
        ("/accounts/inactive/", 200, "/tickets/new/"),
    ],
)
def test_leads_on(client: Client, desk: Any, path: str, status: int, way: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert f'href="{way}"' in answer.content.decode().partition("<main")[2].partition("</main>")[0]


def test_an_old_link_to_an_address_leads_to_ones_addresses(signed_in: Client) -> None:
    page = signed_in.get("/accounts/email/join/gone/").content.decode()
    assert "This link does not work any more" in page
    assert 'class="button button--primary" href="/accounts/email/"' in page


def test_who_lost_the_cookie_is_not_told_of_permissions(desk: Any) -> None:
    answer = Client(enforce_csrf_checks=True).post("/links/", {"email": "a@b.example"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Please send it once more" in page
    assert "permission" not in page
    answer = Client(enforce_csrf_checks=True).post("/api/nowhere/")
    assert answer.status_code in {403, 404}
    assert answer["Content-Type"] == "application/problem+json"


def test_a_broken_desk_says_so_without_its_database() -> None:
    answer = errors.server_error(RequestFactory().get("/", headers={"Accept-Language": "ar"}))
    assert answer.status_code == 500
    assert 'lang="ar" dir="rtl"' in answer.content.decode()


def test_a_closed_portal_names_its_address(client: Client, desk: Any) -> None:
    Mailbox.objects.create(
        name="Main", address="help@desk.example", department=desk.default_department, is_default=True
    )
    Desk.objects.update(is_offline=True)
    Desk.forget()
    assert 'href="mailto:help@desk.example"' in client.get("/").content.decode()
    PortalText.objects.create(place="offline", language="en", html="<p>Call us.</p>")
    brand.forget()
    assert "help@desk.example" not in client.get("/").content.decode()


def test_addresses_keep_their_order_from_right_to_left(signed_in: Client, customer: User) -> None:
    assert wording.isolated("7@b.example") == "7@b.example"
    with translation.override("ar"):
        assert wording.isolated("7@b.example") == "\u20687@b.example\u2069"
    signed_in.post("/accounts/reauthenticate/", {"password": people.PASSWORD})
    said = signed_in.post("/accounts/email/", {"email": customer.email, "action_remove": ""}, follow=True)
    assert f"{customer.email} is your main address" in said.content.decode()
    User.objects.update(language="ar")
    said = signed_in.post("/accounts/email/", {"email": customer.email, "action_remove": ""}, follow=True)
    assert f"\u2068{customer.email}\u2069" in said.content.decode()


@pytest.mark.parametrize("code", ["de", "ar"])
def test_a_password_that_will_not_do_is_refused_in_the_readers_language(client: Client, desk: Any, code: str) -> None:
    typed = {"email": "nope", "name": "", "password1": "x1"}
    page = client.post("/accounts/signup/", typed, headers={"Accept-Language": code}).content.decode()
    with translation.override(code):
        short = translation.ngettext("At least %(count)d character.", "At least %(count)d characters.", 10)
        wrong = translation.gettext("This is not an e-mail address. Example: name@company.example")
    assert page.count(short % {"count": 10}) == 2  # as a help, and as what is wrong
    assert "At least" not in page
    assert wrong in page
    assert "placeholder" not in page.partition("<main")[2]
