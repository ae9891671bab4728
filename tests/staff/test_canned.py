"""The pages about canned responses, and how one comes into a message."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests import factories, people
from tickets.actions import canned
from tickets.actions.writing import Upload
from tickets.models import CannedFolder, CannedResponse, Message, Ticket, User

pytestmark = pytest.mark.django_db
URL = reverse("staff:canned")


@pytest.fixture
def agent() -> User:
    return people.agent(factories.department(name="Support"))


@pytest.fixture
def browser(agent: User) -> Client:
    client = Client()
    client.force_login(agent)
    return client


@pytest.fixture
def ticket(agent: User) -> Ticket:
    requester = people.customer("Grace Hopper")
    return factories.ticket(requester, agent.memberships.get().department, subject="{{ agent.email }} <b>no</b>")


def typed(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Reset",
        "scope": "own",
        "body": "Restart it, {{ requester.first_name }}.",
        "is_enabled": "on",
        **fields,
    }


def html(response: Any) -> str:
    return response.content.decode()


def test_a_response_is_made_and_changed(browser: Client, agent: User) -> None:
    file = SimpleUploadedFile("map.pdf", b"bytes", "application/pdf")
    made = browser.post(
        reverse("staff:canned_new"),
        typed(shortcut="reset", attachments=file, translation_language=["de", ""], translation_body=["Neustart.", ""]),
        follow=True,
    )
    response = CannedResponse.objects.get()
    assert (response.owner, response.shortcut, response.translations.get().body) == (agent, "reset", "Neustart.")
    assert "Take out map.pdf" in html(made)
    key = response.attachments.get().key
    browser.post(reverse("staff:canned_one", args=[response.pk]), typed(title="Better", without=[key]))
    response = CannedResponse.objects.get()
    assert (response.title, response.attachments.count(), response.translations.count()) == ("Better", 0, 0)
    assert "Better" in html(browser.get(URL))
    browser.post(reverse("staff:canned_delete", args=[response.pk]))
    assert not CannedResponse.objects.exists()


def test_a_faulty_text_comes_back_with_what_is_wrong(browser: Client) -> None:
    answer = browser.post(
        reverse("staff:canned_new"),
        typed(body="Hello\n{{ requester.nam }}", translation_language=["", "de"], translation_body=["Hallo", "x"]),
    )
    assert answer.status_code == 400
    assert "Choose the language of each translation." in html(answer)
    answer = browser.post(reverse("staff:canned_new"), typed(body="Hello\n{{ requester.nam }}"))
    assert "Line 2: There is no variable “requester.nam”. Did you mean “requester.name”?" in html(answer)
    assert "Hello\n{{ requester.nam }}</textarea>" in html(answer)
    assert not CannedResponse.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"scope": "all"}, {"scope": "department:1"}, {"folder": "x"}, {"language": "xx"}, {"scope": "own:x\x00"}]
)
def test_a_choice_that_was_not_offered_is_refused(browser: Client, fields: dict[str, str]) -> None:
    assert browser.post(reverse("staff:canned_new"), typed(**fields)).status_code == 400
    assert not CannedResponse.objects.exists()


def test_the_preview_reads_as_on_a_ticket(browser: Client, ticket: Ticket) -> None:
    url = reverse("staff:canned_preview")
    shown = html(browser.post(url, {"body": "{{ requester.name }}: {{ ticket.subject }}", "ticket": ticket.number}))
    assert "Grace Hopper: {{ agent.email }} &lt;b&gt;no&lt;/b&gt;" in shown
    assert "Line 1: There is no variable" in html(browser.post(url, {"body": "{{ foo }}"}))
    stranger = factories.ticket(people.customer("Secret Person"))
    shown = html(browser.post(url, {"body": "{{ requester.name }}", "ticket": stranger.number}))
    assert "Secret" not in shown
    assert "There is no ticket" in shown
    assert html(browser.post(reverse("staff:canned_new"), typed(preview="1", body="{{ requester.name }}")))
    assert not CannedResponse.objects.exists()


def test_folders_are_made_moved_and_deleted(browser: Client, agent: User) -> None:
    browser.post(reverse("staff:canned_folder_new"), {"name": "Network"})
    folder = CannedFolder.objects.get()
    browser.post(reverse("staff:canned_folder", args=[folder.pk]), {"name": "Networks"})
    response = canned.save(None, by=agent, title="Reset", body="x", owner=agent, folder=folder)
    canned.save(None, by=agent, title="Elsewhere", body="x", owner=agent)
    page = html(browser.get(URL, {"folder": folder.pk}))
    assert "Networks" in page
    assert "Reset" in page
    assert "Elsewhere" not in page
    assert "A folder needs a name" in html(browser.post(reverse("staff:canned_folder_new"), {"name": ""}, follow=True))
    browser.post(reverse("staff:canned_folder", args=[folder.pk]), {"do": "delete"})
    assert CannedResponse.objects.get(pk=response.pk).folder is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(
    browser: Client, agent: User, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        canned.save(None, by=agent, title=f"R{number}", body="x", owner=agent, translations={"de": "y"})
    browser.get(URL)
    with django_assert_max_num_queries(13):
        assert f"R{count - 1}" in html(browser.get(URL))


def test_the_picker_offers_them_filled_in(browser: Client, agent: User, ticket: Ticket) -> None:
    canned.save(
        None, by=agent, title="Reset", body="Restart, {{ requester.first_name }}: {{ ticket.subject }}", owner=agent,
        shortcut="reset", attachments=[Upload("map.pdf", b"bytes")],
    )  # fmt: skip
    url = reverse("staff:canned_pick", args=[ticket.number])
    row = browser.get(url, {"q": "res"}, headers={"Accept": "application/json"}).json()["responses"][0]
    assert (row["title"], row["shortcut"], row["text"]) == ("Reset", "reset", f"Restart, Grace: {ticket.subject}")
    assert row["files"][0]["name"] == "map.pdf"
    assert browser.get(url, {"q": "zz"}, headers={"Accept": "application/json"}).json() == {"responses": []}
    assert "Reset" in html(browser.get(url))


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_without_scripts_it_is_put_in_by_a_page(browser: Client, agent: User, ticket: Ticket, kind: str) -> None:
    response = canned.save(
        None, by=agent, title="Reset", body="Restart, {{ requester.first_name }}.", owner=agent,
        attachments=[Upload("map.pdf", b"bytes", "application/pdf")],
    )  # fmt: skip
    page = html(browser.get(reverse("staff:ticket", args=[ticket.number]), {"canned": response.pk, "for": kind}))
    assert "Restart, Grace.</textarea>" in page
    key = response.attachments.get().key
    assert f'<input type="checkbox" name="{kind}-canned" value="{key}" checked>' in page
    browser.post(
        reverse(f"staff:{kind}", args=[ticket.number]),
        {f"{kind}-body": "Restart, Grace.", f"{kind}-canned": [key, "x"]},
    )
    message = Message.objects.filter(kind=kind).get()
    assert [file.name for file in message.attachments.all()] == ["map.pdf"]


def test_files_of_others_do_not_go_along(browser: Client, ticket: Ticket) -> None:
    other = people.agent(factories.department())
    secret = canned.save(
        None, by=other, title="Secret", body="x", owner=other, attachments=[Upload("secret.pdf", b"bytes")]
    )  # fmt: skip
    key = secret.attachments.get().key
    browser.post(reverse("staff:reply", args=[ticket.number]), {"reply-body": "Hello", "reply-canned": [key]})
    assert not Message.objects.get(kind="reply").attachments.exists()
    assert browser.get(reverse("staff:ticket", args=[ticket.number]), {"canned": secret.pk}).status_code == 404


def test_what_was_chosen_stays_when_the_form_comes_back(browser: Client, agent: User, ticket: Ticket) -> None:
    response = canned.save(
        None, by=agent, title="Reset", body="x", owner=agent, attachments=[Upload("map.pdf", b"bytes")]
    )  # fmt: skip
    key = response.attachments.get().key
    seen = ticket.messages.latest("pk").pk
    factories.conversation.receive(ticket, by=ticket.requester, body="One more thing", source="web")
    answer = browser.post(
        reverse("staff:reply", args=[ticket.number]),
        {"reply-body": "Mine", "reply-canned": [key], "reply-seen": seen},
    )
    assert answer.status_code == 409
    assert f'value="{key}" checked> map.pdf' in html(answer)
