"""Tickets that are put off, and everything that wakes them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import notifications, queries
from tickets.actions import assignment, conversation, lifecycle, snoozing
from tickets.models import SYSTEM, Desk, Notice, OutboundEmail, Ticket
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def asleep(home, agent):
    ticket = factories.ticket_in("open", agent, department=home)
    return snoozing.snooze(ticket, by=agent, until=timezone.now() + timedelta(hours=3))


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def lists(ticket, agent, home):
    queues = [*queries.QUEUES.values(), queries.queue_of(home)]
    return {queue.slug for queue in queues if queue.select(agent).filter(pk=ticket.pk).exists()}


def test_a_snoozed_ticket_leaves_the_open_views(asleep, agent, home):
    assert lists(asleep, agent, home) == {"snoozed"}
    counts = queries.counts(agent, [home])
    assert (counts["snoozed"], counts["my-open"], counts["all-open"], counts[f"d-{home.slug}"]) == (1, 0, 0, 0)
    snoozing.wake(asleep, by=agent)
    assert lists(asleep, agent, home) == {"my-open", "all-open", f"d-{home.slug}"}
    assert asleep.events.filter(kind="woken").count() == 1


def test_the_sweep_wakes_when_it_is_time_and_not_before(asleep):
    assert snoozing.sweep_snoozed() == 0
    Ticket.objects.filter(pk=asleep.pk).update(snoozed_until=timezone.now() - timedelta(seconds=1))
    assert snoozing.sweep_snoozed() == 1
    assert not fresh(asleep).is_asleep
    assert snoozing.sweep_snoozed() == 0
    assert [*asleep.events.values_list("kind", "actor")][-1] == ("woken_by_time", None)


def test_who_has_the_ticket_hears_that_it_is_awake_and_finds_it_in_the_list(asleep, agent, home):
    Ticket.objects.filter(pk=asleep.pk).update(snoozed_until=timezone.now() - timedelta(seconds=1))
    snoozing.sweep_snoozed()
    event = asleep.events.get(kind="woken_by_time")
    notifications.handle(event.pk)
    assert [*Notice.objects.values_list("user", "event", "is_shown")] == [(agent.pk, event.pk, True)]
    mail = OutboundEmail.objects.get(event=event)
    assert (mail.recipient, mail.kind) == (agent.email, "woken")
    assert lists(asleep, agent, home) >= {"my-open", "all-open"}


def test_who_wakes_a_ticket_by_hand_is_not_told(asleep, agent):
    snoozing.wake(asleep, by=agent)
    notifications.handle(asleep.events.get(kind="woken").pk)
    assert not Notice.objects.exists()


def test_one_that_cannot_be_woken_does_not_hold_up_the_others(asleep, home, agent):
    stuck = snoozing.snooze(factories.ticket(department=home), by=agent, until=timezone.now() + timedelta(hours=1))
    past = timezone.now() - timedelta(minutes=1)
    Ticket.objects.filter(pk=stuck.pk).update(snoozed_until=past, state="closed")
    Ticket.objects.filter(pk=asleep.pk).update(snoozed_until=past + timedelta(seconds=1))
    assert snoozing.sweep_snoozed() == 2
    assert not fresh(asleep).is_asleep
    assert fresh(stuck).snoozed_until > timezone.now()


def test_the_customer_wakes_it(asleep):
    conversation.receive(asleep, by=asleep.requester, body="And?", source="web")
    assert not fresh(asleep).is_asleep


def test_an_agents_reply_and_note_let_it_sleep(asleep, agent):
    conversation.note(asleep, by=agent, body="Parts are ordered.")
    conversation.reply(asleep, by=agent, body="Next week.")
    assert fresh(asleep).is_asleep


@pytest.mark.parametrize("end", [lifecycle.resolve, lifecycle.close])
def test_what_is_done_no_longer_sleeps(end, asleep, agent):
    end(asleep, by=agent)
    assert not fresh(asleep).is_asleep
    lifecycle.reopen(asleep, by=agent)
    assert not fresh(asleep).is_asleep


def test_whoever_gets_it_sees_it(asleep, agent, home):
    until = asleep.snoozed_until
    assignment.assign(asleep, by=agent, agent=agent)
    assert fresh(asleep).snoozed_until == until
    assignment.assign(asleep, by=agent, agent=people.agent(home))
    assert not fresh(asleep).is_asleep
    snoozing.snooze(asleep, by=agent, until=until)
    assignment.hand_to_team(asleep, by=agent, team=people.team(agent))
    assert not fresh(asleep).is_asleep
    snoozing.snooze(asleep, by=agent, until=until)
    assignment.transfer(asleep, by=agent, department=factories.department())
    assert not fresh(asleep).is_asleep


def test_the_trash_and_back_is_awake(asleep):
    lifecycle.trash(asleep, by=SYSTEM)
    lifecycle.restore(asleep, by=SYSTEM)
    assert not fresh(asleep).is_asleep


def test_undoing_a_reply_that_resolved_lets_it_sleep_on(asleep, agent):
    Desk.objects.update(undo_seconds=10)
    Desk.forget()
    until = asleep.snoozed_until
    lifecycle.resolve(asleep, by=agent, body="Done.")
    conversation.undo_reply(asleep.messages.get(kind="reply"), by=agent)
    assert fresh(asleep).snoozed_until == until


@pytest.mark.parametrize("hours", [-1, 24 * 400])
def test_only_a_moment_in_the_coming_year(hours, agent, home):
    ticket = factories.ticket(department=home)
    with pytest.raises(Invalid):
        snoozing.snooze(ticket, by=agent, until=timezone.now() + timedelta(hours=hours))


def test_snoozing_twice_until_the_same_moment_is_one_event(asleep, agent):
    snoozing.snooze(asleep, by=agent, until=asleep.snoozed_until)
    assert asleep.events.filter(kind="snoozed").count() == 1


def test_who_may_only_read_can_neither_snooze_nor_wake(asleep, home):
    reader = people.reader(home)
    with pytest.raises(NotAllowed):
        snoozing.snooze(asleep, by=reader, until=timezone.now() + timedelta(hours=1))
    with pytest.raises(NotAllowed):
        snoozing.wake(asleep, by=reader)
