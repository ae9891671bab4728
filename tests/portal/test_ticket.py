"""A ticket's page: who sees what, and what a customer can do there."""

from __future__ import annotations

import re
import threading
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal import presenters
from tests import factories, people
from tickets.actions import conversation, lifecycle, triage
from tickets.models import Attachment, Department, Desk, Message, ProposedFollower, Ticket, TicketEvent, User
from tickets.states import State


def url(ticket: Ticket, verb: str = "") -> str:
    return f"/tickets/{ticket.number}/" + (f"{verb}/" if verb else "")


def answer(client: Client, ticket: Ticket, body: str = "It still burns.", **more: Any) -> Any:
    return client.post(url(ticket, "reply"), {"body": body, "nonce": str(uuid.uuid4()), **more})


class TestWhoSees:
    def test_the_requester(self, signed_in: Client, ticket: Ticket) -> None:
        page = signed_in.get(url(ticket)).content.decode()
        assert ticket.subject in page
        assert "It burns. Please come." in page

    def test_nobody_else(self, client: Client, ticket: Ticket, department: Department) -> None:
        assert client.get(url(ticket)).status_code == 404
        for person in (people.customer(), people.agent(factories.department())):
            client.force_login(person)
            assert client.get(url(ticket)).status_code == 404
            for verb in ("reply", "confirm", "reopen"):
                assert client.post(url(ticket, verb), {"body": "Hello"}).status_code == 404
        assert ticket.messages.count() == 1

    def test_a_foreign_number_reads_like_one_that_does_not_exist(
        self, signed_in: Client, desk: Desk, same_page: Any
    ) -> None:
        foreign = factories.ticket()
        pages = {same_page(signed_in.get(f"/tickets/{number}/")) for number in (foreign.number, "000000", "x-y-z")}
        assert len(pages) == 1

    def test_colleagues_where_the_organization_shares(self, client: Client, department: Department) -> None:
        organization = people.organization(shares_tickets=True)
        ticket = factories.ticket(people.customer(organization=organization), department)
        client.force_login(people.customer(organization=organization))
        assert client.get(url(ticket)).status_code == 200
        assert 'name="body"' not in client.get(url(ticket)).content.decode()
        assert answer(client, ticket).status_code == 403
        for verb in ("confirm", "reopen"):
            assert client.post(url(ticket, verb)).status_code == 403

    def test_nobody_once_it_is_in_the_trash(self, signed_in: Client, ticket: Ticket) -> None:
        admin = people.admin()
        lifecycle.trash(ticket, by=admin)
        assert signed_in.get(url(ticket)).status_code == 404
        signed_in.force_login(admin)
        assert signed_in.get(url(ticket)).status_code == 404

    def test_a_person_switched_off_at_once(self, signed_in: Client, ticket: Ticket, customer: User) -> None:
        User.objects.filter(pk=customer.pk).update(is_active=False)
        assert signed_in.get(url(ticket)).status_code == 404

    def test_it_is_kept_by_no_cache(self, signed_in: Client, ticket: Ticket) -> None:
        assert "no-store" in signed_in.get(url(ticket))["Cache-Control"]


class TestNotes:
    CANARY = "canary-7f3a"

    @pytest.fixture
    def noted(self, ticket: Ticket, agent: User) -> Ticket:
        file = SimpleUploadedFile(f"{self.CANARY}.txt", b"secret")
        conversation.note(ticket, by=agent, body=self.CANARY, attachments=conversation.uploads([file]))
        conversation.attach_machine_mail(ticket, sender=ticket.requester, body=f"bounce {self.CANARY}")
        return ticket

    @pytest.mark.parametrize(
        "path", ["/", "/tickets/", "/search/?q=canary-7f3a", "/search/?q=bounce", "ticket", "confirm"]
    )
    def test_are_never_shown(self, noted: Ticket, agent: User, client: Client, path: str) -> None:
        where = {"ticket": url(noted), "confirm": url(noted, "confirm")}.get(path, path)
        for person in (noted.requester, agent, people.admin()):
            client.force_login(person)
            page = (
                client.get(where).content.decode().replace(f'value="{self.CANARY}"', "").replace(f"q={self.CANARY}", "")
            )
            assert self.CANARY not in page

    def test_neither_are_their_files(self, noted: Ticket, agent: User, client: Client) -> None:
        file = Attachment.objects.get()
        for person in (noted.requester, agent):
            client.force_login(person)
            assert client.get(f"/attachments/{file.key}/").status_code == 404


