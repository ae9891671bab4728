from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests import factories
from tickets.actions import conversation
from tickets.models import Attachment, OutboundEmail, Ticket

pytestmark = pytest.mark.django_db


def post(client, ticket, kind="reply", body="Try turning it off.", **more):
    values = {f"{kind}-{name}": value for name, value in ({"body": body} | more).items() if name != "then"}
    if "then" in more:
        values["then"] = more["then"]
    return client.post(reverse(f"staff:{kind}", args=[ticket.number]), values)


def state(ticket):
    return Ticket.objects.get(pk=ticket.pk).state


def test_replies_and_the_mail_is_queued(browser, agent, ticket):
    assert post(browser(agent), ticket).status_code == 302
    message = ticket.messages.get(kind="reply")
    assert (message.body, message.author, state(ticket)) == ("Try turning it off.", agent, "in_progress")
    assert OutboundEmail.objects.filter(message=message).count() == 1


def test_sends_and_resolves_in_one_step(browser, agent, ticket):
    nonce = str(uuid.uuid4())
    for _ in range(2):
        assert post(browser(agent), ticket, nonce=nonce, then="resolve").status_code == 302
    assert state(ticket) == "resolved"
    assert ticket.messages.filter(kind="reply").count() == 1


def test_sets_the_status_with_the_reply(browser, agent, ticket):
    post(browser(agent), ticket, status="waiting_on_customer")
    assert Ticket.objects.get(pk=ticket.pk).status.slug == "waiting_on_customer"


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_the_same_form_twice_is_one_message(kind, browser, agent, ticket):
    nonce = str(uuid.uuid4())
    for _ in range(2):
        assert post(browser(agent), ticket, kind, nonce=nonce).status_code == 302
    assert ticket.messages.filter(kind=kind).count() == 1


def test_a_note_leaves_no_mail(browser, agent, ticket):
    post(browser(agent), ticket, "note", "She is on holiday.")
    assert ticket.messages.get(kind="note").body == "She is on holiday."
    assert not OutboundEmail.objects.filter(message__isnull=False).exists()


def test_an_outdated_reply_is_kept_and_what_is_new_is_shown(browser, agent, ticket):
    seen = ticket.messages.get().pk
    conversation.receive(ticket, by=ticket.requester, body="It works again!", source="web")
    response = post(browser(agent), ticket, body="Turn it off.", seen=seen)
    page = response.content.decode()
    assert response.status_code == 409
    assert "It works again!" in page
    assert "Turn it off.</textarea>" in page
    assert "Nothing was sent" in page
    assert not ticket.messages.filter(kind="reply").exists()
    newest = ticket.messages.last().pk
    assert f'name="reply-seen" value="{newest}"' in page
    assert post(browser(agent), ticket, body="Turn it off.", seen=newest).status_code == 302


def test_a_reply_to_a_ticket_closed_meanwhile_is_kept(browser, agent, home):
    ticket = factories.ticket_in("closed", agent, department=home)
    response = post(browser(agent), ticket, body="One more thing")
    assert response.status_code == 409
    assert "One more thing</textarea>" in response.content.decode()


@pytest.mark.parametrize("kind", ["reply", "note"])
def test_an_empty_text_is_refused_at_its_field(kind, browser, agent, ticket):
    response = post(browser(agent), ticket, kind, "  ")
    assert response.status_code == 400
    assert 'aria-invalid="true"' in response.content.decode()


def test_nonsense_in_hidden_fields_harms_nothing(browser, agent, ticket):
    assert post(browser(agent), ticket, nonce="x", seen="y").status_code == 302


def test_files_go_with_the_reply_and_are_downloads_only(browser, agent, outsider, ticket):
    file = SimpleUploadedFile("../evil.html", b"<script>alert(1)</script>", "text/html")
    post(browser(agent), ticket, attachments=[file])
    attachment = Attachment.objects.get()
    url = reverse("staff:attachment", args=[attachment.key])
    response = browser(agent).get(url)
    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    assert response["Content-Disposition"] == 'attachment; filename="evil.html"'
    assert response["Content-Type"] == "application/octet-stream"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert browser(outsider).get(url).status_code == 404
    assert browser(ticket.requester).get(url).status_code == 403


def test_a_file_too_large_is_refused_and_the_text_kept(browser, agent, ticket, settings):
    settings.MAX_ATTACHMENT = 10
    file = SimpleUploadedFile("big.bin", b"x" * 11)
    response = post(browser(agent), ticket, body="See the file.", attachments=[file])
    assert response.status_code == 400
    assert "See the file.</textarea>" in response.content.decode()
    assert not Attachment.objects.exists()
