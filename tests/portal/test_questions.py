"""The questions of a help topic on the ticket form."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.forms import DEVICE, EVERY_ANSWER, EVERY_KIND, EVERY_VALUE, edit, form
from tickets.models import Attachment, Department, HelpTopic, Ticket, User

NEW = "/tickets/new/"


@pytest.fixture
def topic(department: Department) -> HelpTopic:
    return factories.help_topic(department, "Computer", slug="computer", form=form(DEVICE))


def answers(topic: HelpTopic, **given: Any) -> dict[str, Any]:
    found = {f"field_{key}": value for key, value in given.items()}
    return {"topic": topic.slug, "asked": str(topic.form.current.pk), **found}


def test_the_page_asks_what_the_topic_asks(client: Client, topic: HelpTopic) -> None:
    page = client.get(f"{NEW}?topic=computer").content.decode()
    assert "Serial number" in page
    assert "Only if Device is Laptop." in page
    assert "Vendor case" not in page
    assert "field_device" not in client.get(NEW).content.decode()


def test_answers_are_kept_on_the_ticket(client: Client, topic: HelpTopic, request_form: Any) -> None:
    typed = request_form(**answers(topic, device="laptop", serial=" 4711 ", age="2,5"))
    assert client.post(NEW, typed).status_code == 302
    ticket = Ticket.objects.get()
    assert ticket.fields == {"device": "laptop", "serial": "4711", "age": 2.5}
    assert ticket.form_version == topic.form.current


def test_what_is_missing_or_wrong_stands_at_its_field(client: Client, topic: HelpTopic, request_form: Any) -> None:
    typed = request_form(**answers(topic, device="laptop", age="old", vendor_case="mine"))
    response = client.post(NEW, typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Please answer this." in page
    assert "This is not a number." in page
    assert 'value="old"' in page
    assert not Ticket.objects.exists()


def test_what_is_not_asked_is_not_required(client: Client, topic: HelpTopic, request_form: Any) -> None:
    typed = request_form(**answers(topic, device="phone", serial="left over", vendor_case="mine"))
    assert client.post(NEW, typed).status_code == 302
    assert Ticket.objects.get().fields == {"device": "phone"}


def test_script_in_an_answer_is_text(client: Client, topic: HelpTopic, request_form: Any) -> None:
    typed = request_form(**answers(topic, device="laptop", serial="<script>alert(1)</script>", age="x"))
    page = client.post(NEW, typed).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_another_topic_brings_its_questions_and_keeps_what_was_typed(
    client: Client, topic: HelpTopic, request_form: Any
) -> None:
    page = client.post(NEW, request_form(topic="computer", show="1", body="")).content.decode()
    assert "Serial number" in page
    assert 'value="The door does not open"' in page
    assert 'role="alert"' not in page
    assert "Please write something here." not in page
    assert not Ticket.objects.exists()


def test_a_topic_chosen_without_its_questions_asks_them_first(
    client: Client, topic: HelpTopic, request_form: Any
) -> None:
    response = client.post(NEW, request_form(topic="computer", asked=""))
    page = response.content.decode()
    assert response.status_code == 422
    assert "New here: Device, Age in years." in page
    assert f'name="asked" value="{topic.form.current.pk}"' in page
    assert not Ticket.objects.exists()


class TestChangedMeanwhile:
    def typed(self, topic: HelpTopic, request_form: Any, **more: Any) -> dict[str, Any]:
        return request_form(**answers(topic, device="laptop", serial="4711", age="3", **more))

    def test_new_questions_are_asked_and_answers_kept(
        self, client: Client, topic: HelpTopic, request_form: Any
    ) -> None:
        typed = self.typed(topic, request_form)
        edit(topic.form, [*DEVICE, {"kind": "text", "key": "room", "label": "Room", "required": "send"}])
        page = client.post(NEW, typed).content.decode()
        assert "The questions changed since you opened this page." in page
        assert "New here: Room." in page
        assert 'value="4711"' in page
        topic.refresh_from_db()
        version = topic.form.current.pk
        assert client.post(NEW, typed | {"asked": str(version), "field_room": "12"}).status_code == 302
        assert Ticket.objects.get().fields["room"] == "12"

    def test_an_answer_nobody_asks_for_goes_into_the_text(
        self, client: Client, topic: HelpTopic, request_form: Any
    ) -> None:
        typed = self.typed(topic, request_form)
        edit(topic.form, [item for item in DEVICE if item.get("key") not in ("serial", "age")][:2])
        page = client.post(NEW, typed).content.decode()
        assert "No longer asked, so your answer was put into the text: Serial number: 4711; Age in years: 3." in page
        assert "My badge blinks red since this morning.\n\nSerial number: 4711\nAge in years: 3</textarea>" in page

    def test_other_words_for_the_same_ask_nothing_again(
        self, client: Client, topic: HelpTopic, request_form: Any
    ) -> None:
        typed = self.typed(topic, request_form)
        edit(topic.form, [{**item, "label": item["label"] + "!"} for item in DEVICE])
        assert client.post(NEW, typed).status_code == 302

    def test_a_choice_that_is_gone_is_named(self, client: Client, topic: HelpTopic, request_form: Any) -> None:
        typed = self.typed(topic, request_form) | {"field_device": "phone"}
        items = [{**item, "choices": item["choices"][:1]} if item.get("key") == "device" else item for item in DEVICE]
        edit(topic.form, items)
        page = client.post(NEW, typed).content.decode()
        assert "“phone” is not one of the choices. Possible: Laptop." in page

    @pytest.mark.parametrize("asked", ["999999", "x", "9" * 40, "-1"])
    def test_a_version_that_never_was_loses_nothing(
        self, client: Client, topic: HelpTopic, request_form: Any, asked: str
    ) -> None:
        response = client.post(NEW, self.typed(topic, request_form) | {"asked": asked})
        assert response.status_code == 422
        assert 'value="4711"' in response.content.decode()


def test_files_of_a_question_lie_on_the_message(client: Client, department: Department, request_form: Any) -> None:
    topic = factories.help_topic(
        department, form=form([{"kind": "file", "key": "photo", "label": "Photo", "required": "send"}])
    )
    typed = request_form(**answers(topic))
    assert "Please answer this." in client.post(NEW, typed).content.decode()
    photo = SimpleUploadedFile("../../etc/passwd.exe", b"MZ picture", "image/png")
    assert client.post(NEW, typed | {"field_photo": [photo]}).status_code == 302
    ticket, file = Ticket.objects.get(), Attachment.objects.get()
    assert ticket.fields == {"photo": [{"name": "passwd.exe", "key": str(file.key)}]}
    assert file.name == "passwd.exe"


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_few_queries(client: Client, topic: HelpTopic, department: Department, count: int) -> None:
    for _number in range(count):
        factories.help_topic(department, form=topic.form)
    client.get(NEW)
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{NEW}?topic=computer")
    assert len(queries) <= 4


class TestSimilar:
    def ask(self, client: Client, subject: str) -> str:
        return client.get("/tickets/similar/", {"subject": subject}).content.decode()

    def test_own_open_tickets_are_shown(self, signed_in: Client, customer: User, department: Department) -> None:
        factories.ticket(customer, department, subject="The door does not open")
        factories.ticket(subject="Another door")
        page = self.ask(signed_in, "Doors: that door!")
        assert "The door does not open" in page
        assert "Another door" not in page
        assert self.ask(signed_in, "Invoice").strip() == ""

    @pytest.mark.parametrize("subject", ["", "'\\", "a & b | !c", "\u202e", "x" * 5000, "der:* ' \\ door"])
    def test_takes_anything(self, signed_in: Client, subject: str) -> None:
        assert signed_in.get("/tickets/similar/", {"subject": subject}).status_code == 200

    def test_tells_guests_nothing(self, client: Client, department: Department) -> None:
        factories.ticket(subject="The door does not open")
        assert "door" not in self.ask(client, "door")


def test_every_kind_is_asked_read_and_shown(
    signed_in: Client, customer: User, department: Department, request_form: Any
) -> None:
    inner = form(EVERY_KIND[:8], is_field_set=True)
    made = form([{"kind": "field_set", "form": inner.slug}, *EVERY_KIND[8:]])
    topic = factories.help_topic(department, "All", slug="all", form=made)
    page = signed_in.get(f"{NEW}?topic=all").content.decode()
    assert all(item["label"] in page for item in EVERY_KIND)
    given = {key: typed for key, (typed, _kept) in EVERY_ANSWER.items()} | {
        "colour": "red", "scan": SimpleUploadedFile("scan.pdf", b"%PDF"),
    }  # fmt: skip
    response = signed_in.post(NEW, request_form(**answers(topic, **given)))
    assert response.status_code == 302
    ticket = Ticket.objects.get()
    assert {key: value for key, value in ticket.fields.items() if key != "scan"} == EVERY_VALUE
    assert ticket.fields["scan"][0]["name"] == "scan.pdf"
    shown = signed_in.get(f"/tickets/{ticket.number}/").content.decode()
    assert "Go <strong>fast</strong>" in shown
    assert "Blue, Red" in shown