class TestThread:
    def test_says_you_and_folds_what_was_quoted(self, signed_in: Client, ticket: Ticket, agent: User) -> None:
        conversation.reply(ticket, by=agent, body="We come.")
        body = "Thank you!\n\n> We come.\n> Soon."
        conversation.receive(ticket, by=ticket.requester, body=body, source="email", folded=[[12, len(body)]])
        page = signed_in.get(url(ticket)).content.decode()
        assert re.findall(r'class="message__author" id="by-\d+">([^<]*)<', page) == ["You", "Ana Moreira", "You"]
        assert '<div class="message__body prose" dir="auto"><p>Thank you!</p></div>' in page
        assert '<div class="message__quoted prose" dir="auto"><p>&gt; We come.<br>&gt; Soon.</p></div>' in page

    def test_text_stays_text(self, signed_in: Client, customer: User, department: Department) -> None:
        evil = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"'&"
        ticket = factories.ticket(customer, department, subject=evil, body=evil)
        for path in (url(ticket), "/", "/tickets/", "/search/?q=alert"):
            page = signed_in.get(path).content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page

    @pytest.mark.parametrize(
        ("text", "html"),
        [
            ("one\ntwo\n\n\nthree", "<p>one<br>two</p><p>three</p>"),
            ("a & b < c", "<p>a &amp; b &lt; c</p>"),
            (
                'see https://x.example/?a=1&b="2',
                '<p>see <a href="https://x.example/?a=1&amp;b=" rel="nofollow">'
                "https://x.example/?a=1&amp;b=</a>&quot;2</p>",
            ),
            ("javascript://x.example/%0aalert(1)", "<p>javascript://x.example/%0aalert(1)</p>"),
        ],
    )
    def test_as_html(self, text: str, html: str) -> None:
        assert presenters.as_html(text) == html

    def test_steps(self, ticket: Ticket) -> None:
        assert [(step["label"], step["state"]) for step in presenters.steps(ticket)] == [
            ("Received", "current"),
            ("Open", "todo"),
            ("In progress", "todo"),
            ("Resolved", "todo"),
            ("Closed", "todo"),
        ]
        ticket.__dict__["state"] = State.REOPENED.value
        assert presenters.steps(ticket)[1] == {"label": "Reopened", "glyph": "reopened", "state": "current"}

    def test_a_private_department_has_no_name(self, signed_in: Client, customer: User) -> None:
        ticket = factories.ticket(customer, factories.department("Internal affairs", is_public=False))
        assert "Internal affairs" not in signed_in.get(url(ticket)).content.decode()

    @pytest.mark.parametrize("count", [1, 3])
    def test_takes_few_queries(
        self, signed_in: Client, ticket: Ticket, agent: User, django_assert_num_queries: Any, count: int
    ) -> None:
        for number in range(count):
            file = SimpleUploadedFile(f"{number}.txt", b"x")
            conversation.reply(ticket, by=agent, body="Look.", attachments=conversation.uploads([file]))
        with django_assert_num_queries(6):  # session, user, ticket, messages, attachments, who was in copy
            assert signed_in.get(url(ticket)).status_code == 200


