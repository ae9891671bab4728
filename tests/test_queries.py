from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import permissions, queries, timeline
from tickets.actions import assignment, conversation, lifecycle
from tickets.models import Status, Ticket

pytestmark = pytest.mark.django_db

ALL_OPEN = queries.QUEUES["all-open"]


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


def walk(queue, user, size):
    """Ids of every page, from the first to the last, by the cursors."""
    pages, after = [], ""
    while True:
        page = queries.page(queue, user, after=after, size=size)
        pages.append([row.id for row in page.rows])
        if not page.after:
            return pages
        after = page.after


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_no_row_is_lost_or_doubled_between_pages(size, home, agent):
    tickets = [factories.ticket(department=home).pk for _ in range(7)]
    same = timezone.now()
    Ticket.objects.filter(pk__in=tickets[2:6]).update(last_message_at=same)
    found = [pk for page in walk(ALL_OPEN, agent, size) for pk in page]
    assert sorted(found) == sorted(tickets)
    expected = Ticket.objects.order_by("-last_message_at", "-id").values_list("pk", flat=True)
    assert found == list(expected)


def test_walks_back_the_same_pages(home, agent):
    for _ in range(5):
        factories.ticket(department=home)
    forth = walk(ALL_OPEN, agent, 2)
    page = queries.page(ALL_OPEN, agent, after=queries.page(ALL_OPEN, agent, size=2).after, size=2)
    assert [row.id for row in page.rows] == forth[1]
    back = queries.page(ALL_OPEN, agent, before=page.before, size=2)
    assert ([row.id for row in back.rows], back.before) == (forth[0], "")
    assert back.after


def test_a_ticket_that_comes_in_meanwhile_does_not_move_the_next_page(home, agent):
    first = [factories.ticket(department=home).pk for _ in range(4)]
    page = queries.page(ALL_OPEN, agent, size=2)
    factories.ticket(department=home)
    rest = queries.page(ALL_OPEN, agent, after=page.after, size=2)
    assert [row.id for row in rest.rows] == [first[1], first[0]]


def test_due_soon_begins_with_the_most_urgent(home, agent):
    now = timezone.now()
    late, soon, far = (factories.ticket(department=home).pk for _ in range(3))
    for pk, hours in ((late, -1), (soon, 3), (far, 30)):
        Ticket.objects.filter(pk=pk).update(due_at=now + timedelta(hours=hours))
    assert walk(queries.QUEUES["due-soon"], agent, 1) == [[late], [soon]]


def test_each_queue_holds_its_own(home, agent):
    def slugs(ticket):
        return {
            slug
            for slug, queue in queries.QUEUES.items()
            if ticket.pk in [row.id for row in queries.page(queue, agent).rows]
        }

    made = factories.ticket(department=home)
    assert slugs(made) == {"unassigned", "all-open"}
    assignment.assign(made, by=agent, agent=agent)
    assert slugs(made) == {"my-open", "all-open"}
    conversation.reply(made, by=agent, body="?", status=Status.objects.get(slug="waiting_on_customer"))
    assert slugs(made) == {"my-open", "all-open", "waiting"}
    lifecycle.resolve(made, by=agent)
    assert slugs(made) == {"resolved"}
    lifecycle.close(made, by=agent)
    assert slugs(made) == {"closed"}
    lifecycle.archive(made, by=people.admin())
    assert slugs(made) == {"archived"}
    lifecycle.trash(made, by=people.admin())
    assert slugs(made) == set()


def test_counts_agree_with_the_queues_they_stand_beside(home, agent):
    away = factories.department()
    other = people.agent(away)
    for department in (home, home, away):
        factories.ticket(department=department)
    assignment.assign(factories.ticket(department=home), by=agent, agent=agent)
    for user, departments in ((agent, [home]), (other, [away]), (people.admin(), [home, away])):
        counts = queries.counts(user, departments)
        for queue in [*queries.QUEUES.values(), *map(queries.queue_of, departments)]:
            if queue.is_counted:
                assert counts[queue.slug] == len(queries.page(queue, user).rows), queue.slug


