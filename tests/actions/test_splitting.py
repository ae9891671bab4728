import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories, people
from tickets.actions import conversation, linking, splitting
from tickets.models import OutboundEmail, Ticket
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def ticket(home):
    return factories.ticket(department=home)


def test_a_message_becomes_a_ticket_of_its_own(ticket, agent):
    file = SimpleUploadedFile("photo.png", b"not really", "image/png")
    said = conversation.receive(
        ticket,
        by=ticket.requester,
        body="Also, my chair broke.",
        source="web",
        attachments=conversation.uploads([file]),
    )
    made = splitting.split(said, by=agent, subject="Broken chair")
    copy = made.messages.get()
    assert (made.subject, made.requester, made.department, copy.body) == (
        "Broken chair", ticket.requester, ticket.department, said.body,
    )  # fmt: skip
    assert copy.attachments.get().sha256 == said.attachments.get().sha256
    assert copy.attachments.get().key != said.attachments.get().key
    assert ticket.messages.filter(pk=said.pk).exists()
    assert [word for word, _other in linking.of(Ticket.objects.get(pk=ticket.pk), agent)] == ["relates"]
    assert ticket.events.filter(kind="split", data__number=made.number).exists()
    assert made.events.filter(kind="split_from", data__number=ticket.number).exists()
    assert not OutboundEmail.objects.filter(ticket=made).exists()


def test_twice_is_one_ticket(ticket, agent):
    message = ticket.messages.get()
    assert splitting.split(message, by=agent) == splitting.split(message, by=agent)


def test_what_the_desk_wrote_stays(ticket, agent):
    for message in (conversation.note(ticket, by=agent, body="x"), conversation.reply(ticket, by=agent, body="y")):
        with pytest.raises(Invalid):
            splitting.split(message, by=agent)


def test_it_takes_the_right_to_merge(ticket, home):
    with pytest.raises(NotAllowed):
        splitting.split(ticket.messages.get(), by=people.agent(home, can=["view", "reply"]))
