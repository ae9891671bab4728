"""Several addresses of one person; and what nobody can do with somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from tests import factories, people
from tests.portal.test_accounts import login, mailed_link, sign_up
from tickets import links
from tickets.actions.people import find_or_create
from tickets.models import OutboundEmail, Ticket, User

SECOND = "second@customers.example"
PAGE = "/accounts/email/"


@pytest.fixture
def proved(signed_in: Client, customer: User) -> Client:
    """Signed in, and has just typed the password once more."""
    signed_in.post("/accounts/reauthenticate/", {"password": people.PASSWORD})
    return signed_in


def add(client: Client, address: str) -> Any:
    return client.post(PAGE, {"action_add": "", "email": address})


def test_the_password_is_asked_first(signed_in: Client) -> None:
    assert "/reauthenticate/" in add(signed_in, SECOND)["Location"]
    assert not OutboundEmail.objects.exists()


def test_nothing_is_kept_before_the_mail_is_answered(proved: Client, customer: User) -> None:
    add(proved, SECOND)
    assert not EmailAddress.objects.filter(email=SECOND).exists()
    link = mailed_link(SECOND)
    assert proved.get(link).status_code == 200
    assert not EmailAddress.objects.filter(email=SECOND).exists()  # mail scanners follow links
    proved.post(link)
    assert EmailAddress.objects.get(email=SECOND).user == customer
    assert login(Client(), SECOND)["Location"] == "/after-login/"


def test_says_the_same_of_every_address(proved: Client, same_page: Any) -> None:
    answers = set()
    for address in (SECOND, find_or_create("bymail@customers.example").email, people.customer().email):
        response = add(proved, address)
        page = same_page(proved.get(response["Location"])).replace(address, "")
        answers.add((response.status_code, response["Location"], page))
    assert len(answers) == 1


def test_who_was_known_by_mail_becomes_one_with_the_person(proved: Client, customer: User) -> None:
    ticket = factories.ticket(find_or_create(SECOND, "Second"))
    token = links.guest_token(ticket, ticket.requester)
    add(proved, SECOND)
    link = mailed_link(SECOND)
    assert b"1 ticket was opened from this address" in proved.get(link).content
    proved.post(link)
    assert ticket.number.encode() in proved.get("/tickets/").content
    assert Client().get(f"/t/{token}/")["Location"] == f"/tickets/{ticket.number}/"  # mailed before
    assert find_or_create(SECOND) == customer


def test_a_link_adds_nothing_to_the_account_of_who_follows_it(proved: Client, customer: User) -> None:
    """Else somebody could be talked into handing over their own tickets."""
    victim = people.customer()
    add(proved, victim.email)
    link = mailed_link(victim.email)
    browser = Client()
    assert browser.get(link)["Location"].startswith("/accounts/login/")
    browser.force_login(victim)
    for answer in (browser.get(link), browser.post(link)):
        assert answer.status_code == 403
    assert not EmailAddress.objects.filter(user=customer, email=victim.email).exists()


@pytest.mark.parametrize("why", ["agent", "app", "off"])
def test_some_accounts_cannot_become_part_of_another(proved: Client, customer: User, why: str) -> None:
    other = people.agent(factories.department()) if why == "agent" else people.customer(is_active=why != "off")
    if why == "app":
        Authenticator.objects.create(user=other, type="totp", data={"secret": "x"})
    add(proved, other.email)
    answer = proved.post(mailed_link(other.email))
    assert answer.status_code == 422
    other.refresh_from_db()
    assert other.merged_into is None
    assert not EmailAddress.objects.filter(user=customer, email=other.email).exists()


class TestAbuse51:
    """Links: used twice, old, of somebody else, after the password or the main address changed."""

    def test_twice_changes_nothing(self, proved: Client) -> None:
        add(proved, SECOND)
        link = mailed_link(SECOND)
        proved.post(link)
        proved.post(link)
        assert EmailAddress.objects.filter(email=SECOND).count() == 1

    @pytest.mark.parametrize("change", ["password", "address"])
    def test_dies_with_the_account_as_it_was(self, proved: Client, customer: User, change: str) -> None:
        link = links.join_url(customer, SECOND)
        if change == "password":
            customer.set_password("another long one")
        else:
            customer.email = "new@customers.example"
        customer.save()
        assert links.read_join_token(link.rstrip("/").rpartition("/")[2]) is None

    def test_dies_after_a_day(self, customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
        token = links.join_url(customer, SECOND).rstrip("/").rpartition("/")[2]
        assert links.read_join_token(token)
        monkeypatch.setattr("tickets.links.JOIN_HOURS", -1)
        assert links.read_join_token(token) is None

    @pytest.mark.parametrize("token", ["%25", "x", "a:b:c"])
    def test_nonsense_is_nothing(self, signed_in: Client, token: str) -> None:
        assert signed_in.get(f"/accounts/email/join/{token}/").status_code == 404


def test_whoever_signed_up_with_an_address_first_does_not_get_its_tickets(proved: Client, customer: User) -> None:
    """A sign-up that was never confirmed holds nobody off."""
    sign_up(Client(), SECOND)
    squatter = User.objects.get(email=SECOND)
    add(proved, SECOND)
    proved.post(mailed_link(SECOND))
    squatter.refresh_from_db()
    assert squatter.merged_into == customer
    assert Ticket.objects.filter(requester=squatter).count() == 0
    assert "_auth_user_id" not in Client().session
