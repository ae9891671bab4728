"""People and keys in the admin: no password is ever typed or shown, a secret is shown once, one admin stays."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client

from tests import factories, people
from tests.admin.test_pages import address
from tests.admin.test_routing import fields_of, said
from tickets.models import ApiToken, Membership, OutboundEmail, Role, Ticket, User


def change(client: Client, person: User, **changes: Any) -> Any:
    page = address("user", "change", person.pk)
    typed = fields_of(client.get(page), **changes)
    return client.post(page, {name: value for name, value in typed.items() if value is not None})


def new_person(**changes: Any) -> dict[str, Any]:
    return {
        "email": "Neu@Desk.example", "name": "Nia Neu", "is_active": "on", "is_available": "on",
        "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0, **changes,
    }  # fmt: skip


def test_a_new_agent_has_no_password_and_is_mailed_the_way_to_one(at_work: Client) -> None:
    role, where = Role.objects.create(name="Only looks", permissions=["view"]), factories.department()
    typed = new_person(is_agent="on", **{
        "memberships-TOTAL_FORMS": 1, "memberships-0-department": where.pk, "memberships-0-role": role.pk,
    })  # fmt: skip
    answer = at_work.post(address("user", "add"), typed, follow=True)
    person = User.objects.get(email="neu@desk.example")
    assert not person.has_usable_password()
    assert Membership.objects.get(user=person).role == role
    assert "on its way to neu@desk.example" in said(answer)
    mail = OutboundEmail.objects.get(kind="account")
    assert mail.recipient == person.email
    assert f"{settings.BASE_URL}/accounts/password/reset/key/" in mail.context["text"]


def test_a_new_customer_gets_no_mail(at_work: Client) -> None:
    at_work.post(address("user", "add"), new_person())
    assert not User.objects.get(email="neu@desk.example").has_usable_password()
    assert not OutboundEmail.objects.exists()


def test_the_link_lets_the_person_choose_a_password(at_work: Client) -> None:
    at_work.post(address("user", "add"), new_person(is_agent="on"))
    text = OutboundEmail.objects.get().context["text"]
    path = "/accounts/" + text.split("/accounts/")[1].split()[0]
    visitor = Client()
    form = visitor.get(path, follow=True)
    visitor.post(form.redirect_chain[-1][0], {"password1": people.PASSWORD, "password2": people.PASSWORD})
    assert User.objects.get(email="neu@desk.example").check_password(people.PASSWORD)


def test_links_are_mailed_to_the_chosen_ones_who_are_active(at_work: Client) -> None:
    chosen = [people.customer(), people.customer(), people.customer(is_active=False)]
    typed = {"action": "mail_password_link", "_selected_action": [person.pk for person in chosen]}
    answer = at_work.post(address("user", "changelist"), typed, follow=True)
    assert said(answer) == "2 links are on their way. 1 person is switched off and was left out."
    assert {mail.recipient for mail in OutboundEmail.objects.all()} == {person.email for person in chosen[:2]}


def test_hashes_are_nowhere(at_work: Client) -> None:
    person = people.agent(factories.department())
    pages = [address("user", "changelist"), address("user", "change", person.pk), address("user", "history", person.pk)]
    for page in pages:
        text = at_work.get(page).content.decode()
        assert person.password not in text
        assert 'type="password"' not in text
    assert at_work.get(f"/admin/tickets/user/{person.pk}/password/").status_code in {302, 404}


@pytest.mark.parametrize("field", ["is_active", "is_superuser"])
def test_the_last_active_admin_stays_one(at_work: Client, admin: User, field: str) -> None:
    people.admin(is_active=False)
    answer = change(at_work, admin, **{field: None})
    assert "last active admin" in answer.content.decode()
    admin.refresh_from_db()
    assert admin.is_active
    assert admin.is_superuser
    assert "needs an admin" in said(at_work.post(address("user", "delete", admin.pk), {"post": "yes"}, follow=True))


def test_one_of_two_admins_may_go(at_work: Client, admin: User) -> None:
    other = people.admin()
    assert change(at_work, other, is_superuser=None).status_code == 302
    other.refresh_from_db()
    assert not other.is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_switch_each_other_off_at_once_leave_one() -> None:
    pair = [people.admin(), people.admin()]
    browsers = [Client(), Client()]
    forms = []
    for browser, one, other in zip(browsers, pair, reversed(pair), strict=True):
        browser.force_login(one)
        page = address("user", "change", other.pk)
        forms.append((browser, page, fields_of(browser.get(page))))
    start = threading.Barrier(2)

    def send(browser: Client, page: str, typed: dict[str, Any]) -> None:
        typed.pop("is_active")
        start.wait()
        browser.post(page, typed)
        connection.close()

    threads = [threading.Thread(target=send, args=form) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


def test_a_person_switched_off_is_out_at_once(at_work: Client) -> None:
    person = people.agent(factories.department())
    visitor = Client()
    visitor.force_login(person)
    assert visitor.get("/tickets/").status_code == 200
    change(at_work, person, is_active=None)
    assert visitor.get("/tickets/").status_code == 302


def test_a_new_address_is_unproved_and_the_old_one_is_gone(at_work: Client) -> None:
    person = people.customer(email="old@customers.example")
    change(at_work, person, email="new@customers.example")
    assert not EmailAddress.objects.filter(user=person).exists()


def test_a_new_name_shows_in_lists_of_tickets(at_work: Client) -> None:
    person = people.customer(name="Old Name")
    ticket = factories.ticket(person)
    change(at_work, person, name="New Name")
    assert Ticket.objects.get(pk=ticket.pk).requester_name == "New Name"


def test_the_secret_of_a_token_is_shown_once(at_work: Client) -> None:
    person = people.agent()
    answer = at_work.post(address("apitoken", "add"), {"name": "Monitoring", "user": person.pk, "scope": "read"})
    token = ApiToken.objects.get()
    secret = answer.context["secret"]
    assert ApiToken.digest_of(secret) == token.digest
    assert f'value="{secret}"' in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in str(answer.cookies) + str(dict(at_work.session)) + str(list(get_messages(answer.wsgi_request)))
    for page in (address("apitoken", "changelist"), address("apitoken", "change", token.pk), "/admin/"):
        text = at_work.get(page).content.decode()
        assert secret not in text
        assert token.digest not in text


def test_a_token_stays_the_key_of_its_person(at_work: Client) -> None:
    token = ApiToken(name="Monitoring", user=people.agent())
    token.set_new_secret()
    token.save()
    page = address("apitoken", "change", token.pk)
    at_work.post(page, {"name": "Alerts", "user": people.admin().pk, "scope": "read"})
    after = ApiToken.objects.get()
    assert (after.name, after.user, after.scope, after.digest) == ("Alerts", token.user, "read", token.digest)