class TestReply:
    def test_adds_a_message_with_files(self, signed_in: Client, ticket: Ticket) -> None:
        file = SimpleUploadedFile("smoke.jpg", b"picture", "image/jpeg")
        assert answer(signed_in, ticket, attachments=[file])["Location"] == url(ticket)
        message = ticket.messages.last()
        assert (message.kind, message.body, message.source) == ("customer", "It still burns.", "web")
        assert message.attachments.get().name == "smoke.jpg"

    def test_needs_words(self, signed_in: Client, ticket: Ticket) -> None:
        response = answer(signed_in, ticket, " ")
        assert response.status_code == 422
        assert "Please write something here." in response.content.decode()

    def test_keeps_what_was_typed(self, signed_in: Client, ticket: Ticket, settings: Any) -> None:
        settings.MAX_ATTACHMENT = 10
        response = answer(signed_in, ticket, "My words.", attachments=[SimpleUploadedFile("a.bin", b"x" * 11)])
        page = response.content.decode()
        assert response.status_code == 422
        assert "My words." in page
        assert "a.bin is too large" in page
        assert ticket.messages.count() == 1

    def test_sent_twice_from_two_tabs_is_one_message(self, signed_in: Client, ticket: Ticket) -> None:
        nonce = str(uuid.uuid4())
        assert [answer(signed_in, ticket, nonce=nonce).status_code for _ in range(2)] == [302, 302]
        assert ticket.messages.count() == 2
        answer(signed_in, ticket, "Other words.", nonce=nonce)
        assert ticket.messages.count() == 3

    def test_is_limited_and_kept(self, signed_in: Client, ticket: Ticket) -> None:
        for number in range(20):
            answer(signed_in, ticket, f"Message {number}")
        response = answer(signed_in, ticket, "The one too many.")
        assert response.status_code == 429
        assert "The one too many." in response.content.decode()
        assert ticket.messages.count() == 21

    def test_on_a_resolved_ticket_reopens_it(self, signed_in: Client, customer: User, agent: User) -> None:
        ticket = factories.ticket_in(
            State.RESOLVED, agent, requester=customer, department=agent.memberships.get().department
        )
        answer(signed_in, ticket)
        assert Ticket.objects.get(pk=ticket.pk).state == State.REOPENED

    @pytest.mark.parametrize("archived", [False, True])
    def test_on_one_closed_for_good_opens_a_follow_up_once(
        self, signed_in: Client, customer: User, agent: User, department: Department, archived: bool
    ) -> None:
        ticket = factories.ticket_in(State.CLOSED, agent, requester=customer, department=department)
        ticket = factories.age(ticket, days=30)
        if archived:
            lifecycle.archive(ticket, by=people.admin())
        assert "opens a new ticket" in signed_in.get(url(ticket)).content.decode()
        nonce = str(uuid.uuid4())
        first, second = answer(signed_in, ticket, nonce=nonce), answer(signed_in, ticket, nonce=nonce)
        follow_up = Ticket.objects.get(follow_up_of=ticket)
        assert first["Location"] == second["Location"] == url(follow_up)
        assert ticket.messages.count() == 1
        assert follow_up.messages.get().body == "It still burns."
        assert TicketEvent.objects.filter(ticket=ticket, kind="follow_up").count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_clicks_at_once_write_one_message(self) -> None:
        customer = people.customer()
        ticket, nonce, barrier, codes = factories.ticket(customer), str(uuid.uuid4()), threading.Barrier(4), []

        def click() -> None:
            browser = Client()
            browser.force_login(customer)
            barrier.wait()
            codes.append(answer(browser, ticket, nonce=nonce).status_code)
            connection.close()

        threads = [threading.Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == [302] * 4
        assert Message.objects.filter(body="It still burns.").count() == 1


class TestConfirm:
    @pytest.fixture
    def resolved(self, customer: User, agent: User, department: Department) -> Ticket:
        return factories.ticket_in(State.RESOLVED, agent, requester=customer, department=department)

    def test_asks_on_the_ticket_page(self, signed_in: Client, resolved: Ticket) -> None:
        page = signed_in.get(url(resolved)).content.decode()
        assert "Is it solved?" in page
        assert "Ana says it is." in page
        assert f'action="{url(resolved, "confirm")}"' in page
        assert f'action="{url(resolved, "reopen")}"' in page

    def test_reading_changes_nothing(self, signed_in: Client, resolved: Ticket) -> None:
        assert signed_in.get(url(resolved, "confirm")).status_code == 200
        assert signed_in.head(url(resolved, "confirm")).status_code == 200
        assert signed_in.get(url(resolved, "reopen")).status_code == 405
        assert signed_in.get(url(resolved, "reply")).status_code == 405
        assert Ticket.objects.get().state == State.RESOLVED

    def test_yes_closes(self, signed_in: Client, resolved: Ticket) -> None:
        page = signed_in.post(url(resolved, "confirm"), follow=True).content.decode()
        assert Ticket.objects.get().state == State.CLOSED
        assert "Thank you. The ticket is closed." in page
        assert ">Reopen<" in page

    def test_no_reopens(self, signed_in: Client, resolved: Ticket) -> None:
        signed_in.post(url(resolved, "reopen"))
        assert Ticket.objects.get().state == State.REOPENED

    def test_twice_from_two_tabs_says_how_it_stands(self, signed_in: Client, resolved: Ticket) -> None:
        signed_in.post(url(resolved, "confirm"))
        again = signed_in.post(url(resolved, "confirm"))
        assert again.status_code == 409
        assert "This ticket is closed. Nothing was changed." in again.content.decode()
        assert TicketEvent.objects.filter(kind="confirmed").count() == 1

    def test_a_page_older_than_the_ticket(self, signed_in: Client, resolved: Ticket) -> None:
        signed_in.post(url(resolved, "reopen"))
        for verb in ("confirm", "reopen"):
            again = signed_in.post(url(resolved, verb))
            assert again.status_code == 409
            assert "Meanwhile this ticket went on." in again.content.decode()

    def test_posts_need_the_token(self, resolved: Ticket, customer: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(customer)
        for verb in ("reply", "confirm", "reopen"):
            assert strict.post(url(resolved, verb), {"body": "x"}).status_code == 403
        strict.get(url(resolved))
        token = strict.cookies["csrftoken"].value
        sent = strict.post(url(resolved, "confirm"), {"csrfmiddlewaretoken": token})
        assert sent.status_code == 302


class TestReopen:
    @pytest.fixture
    def closed(self, customer: User, agent: User, department: Department) -> Ticket:
        return factories.ticket_in(State.CLOSED, agent, requester=customer, department=department)

    def test_inside_the_window(self, signed_in: Client, closed: Ticket) -> None:
        signed_in.post(url(closed, "reopen"))
        assert Ticket.objects.get().state == State.REOPENED

    def test_after_the_window(self, signed_in: Client, closed: Ticket) -> None:
        closed = factories.age(closed, days=15)
        assert ">Reopen<" not in signed_in.get(url(closed)).content.decode()
        response = signed_in.post(url(closed, "reopen"))
        assert response.status_code == 409
        assert 'name="body"' in response.content.decode()
        assert Ticket.objects.get().state == State.CLOSED

    def test_where_the_department_does_not_allow_it(
        self, signed_in: Client, closed: Ticket, department: Department
    ) -> None:
        department.allow_reopen = False
        department.save()
        assert signed_in.post(url(closed, "reopen")).status_code == 409

    def test_an_archived_ticket(self, signed_in: Client, closed: Ticket) -> None:
        lifecycle.archive(closed, by=people.admin())
        assert ">Reopen<" not in signed_in.get(url(closed)).content.decode()
        assert signed_in.post(url(closed, "reopen")).status_code == 409
        assert Ticket.objects.get().archived_at


def test_an_agent_who_follows_does_not_speak_as_the_customer(client: Client, ticket: Ticket, agent: User) -> None:
    triage.follow(ticket, by=agent, person=agent)
    client.force_login(agent)
    assert 'name="body"' not in client.get(url(ticket)).content.decode()
    assert client.post(f"{url(ticket)}reply/", {"body": "As you say."}).status_code == 403
    assert ticket.messages.count() == 1


def test_a_follower_answers_but_does_not_confirm(client: Client, agent: User, department: Department) -> None:
    ticket = factories.ticket_in(State.RESOLVED, agent, department=department)
    follower = people.customer()
    triage.follow(ticket, by=agent, person=follower)
    client.force_login(follower)
    page = client.get(url(ticket)).content.decode()
    assert "Is it solved?" not in page
    assert 'name="body"' in page
    assert client.post(url(ticket, "confirm")).status_code == 403
    assert client.post(url(ticket, "reopen")).status_code == 403
    assert answer(client, ticket).status_code == 302


def test_an_agent_reads_along_and_is_sent_to_the_workspace_to_write(
    client: Client, ticket: Ticket, agent: User
) -> None:
    client.force_login(agent)
    page = client.get(url(ticket)).content.decode()
    assert not re.search(r'<textarea[^>]*name="body"', page)
    assert answer(client, ticket).status_code == 403


@pytest.fixture
def proposed(ticket: Ticket) -> ProposedFollower:
    return ProposedFollower.objects.create(ticket=ticket, address="boss@customers.example", name="The Boss")


class TestPeopleInCopy:
    def decide(self, client: Client, row: ProposedFollower, accept: str) -> Any:
        return client.post(f"/tickets/{row.ticket.number}/proposed/{row.pk}/", {"accept": accept})

    def test_the_requester_lets_them_in(self, signed_in: Client, ticket: Ticket, proposed: ProposedFollower) -> None:
        assert "boss@customers.example" in signed_in.get(url(ticket)).content.decode()
        page = self.decide(signed_in, proposed, "1")
        assert page["Location"] == url(ticket)
        follower = ticket.followers.get()
        assert follower.user.email == "boss@customers.example"
        assert follower.sees_from
        assert "Leave out" not in signed_in.get(url(ticket)).content.decode()

    def test_or_not(self, signed_in: Client, ticket: Ticket, proposed: ProposedFollower) -> None:
        self.decide(signed_in, proposed, "")
        assert not ticket.followers.exists()
        self.decide(signed_in, proposed, "1")  # the first decision stands
        assert not ticket.followers.exists()

    def test_nobody_else_among_the_customers(self, client: Client, ticket: Ticket, proposed: ProposedFollower) -> None:
        friend, other = people.customer(), people.customer()
        ticket.followers.create(user=friend)
        client.force_login(friend)
        assert "boss@customers.example" not in client.get(url(ticket)).content.decode()
        assert self.decide(client, proposed, "1").status_code == 403
        client.force_login(other)
        assert self.decide(client, proposed, "1").status_code == 404
        assert not ticket.followers.filter(user__email="boss@customers.example").exists()

    def test_not_of_another_ticket(self, signed_in: Client, ticket: Ticket, department: Department) -> None:
        row = ProposedFollower.objects.create(ticket=factories.ticket(department=department), address="x@y.example")
        assert signed_in.post(f"/tickets/{ticket.number}/proposed/{row.pk}/", {"accept": "1"}).status_code == 404

    def test_not_on_a_closed_ticket(
        self, signed_in: Client, ticket: Ticket, agent: User, proposed: ProposedFollower
    ) -> None:
        lifecycle.close(ticket, by=agent)
        assert "boss@customers.example" not in signed_in.get(url(ticket)).content.decode()
        assert self.decide(signed_in, proposed, "1").status_code == 409
        assert not ticket.followers.exists()


@pytest.mark.usefixtures("undo_window")
class TestRepliesThatCanStillBeTakenBack:
    def pages(self, client: Client, ticket: Ticket) -> list[bool]:
        addresses = (url(ticket), "/tickets/", "/search/?q=confidential")
        return ["confidential" in client.get(one).content.decode().partition("<main")[2] for one in addresses]

    def test_no_customer_sees_them_before_they_leave(self, signed_in: Client, ticket: Ticket, agent: User) -> None:
        message = conversation.reply(ticket, by=agent, body="This is confidential.")
        shown = self.pages(signed_in, ticket)
        assert shown[:2] == [False, False]
        assert ticket.subject not in signed_in.get("/search/?q=confidential").content.decode()
        Message.objects.filter(pk=message.pk).update(leaves_at=timezone.now())
        assert self.pages(signed_in, ticket)[:2] == [True, True]
        assert ticket.subject in signed_in.get("/search/?q=confidential").content.decode()

    def test_nor_their_files(self, signed_in: Client, ticket: Ticket, agent: User) -> None:
        file = conversation.uploads([SimpleUploadedFile("a.txt", b"x", "text/plain")])
        message = conversation.reply(ticket, by=agent, body="See there.", attachments=file)
        address = f"/attachments/{message.attachments.get().key}/"
        assert signed_in.get(address).status_code == 404
        Message.objects.filter(pk=message.pk).update(leaves_at=timezone.now())
        assert signed_in.get(address).status_code == 200
