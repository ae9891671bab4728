"""Signing in by a code that goes by mail."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal import codes
from tests import people
from tests.portal.test_accounts import mailed_text, people_by_mail, sign_up
from tickets.models import OutboundEmail, User

ASK, CONFIRM = "/accounts/login/code/", "/accounts/login/code/confirm/"


def mailed_code(address: str) -> str:
    return re.search(r"^([A-Z]{4}-[A-Z]{4})\s*$", mailed_text(address), re.MULTILINE)[1]


def sign_in(client: Client, address: str, **more: Any) -> Any:
    client.post(ASK, {"email": address, **more})
    return client.post(CONFIRM, {"code": mailed_code(address).lower().replace("-", " ")})


def test_signs_in_and_gives_the_session_a_new_name(client: Client, customer: User) -> None:
    client.post(ASK, {"email": customer.email.upper()})
    before = client.session.session_key
    assert client.post(CONFIRM, {"code": mailed_code(customer.email)})["Location"] == "/after-login/"
    assert client.session["_auth_user_id"] == str(customer.pk)
    assert client.session.session_key != before


def test_leads_on(client: Client, customer: User) -> None:
    assert sign_in(client, customer.email, next="/kb/")["Location"] == "/kb/"


def test_next_stays_on_the_host(client: Client, customer: User) -> None:
    assert sign_in(client, customer.email, next="https://evil.example/")["Location"] == "/after-login/"


def test_makes_an_account_of_who_only_ever_wrote_mail(client: Client, desk: Any) -> None:
    person = people_by_mail()
    sign_in(client, person.email)
    assert client.session["_auth_user_id"] == str(person.pk)
    assert EmailAddress.objects.get(user=person).verified


def test_a_password_set_before_the_address_was_proved_is_void(client: Client, desk: Any) -> None:
    """Else who signed up with somebody's address before them could come in later."""
    sign_up(Client(), "grace@customers.example")
    sign_in(client, "grace@customers.example")
    assert not User.objects.get(email="grace@customers.example").has_usable_password()


def test_works_once_and_in_this_browser_only(client: Client, customer: User) -> None:
    sign_in(client, customer.email)
    code, other = mailed_code(customer.email), Client()
    other.post(ASK, {"email": "nobody@customers.example"})
    for browser in (client, other, Client()):
        browser.post(CONFIRM, {"code": code})
    assert "_auth_user_id" not in other.session


def test_five_guesses_end_it(client: Client, customer: User) -> None:
    client.post(ASK, {"email": customer.email})
    code = mailed_code(customer.email)
    pages = [client.post(CONFIRM, {"code": "BBBB-BBBB"}).content for _guess in range(codes.GUESSES)]
    assert b"does not work any more" in pages[-1]
    assert b"does not work any more" not in pages[-2]
    client.post(CONFIRM, {"code": code})
    assert "_auth_user_id" not in client.session


def test_is_good_for_ten_minutes(client: Client, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "MINUTES", 0)
    sign_in(client, customer.email)
    assert "_auth_user_id" not in client.session


def test_is_the_same_for_every_address(customer: User, same_page: Any) -> None:
    answers, statements = set(), []
    off = people.customer(is_active=False)
    Client().post(ASK, {"email": "warm@customers.example"})
    for address in (customer.email, people_by_mail().email, off.email, "nobody@customers.example"):
        browser = Client()
        with CaptureQueriesContext(connection) as seen:
            response = browser.post(ASK, {"email": address})
        statements.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in seen.captured_queries])
        page, wrong = browser.get(CONFIRM), browser.post(CONFIRM, {"code": "BBBB-BBBB"})
        pages = [same_page(one).replace(address, "") for one in (page, wrong)]
        answers.add((response.status_code, response["Location"], wrong.status_code, *pages))
    assert len(answers) == 1
    assert all(one == statements[0] for one in statements)
    assert not [sql for sql in statements[0] if "tickets_user" in sql or "emailaddress" in sql]


def test_an_unknown_address_gets_a_mail_without_a_code(client: Client, desk: Any) -> None:
    client.post(ASK, {"email": "nobody@customers.example"})
    text = mailed_text("nobody@customers.example")
    assert "there is no account" in text
    assert not re.search(r"[A-Z]{4}-[A-Z]{4}", text)


def test_abuse_23_mails_five_an_hour_to_one_address(customer: User) -> None:
    for _try in range(10):
        Client().post(ASK, {"email": customer.email})
    assert OutboundEmail.objects.filter(recipient=customer.email).count() == 5


def test_the_authenticator_app_is_asked_for_as_well(client: Client, customer: User) -> None:
    Authenticator.objects.create(user=customer, type="totp", data={"secret": "x"})
    assert sign_in(client, customer.email)["Location"] == "/accounts/mfa/authenticate/"
    assert "_auth_user_id" not in client.session


class TestAgain:
    """People without a password prove by a code that it is still them."""

    @pytest.fixture
    def old_session(self, client: Client, customer: User) -> Client:
        customer.set_unusable_password()
        customer.save()
        client.force_login(customer)
        return client

    def test_what_was_sent_goes_on_afterwards(self, old_session: Client, customer: User) -> None:
        asked = old_session.post("/accounts/data/copy/")
        assert asked["Location"].startswith("/accounts/code/?next=")
        old_session.post("/accounts/code/", {"next": "/accounts/data/copy/"})
        done = old_session.post(CONFIRM, {"code": mailed_code(customer.email), "next": "/accounts/data/copy/"})
        assert done["Location"] == "/accounts/data/"
        assert customer.data_exports.count() == 1

    def test_a_code_just_used_to_sign_in_is_enough(self, client: Client, desk: Any) -> None:
        person = people_by_mail()
        sign_in(client, person.email)
        assert client.post("/accounts/data/copy/")["Location"] == "/accounts/data/"

    def test_a_code_for_signing_in_proves_nothing_here(self, old_session: Client, customer: User) -> None:
        assert old_session.get(ASK)["Location"] == "/after-login/"


@pytest.mark.parametrize(("mode", "by_mail", "signs_up"), [("open", 1, 200), ("invited", 1, 200), ("closed", 0, 200)])
def test_who_gets_an_account(settings: Any, desk: Any, mode: str, by_mail: int, signs_up: int) -> None:
    settings.SIGN_UP = mode
    person, browser = people_by_mail(), Client()
    browser.post(ASK, {"email": person.email})
    assert bool(re.search(r"[A-Z]{4}-[A-Z]{4}", mailed_text(person.email))) is bool(by_mail)
    page = browser.get("/accounts/signup/").content.decode()
    assert ("password1" in page) is (mode == "open")
    sign_up(Client(), "new@customers.example")
    assert User.objects.filter(email="new@customers.example").exists() is (mode == "open")
    assert ("Make one" in browser.get("/accounts/login/").content.decode()) is (mode == "open")
