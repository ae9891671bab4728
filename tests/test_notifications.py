from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import notifications
from tickets.actions import assignment, conversation, lifecycle
from tickets.events import EVENTS, record
from tickets.mail import automatic
from tickets.models import SYSTEM, OutboundEmail, Ticket, TicketEvent
from tickets.notifications import NOTICES

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return factories.department("Support")


@pytest.fixture
def agent(department):
    return people.agent(department)


def handled(kind: str) -> list[tuple[str, str]]:
    """Handles the latest event of the kind; (template, recipient) of the mails it queued."""
    event = TicketEvent.objects.filter(kind=kind).last()
    notifications.handle(event.pk)
    return [(row.kind, row.recipient) for row in OutboundEmail.objects.filter(event=event).order_by("pk")]


def event_of(ticket, kind: str, **data: str) -> TicketEvent:
    return record(ticket, kind, by=SYSTEM, **data)


class TestAutoResponse:
    def test_the_requester_is_told(self, department):
        ticket = factories.ticket(department=department)
        assert handled("opened") == [("auto_response", ticket.requester.email)]

    def test_switched_off_for_the_department(self, department):
        department.auto_response = False
        department.save()
        factories.ticket(department=department)
        assert handled("opened") == []

    def test_switched_off_for_the_topic(self, department):
        topic = factories.help_topic(department, auto_response=False)
        factories.ticket(department=department, help_topic=topic)
        assert handled("opened") == []

    def test_not_wanted_by_whoever_opened_it(self, department):
        factories.ticket(department=department, auto_response=False)
        assert handled("opened") == []

    @pytest.mark.parametrize("switch", ["is_active", "may_receive_automatic_mail"])
    def test_people_who_get_no_automatic_mail(self, department, switch):
        factories.ticket(people.customer(**{switch: False}), department)
        assert handled("opened") == []

    def test_one_address_gets_three_in_ten_minutes(self, department):
        victim = people.customer()
        for _ in range(5):
            factories.ticket(victim, department)
            handled("opened")
        assert OutboundEmail.objects.filter(recipient=victim.email).count() == 3
        assert automatic.IN_TOTAL == [(3, 600), (10, 3600), (30, 86400)]

    def test_a_ticket_gets_one_in_ten_minutes(self, department):
        ticket = factories.ticket(department=department)
        automatic.wait_for(ticket.requester.email, ticket)
        assert handled("opened") == []

    def test_a_mailbox_of_our_own_is_not_written_to(self, department):
        box = factories.mailbox(department)
        factories.ticket(people.customer(email=box.address), department)
        assert handled("opened") == []


class TestRequester:
    def test_resolved_asks_for_confirmation(self, department, agent):
        ticket = lifecycle.resolve(factories.ticket(department=department), by=agent)
        assert handled("resolved") == [("confirmation", ticket.requester.email)]

    def test_closed_says_so(self, department, agent):
        ticket = lifecycle.close(factories.ticket(department=department), by=agent)
        assert handled("closed") == [("closed", ticket.requester.email)]

    def test_closed_by_the_clock_says_so(self, department):
        ticket = lifecycle.close(factories.ticket(department=department), by=people.admin())
        event_of(ticket, "closed_quiet", days="4")
        assert handled("closed_quiet") == [("closed", ticket.requester.email)]

    def test_what_is_told_too_late_is_not_told(self, department, agent):
        ticket = lifecycle.resolve(factories.ticket(department=department), by=agent)
        lifecycle.reopen(ticket, by=agent)
        assert handled("resolved") == []
        lifecycle.close(ticket, by=agent)
        lifecycle.reopen(ticket, by=agent)
        assert handled("closed") == []

    def test_who_confirmed_knows_it(self, department, agent):
        ticket = lifecycle.resolve(factories.ticket(department=department), by=agent)
        lifecycle.confirm(ticket, by=ticket.requester)
        assert handled("confirmed") == []


