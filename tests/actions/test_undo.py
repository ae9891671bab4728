from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets import notifications
from tickets.actions import assignment, conversation, lifecycle
from tickets.models import Desk, Message, OutboundEmail, Status, Ticket, TicketEvent
from tickets.refusals import NotAllowed, TooLate

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("undo_window")]
SHOWN = ("last_message_at", "last_message_by", "last_message_kind", "last_message_preview", "message_count")
WHOLE = (*SHOWN, "state", "status_id", "assignee_id", "first_response_at", "waiting_since", "due_at", "next_breach_at",
         "resolved_at", "auto_close_at")  # fmt: skip


@pytest.fixture
def home():
    return factories.department(sla_policy=factories.sla_policy())


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def ticket(home):
    return factories.ticket(department=home, auto_response=False)


def as_it_is(ticket: Ticket, names=WHOLE) -> dict:
    fresh = Ticket.objects.get(pk=ticket.pk)
    return {name: getattr(fresh, name) for name in names}


def test_the_ticket_is_as_it_was_and_no_word_is_lost(ticket, agent):
    before = as_it_is(ticket)
    message = conversation.reply(ticket, by=agent, body="Which one?")
    assert as_it_is(ticket) != before
    event = conversation.undo_reply(message, by=agent)
    assert event.data == {"text": "Which one?"}
    assert as_it_is(ticket) == before
    assert not Message.objects.filter(pk=message.pk).exists()
    OutboundEmail.objects.update(next_attempt_at=timezone.now())
    post.settle()
    assert not post.outgoing("reply")


def test_a_status_set_with_it_goes_and_its_pause_ends(ticket, agent):
    before = as_it_is(ticket)
    waiting = Status.objects.get(slug="waiting_on_customer")
    message = conversation.reply(ticket, by=agent, body="Which one?", status=waiting)
    assert Ticket.objects.get(pk=ticket.pk).next_breach_at is None
    conversation.undo_reply(message, by=agent)
    kept = as_it_is(ticket)
    moved = {"due_at", "next_breach_at"}  # the clock did stand still for a moment
    assert {name: kept[name] for name in set(WHOLE) - moved} == {name: before[name] for name in set(WHOLE) - moved}
    assert kept["next_breach_at"] - before["next_breach_at"] < timedelta(minutes=1)


def test_what_was_resolved_with_it_is_open_again_and_nobody_is_asked(ticket, agent):
    before = as_it_is(ticket)
    lifecycle.resolve(ticket, by=agent, body="Done.")
    for event in TicketEvent.objects.unhandled():
        notifications.handle(event.pk)
    assert {mail.kind for mail in post.outgoing()} == {"reply", "confirmation"}
    conversation.undo_reply(Message.objects.get(kind="reply"), by=agent)
    assert as_it_is(ticket) == before
    OutboundEmail.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
    post.settle()
    assert {mail.state for mail in post.outgoing()} == {"cancelled"}


def test_the_question_whether_it_is_solved_follows_the_reply(ticket, agent):
    lifecycle.resolve(ticket, by=agent, body="Done.")
    post.settle()
    reply, question = post.outgoing("reply")[0], post.outgoing("confirmation")[0]
    assert (reply.state, question.state) == ("queued", "queued")
    assert timezone.now() < reply.next_attempt_at < question.next_attempt_at


def test_what_others_did_meanwhile_stays(ticket, agent, home):
    message = conversation.reply(ticket, by=agent, body="Which one?")
    conversation.receive(ticket, by=ticket.requester, body="The blue one", source="web")
    other = people.agent(home)
    assignment.assign(ticket, by=other, agent=other)
    conversation.undo_reply(message, by=agent)
    kept = as_it_is(ticket)
    assert (kept["state"], kept["assignee_id"], kept["first_response_at"]) == ("in_progress", other.pk, None)
    assert (kept["last_message_preview"], kept["message_count"]) == ("The blue one", 2)
    assert kept["waiting_since"]


def test_files_stay_on_the_ticket_for_agents(ticket, agent):
    files = conversation.uploads([SimpleUploadedFile("plan.pdf", b"%PDF", "application/pdf")])
    message = conversation.reply(ticket, by=agent, body="See there.", attachments=files)
    conversation.undo_reply(message, by=agent)
    note = Message.objects.get(pk=message.pk)
    assert (note.kind, note.recipients, note.attachments.get().name) == ("note", {}, "plan.pdf")
    assert "See there" not in note.body


def test_only_its_author_and_only_in_time(ticket, agent, home):
    message = conversation.reply(ticket, by=agent, body="Which one?")
    for other in (people.agent(home), people.admin()):
        with pytest.raises(NotAllowed):
            conversation.undo_reply(message, by=other)
    OutboundEmail.objects.update(next_attempt_at=timezone.now())
    with pytest.raises(TooLate):
        conversation.undo_reply(message, by=agent)
    assert not TicketEvent.objects.filter(kind="reply_undone").exists()


def test_once_one_of_its_mails_is_under_way_it_is_too_late(ticket, agent):
    message = conversation.reply(ticket, by=agent, body="Which one?")
    OutboundEmail.objects.update(state="sending", attempt=1)
    with pytest.raises(TooLate):
        conversation.undo_reply(message, by=agent)


def test_a_second_time_is_too_late(ticket, agent):
    message = conversation.reply(ticket, by=agent, body="Which one?")
    conversation.undo_reply(message, by=agent)
    with pytest.raises(TooLate):
        conversation.undo_reply(message, by=agent)


@pytest.mark.parametrize(("seconds", "source"), [(0, "staff"), (60, "api")])
def test_without_a_window_it_leaves_at_once(ticket, agent, seconds, source):
    Desk.objects.update(undo_seconds=seconds)
    Desk.forget()
    conversation.reply(ticket, by=agent, body="Which one?", source=source)
    post.settle()
    assert post.outgoing("reply")[0].state == "sent"


def test_what_others_wrote_meanwhile_is_still_told(ticket, agent, home, monkeypatch):
    other = people.agent(home)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=other)
    message = conversation.reply(ticket, by=agent, body="Which one?")
    conversation.receive(ticket, by=ticket.requester, body="The blue one", source="web")
    monkeypatch.setattr(notifications, "_send", lambda queued: None)  # a worker that is busy
    for event in TicketEvent.objects.unhandled():
        notifications.handle(event.pk)
    conversation.undo_reply(message, by=agent)
    assert [mail.state for mail in post.outgoing("received")] == ["queued"]
