"""Drafts survive, replies for later leave at their time unless somebody wrote first, and blind copies stay blind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import pictures
from tickets.actions import conversation, drafts
from tickets.actions.drafts import OutdatedDraft, Written
from tickets.actions.writing import Upload
from tickets.models import Draft, Follower, OutboundEmail, Ticket, User
from tickets.recipients import Recipients, read
from tickets.refusals import Invalid, NotAllowed
from tickets.said import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(db: None) -> User:
    return people.agent(factories.department())


@pytest.fixture
def ticket(agent: User) -> Ticket:
    return factories.ticket(department=agent.memberships.get().department)


def keep(ticket: Ticket, agent: User, body: str, version: int | None = None, **more: object) -> Draft | None:
    return drafts.save(ticket, by=agent, kind="reply", written=Written(body, **more), version=version)  # type: ignore[arg-type]


def due(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(send_at=timezone.now() - timedelta(seconds=1))


def test_each_save_names_the_version_it_knows(agent: User, ticket: Ticket) -> None:
    first = keep(ticket, agent, "Dear", 0)
    assert first.version == 1
    assert keep(ticket, agent, "Dear Tomás", 1).version == 2
    with pytest.raises(OutdatedDraft) as refused:
        keep(ticket, agent, "Dear Sir", 1)
    assert refused.value.draft.body == "Dear Tomás"
    assert Draft.objects.get().body == "Dear Tomás"


def test_an_empty_text_is_no_draft_unless_it_has_files(agent: User, ticket: Ticket) -> None:
    assert keep(ticket, agent, "  ", 0) is None
    keep(ticket, agent, "Dear", 0)
    assert keep(ticket, agent, "", 1) is None
    drafts.attach(ticket, by=agent, kind="reply", upload=Upload("a.txt", b"words"))
    assert keep(ticket, agent, "", 1) is not None


def test_only_who_may_write_keeps_a_draft(ticket: Ticket) -> None:
    with pytest.raises(NotAllowed):
        keep(ticket, people.reader(ticket.department), "Dear", 0)


def test_files_become_attachments_with_the_same_key(agent: User, ticket: Ticket) -> None:
    file = drafts.attach(ticket, by=agent, kind="reply", upload=Upload("a.txt", b"words"))
    lost = drafts.attach(ticket, by=agent, kind="reply", upload=Upload("b.png", b"x"), is_inline=True)
    keep(ticket, agent, "See the file.")
    message = drafts.reply(Draft.objects.get())
    attachment = message.attachments.get()  # the picture is not in the text any more
    assert (attachment.key, attachment.size, attachment.sha256) == (file.key, 5, file.sha256)
    assert attachment.key != lost.key
    assert not Draft.objects.exists()


def test_a_reply_for_later_leaves_at_its_time_and_once(agent: User, ticket: Ticket) -> None:
    written = Written("Good morning", "<p><b>Good</b> morning</p>", {"cc": ["boss@customers.example"]}, resolves=True)
    draft = drafts.schedule(ticket, by=agent, written=written, send_at=timezone.now() + timedelta(hours=1))
    drafts.send_due()
    assert not ticket.messages.filter(kind="reply").exists()
    due(draft)
    drafts.send_due()
    drafts.send_due()
    message = ticket.messages.get(kind="reply")
    assert (message.author, message.html) == (agent, "<p><b>Good</b> morning</p>")
    assert message.recipients["cc"] == ["boss@customers.example"]
    assert Ticket.objects.get().state == "resolved"


def test_it_is_held_when_the_customer_writes_first(agent: User, ticket: Ticket) -> None:
    draft = drafts.schedule(ticket, by=agent, written=Written("Hello?"), send_at=timezone.now() + timedelta(hours=1))
    conversation.receive(ticket, by=ticket.requester, body="It is solved.", source="web")
    draft.refresh_from_db()
    assert draft.send_at is None
    assert "customer has written" in told(draft.held_reason)
    assert ticket.events.filter(kind="schedule_held").count() == 1
    due_at = ticket.messages.count()
    drafts.send_due()
    assert ticket.messages.count() == due_at


def test_it_is_held_when_a_colleague_replied_or_the_writer_may_no_more(agent: User, ticket: Ticket) -> None:
    seen = ticket.messages.get().pk
    later = timezone.now() + timedelta(hours=1)
    due(drafts.schedule(ticket, by=agent, written=Written("Hello?", seen=seen), send_at=later))
    conversation.reply(ticket, by=people.agent(ticket.department), body="I take it.")
    drafts.send_due()
    held = Draft.objects.get()
    assert (held.send_at, held.body) == (None, "Hello?")
    assert "written meanwhile" in told(held.held_reason)
    due(drafts.schedule(ticket, by=agent, written=Written("Hello?"), send_at=later))
    agent.memberships.all().delete()
    drafts.send_due()
    assert "not allowed" in Draft.objects.get().held_reason


def test_one_that_cannot_be_sent_does_not_stop_the_others(agent: User, ticket: Ticket) -> None:
    other = factories.ticket(department=ticket.department)
    later = timezone.now() + timedelta(hours=1)
    for one, given in ((ticket, {"cc": [ticket.department.name]}), (other, {})):
        due(drafts.schedule(one, by=agent, written=Written("Hello", recipients=given), send_at=later))
    drafts.send_due()
    assert Draft.objects.get().ticket == ticket
    assert other.messages.filter(kind="reply").count() == 1


def test_a_time_that_is_over_is_refused(agent: User, ticket: Ticket) -> None:
    with pytest.raises(Invalid):
        drafts.schedule(ticket, by=agent, written=Written("Hello"), send_at=timezone.now())
    with pytest.raises(Invalid):
        drafts.schedule(ticket, by=agent, written=Written("Hello"), send_at=timezone.now() + timedelta(days=400))


def test_recipients_are_as_the_writer_says_and_blind_copies_stay_blind(agent: User, ticket: Ticket) -> None:
    given = Recipients([ticket.requester.email], ["new@customers.example"], ["chief@desk.example"])
    message = conversation.reply(ticket, by=agent, body="Hello", recipients=given)
    mails = OutboundEmail.objects.filter(message=message)
    assert {mail.recipient for mail in mails} == {ticket.requester.email, *given.cc, *given.bcc}
    assert message.recipients == {"to": list(given.to), "cc": list(given.cc), "bcc": list(given.bcc)}
    follower = Follower.objects.get()
    assert (follower.user.email, follower.sees_from) == ("new@customers.example", message.created_at)
    assert not User.objects.filter(email="chief@desk.example").exists()


def test_mail_to_the_desk_itself_and_to_nobody_is_refused(agent: User, ticket: Ticket) -> None:
    box = factories.mailbox(ticket.department)
    for given in (Recipients([box.address]), Recipients(None, [box.address]), Recipients([], [])):
        with pytest.raises(Invalid):
            conversation.reply(ticket, by=agent, body="Hello", recipients=given)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a@x.example, B@X.example;c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
        ('"Lee, Jo" <jo@x.example>\na@x.example, a@x.example', ["jo@x.example", "a@x.example"]),
    ],
)
def test_addresses_are_read_as_people_type_them(text: str, found: list[str]) -> None:
    assert read(text, "cc") == found


@pytest.mark.parametrize("text", ["nobody", "a@x.example, b", ",".join(f"a{n}@x.example" for n in range(21))])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text, "cc")
    assert list(refused.value.errors) == ["cc"]


def test_pictures_are_told_by_their_bytes() -> None:
    assert pictures.kind(b"\x89PNG\r\n\x1a\n....") == "image/png"
    assert pictures.kind(b"RIFF....WEBPVP8 ") == "image/webp"
    assert pictures.kind(b"<svg xmlns=") == ""
