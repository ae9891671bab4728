"""What the requester does besides writing: close, rate, say who takes part."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests import factories, people
from tests.automation.making import fresh, handled, leaf, trigger
from tests.forms import DEVICE, form
from tests.mail import post
from tickets import links
from tickets.actions import lifecycle
from tickets.models import Department, Follower, Rating, Ticket, User
from tickets.states import State


@pytest.fixture
def closed(customer: User, agent: User, department: Department) -> Ticket:
    return factories.ticket_in(State.CLOSED, agent, requester=customer, department=department)


class TestClosing:
    def test_the_requester_closes(self, signed_in: Client, ticket: Ticket) -> None:
        assert "Close ticket" in signed_in.get(f"/tickets/{ticket.number}/").content.decode()
        page = signed_in.post(f"/tickets/{ticket.number}/close/", follow=True).content.decode()
        assert Ticket.objects.get(pk=ticket.pk).state == State.CLOSED
        assert "How did we do?" in page

    def test_what_agents_must_answer_does_not_hold_them_up(
        self, signed_in: Client, customer: User, department: Department
    ) -> None:
        topic = factories.help_topic(department, form=form(DEVICE))
        ticket = factories.ticket(customer, department, help_topic=topic)
        signed_in.post(f"/tickets/{ticket.number}/close/")
        assert Ticket.objects.get(pk=ticket.pk).state == State.CLOSED

    def test_who_only_takes_part_does_not(self, client: Client, ticket: Ticket) -> None:
        other = people.customer()
        Follower.objects.create(ticket=ticket, user=other)
        client.force_login(other)
        assert client.post(f"/tickets/{ticket.number}/close/").status_code == 403
        assert "Close ticket" not in client.get(f"/tickets/{ticket.number}/").content.decode()

    def test_twice_shows_how_it_stands(self, signed_in: Client, closed: Ticket) -> None:
        assert signed_in.post(f"/tickets/{closed.number}/close/").status_code == 409


class TestRating:
    def test_is_asked_for_after_closing_and_kept(self, signed_in: Client, closed: Ticket, agent: User) -> None:
        assert "How did we do?" in signed_in.get(f"/tickets/{closed.number}/").content.decode()
        signed_in.post(f"/tickets/{closed.number}/rate/", {"score": "4", "comment": "Quick <b>help</b>"})
        row = Rating.objects.get()
        assert (row.score, row.comment, row.round, row.agent_id) == (4, "Quick <b>help</b>", 0, closed.assignee_id)
        event = closed.events.get(kind="rated")
        assert (event.data["score"], event.data["label"]) == (4, "Good")
        assert "You rated this: Good." in signed_in.get(f"/tickets/{closed.number}/").content.decode()

    def test_is_one_for_each_closing(self, signed_in: Client, closed: Ticket, agent: User) -> None:
        address = f"/tickets/{closed.number}/rate/"
        for score in ("2", "5", "5"):
            signed_in.post(address, {"score": score})
        assert list(Rating.objects.values_list("round", "score")) == [(0, 5)]
        assert closed.events.filter(kind="rated").count() == 2
        lifecycle.close(lifecycle.reopen(closed, by=agent), by=agent)
        signed_in.post(address, {"score": "1"})
        assert sorted(Rating.objects.values_list("round", "score")) == [(0, 5), (1, 1)]

    def test_by_the_mails_link_it_reaches_a_trigger(self, client: Client, closed: Ticket, agent: User) -> None:
        trigger("Look at it", leaf("rating", "at_most", 2), {"do": "reopen"}, on=["rating"])
        post.settle()
        [mail] = post.outgoing("closed")
        link = re.search(r"http\S+then=rate", post.text(post.sent(mail)))
        assert link
        page = client.get(link[0], follow=True)
        handled()
        assert (Rating.objects.count(), fresh(closed).state) == (0, State.CLOSED)
        client.post(page.redirect_chain[-1][0], {"score": "2", "comment": "Slow"})
        handled()
        assert fresh(closed).state == State.REOPENED  # closed is read-only, for rules too

    def test_a_guest_rates_by_the_link_and_a_scanner_does_not(self, client: Client, closed: Ticket) -> None:
        link = f"/t/{links.guest_token(closed, closed.requester)}/?then=rate"
        for method in (client.get, client.head):
            method(link, follow=True)
            method(f"/tickets/{closed.number}/rate/?score=5")
        assert not Rating.objects.exists()
        page = client.get(f"/tickets/{closed.number}/rate/?score=5").content.decode()
        assert 'value="5" required id="id_score_0" checked' in page or "checked" in page
        client.post(f"/tickets/{closed.number}/rate/", {"score": "5"})
        assert Rating.objects.get().rated_by == closed.requester

    @pytest.mark.parametrize("typed", [{}, {"score": "6"}, {"score": "x"}, {"score": "5", "comment": "x" * 2001}])
    def test_what_cannot_be_is_named(self, signed_in: Client, closed: Ticket, typed: dict[str, str]) -> None:
        assert signed_in.post(f"/tickets/{closed.number}/rate/", typed).status_code == 422
        assert not Rating.objects.exists()

    def test_only_the_requester_rates_and_only_what_is_closed(
        self, client: Client, signed_in: Client, closed: Ticket, ticket: Ticket, agent: User
    ) -> None:
        assert signed_in.get(f"/tickets/{ticket.number}/rate/").status_code == 302
        assert signed_in.post(f"/tickets/{ticket.number}/rate/", {"score": "5"}).status_code == 302
        other = Client()
        other.force_login(people.customer())
        assert other.post(f"/tickets/{closed.number}/rate/", {"score": "5"}).status_code == 404
        other.force_login(people.admin())
        assert other.post(f"/tickets/{closed.number}/rate/", {"score": "5"}).status_code == 403
        assert not Rating.objects.exists()


class TestPeople:
    def add(self, client: Client, ticket: Ticket, **typed: str) -> Any:
        return client.post(f"/tickets/{ticket.number}/people/", {"role": "reply"} | typed)

    def test_the_requester_adds_and_removes(self, signed_in: Client, ticket: Ticket) -> None:
        assert self.add(signed_in, ticket, email="grace@customers.example", role="view").status_code == 302
        row = ticket.followers.get()
        assert (row.user.email, row.role) == ("grace@customers.example", "view")
        assert "grace@customers.example" in signed_in.get(f"/tickets/{ticket.number}/").content.decode()
        signed_in.post(f"/tickets/{ticket.number}/people/{row.user_id}/remove/")
        assert not ticket.followers.exists()

    def test_agents_cannot_be_added_by_customers(self, signed_in: Client, ticket: Ticket) -> None:
        outsider = people.agent(factories.department())
        response = self.add(signed_in, ticket, email=outsider.email)
        assert response.status_code == 422
        assert not ticket.followers.exists()

    def test_bad_addresses_are_named_and_kept(self, signed_in: Client, ticket: Ticket) -> None:
        response = self.add(signed_in, ticket, email="grace at home")
        assert response.status_code == 422
        assert 'value="grace at home"' in response.content.decode()

    def test_others_decide_nothing(self, client: Client, ticket: Ticket) -> None:
        other = people.customer()
        Follower.objects.create(ticket=ticket, user=other)
        client.force_login(other)
        assert self.add(client, ticket, email="x@customers.example").status_code == 403
        assert client.post(f"/tickets/{ticket.number}/people/{other.pk}/remove/").status_code == 403

    def test_invitations_are_limited(self, signed_in: Client, ticket: Ticket) -> None:
        codes = [self.add(signed_in, ticket, email=f"p{one}@customers.example").status_code for one in range(11)]
        assert codes == [302] * 10 + [422]

    def test_nobody_is_added_to_a_closed_ticket(self, signed_in: Client, closed: Ticket) -> None:
        assert self.add(signed_in, closed, email="x@customers.example").status_code == 409


def test_answers_to_the_form_are_shown(signed_in: Client, customer: User, department: Department) -> None:
    topic = factories.help_topic(department, form=form(DEVICE))
    ticket = factories.ticket(customer, department, help_topic=topic, fields={"device": "phone", "vendor_case": "V-77"})
    page = signed_in.get(f"/tickets/{ticket.number}/").content.decode()
    assert '<dt>Device</dt><dd class="prose">Phone</dd>' in page
    assert "V-77" not in page
