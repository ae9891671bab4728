"""Signing up, signing in, passwords; and what none of it tells about who is known."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from portal.access import client_ip, network
from tests import factories, people
from tests.mail import post
from tickets.actions.people import find_or_create
from tickets.mail import letters
from tickets.models import OutboundEmail, User

LOGIN, SIGNUP, RESET = "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"
NEW_PASSWORD = "a dozen quiet herons"


def login(client: Client, email: str, password: str = people.PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": email, "password": password, **more})


def sign_up(client: Client, email: str, **more: Any) -> Any:
    return client.post(SIGNUP, {"email": email, "name": "Grace Okafor", "password1": NEW_PASSWORD, **more})


def mailed_link(recipient: str) -> str:
    return re.search(r"^http://localhost:8000(/\S+)\s*$", mailed_text(recipient), re.MULTILINE)[1]


def mailed_text(recipient: str) -> str:
    """What the newest mail to this address says when it leaves."""
    return post.text(post.read(letters.render(OutboundEmail.objects.filter(recipient=recipient).latest("pk"))))


def set_password(client: Client, link: str, password: str = NEW_PASSWORD) -> Any:
    form = client.get(link, follow=True).redirect_chain[-1][0]
    return client.post(form, {"password1": password, "password2": password})


class TestSignIn:
    @pytest.mark.parametrize(
        ("make", "place"),
        [(people.customer, "/tickets/"), (people.agent, "/staff/"), (people.admin, "/staff/")],
    )
    def test_leads_everybody_to_their_place(self, client: Client, desk: Any, make: Any, place: str) -> None:
        assert login(client, make().email)["Location"] == "/after-login/"
        assert client.get("/after-login/")["Location"] == place

    def test_needs_a_confirmed_address(self, client: Client, customer: User) -> None:
        EmailAddress.objects.update(verified=False)
        login(client, customer.email)
        assert "_auth_user_id" not in client.session

    def test_gives_the_session_a_new_name(self, client: Client, customer: User, request_form: Any) -> None:
        client.post("/tickets/new/", request_form())
        before = client.session.session_key
        login(client, customer.email)
        assert client.session.session_key not in (None, before)

    def test_signing_out_kills_the_session(self, signed_in: Client) -> None:
        stolen = signed_in.cookies["sessionid"].value
        signed_in.post("/accounts/logout/")
        thief = Client()
        thief.cookies["sessionid"] = stolen
        assert thief.get("/tickets/").status_code == 302

    def test_reading_the_page_signs_nobody_out(self, signed_in: Client) -> None:
        signed_in.get("/accounts/logout/")
        assert signed_in.get("/tickets/").status_code == 200

    @pytest.mark.parametrize(
        "place",
        [
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "http:evil.example",
            "javascript:alert(1)",
            "http://127.0.0.1/tickets/",
            "https://testserver@evil.example/",
            "\thttps://evil.example",
        ],
    )
    def test_next_stays_on_the_host(self, client: Client, customer: User, place: str) -> None:
        assert login(client, customer.email, next=place)["Location"] == "/after-login/"

    def test_next_leads_on(self, client: Client, customer: User) -> None:
        assert login(client, customer.email, next="/tickets/123456/")["Location"] == "/tickets/123456/"

    def test_is_the_same_for_known_and_unknown_addresses(self, customer: User, same_page: Any) -> None:
        answers = set()
        for address in (customer.email, "nobody@customers.example", people_by_mail().email):
            response = login(Client(), address, "wrong password")
            answers.add((response.status_code, same_page(response).replace(address, "")))
        assert len(answers) == 1

    def test_a_giant_password_is_refused(self, client: Client, customer: User) -> None:
        assert login(client, customer.email, "x" * 1_000_000).status_code == 400

    def test_posts_need_the_token(self, customer: User) -> None:
        assert login(Client(enforce_csrf_checks=True), customer.email).status_code == 403


class TestGuessing:
    def test_from_one_network(self, desk: Any) -> None:
        pages = [login(Client(), f"guest{n}@customers.example", "wrong").content.decode() for n in range(31)]
        assert ["Too many failed" in page for page in pages] == [False] * 30 + [True]

    def test_valkey_is_not_needed(self, client: Client, customer: User, settings: Any) -> None:
        gone = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {"default": gone}
        assert login(client, customer.email).status_code == 302

    def guess(self, customer: User, number: int, client: Client | None = None, password: str = "wrong") -> Any:
        return (client or Client(REMOTE_ADDR=f"192.0.2.{number}")).post(
            LOGIN, {"login": customer.email, "password": password}, REMOTE_ADDR=f"192.0.2.{number}"
        )

    def test_from_many_networks_is_slowed_down_for_this_address(self, customer: User) -> None:
        for number in range(20):
            self.guess(customer, number)
        right = self.guess(customer, 99, password=people.PASSWORD)
        assert right.status_code == 200
        assert "Too many failed" in right.content.decode()

    def test_locks_out_neither_others_nor_a_known_device(self, customer: User) -> None:
        home, other = Client(), people.customer()
        login(home, customer.email)
        home.post("/accounts/logout/")
        for number in range(20):
            self.guess(customer, number)
        assert login(home, customer.email).status_code == 302
        assert login(Client(), other.email).status_code == 302

    def test_a_known_device_is_known_for_its_own_address_only(self, customer: User) -> None:
        thief = Client()
        login(thief, people.customer().email)
        thief.post("/accounts/logout/")
        for number in range(10):
            self.guess(customer, number, thief)
        assert "Too many failed" in self.guess(customer, 70, thief, people.PASSWORD).content.decode()


def people_by_mail(address: str = "bymail@customers.example") -> User:
    """Somebody who only ever wrote mail: no password, no confirmed address."""
    return find_or_create(address, "By Mail")


class TestSignUp:
    def test_the_whole_way(self, client: Client, desk: Any) -> None:
        assert sign_up(client, "Grace@Customers.example").status_code == 302
        person = User.objects.get(email="grace@customers.example")
        assert (person.name, person.is_agent, person.is_superuser) == ("Grace Okafor", False, False)
        login(client, person.email, NEW_PASSWORD)
        assert "_auth_user_id" not in client.session
        link = mailed_link(person.email)
        client.get(link)
        assert not EmailAddress.objects.get().verified  # mail scanners follow links
        client.post(link)
        assert EmailAddress.objects.get().verified
        login(client, person.email, NEW_PASSWORD)
        assert client.session["_auth_user_id"] == str(person.pk)

    def test_joins_the_organization_of_the_address(self, client: Client, desk: Any) -> None:
        organization = people.organization(domains=["customers.example"])
        sign_up(client, "grace@customers.example")
        assert User.objects.get().organization == organization

    def test_privileges_cannot_be_typed_in(self, client: Client, desk: Any) -> None:
        sign_up(client, "grace@customers.example", is_superuser="1", is_agent="1", is_staff="1", role="admin")
        person = User.objects.get()
        assert (person.is_agent, person.is_superuser) == (False, False)

    def test_is_the_same_for_every_address(self, customer: User, same_page: Any) -> None:
        answers = set()
        for address in (customer.email, people_by_mail().email, "nobody@customers.example"):
            browser = Client()
            response = sign_up(browser, address)
            page = browser.get(response["Location"])
            answers.add((response.status_code, response["Location"], same_page(page).replace(address, "")))
        assert len(answers) == 1
        assert OutboundEmail.objects.count() == 3
        assert User.objects.count() == 3

    def test_changes_nothing_of_somebody_known(self, client: Client, customer: User) -> None:
        sign_up(client, customer.email)
        customer.refresh_from_db()
        assert customer.check_password(people.PASSWORD)
        assert customer.name == "Tomás Herrera"

    @pytest.mark.parametrize("password", ["short", "1234567890", "password123"])
    def test_refuses_weak_passwords(self, client: Client, desk: Any, password: str) -> None:
        assert sign_up(client, "grace@customers.example", password1=password).status_code == 200
        assert not User.objects.exists()

    def test_is_limited(self, client: Client, desk: Any) -> None:
        codes = [sign_up(Client(), f"guest{n}@customers.example").status_code for n in range(11)]
        assert codes == [302] * 10 + [429]


class TestReset:
    def test_the_whole_way_for_somebody_known_by_mail_only(self, client: Client, desk: Any) -> None:
        person = people_by_mail()
        ticket = factories.ticket(person)
        client.post(RESET, {"email": person.email})
        set_password(client, mailed_link(person.email))
        assert EmailAddress.objects.get(user=person).verified
        login(client, person.email, NEW_PASSWORD)
        assert ticket.subject in client.get("/tickets/").content.decode()

    def test_confirms_no_address_but_the_mailed_one(self, client: Client, customer: User) -> None:
        EmailAddress.objects.update(verified=False)
        EmailAddress.objects.create(user=customer, email="second@customers.example", verified=True)
        client.post(RESET, {"email": "second@customers.example"})
        set_password(client, mailed_link("second@customers.example"))
        assert not EmailAddress.objects.get(email=customer.email).verified

    def test_is_the_same_for_every_address(self, customer: User, same_page: Any) -> None:
        answers = set()
        switched_off = people.customer(is_active=False)
        for address in (customer.email, people_by_mail().email, switched_off.email, "nobody@customers.example"):
            browser = Client()
            response = browser.post(RESET, {"email": address})
            page = browser.get(response["Location"])
            answers.add((response.status_code, response["Location"], same_page(page).replace(address, "")))
        assert len(answers) == 1

    def test_answers_every_address_by_mail(self, customer: User, client: Client) -> None:
        for address in (customer.email, "nobody@customers.example"):
            client.post(RESET, {"email": address})
            assert OutboundEmail.objects.get(recipient=address).kind == "account"

    def test_abuse_23_asks_the_database_the_same_of_every_address(self, customer: User, make_statements: Any) -> None:
        """What takes the same steps takes the same time."""
        known, unknown = make_statements(customer.email), make_statements("nobody@customers.example")
        assert known == unknown
        assert not [sql for sql in known if "tickets_user" in sql or "emailaddress" in sql]

    @pytest.fixture
    def make_statements(self) -> Any:
        def asked(address: str) -> list[str]:
            with CaptureQueriesContext(connection) as seen:
                Client().post(RESET, {"email": address})
            return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in seen.captured_queries]

        asked("warm@customers.example")
        return asked

    @pytest.mark.parametrize("known", [True, False])
    def test_abuse_23_mails_three_times_an_hour_and_answers_the_same(self, customer: User, known: bool) -> None:
        address = customer.email if known else "nobody@customers.example"
        answers = [Client().post(RESET, {"email": address}) for _ in range(10)]
        assert {(answer.status_code, answer["Location"]) for answer in answers} == {
            (302, "/accounts/password/reset/done/")
        }
        assert OutboundEmail.objects.count() == 3

    def test_is_limited_by_network(self, customer: User) -> None:
        codes = [Client().post(RESET, {"email": f"guest{n}@customers.example"}).status_code for n in range(21)]
        assert codes == [302] * 20 + [429]

    def test_links_lead_to_the_configured_host(self, client: Client, customer: User) -> None:
        for address in (customer.email, "nobody@customers.example"):
            client.post(RESET, {"email": address}, headers={"Host": "127.0.0.1"})
            text = mailed_text(address)
            assert "http://localhost:8000/accounts/" in text
            assert "127.0.0.1" not in text

    def test_a_forged_host_is_refused(self, client: Client, customer: User) -> None:
        response = client.post(RESET, {"email": customer.email}, headers={"Host": "evil.example"})
        assert response.status_code == 400
        assert not OutboundEmail.objects.exists()

    @pytest.fixture
    def link(self, client: Client, customer: User) -> str:
        client.post(RESET, {"email": customer.email})
        return mailed_link(customer.email)

    def refused(self, link: str) -> bool:
        browser = Client()
        page = browser.get(link, follow=True)
        return 'name="password1"' not in page.content.decode()

    def test_a_link_works_once(self, client: Client, link: str) -> None:
        set_password(client, link)
        assert self.refused(link)

    def test_for_one_day(self, link: str, settings: Any) -> None:
        assert not self.refused(link)
        settings.PASSWORD_RESET_TIMEOUT = -1
        assert self.refused(link)

    def test_until_the_address_changes(self, link: str, customer: User) -> None:
        User.objects.filter(pk=customer.pk).update(email="moved@customers.example")
        EmailAddress.objects.update(email="moved@customers.example")
        assert self.refused(link)

    def test_for_its_own_person(self, link: str, customer: User) -> None:
        from allauth.account.utils import user_pk_to_url_str

        mine, theirs = user_pk_to_url_str(customer), user_pk_to_url_str(people.customer())
        assert self.refused(link.replace(f"/key/{mine}-", f"/key/{theirs}-"))
        assert self.refused(link[:-5] + "/")
        assert self.refused(f"/accounts/password/reset/key/{mine}-%25/")

    def test_ends_every_other_session(self, client: Client, customer: User) -> None:
        other = Client()
        other.force_login(customer)
        client.post(RESET, {"email": customer.email})
        set_password(client, mailed_link(customer.email))
        assert other.get("/tickets/").status_code == 302

    def test_tells_the_owner(self, client: Client, link: str, customer: User) -> None:
        set_password(client, link)
        assert OutboundEmail.objects.latest("pk").context["subject"] == "Your password was changed"


class TestPasswordChange:
    def change(self, client: Client, old: str = people.PASSWORD, new: str = NEW_PASSWORD) -> Any:
        return client.post("/accounts/password/change/", {"oldpassword": old, "password1": new, "password2": new})

    def test_ends_other_sessions_and_keeps_this_one(self, customer: User) -> None:
        here, there = Client(), Client()
        for browser in (here, there):
            browser.force_login(customer)
        assert self.change(here).status_code == 302
        assert here.get("/tickets/").status_code == 200
        assert there.get("/tickets/").status_code == 302

    def test_needs_the_old_one(self, signed_in: Client, customer: User) -> None:
        self.change(signed_in, old="wrong")
        customer.refresh_from_db()
        assert customer.check_password(people.PASSWORD)

    def test_refuses_a_giant_one(self, signed_in: Client) -> None:
        assert self.change(signed_in, new="x" * 1_000_000).status_code == 400


class TestFirstAdmin:
    TYPED = {"name": "Ada Admin", "email": "Ada@desk.example", "password": NEW_PASSWORD}

    @pytest.fixture
    def link(self, db: None, capsys: pytest.CaptureFixture[str]) -> str:
        call_command("setup_link")
        return urlsplit(capsys.readouterr().out.strip()).path

    def test_is_made_by_the_link_and_signed_in(self, client: Client, link: str) -> None:
        assert client.get(link).status_code == 200
        assert client.post(link, self.TYPED)["Location"] == "/after-login/"
        admin = User.objects.get()
        assert (admin.email, admin.is_superuser, admin.is_agent) == ("ada@desk.example", True, True)
        assert client.get("/after-login/")["Location"] == "/staff/"
        assert login(Client(), admin.email, NEW_PASSWORD).status_code == 302

    def test_once(self, client: Client, link: str) -> None:
        client.post(link, self.TYPED)
        assert client.get(link).status_code == 404
        assert client.post(link, {**self.TYPED, "email": "eve@desk.example"}).status_code == 404
        assert User.objects.count() == 1
        with pytest.raises(CommandError, match="has an admin already"):
            call_command("setup_link")

    def test_within_a_day(self, client: Client, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.core import signing

        now = signing.time.time()
        monkeypatch.setattr(signing.time, "time", lambda: now + 25 * 3600)
        assert client.get(link).status_code == 404

    def test_not_by_a_forged_link(self, client: Client, link: str) -> None:
        assert client.get("/setup/admin/").status_code == 404
        assert client.get(link[:-2] + "/").status_code == 404

    def test_somebody_known_by_mail_can_become_admin(self, client: Client, link: str) -> None:
        person = people_by_mail("ada@desk.example")
        client.post(link, self.TYPED)
        person.refresh_from_db()
        assert person.is_superuser

    @pytest.mark.parametrize("changes", [{"password": "short"}, {"email": "nonsense"}, {"name": ""}])
    def test_bad_input_is_named(self, client: Client, link: str, changes: dict[str, str]) -> None:
        assert client.post(link, {**self.TYPED, **changes}).status_code == 422
        assert not User.objects.exists()

    def test_posts_need_the_token(self, link: str) -> None:
        assert Client(enforce_csrf_checks=True).post(link, self.TYPED).status_code == 403


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, "6.6.6.6", "192.0.2.1", "192.0.2.1"),
        (1, "6.6.6.6, 198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (2, "6.6.6.6, 198.51.100.7, 10.0.0.2", "10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "10.0.0.1", "10.0.0.1"),
        (1, "nonsense", "10.0.0.1", "10.0.0.1"),
        (0, "", "", "0.0.0.0"),
    ],
)
def test_the_client_address(settings: Any, proxies: int, forwarded: str, remote: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)
    assert client_ip(request) == expected


def test_an_ipv6_customer_is_a_whole_64() -> None:
    requests = [RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:1:2::{part}") for part in ("1", "ffff:1")]
    assert {network(request) for request in requests} == {"2001:db8:1:2::"}
