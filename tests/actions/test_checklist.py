"""Tasks: they block resolving and closing while open, and tell whom they concern."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tickets import notifications
from tickets.actions import checklist, lifecycle
from tickets.models import OutboundEmail, Task, Ticket
from tickets.refusals import IllegalTransition, Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def ticket(home, agent):
    return factories.ticket_in("open", agent, department=home)


def titles(ticket):
    return list(ticket.tasks.values_list("title", flat=True))


@pytest.mark.parametrize("end", [lifecycle.resolve, lifecycle.close])
def test_an_open_task_blocks_the_end_and_is_named(end, ticket, agent):
    task = checklist.add_task(ticket, by=agent, title="Order the fuser")
    with pytest.raises(Invalid, match="Order the fuser"):
        end(ticket, by=agent)
    checklist.set_done(task, by=agent, done=True)
    assert end(ticket, by=agent).state in ("resolved", "closed")


def test_of_many_open_tasks_the_first_are_named(ticket, agent):
    for number in range(7):
        checklist.add_task(ticket, by=agent, title=f"Step {number}")
    with pytest.raises(Invalid, match=r"“Step 0”.*“Step 4”, …"):
        lifecycle.resolve(ticket, by=agent)


def test_a_ticket_without_tasks_asks_nothing_about_them(ticket, agent, django_assert_num_queries):
    with django_assert_num_queries(0):
        checklist.check_all_done(ticket)


def test_a_ticket_that_is_resolved_takes_no_task(ticket, agent):
    lifecycle.resolve(ticket, by=agent)
    with pytest.raises(IllegalTransition):
        checklist.add_task(ticket, by=agent, title="Late")


def test_doing_twice_is_one_event(ticket, agent):
    task = checklist.add_task(ticket, by=agent, title="Call them")
    for _ in range(2):
        task = checklist.set_done(task, by=agent, done=True)
    assert (task.done_by, ticket.events.filter(kind="task_done").count()) == (agent, 1)


def test_they_are_put_in_order_and_removed(ticket, agent):
    first, second, third = (checklist.add_task(ticket, by=agent, title=title) for title in ("a", "b", "c"))
    checklist.move_up(third, by=agent)
    checklist.move_up(first, by=agent)
    assert titles(ticket) == ["a", "c", "b"]
    checklist.remove_task(second, by=agent)
    checklist.remove_task(second, by=agent)
    assert titles(ticket) == ["a", "c"]
    assert Ticket.objects.get(pk=ticket.pk).task_count == 2


def test_whoever_is_given_a_task_hears_of_it_once(ticket, agent, home):
    colleague = people.agent(home, name="Joan Okafor")
    task = checklist.add_task(ticket, by=agent, title="Call them", assignee=colleague)
    checklist.change_task(task, by=agent, title="Call them today", assignee=colleague, due_at=None)
    for pk in ticket.events.order_by("pk").values_list("pk", flat=True):
        notifications.handle(pk)
    assert list(OutboundEmail.objects.filter(kind="task").values_list("recipient", flat=True)) == [colleague.email]


def test_the_assignee_is_told_when_it_is_due(ticket, agent, home):
    colleague = people.agent(home)
    task = checklist.add_task(
        ticket, by=agent, title="Call", assignee=colleague, due_at=timezone.now() + timedelta(hours=1)
    )
    assert checklist.sweep_tasks() == 0
    Task.objects.filter(pk=task.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert checklist.sweep_tasks() == 1
    assert checklist.sweep_tasks() == 0
    event = ticket.events.get(kind="task_due")
    notifications.handle(event.pk)
    assert OutboundEmail.objects.get(event=event).recipient == colleague.email


def test_nobody_is_told_of_a_task_of_a_ticket_that_is_over(ticket, agent):
    task = checklist.add_task(ticket, by=agent, title="Call", due_at=timezone.now() + timedelta(hours=1))
    Task.objects.filter(pk=task.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    Ticket.objects.filter(pk=ticket.pk).update(state="closed")
    checklist.sweep_tasks()
    assert not ticket.events.filter(kind="task_due").exists()


@pytest.mark.parametrize(
    "wrong", [{"title": "  "}, {"title": "x" * 201}, {"due_at": timezone.now() - timedelta(days=1)}]
)
def test_what_cannot_be_is_refused(wrong, ticket, agent):
    with pytest.raises(Invalid):
        checklist.add_task(ticket, by=agent, **{"title": "Call", **wrong})


def test_only_who_works_there_can_have_a_task(ticket, agent):
    with pytest.raises(Invalid, match="does not work"):
        checklist.add_task(ticket, by=agent, title="Call", assignee=people.agent(factories.department()))


def test_who_may_only_read_can_plan_nothing(ticket, agent, home):
    task, reader = checklist.add_task(ticket, by=agent, title="Call"), people.reader(home)
    for attempt in (
        lambda: checklist.add_task(ticket, by=reader, title="x"),
        lambda: checklist.set_done(task, by=reader, done=True),
        lambda: checklist.move_up(task, by=reader),
        lambda: checklist.remove_task(task, by=reader),
        lambda: checklist.change_task(task, by=reader, title="x", assignee=None, due_at=None),
    ):
        with pytest.raises(NotAllowed):
            attempt()
