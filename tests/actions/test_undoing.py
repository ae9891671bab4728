"""Taking back: whatever a verb changed is as before, unless somebody did something in between."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import notifications
from tickets.actions import (
    assignment,
    checklist,
    collaborators,
    conversation,
    lifecycle,
    linking,
    merging,
    snoozing,
    spam,
    splitting,
    triage,
    undoing,
)
from tickets.models import BlockedSender, OutboundEmail, Status, Ticket, TicketEvent
from tickets.refusals import NotAllowed, TooLate

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department(sla_policy=factories.sla_policy())


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def ticket(home, agent):
    return factories.ticket_in("in_progress", agent, department=home)


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def shape(ticket):
    """Everything about the ticket that people see, and what hangs on it."""
    row = Ticket.objects.filter(pk=ticket.pk).values().get()
    for name in ("updated_at", "search"):
        row.pop(name)
    return {
        **row,
        "tags": sorted(ticket.tags.values_list("name", flat=True)),
        "followers": sorted(ticket.followers.values_list("user", "role", "sees_from")),
        "tasks": sorted(ticket.tasks.values_list("title", "done_at", "due_at", "assignee")),
        "links": sorted(ticket.links.values_list("other", "kind")),
    }


def tomorrow():
    """As somebody in Tokyo types it."""
    return (timezone.now() + timedelta(days=1)).astimezone(ZoneInfo("Asia/Tokyo"))


VERBS = {
    "assign": lambda t, by: assignment.assign(t, by=by, agent=people.agent(t.department)),
    "unassign": lambda t, by: assignment.assign(t, by=by, agent=None),
    "team": lambda t, by: assignment.hand_to_team(t, by=by, team=people.team()),
    "transfer": lambda t, by: assignment.transfer(t, by=by, department=factories.department()),
    "resolve": lambda t, by: lifecycle.resolve(t, by=by),
    "close": lambda t, by: lifecycle.close(t, by=by),
    "priority": lambda t, by: triage.set_priority(t, by=by, priority=4),
    "status": lambda t, by: triage.set_status(t, by=by, status=Status.objects.get(slug="waiting_on_customer")),
    "subject": lambda t, by: triage.set_subject(t, by=by, subject="Another"),
    "tags": lambda t, by: triage.set_tags(t, by=by, tags=["vpn", "old"]),
    "due": lambda t, by: triage.set_due(t, by=by, due=tomorrow()),
    "links": lambda t, by: triage.revoke_links(t, by=by),
    "snooze": lambda t, by: snoozing.snooze(t, by=by, until=tomorrow()),
    "follow": lambda t, by: triage.follow(t, by=by, person=by),
    "collaborator": lambda t, by: collaborators.add(t, by=by, email="joe@customers.example", role="view"),
    "requester": lambda t, by: collaborators.change_requester(t, by=by, email="joe@customers.example", keep=True),
    "task": lambda t, by: checklist.add_task(t, by=by, title="Call"),
    "link": lambda t, by: linking.link(t, by=by, other=factories.ticket(department=t.department), relation="blocks"),
    "spam": lambda t, by: spam.mark_as_spam(t, by=by, block=True),
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_taken_back_whole(verb, ticket, agent):
    before = shape(ticket)
    VERBS[verb](ticket, agent)
    assert shape(ticket) != before
    event = ticket.events.get(pk=undoing.last_deed(ticket, by=agent))
    undoing.undo(event, by=agent)
    assert shape(ticket) == before
    assert ticket.events.last().kind.startswith("undone")
    assert not BlockedSender.objects.exists()
    with pytest.raises(TooLate, match="already"):
        undoing.undo(event, by=agent)


@pytest.mark.parametrize(
    ("state", "verb"), [("closed", "reopen"), ("new", "start"), ("new", "assign"), ("resolved", "reopen")]
)
def test_also_the_state_is_as_before(state, verb, home, agent):
    ticket = factories.ticket_in(state, agent, department=home)
    before = shape(ticket)
    if verb == "assign":
        assignment.assign(ticket, by=agent, agent=agent)
    else:
        getattr(lifecycle, verb)(ticket, by=agent)
    undoing.undo(ticket.events.last(), by=agent)
    assert shape(ticket) == before


@pytest.mark.parametrize("undo_of", ["done", "undone", "removed", "role", "removed person", "unlinked", "merged"])
def test_what_hangs_on_a_ticket_is_taken_back_too(undo_of, ticket, agent, home):
    other, person = factories.ticket(department=home), people.customer()
    task = checklist.add_task(ticket, by=agent, title="Call", due_at=tomorrow(), assignee=agent)
    ticket.followers.create(user=person, role="view", sees_from=timezone.now())
    linking.link(ticket, by=agent, other=other, relation="duplicates")
    if undo_of == "undone":
        checklist.set_done(task, by=agent, done=True)
    before = shape(ticket)
    {
        "done": lambda: checklist.set_done(task, by=agent, done=True),
        "undone": lambda: checklist.set_done(task, by=agent, done=False),
        "removed": lambda: checklist.remove_task(task, by=agent),
        "role": lambda: collaborators.set_role(ticket, by=agent, person=person, role="reply"),
        "removed person": lambda: collaborators.remove(ticket, by=agent, person=person),
        "unlinked": lambda: linking.unlink(ticket, by=agent, other=other, relation="duplicates"),
        "merged": lambda: merging.merge(ticket, by=agent, sources=[other]),
    }[undo_of]()
    undoing.undo(ticket.events.last(), by=agent)
    after = shape(ticket)
    if undo_of == "undone":  # done once more, at another moment
        before["tasks"], after["tasks"] = len(before["tasks"]), len(after["tasks"])
    assert after == before


def test_what_somebody_did_in_between_is_named(ticket, agent, home):
    colleague = people.agent(home, name="Joan Okafor")
    triage.set_priority(ticket, by=agent, priority=4)
    event = ticket.events.last()
    triage.set_priority(ticket, by=colleague, priority=1)
    with pytest.raises(TooLate, match="Joan Okafor changed the priority"):
        undoing.undo(event, by=agent)
    assert fresh(ticket).priority == 1


def test_a_note_in_between_does_not_hinder(ticket, agent, home):
    triage.set_priority(ticket, by=agent, priority=4)
    event = ticket.events.last()
    conversation.note(ticket, by=people.agent(home), body="Why so high?")
    undoing.undo(event, by=agent)
    assert fresh(ticket).priority == 2


def test_a_customer_who_wrote_is_not_closed_away(ticket, agent):
    lifecycle.resolve(ticket, by=agent)
    event = ticket.events.last()
    conversation.receive(ticket, by=ticket.requester, body="No!", source="web")
    with pytest.raises(TooLate):
        undoing.undo(event, by=agent)
    assert fresh(ticket).state == "reopened"


def test_it_is_only_for_who_did_it_and_not_for_long(ticket, agent, home):
    triage.set_priority(ticket, by=agent, priority=4)
    event = ticket.events.last()
    with pytest.raises(NotAllowed):
        undoing.undo(event, by=people.agent(home))
    TicketEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(minutes=11))
    with pytest.raises(TooLate, match="long ago"):
        undoing.undo(ticket.events.last(), by=agent)


def test_what_the_customer_was_told_cannot_be_taken_back(ticket, agent):
    lifecycle.resolve(ticket, by=agent)
    event = ticket.events.last()
    OutboundEmail.objects.create(
        kind="confirmation", ticket=ticket, event=event, recipient="a@b.example", rfc_message_id="<x@y>", state="sent"
    )
    with pytest.raises(TooLate, match="told"):
        undoing.undo(event, by=agent)


def test_a_mail_that_still_waits_is_called_back(ticket, agent):
    lifecycle.resolve(ticket, by=agent)
    event = ticket.events.last()
    mail = OutboundEmail.objects.create(
        kind="confirmation", ticket=ticket, event=event, recipient="a@b.example", rfc_message_id="<x@y>"
    )
    undoing.undo(event, by=agent)
    mail.refresh_from_db()
    assert mail.state == "cancelled"


@pytest.mark.parametrize("verb", ["resolve", "close"])
def test_the_customer_hears_of_it_when_it_has_stood_for_a_while(verb, undo_window, home, agent):
    ticket = factories.ticket(department=home)
    VERBS[verb](ticket, agent)
    event = ticket.events.last()
    notifications.handle(event.pk)
    mail = OutboundEmail.objects.get(event=event)
    assert mail.next_attempt_at == event.created_at + timedelta(seconds=60)
    undoing.undo(event, by=agent)
    mail.refresh_from_db()
    assert mail.state == "cancelled"


def test_what_the_clock_wrote_just_before_stays(ticket, agent):
    """The runs of a reply that the verb follows at once."""
    lifecycle.close(ticket, by=agent)
    runs = list(ticket.sla_runs.order_by("pk").values())
    assert runs
    lifecycle.reopen(ticket, by=agent)
    undoing.undo(ticket.events.last(), by=agent)
    assert list(ticket.sla_runs.order_by("pk").values()) == runs


def test_only_what_one_did_just_now_is_offered(ticket, agent, home):
    triage.set_priority(ticket, by=agent, priority=4)
    assert undoing.last_deed(ticket, by=agent)
    assert undoing.last_deed(ticket, by=people.agent(home)) is None
    conversation.note(ticket, by=agent, body="x")
    assert undoing.last_deed(ticket, by=agent) is None


def test_what_was_split_off_goes_into_the_trash(ticket, agent):
    said, before = conversation.receive(ticket, by=ticket.requester, body="And my chair.", source="web"), shape(ticket)
    made = splitting.split(said, by=agent, subject="Chair")
    assert shape(ticket) != before
    event = made.events.get(pk=undoing.last_deed(made, by=agent))
    assert undoing.undo(event, by=agent) == ticket
    assert shape(ticket) == before
    assert fresh(made).deleted_at is not None
    assert fresh(made).link_count == 0
    assert splitting.split(said, by=agent, subject="Chair") != made
    with pytest.raises(TooLate, match="already"):
        undoing.undo(event, by=agent)


@pytest.mark.parametrize("wrote", [True, False])
def test_what_was_split_off_stays_when_somebody_works_on_it(wrote, ticket, agent, home):
    made = splitting.split(ticket.messages.earliest("pk"), by=agent, subject="Chair")
    if wrote:
        conversation.receive(made, by=made.requester, body="Hurry.", source="web")
    else:
        assignment.assign(made, by=people.agent(home), agent=agent)
    with pytest.raises(TooLate, match="Meanwhile"):
        undoing.undo(ticket.events.get(kind="split"), by=agent)
    assert fresh(made).deleted_at is None
    assert fresh(ticket).link_count == 1