def test_nothing_is_counted_beyond_the_cap(home, agent, django_assert_num_queries):
    for _ in range(4):
        factories.ticket(department=home)
    assert agent.grants
    assert agent.team_ids == frozenset()
    with django_assert_num_queries(1):
        assert queries.counts(agent, [home], cap=3)["all-open"] == 3


def test_work_of_a_team_and_given_work_are_seen_from_other_departments(home, agent):
    guest = people.agent(factories.department())
    ticket = factories.ticket(department=home)
    assert not queries.work_of(guest).exists()
    Ticket.objects.filter(pk=ticket.pk).update(team=people.team(guest))
    del guest.team_ids
    assert queries.work_of(guest).get() == ticket
    assert [row.id for row in queries.page(ALL_OPEN, guest).rows] == [ticket.pk]


def test_what_an_organization_shares_is_for_the_portal_not_for_the_workspace(home):
    firm = people.organization(shares_tickets=True)
    away = people.agent(factories.department(), organization=firm)
    ticket = factories.ticket(people.customer(organization=firm), home)
    assert Ticket.objects.visible_to(away).get() == ticket
    assert not queries.work_of(away).exists()
    assert not permissions.is_inside(away, ticket)
    ticket.followers.create(user=away)
    assert queries.work_of(away).get() == ticket
    assert permissions.is_inside(away, ticket)


def test_who_asked_stays_outside_also_as_a_follower(home):
    away = people.agent(factories.department())
    ticket = factories.ticket(away, home)
    ticket.followers.create(user=away)
    assert not queries.work_of(away).exists()
    assert permissions.inside_of(away, [ticket]) == set()


@pytest.mark.parametrize("text", ["", "x", "1", "-", "1-", "-1", "1-x", "٣-1", "9" * 18 + "-1", "1-" + "9" * 19])
def test_a_broken_cursor_is_no_cursor(text):
    assert queries.read_cursor(text) is None


def test_a_cursor_reads_back_exactly():
    moment = datetime(2031, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
    assert queries.read_cursor(queries.cursor(moment, 42)) == (moment, 42)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_timeline_in_pages_is_the_whole_timeline(size, home, agent):
    ticket = factories.ticket(department=home)
    conversation.note(ticket, by=agent, body="A note.")
    assignment.assign(ticket, by=agent, agent=agent)
    conversation.reply(ticket, by=agent, body="A reply.")
    lifecycle.resolve(ticket, by=agent)
    whole = timeline.page(ticket, agent, size=50)
    assert whole.earlier == ""
    found, earlier = [], ""
    while True:
        page = timeline.page(ticket, agent, earlier=earlier, size=size)
        found = page.items + found
        if not page.earlier:
            break
        earlier = page.earlier
    assert found == whole.items
    assert [type(item).__name__ for item in found] == [
        "TicketEvent", "Message", "Message", "TicketEvent", "Message", "TicketEvent",
    ]  # fmt: skip


def test_a_ticket_at_hand_is_work_as_the_query_says(agent, home):
    """The predicate saves the question on each page; what the query would not give, it must not give either."""
    away, elsewhere = people.agent(factories.department()), factories.department()
    rows = [
        factories.ticket(department=home),
        *(factories.ticket(department=elsewhere) for _place in range(3)),
        factories.ticket(department=home),
        factories.ticket(away, home),
    ]
    Ticket.objects.filter(pk=rows[2].pk).update(assignee=away)
    Ticket.objects.filter(pk=rows[3].pk).update(team=people.team(away))
    Ticket.objects.filter(pk=rows[4].pk).update(deleted_at=timezone.now())
    fresh = list(Ticket.objects.all())
    for user in (agent, away, people.admin(), people.customer(), rows[0].requester):
        told = {row.pk for row in fresh if permissions.is_work(user, row)}
        assert told == set(Ticket.objects.worked_by(user).values_list("pk", flat=True)), user
    assert {row.pk for row in fresh if permissions.is_work(away, row)} == {rows[2].pk, rows[3].pk}
