"""Pages travel compressed, and nothing else does that must not."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from tests import factories, people
from tests.e2e.company import token
from tickets.actions import conversation
from tickets.actions.writing import Upload
from tickets.models import Attachment

pytestmark = pytest.mark.django_db

ASKS = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_compressed_for_who_can_read_it(client):
    plain, packed = client.get("/"), client.get("/", headers=ASKS)
    assert "Content-Encoding" not in plain.headers
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert b"</html>" in gzip.decompress(packed.content)


def test_the_list_of_an_agent_is_light(client):
    home = factories.department("Support")
    for _number in range(50):
        factories.ticket(department=home)
    client.force_login(people.agent(home))
    page = client.get("/staff/views/all-open/", headers=ASKS)
    assert gzip.decompress(page.content).count(b'<li class="row') == 50
    assert len(page.content) < 25_000


def test_answers_of_the_api_and_files_go_out_as_they_are(client):
    home = factories.department("Support")
    agent, ticket = people.agent(home), factories.ticket(department=home)
    sent = ASKS | {"Authorization": f"Bearer {token(agent)}"}
    answer = client.get(f"/api/v1/tickets/{ticket.number}/", headers=sent)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    conversation.reply(ticket, by=agent, body="Here.", attachments=[Upload("a.txt", b"a" * 5000)])
    browser = Client()
    browser.force_login(agent)
    file = browser.get(f"/staff/attachments/{Attachment.objects.get().key}/", headers=ASKS)
    assert file.status_code == 200
    assert "Content-Encoding" not in file.headers
