"""A form on a foreign site."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from tests import factories, people
from tests.forms import DEVICE, form
from tickets.actions import forms
from tickets.models import Attachment, Desk, Form, HeldUpload, Ticket, User

SITE = "https://www.company.example"


@pytest.fixture
def made(desk: Desk) -> Form:
    made = form(DEVICE, name="Contact")
    return forms.set_origins(made, by=people.admin(), origins=[SITE])


def typed(made: Form, request_form: Any, **more: Any) -> dict[str, Any]:
    return request_form(field_device="phone", asked=str(made.current.pk), **more)


def test_only_the_named_sites_may_frame_it(client: Client, made: Form) -> None:
    response = client.get("/embed/contact/")
    assert f"frame-ancestors {SITE}" in response["Content-Security-Policy"]
    assert "X-Frame-Options" not in response
    other = client.get("/tickets/new/")
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]
    assert other["X-Frame-Options"] == "DENY"


def test_a_form_that_no_site_may_show_is_not_there(client: Client, desk: Desk) -> None:
    form(DEVICE, name="Inner")
    assert client.get("/embed/inner/").status_code == 404
    assert client.get("/embed/nothing/").status_code == 404


def test_a_guest_sends_it_without_a_cookie(made: Form, request_form: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/embed/contact/")
    assert not page.cookies
    response = client.post("/embed/contact/", typed(made, request_form), headers={"Origin": "http://testserver"})
    ticket = Ticket.objects.get()
    assert ticket.fields == {"device": "phone"}
    assert f"#{ticket.number}" in response.content.decode()
    assert not response.cookies


def test_its_language_comes_by_the_address_and_stays_there(client: Client, made: Form, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("ar", "Arabic")]
    page = client.get("/embed/contact/?lang=ar")
    assert '<html lang="ar" dir="rtl">' in page.content.decode()
    assert not page.cookies


def test_sent_twice_is_one_ticket(client: Client, made: Form, request_form: Any) -> None:
    twice = typed(made, request_form)
    for _time in range(2):
        assert client.post("/embed/contact/", twice).status_code == 200
    assert Ticket.objects.count() == 1


def test_other_origins_cannot_send_it(client: Client, made: Form, request_form: Any) -> None:
    response = client.post("/embed/contact/", typed(made, request_form), headers={"Origin": SITE})
    assert response.status_code == 403


def test_nobody_is_signed_in_there(signed_in: Client, customer: User, made: Form, request_form: Any) -> None:
    signed_in.post("/embed/contact/", typed(made, request_form))
    assert Ticket.objects.get().requester != customer


def test_mistakes_keep_what_was_typed_and_the_frame(client: Client, made: Form, request_form: Any) -> None:
    response = client.post("/embed/contact/", typed(made, request_form, subject=""))
    assert response.status_code == 422
    assert "My badge blinks red" in response.content.decode()
    assert f"frame-ancestors {SITE}" in response["Content-Security-Policy"]


def test_the_only_topic_of_the_form_routes(client: Client, made: Form, request_form: Any) -> None:
    topic = factories.help_topic(factories.department(), form=made)
    client.post("/embed/contact/", typed(made, request_form))
    assert Ticket.objects.get().help_topic == topic


def test_limits_hold(client: Client, made: Form, request_form: Any) -> None:
    codes = [client.post("/embed/contact/", typed(made, request_form)).status_code for _time in range(6)]
    assert codes == [200] * 5 + [429]


def test_one_tag_brings_the_frame(client: Client, made: Form) -> None:
    response = client.get("/embed/contact/script.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert "iframe" in response.content.decode()


class TestSentAhead:
    def send(self, client: Client, mark: str, **headers: str) -> Any:
        sent = {"nonce": mark, "field": "attachments", "file": ContentFile(b"Blinks.", "badge.txt")}
        return client.post("/embed/contact/uploads/", sent, headers=headers)

    def test_the_page_says_where_to(self, client: Client, made: Form) -> None:
        assert 'data-upload="/embed/contact/uploads/"' in client.get("/embed/contact/").content.decode()

    def test_a_file_goes_with_its_form_and_needs_no_cookie(self, made: Form, request_form: Any) -> None:
        client, written = Client(enforce_csrf_checks=True), typed(made, request_form)
        response = self.send(client, written["nonce"], Origin="http://testserver")
        assert not response.cookies
        key = str(HeldUpload.objects.get().key)
        assert f'value="{key}"' in response.content.decode()
        client.post("/embed/contact/", written | {"kept": key})
        assert Attachment.objects.get().name == "badge.txt"

    def test_other_origins_send_nothing(self, client: Client, made: Form) -> None:
        for origin in (SITE, "null"):
            assert self.send(client, str(uuid.uuid4()), Origin=origin).status_code == 403
        assert not HeldUpload.objects.exists()

    def test_nor_does_a_form_that_no_site_may_show(self, client: Client, made: Form) -> None:
        Form.objects.update(allowed_origins=[])
        assert self.send(client, str(uuid.uuid4())).status_code == 404
