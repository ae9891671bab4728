"""The last notice: what the List-Unsubscribe header of a mail leads to."""

import re

import pytest
from django.conf import settings
from django.test import Client

from tests import factories, people
from tests.mail import post
from tickets import signing
from tickets.actions import conversation, lifecycle, triage
from tickets.models import Muted, OutboundEmail, TicketEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def follower():
    return people.customer("Bo", email="bo@customers.example")


@pytest.fixture
def ticket(home, agent, follower):
    made = factories.ticket(department=home, auto_response=False)
    triage.follow(made, by=agent, person=follower)
    return made


@pytest.fixture(autouse=True)
def outbox_folder(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"


def sent_to(person, kind="reply"):
    post.settle()
    return post.sent(OutboundEmail.objects.filter(kind=kind, recipient=person.email).latest("pk"))


def way_out(mail) -> str:
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(mail["List-Unsubscribe"]).strip("<>")
    assert url in post.text(mail)
    assert url in post.text(mail, "html")
    return url.removeprefix(settings.BASE_URL)


def press(path: str, **typed: str):
    """As a mail program does: no cookie, no token, no page before."""
    return Client(enforce_csrf_checks=True).post(path, typed or {"List-Unsubscribe": "One-Click"})


def test_one_click_ends_the_copies_of_replies(ticket, agent, follower):
    conversation.reply(ticket, by=agent, body="One")
    assert press(way_out(sent_to(follower))).status_code == 200
    conversation.reply(ticket, by=agent, body="Two")
    recipients = list(OutboundEmail.objects.order_by("pk").values_list("recipient", flat=True))
    assert recipients.count(follower.email) == 1
    assert recipients.count(ticket.requester.email) == 2
    event = TicketEvent.objects.get(kind="muted")
    assert (event.actor, event.ticket) == (follower, ticket)
    assert ticket.followers.filter(user=follower).exists(), "and still sees the ticket"


def test_the_requester_gets_no_notices_but_every_answer(ticket, agent):
    lifecycle.resolve(ticket, by=agent)
    press(way_out(sent_to(ticket.requester, "confirmation")))
    lifecycle.close(ticket, by=agent)
    lifecycle.reopen(ticket, by=agent)
    conversation.reply(ticket, by=agent, body="One")
    post.settle()
    kinds = OutboundEmail.objects.filter(recipient=ticket.requester.email).order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["confirmation", "reply"]


def test_answers_to_the_requester_have_no_way_out(ticket, agent):
    conversation.reply(ticket, by=agent, body="One")
    mail = sent_to(ticket.requester)
    assert mail["List-Unsubscribe"] is None
    assert "/notices/" not in post.text(mail) + post.text(mail, "html")


def test_looking_at_the_page_changes_nothing(ticket, agent, follower, client):
    conversation.reply(ticket, by=agent, body="One")
    path = way_out(sent_to(follower))
    for method in (client.get, client.head):
        assert method(path).status_code == 200
    assert not Muted.objects.exists()
    page = client.get(path).content.decode()
    assert "No more notices" in page
    assert ticket.subject not in page, "the link proves no more than that somebody has the mail"


def test_the_form_works_and_can_be_taken_back(ticket, agent, follower):
    conversation.reply(ticket, by=agent, body="One")
    path = way_out(sent_to(follower))
    assert "no more notices" in press(path).content.decode()
    press(path)
    assert TicketEvent.objects.filter(kind="muted").count() == 1, "pressed twice is pressed once"
    assert "No more notices" in press(path, again="1").content.decode()
    conversation.reply(ticket, by=agent, body="Two")
    assert OutboundEmail.objects.filter(recipient=follower.email).count() == 2


def test_a_made_up_address_does_nothing(ticket, follower):
    token = signing.unsubscribe_token(signing.key(), ticket.pk, follower.pk)
    forged = re.sub(r"^.", "b" if token[0] == "a" else "a", token)
    address = signing.reply_address(signing.key(), ticket.pk, follower.pk, "x.example")
    guest = address.partition("@")[0].partition("+")[2]
    other = signing.unsubscribe_token(signing.Key(1, b"x" * 16), ticket.pk, follower.pk)
    for wrong in (forged, token[:-1], guest, other, "x", "é"):
        assert press(f"/notices/{wrong}/").status_code == 404
    assert press(f"/notices/{signing.unsubscribe_token(signing.key(), 10**30, 1)}/").status_code == 404
    assert not Muted.objects.exists()
