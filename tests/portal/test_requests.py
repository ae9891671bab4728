"""Opening tickets on the web."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tests import factories, people
from tickets.models import Attachment, Department, Desk, Message, Ticket, TicketEvent, User
from tickets.states import Source, State

NEW = "/tickets/new/"


def send(client: Client, typed: dict[str, Any]) -> Any:
    return client.post(NEW, typed)


def test_a_guest_opens_a_ticket_and_learns_its_number(client: Client, desk: Desk, request_form: Any) -> None:
    response = send(client, request_form())
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.source, ticket.state) == ("The door does not open", Source.WEB, State.NEW)
    assert (ticket.requester.email, ticket.requester.name) == ("grace@customers.example", "Grace Okafor")
    assert not ticket.requester.has_usable_password()
    page = client.get(response["Location"]).content.decode()
    assert f"#{ticket.number}" in page
    assert f'href="/tickets/{ticket.number}/"' not in page


def test_the_received_page_says_when_to_expect_an_answer(
    client: Client, department: Department, request_form: Any
) -> None:
    department.sla_policy = factories.sla_policy(first=60)
    department.save()
    page = client.post(NEW, request_form(), follow=True).content.decode()
    assert "You will hear from us by" in page


def test_the_received_page_is_for_this_browser_only(client: Client, desk: Desk, request_form: Any) -> None:
    where = send(client, request_form())["Location"]
    assert client.get(where).status_code == 200
    assert Client().get(where).status_code == 404


def test_a_guest_may_not_see_the_ticket_just_opened(client: Client, desk: Desk, request_form: Any) -> None:
    send(client, request_form())
    assert client.get(f"/tickets/{Ticket.objects.get().number}/").status_code == 404


def test_signed_in_people_are_not_asked_who_they_are(signed_in: Client, customer: User, request_form: Any) -> None:
    form = signed_in.get(NEW).content.decode()
    assert 'name="email"' not in form
    page = signed_in.post(NEW, request_form(email="someone@else.example"), follow=True).content.decode()
    ticket = Ticket.objects.get()
    assert ticket.requester == customer
    assert f'href="/tickets/{ticket.number}/"' in page


def test_the_topic_routes(client: Client, desk: Desk, request_form: Any) -> None:
    topic = factories.help_topic(factories.department("Billing"), "Invoices", priority=3)
    send(client, request_form(topic=topic.slug))
    ticket = Ticket.objects.get()
    assert (ticket.help_topic, ticket.department.name, ticket.priority) == (topic, "Billing", 3)


def test_files_come_along(client: Client, desk: Desk, request_form: Any) -> None:
    files = [
        SimpleUploadedFile("badge.png", b"picture", "image/png"),
        SimpleUploadedFile("empty.txt", b"", "text/plain"),
    ]
    send(client, request_form(attachments=files))
    assert sorted(Attachment.objects.values_list("name", "size")) == [("badge.png", 7), ("empty.txt", 0)]


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"subject": ""}, "This field is required."),
            ({"body": " \n "}, "Please write something here."),
            ({"name": ""}, "This field is required."),
            ({"subject": "x" * 256}, "This is too long: 256 characters, 255 fit."),
            ({"body": "x" * 50_001}, "This is too long: 50001 characters, 50000 fit."),
            ({"name": "x" * 201}, "This is too long: 201 characters, 200 fit."),
            ({"email": "grace at customers"}, "This is not an e-mail address."),
            ({"email": "a" * 250 + "@customers.example"}, "This is too long"),
            ({"email": "grace@customers.example\r\nBcc: x@y.example"}, "This is not an e-mail address."),
            ({"topic": "no-such-topic"}, "There is no such topic any more."),
            ({"subject": "a\0b"}, "Null characters are not allowed."),
        ],
    )
    def test_is_named_at_its_field_and_what_was_typed_is_kept(
        self, client: Client, desk: Desk, request_form: Any, changes: dict[str, str], sentence: str
    ) -> None:
        typed = request_form(**{"body": "My long story, typed with care."} | changes)
        response = send(client, typed)
        page = response.content.decode()
        assert response.status_code == 422
        assert sentence in page
        assert "everything you typed is kept" in page
        assert "body" in changes or "My long story, typed with care." in page
        assert not Ticket.objects.exists()
        assert not User.objects.filter(email=typed["email"]).exists()

    def test_a_file_that_is_too_large(self, client: Client, desk: Desk, request_form: Any, settings: Any) -> None:
        settings.MAX_ATTACHMENT = 1024 * 1024
        file = SimpleUploadedFile("film.mov", b"x" * (1024 * 1024 + 1))
        response = send(client, request_form(attachments=[file]))
        page = response.content.decode()
        assert response.status_code == 422
        assert "film.mov is too large: 1 MB fit." in page
        assert "My badge blinks red since this morning." in page
        assert not Ticket.objects.exists()

    def test_26_megabytes(self, client: Client, desk: Desk, request_form: Any) -> None:
        file = SimpleUploadedFile("film.mov", bytes(26 * 1024 * 1024))
        assert "film.mov is too large: 25 MB fit." in send(client, request_form(attachments=[file])).content.decode()

    def test_too_many_files(self, client: Client, desk: Desk, request_form: Any) -> None:
        files = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(11)]
        assert "At most 10 files fit." in send(client, request_form(attachments=files)).content.decode()

    def test_an_unknown_topic_in_the_address_is_no_error(self, client: Client, desk: Desk) -> None:
        assert client.get(NEW + "?topic=gone").status_code == 200

    def test_a_robot_fills_in_what_nobody_sees(self, client: Client, desk: Desk, request_form: Any) -> None:
        response = send(client, request_form(website="http://spam.example"))
        page = response.content.decode()
        assert response.status_code == 422
        assert not Ticket.objects.exists()
        assert "spam.example" not in page
        assert "My badge blinks red" in page

    def test_a_desk_without_departments_says_so(self, client: Client, db: None, request_form: Any) -> None:
        response = send(client, request_form())
        assert response.status_code == 422
        assert "no department yet" in response.content.decode()


class TestReplay:
    def test_the_same_form_twice_is_one_ticket(self, client: Client, desk: Desk, request_form: Any) -> None:
        typed = request_form()
        first, second = send(client, typed), send(client, typed)
        assert first["Location"] == second["Location"]
        assert Ticket.objects.count() == 1

    def test_going_back_to_write_something_else_loses_nothing(
        self, client: Client, desk: Desk, request_form: Any
    ) -> None:
        typed = request_form()
        send(client, typed)
        send(client, typed | {"subject": "Another thing"})
        assert sorted(Ticket.objects.values_list("subject", flat=True)) == ["Another thing", "The door does not open"]

    @pytest.mark.parametrize("nonce", ["", "nonsense", "' OR 1=1"])
    def test_a_broken_mark_only_loses_the_protection(
        self, client: Client, desk: Desk, request_form: Any, nonce: str
    ) -> None:
        assert send(client, request_form(nonce=nonce)).status_code == 302
        assert Ticket.objects.count() == 1

    def test_each_form_has_a_mark_of_its_own(self, client: Client, desk: Desk) -> None:
        marks = {uuid.UUID(str(client.get(NEW).context["form"]["nonce"].value())) for _ in range(2)}
        assert len(marks) == 2

    @pytest.mark.django_db(transaction=True)
    def test_clicks_at_once_are_one_ticket(self, request_form: Any) -> None:
        desk = Desk.current()
        desk.default_department = factories.department()
        desk.save()
        typed, places, barrier = request_form(), [], threading.Barrier(4)

        def click() -> None:
            browser = Client()
            barrier.wait()
            places.append(send(browser, typed)["Location"])
            connection.close()

        threads = [threading.Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(places) == 4
        assert len(set(places)) == 1
        assert Ticket.objects.count() == Message.objects.count() == 1
        assert User.objects.count() == 1


class TestLimits:
    def test_one_address(self, client: Client, desk: Desk, request_form: Any) -> None:
        answers = [send(client, request_form()).status_code for _ in range(7)]
        assert answers == [302] * 5 + [429] * 2
        assert Ticket.objects.count() == 5

    def test_what_was_typed_is_kept(self, client: Client, desk: Desk, request_form: Any) -> None:
        for _ in range(5):
            send(client, request_form())
        response = send(client, request_form(body="The sixth story."))
        page = response.content.decode()
        assert "The sixth story." in page
        assert "That was too often." in page
        assert int(response["Retry-After"]) > 0

    def test_one_network(self, client: Client, desk: Desk, request_form: Any) -> None:
        answers = [send(client, request_form(email=f"guest{n}@customers.example")).status_code for n in range(31)]
        assert answers == [302] * 30 + [429]

    def test_forwarded_addresses_count_only_from_our_proxies(
        self, client: Client, desk: Desk, request_form: Any, settings: Any
    ) -> None:
        def from_(network: str, number: int) -> int:
            typed = request_form(email=f"guest{number}@customers.example")
            return client.post(NEW, typed, headers={"X-Forwarded-For": f"6.6.6.6, {network}"}).status_code

        assert [from_(f"192.0.2.{n}", n) for n in range(31)][-1] == 429
        settings.TRUSTED_PROXIES = 1
        assert from_("192.0.2.200", 90) == 302
        assert [from_(f"2001:db8::{n:x}", 100 + n) for n in range(31)][-1] == 429

    def test_one_person(self, signed_in: Client, request_form: Any) -> None:
        assert [send(signed_in, request_form()).status_code for _ in range(31)][-1] == 429

    def test_a_victim_gets_one_confirmation(self, client: Client, desk: Desk, request_form: Any) -> None:
        for _ in range(5):
            send(client, request_form())
        answered = TicketEvent.objects.filter(kind="opened", data__auto_response=True)
        assert answered.count() == 1


class TestTypedAddressOfSomebodyKnown:
    def test_the_answer_is_the_same(self, desk: Desk, request_form: Any, same_page: Any) -> None:
        known = people.customer(email="known@customers.example")
        pages = []
        for address in (known.email, "nobody@customers.example"):
            browser = Client()
            sent = send(browser, request_form(email=address))
            page = same_page(browser.get(sent["Location"]))
            number = Ticket.objects.get(requester__email=address).number
            pages.append((sent.status_code, page.replace(number, "")))
        assert pages[0] == pages[1]

    def test_the_ticket_is_theirs_and_the_guest_gets_no_rights(
        self, client: Client, desk: Desk, request_form: Any
    ) -> None:
        known = people.customer(name="Real Name", email="known@customers.example")
        before = factories.ticket(known)
        send(client, request_form(email="KNOWN@customers.example", name="Somebody Else"))
        known.refresh_from_db()
        mine = Ticket.objects.exclude(pk=before.pk).get()
        assert mine.requester == known
        assert known.name == "Real Name"
        assert [client.get(f"/tickets/{ticket.number}/").status_code for ticket in (before, mine)] == [404, 404]
        assert "_auth_user_id" not in client.session


def test_posts_need_the_token(desk: Desk, request_form: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(NEW, request_form()).status_code == 403
    strict.get(NEW)
    token = strict.cookies["csrftoken"].value
    assert strict.post(NEW, request_form(csrfmiddlewaretoken=token)).status_code == 302
    foreign = strict.post(NEW, request_form(csrfmiddlewaretoken=token), headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
