"""Guests follow a ticket by the link from a mail, and by nothing else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client

from tests import factories, people
from tickets.actions import triage
from tickets.links import guest_token, guest_url
from tickets.models import Department, OutboundEmail, Ticket, User
from tickets.states import State


@pytest.fixture
def link(ticket: Ticket) -> str:
    return urlsplit(guest_url(ticket, ticket.requester)).path


def test_the_link_opens_its_ticket(client: Client, ticket: Ticket, link: str) -> None:
    response = client.get(link)
    assert response["Location"] == f"/tickets/{ticket.number}/"
    page = client.get(response["Location"]).content.decode()
    assert ticket.subject in page
    assert 'name="body"' in page
    assert "_auth_user_id" not in client.session


def test_and_no_other_ticket(client: Client, ticket: Ticket, link: str) -> None:
    other = factories.ticket(ticket.requester)
    client.get(link)
    assert client.get(f"/tickets/{other.number}/").status_code == 404
    assert client.get("/tickets/")["Location"].startswith("/accounts/login/")


def test_who_was_taken_off_the_ticket_is_out_at_once(client: Client, ticket: Ticket, agent: User) -> None:
    colleague = people.customer("Lena Vogt")
    triage.follow(ticket, by=agent, person=colleague)
    theirs = urlsplit(guest_url(ticket, colleague)).path
    client.get(theirs)
    assert client.get(f"/tickets/{ticket.number}/").status_code == 200
    triage.unfollow(ticket, by=agent, person=colleague)
    assert client.get(f"/tickets/{ticket.number}/").status_code == 404
    assert client.get(theirs).status_code == 404


def test_several_links_in_one_browser(client: Client, ticket: Ticket, link: str) -> None:
    other = factories.ticket(people.customer())
    client.get(link)
    client.get(urlsplit(guest_url(other, other.requester)).path)
    assert [client.get(f"/tickets/{one.number}/").status_code for one in (ticket, other)] == [200, 200]


def test_the_session_gets_a_new_name(client: Client, desk: Any, request_form: Any, link: str) -> None:
    client.post("/tickets/new/", request_form())
    before = client.session.session_key
    client.get(link)
    assert client.session.session_key != before


def test_a_guest_answers_and_confirms(client: Client, agent: User, department: Department) -> None:
    ticket = factories.ticket_in(State.RESOLVED, agent, department=department)
    client.get(urlsplit(guest_url(ticket, ticket.requester)).path)
    client.post(f"/tickets/{ticket.number}/reply/", {"body": "Not yet."})
    message = ticket.messages.last()
    assert (message.author, message.body) == (ticket.requester, "Not yet.")
    assert Ticket.objects.get().state == State.REOPENED


@pytest.mark.parametrize("then", ["confirm", "reopen"])
def test_the_mail_asks_and_only_the_answer_changes_anything(
    client: Client, agent: User, department: Department, then: str
) -> None:
    ticket = factories.ticket_in(State.RESOLVED, agent, department=department)
    link = urlsplit(guest_url(ticket, ticket.requester)).path
    page = client.get(f"{link}?then={then}", follow=True)
    assert "Is it solved?" in page.content.decode()
    assert Ticket.objects.get().state == State.RESOLVED
    client.post(f"/tickets/{ticket.number}/{then}/")
    assert Ticket.objects.get().state == (State.CLOSED if then == "confirm" else State.REOPENED)


def test_writing_after_closing_for_good_leads_the_guest_to_the_follow_up(
    client: Client, agent: User, department: Department
) -> None:
    ticket = factories.age(factories.ticket_in(State.CLOSED, agent, department=department), days=30)
    client.get(urlsplit(guest_url(ticket, ticket.requester)).path)
    page = client.post(f"/tickets/{ticket.number}/reply/", {"body": "It is back."}, follow=True)
    follow_up = Ticket.objects.get(follow_up_of=ticket)
    assert page.redirect_chain == [(f"/tickets/{follow_up.number}/", 302)]
    assert "It is back." in page.content.decode()


class TestDeadLinks:
    def assert_dead(self, client: Client, link: str) -> None:
        response = client.get(link)
        assert response.status_code == 404
        assert "Mail me a new link" in response.content.decode()

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1], lambda t: t + "x", lambda t: "x" + t, lambda t: "%", lambda t: "a:b:c"]
    )
    def test_forged(self, client: Client, ticket: Ticket, change: Any) -> None:
        self.assert_dead(client, f"/t/{change(guest_token(ticket, ticket.requester))}/")

    def test_of_another_salt(self, client: Client, ticket: Ticket) -> None:
        token = signing.TimestampSigner(salt="other").sign_object([ticket.pk, ticket.requester_id])
        self.assert_dead(client, f"/t/{token}/")

    def test_expired(self, client: Client, ticket: Ticket, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
        now = signing.time.time()
        monkeypatch.setattr(signing.time, "time", lambda: now + 61 * 86_400)
        self.assert_dead(client, link)

    def test_revoked_ends_open_visits_too(self, client: Client, ticket: Ticket, link: str, agent: User) -> None:
        client.get(link)
        triage.revoke_links(ticket, by=agent)
        assert client.get(f"/tickets/{ticket.number}/").status_code == 404
        self.assert_dead(client, link)

    def test_of_somebody_switched_off(self, client: Client, ticket: Ticket, link: str) -> None:
        client.get(link)
        User.objects.filter(pk=ticket.requester_id).update(is_active=False)
        assert client.get(f"/tickets/{ticket.number}/").status_code == 404
        self.assert_dead(client, link)

    def test_of_an_agent(self, client: Client, agent: User, department: Department) -> None:
        ticket = factories.ticket(agent, department)
        self.assert_dead(client, urlsplit(guest_url(ticket, agent)).path)

    def test_a_session_for_one_number_opens_no_other(self, client: Client, ticket: Ticket, link: str) -> None:
        other = factories.ticket()
        client.get(link)
        session = client.session
        session["guest_links"] = {other.number: guest_token(ticket, ticket.requester)}
        session.save()
        assert client.get(f"/tickets/{other.number}/").status_code == 404


class TestFreshLink:
    WHERE = "/links/"

    def ask(self, client: Client, address: str, token: str = "") -> Any:
        return client.post(self.WHERE, {"email": address, "token": token})

    def test_goes_to_the_requester(self, client: Client, ticket: Ticket) -> None:
        response = self.ask(client, ticket.requester.email.upper())
        assert response.status_code == 200
        mail = OutboundEmail.objects.get()
        assert (mail.kind, mail.ticket, mail.recipient) == ("fresh_link", ticket, ticket.requester.email)

    def test_leads_where_the_old_link_led(self, client: Client, ticket: Ticket) -> None:
        token = guest_token(ticket, ticket.requester)
        for _ in range(4):
            factories.ticket(ticket.requester)
        page = client.get(f"/t/{token}x/")
        assert f'value="{token}x"' in page.content.decode()
        self.ask(client, ticket.requester.email, token)
        assert OutboundEmail.objects.get().ticket == ticket

    def test_without_one_to_the_newest_three(self, client: Client, customer: User) -> None:
        for _ in range(5):
            factories.ticket(customer)
        self.ask(client, customer.email)
        assert OutboundEmail.objects.filter(kind="fresh_link").count() == 3

    def test_a_strangers_old_link_is_no_way_in(self, client: Client, ticket: Ticket) -> None:
        mine = factories.ticket(people.customer())
        self.ask(client, mine.requester.email, guest_token(ticket, ticket.requester))
        mail = OutboundEmail.objects.get()
        assert (mail.ticket, mail.recipient) == (mine, mine.requester.email)

    def test_the_answer_is_the_same_for_everybody(self, ticket: Ticket, agent: User, same_page: Any) -> None:
        answers = set()
        for address in (ticket.requester.email, agent.email, "nobody@customers.example"):
            response = self.ask(Client(), address)
            answers.add((response.status_code, same_page(response).replace(address, "")))
        assert len(answers) == 1
        assert sorted(OutboundEmail.objects.values_list("kind", flat=True)) == ["account", "account", "fresh_link"]

    def test_is_mailed_three_times_an_hour(self, ticket: Ticket, same_page: Any) -> None:
        pages = {same_page(self.ask(Client(), ticket.requester.email)) for _ in range(6)}
        assert len(pages) == 1
        assert OutboundEmail.objects.count() == 3

    def test_is_limited_by_network(self, client: Client, ticket: Ticket) -> None:
        codes = [self.ask(client, f"guest{n}@customers.example").status_code for n in range(21)]
        assert codes == [200] * 20 + [429]

    def test_names_a_wrong_address(self, client: Client, ticket: Ticket) -> None:
        response = self.ask(client, "nonsense")
        assert response.status_code == 422
        assert "This is not an e-mail address." in response.content.decode()

    def test_needs_the_token(self, ticket: Ticket) -> None:
        assert Client(enforce_csrf_checks=True).post(self.WHERE, {"email": "a@b.example"}).status_code == 403


def test_address_and_number_alone_open_nothing(client: Client, ticket: Ticket) -> None:
    for path in (f"/t/{ticket.number}/", f"/tickets/{ticket.number}/?email={ticket.requester.email}"):
        assert client.get(path).status_code == 404