class TestAgents:
    @pytest.fixture
    def ticket(self, department):
        return factories.ticket(department=department)

    def test_assigned_by_somebody_else(self, ticket, agent, department):
        assignment.assign(ticket, by=people.agent(department), agent=agent)
        assert handled("assigned") == [("assigned", agent.email)]

    def test_not_by_oneself(self, ticket, agent):
        assignment.assign(ticket, by=agent, agent=agent)
        assert handled("assigned") == []

    def test_a_ticket_routed_to_an_agent_is_told_of_once(self, department, agent):
        factories.ticket(department=department, help_topic=factories.help_topic(department, assignee=agent))
        for event in TicketEvent.objects.unhandled():
            notifications.handle(event.pk)
        assert list(OutboundEmail.objects.filter(recipient=agent.email).values_list("kind", flat=True)) == ["assigned"]

    def test_a_team_hears_while_nobody_has_the_ticket(self, ticket, agent, department):
        colleague = people.agent(department)
        assignment.hand_to_team(ticket, by=people.admin(), team=people.team(agent, colleague))
        assert sorted(handled("team_changed")) == sorted([("team", agent.email), ("team", colleague.email)])

    def test_a_customers_message(self, ticket, agent):
        assignment.assign(ticket, by=agent, agent=agent)
        conversation.receive(ticket, by=ticket.requester, body="And?", source="email")
        assert handled("received") == [("received", agent.email)]
        assert OutboundEmail.objects.get(kind="received").message.body == "And?"

    @pytest.mark.parametrize("lost", [{"is_active": False}, {"is_agent": False}])
    def test_when_the_assignee_has_left_others_hear_of_it(self, ticket, agent, department, lost):
        gone, colleague = people.agent(department), people.agent(department)
        assignment.assign(ticket, by=agent, agent=gone)
        type(gone).objects.filter(pk=gone.pk).update(**lost)
        conversation.receive(ticket, by=ticket.requester, body="And?", source="email")
        assert handled("received") == [("received", agent.email), ("received", colleague.email)]
        Ticket.objects.filter(pk=ticket.pk).update(team=people.team(colleague))
        event_of(ticket, "sla_breach", target="Resolution")
        assert handled("sla_breach") == [("sla_breach", agent.email), ("sla_breach", colleague.email)]
        conversation.receive(ticket, by=ticket.requester, body="And now?", source="email")
        assert handled("received") == [("received", colleague.email)]

    def test_a_message_that_reopens_is_told_of_once(self, ticket, agent):
        assignment.assign(ticket, by=agent, agent=agent)
        lifecycle.resolve(ticket, by=agent)
        conversation.receive(ticket, by=ticket.requester, body="Not solved", source="email")
        assert handled("reopened") == []
        assert handled("received") == [("received", agent.email)]

    def test_reopened_without_a_message(self, ticket, agent, department):
        assignment.assign(ticket, by=agent, agent=agent)
        lifecycle.resolve(ticket, by=agent)
        lifecycle.reopen(ticket, by=ticket.requester)
        assert handled("reopened") == [("reopened", agent.email)]

    def test_an_unverified_mail_asks_the_assignee(self, ticket, agent):
        assignment.assign(ticket, by=agent, agent=agent)
        conversation.attach_unverified(ticket, sender=people.customer(), body="It is me.")
        assert handled("unverified") == [("unverified", agent.email)]

    def test_a_colleagues_note_is_no_mail(self, ticket, agent, department):
        assignment.assign(ticket, by=agent, agent=agent)
        conversation.note(ticket, by=people.agent(department), body="Look at this.")
        assert TicketEvent.objects.get(kind="noted").handled_at is not None
        assert not OutboundEmail.objects.filter(message__kind="note").exists()

    @pytest.mark.parametrize("kind", ["sla_warning", "sla_breach"])
    def test_a_deadline_goes_to_the_assignee(self, ticket, agent, kind):
        assignment.assign(ticket, by=agent, agent=agent)
        event_of(ticket, kind, target="Resolution", due="")
        assert handled(kind) == [(kind, agent.email)]

    def test_a_deadline_without_assignee_goes_to_who_can_answer(self, ticket, agent, department):
        people.reader(department)
        people.agent(factories.department())
        event_of(ticket, "sla_breach", target="Resolution", due="")
        assert handled("sla_breach") == [("sla_breach", agent.email)]

    def test_and_to_twenty_of_them_at_most(self, ticket, department):
        for _ in range(22):
            people.agent(department)
        event_of(ticket, "sla_breach", target="Resolution", due="")
        assert len(handled("sla_breach")) == 20

    def test_failed_mail_is_told_to_who_wrote_it(self, ticket, agent):
        message = conversation.reply(ticket, by=agent, body="Hello")
        record(ticket, "mail_failed", by=SYSTEM, message=message, recipient="x@y.example", error="gone")
        assert handled("mail_failed") == [("mail_failed", agent.email)]

    def test_who_may_no_longer_see_the_ticket_hears_nothing(self, ticket, agent):
        message = conversation.reply(ticket, by=agent, body="Hello")
        agent.memberships.all().delete()
        type(ticket).objects.filter(pk=ticket.pk).update(assignee=None)
        record(ticket, "mail_failed", by=SYSTEM, message=message, recipient="x@y.example", error="gone")
        assert handled("mail_failed") == []


class TestHandling:
    def test_of_a_ticket_in_the_trash_nobody_hears(self, department):
        lifecycle.trash(factories.ticket(department=department), by=people.admin())
        assert handled("opened") == []
        assert not TicketEvent.objects.unhandled().exists()

    def test_twice_sends_nothing_twice(self, department):
        factories.ticket(department=department)
        event = TicketEvent.objects.get()
        notifications.handle(event.pk)
        TicketEvent.objects.update(handled_at=None)  # as if the worker had died after queueing, before marking
        notifications.handle(event.pk)
        assert OutboundEmail.objects.count() == 1
        event.refresh_from_db()
        assert event.handled_at is not None

    def test_trouble_is_put_off_longer_and_longer(self, department, monkeypatch):
        factories.ticket(department=department)
        event = TicketEvent.objects.get()
        OutboundEmail.objects.all().delete()
        monkeypatch.setitem(notifications.NOTICES, "opened", (notifications.Notice(_trouble, "auto_response"),))
        for seconds in (30, 60, 120):
            before = timezone.now()
            notifications.handle(event.pk)
            event.refresh_from_db()
            assert event.handled_at is None
            assert event.next_attempt_at >= before + timedelta(seconds=seconds)
        assert event.attempts == 3

    def test_the_sweep_takes_what_is_older_than_ten_seconds(self, department):
        factories.ticket(department=department)
        assert notifications.sweep() == 0
        TicketEvent.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=11))
        assert notifications.sweep() == 1
        assert OutboundEmail.objects.count() == 1
        assert notifications.sweep() == 0


def _trouble(event: TicketEvent) -> list:
    raise RuntimeError("something is wrong")


def test_exactly_the_events_with_a_notice_are_handed_to_a_worker() -> None:
    assert {kind for kind, event in EVENTS.items() if event.has_effects} == set(NOTICES)
