"""The list of own tickets, and searching them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import factories, people
from tests.forms import form
from tickets.actions import conversation, lifecycle
from tickets.models import Department, Status, Ticket, User
from tickets.states import State


def subjects(response: Any) -> list[str]:
    return [row["subject"] for row in response.context["tickets"]]


def test_needs_signing_in(client: Client, db: None) -> None:
    assert client.get("/tickets/")["Location"] == "/accounts/login/?next=/tickets/"


def test_own_ones_newest_first(signed_in: Client, customer: User, department: Department) -> None:
    for subject in ("First", "Second"):
        factories.ticket(customer, department, subject=subject)
    factories.ticket(people.customer(), department, subject="Foreign")
    assert subjects(signed_in.get("/tickets/")) == ["Second", "First"]


def test_open_and_closed_ones(signed_in: Client, customer: User, agent: User, department: Department) -> None:
    for state in (State.NEW, State.RESOLVED, State.CLOSED):
        factories.ticket_in(state, agent, requester=customer, department=department, subject=str(state))
    lifecycle.archive(Ticket.objects.get(subject="closed"), by=people.admin())
    assert subjects(signed_in.get("/tickets/?show=open")) == ["resolved", "new"]
    assert subjects(signed_in.get("/tickets/?show=closed")) == ["closed"]
    assert len(subjects(signed_in.get("/tickets/?show=nonsense"))) == 3
    assert "Please confirm" in signed_in.get("/tickets/?show=open").content.decode()


def test_what_customers_read_for_a_custom_status(signed_in: Client, ticket: Ticket, agent: User) -> None:
    waiting = Status.objects.create(
        state=State.IN_PROGRESS, slug="waits", label="Waits for customer", customer_label="Waiting for your answer"
    )
    conversation.reply(ticket, by=agent, body="Which door?", status=waiting)
    assert "Waiting for your answer" in signed_in.get("/tickets/").content.decode()


def test_an_agent_sees_only_what_the_agent_asked_for(client: Client, agent: User, department: Department) -> None:
    factories.ticket(people.customer(), department, subject="A customer's")
    factories.ticket(agent, department, subject="My own")
    client.force_login(agent)
    assert subjects(client.get("/tickets/")) == ["My own"]


def test_pages_go_on_without_gap(signed_in: Client, customer: User, department: Department) -> None:
    for number in range(27):
        factories.ticket(customer, department, subject=f"Number {number}")
    Ticket.objects.update(last_message_at=Ticket.objects.first().last_message_at)  # the id decides among equals
    first = signed_in.get("/tickets/")
    second = signed_in.get(first.context["next_url"])
    found = subjects(first) + subjects(second)
    assert len(subjects(first)) == 25
    assert found == [f"Number {number}" for number in range(26, -1, -1)]
    assert second.context["next_url"] == ""
    assert second.context["previous_url"] == "/tickets/"


@pytest.mark.parametrize("before", ["x", "1-", "-1", "99999999999999999999999-5", "1" * 50, "1-99999999999999999999"])
def test_a_broken_page_mark_is_no_error(signed_in: Client, before: str) -> None:
    assert signed_in.get("/tickets/", {"before": before}).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_takes_few_queries(
    signed_in: Client, customer: User, department: Department, django_assert_num_queries: Any, count: int
) -> None:
    for _ in range(count):
        factories.ticket(customer, department)
    with django_assert_num_queries(3):  # session, user, tickets
        signed_in.get("/tickets/")


class TestSearch:
    @pytest.fixture
    def lamp(self, customer: User, department: Department) -> Ticket:
        ticket = factories.ticket(customer, department, subject="The lamp flickers", body="In the corridor.")
        conversation.receive(ticket, by=customer, body="Now also in the cellar.", source="web")
        factories.ticket(people.customer(), department, subject="A foreign lamp", body="In the cellar.")
        return ticket

    @pytest.mark.parametrize("query", ["lamp", "LAMP", "cellar", "corridor", '"the lamp"', "lamp -foreign"])
    def test_finds_what_was_written(self, signed_in: Client, lamp: Ticket, query: str) -> None:
        assert subjects(signed_in.get("/search/", {"q": query})) == ["The lamp flickers"]

    @pytest.mark.parametrize("sign", ["", "#", " "])
    def test_finds_a_number(self, signed_in: Client, lamp: Ticket, sign: str) -> None:
        assert subjects(signed_in.get("/search/", {"q": sign + lamp.number})) == ["The lamp flickers"]

    def test_finds_nothing_of_others(self, signed_in: Client, lamp: Ticket) -> None:
        foreign = Ticket.objects.get(subject="A foreign lamp")
        assert subjects(signed_in.get("/search/", {"q": foreign.number})) == []
        assert "Nothing found" in signed_in.get("/search/", {"q": "foreign"}).content.decode()

    def test_asks_guests_to_sign_in(self, client: Client, lamp: Ticket) -> None:
        page = client.get("/search/?q=lamp").content.decode()
        assert "Sign in to search your tickets." in page
        assert "flickers" not in page

    @pytest.mark.parametrize("query", ["", "'", "\\", "a & | !", "\0", "((", "<script>", "%", "lamp:*"])
    def test_any_text_is_fine(self, signed_in: Client, lamp: Ticket, query: str) -> None:
        assert signed_in.get("/search/", {"q": query}).status_code == 200

    @pytest.mark.parametrize("length", [201, 1_000_000])
    def test_giant_text_is_refused(self, signed_in: Client, lamp: Ticket, length: int) -> None:
        assert signed_in.get("/search/", {"q": "x" * length}).status_code == 400

    def test_takes_few_queries(self, signed_in: Client, lamp: Ticket, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(6):
            signed_in.get("/search/?q=lamp")


class TestFinding:
    def test_searches_sorts_and_keeps_what_is_shown(
        self, signed_in: Client, customer: User, agent: User, department: Department
    ) -> None:
        older = factories.ticket(customer, department, subject="Printer jams")
        factories.ticket(customer, department, subject="Printer burns")
        factories.ticket(customer, department, subject="Lamp")
        conversation.receive(older, by=customer, body="Still.", source="web")
        assert subjects(signed_in.get("/tickets/?q=printer")) == ["Printer jams", "Printer burns"]
        assert subjects(signed_in.get("/tickets/?q=printer&sort=opened")) == ["Printer burns", "Printer jams"]
        assert subjects(signed_in.get("/tickets/?q=printer&show=closed")) == []
        assert 'href="/tickets/?show=open&amp;q=printer"' in signed_in.get("/tickets/?q=printer").content.decode()

    def test_nothing_found_says_so(self, signed_in: Client) -> None:
        assert "Nothing found" in signed_in.get("/tickets/?q=nothing").content.decode()

    def test_too_long_a_text_is_refused(self, signed_in: Client) -> None:
        assert signed_in.get("/tickets/", {"q": "x" * 201}).status_code == 400

    def test_pages_go_on_in_either_order(self, signed_in: Client, customer: User, department: Department) -> None:
        for number in range(27):
            factories.ticket(customer, department, subject=f"{number}")
        for sort in ("", "opened"):
            first = signed_in.get("/tickets/", {"sort": sort, "q": ""})
            second = signed_in.get(first.context["next_url"])
            assert subjects(first) + subjects(second) == [f"{number}" for number in reversed(range(27))]


class TestOrganization:
    @pytest.fixture
    def colleague(self, customer: User) -> User:
        customer.organization = people.organization()
        customer.save()
        return people.customer("Grace Okafor", organization=customer.organization)

    def test_nobody_sees_others_unless_allowed(self, signed_in: Client, colleague: User) -> None:
        ticket = factories.ticket(colleague)
        assert subjects(signed_in.get("/tickets/?whose=all")) == []
        assert signed_in.get(f"/tickets/{ticket.number}/").status_code == 404

    @pytest.mark.parametrize("who", ["manager", "all"])
    def test_managers_or_all_see_them_when_asked(
        self, signed_in: Client, customer: User, colleague: User, who: str
    ) -> None:
        if who == "manager":
            User.objects.filter(pk=customer.pk).update(manages_organization=True)
        else:
            type(customer.organization).objects.update(shares_tickets=True)
        ticket = factories.ticket(colleague, subject="Lamp")
        assert subjects(signed_in.get("/tickets/")) == []
        page = signed_in.get("/tickets/?whose=all")
        assert subjects(page) == ["Lamp"]
        assert "Grace Okafor" in page.content.decode()
        assert signed_in.get(f"/tickets/{ticket.number}/").status_code == 200
        assert signed_in.post(f"/tickets/{ticket.number}/reply/", {"body": "x"}).status_code == 403

    def test_a_manager_of_no_organization_sees_only_their_own(self, signed_in: Client, customer: User) -> None:
        User.objects.filter(pk=customer.pk).update(manages_organization=True)
        factories.ticket()
        assert subjects(signed_in.get("/tickets/?whose=all")) == []


class TestExport:
    def test_has_what_the_list_has_and_nothing_that_is_for_agents(
        self, signed_in: Client, customer: User, department: Department
    ) -> None:
        made = form(
            [
                {"kind": "text", "key": "order", "label": "Order"},
                {"kind": "text", "key": "margin", "label": "Margin", "audience": "agents"},
            ]
        )
        topic = factories.help_topic(department, form=made)
        mine = factories.ticket(customer, department, subject="=1+1", help_topic=topic, fields={"order": "4711"})
        Ticket.objects.filter(pk=mine.pk).update(fields={"order": "4711", "margin": "secret"})
        factories.ticket(people.customer(), department, subject="A stranger's")
        assert "/tickets/export.csv" in signed_in.get("/tickets/").content.decode()
        response = signed_in.get("/tickets/export.csv?show=open")
        text = b"".join(response).decode()
        assert response["Content-Disposition"].startswith('attachment; filename="my-tickets-')
        assert '"Order"' in text
        assert f'"{mine.number}","\'=1+1"' in text
        assert '"4711"' in text
        assert "stranger" not in text
        assert "secret" not in text
        assert "Margin" not in text

    def test_a_stranger_signs_in_first(self, client: Client, db: None) -> None:
        assert client.get("/tickets/export.csv").status_code == 302
