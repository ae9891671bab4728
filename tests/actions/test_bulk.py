"""Many tickets at once: each once, whatever happens to the workers, and each with its result."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories, people
from tickets.actions import bulk, lifecycle, rules
from tickets.actions.bulk_verbs import BULK
from tickets.models import BulkItem, BulkJob, Department, OutboundEmail, Ticket, TicketEvent
from tickets.refusals import Invalid, NotAllowed
from tickets.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department("Support")


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def boss(home):
    return people.admin()


def several(home, count=3):
    return [factories.ticket(department=home) for _ in range(count)]


def job_of(by, verb, tickets):
    return bulk.prepare(by=by, verb=verb, tickets=[ticket.pk for ticket in tickets])


def params_of(verb, agent, home, tickets):
    until = (timezone.now() + timedelta(days=1)).isoformat()
    other = Department.objects.exclude(pk=home.pk).first() or factories.department("Billing")
    return {
        "to": f"agent:{agent.pk}", "status": "", "department": str(other.pk), "add": ["vpn"], "remove": [],
        "priority": "3", "until": until, "due": until, "body": "Hello", "then": "resolve", "number": tickets[0].number,
        "nonce": "00000000-0000-0000-0000-000000000001",
    }  # fmt: skip


STATES = {"reopen": "closed", "archive": "closed", "unarchive": "closed", "status": "in_progress"}


@pytest.mark.parametrize("verb", BULK)
def test_every_verb_is_done_to_each(verb, home, agent, boss):
    tickets = [factories.ticket_in(STATES.get(verb, "new"), boss, department=home) for _ in range(2)]
    if verb in {"restore", "unarchive"}:
        before = {"restore": lifecycle.trash, "unarchive": lifecycle.archive}[verb]
        tickets = [before(ticket, by=boss) for ticket in tickets]
    if verb == "wake":
        from tickets.actions import snoozing

        tickets = [snoozing.snooze(one, by=boss, until=timezone.now() + timedelta(days=1)) for one in tickets]
    macro = rules.save(
        None, by=boss, kind="macro", name="High", effects=[{"do": "set_priority", "value": 3}], conditions={"all": []}
    )
    rules.enable(macro, by=boss)
    job = job_of(boss, verb, tickets)
    params = params_of(verb, agent, home, tickets) | {"macro": str(macro.pk)}
    done = bulk.start(job, by=boss, params=params)
    assert list(job.items.values_list("error", flat=True)) == ["", ""]
    assert (done.progress, done.done_count, done.failed_count) == (BulkJob.State.DONE, 2, 0)


def test_what_cannot_be_done_is_told_by_ticket_and_the_rest_is_done(home, agent):
    tickets = several(home)
    lifecycle.close(tickets[1], by=agent)
    job = job_of(agent, "resolve", tickets)
    done = bulk.start(job, by=agent, params={})
    assert (done.done_count, done.failed_count, done.left) == (2, 1, 0)
    failed = job.items.get(result="failed")
    assert failed.ticket_id == tickets[1].pk
    assert "Closed" in failed.error


def test_only_what_the_person_may_see_and_do(home, agent, boss):
    reader, away = people.reader(home), people.agent(factories.department())
    tickets = several(home, 2)
    with pytest.raises(Invalid):
        job_of(away, "resolve", tickets)
    done = bulk.start(job_of(reader, "resolve", tickets), by=reader, params={})
    assert (done.done_count, done.failed_count) == (0, 2)
    with pytest.raises(NotAllowed):
        job_of(agent, "trash", tickets)
    with pytest.raises(NotAllowed):
        job_of(agent, "nonsense", tickets)
    assert bulk.start(job_of(agent, "resolve", tickets), by=reader, params={}).is_draft  # somebody else's


def test_the_same_job_started_twice_is_done_once(home, agent):
    job = job_of(agent, "reply", several(home, 2))
    params = params_of("reply", agent, home, several(home, 1)) | {"then": ""}
    bulk.start(job, by=agent, params=params)
    bulk.start(job, by=agent, params=params)
    bulk.run(job.pk)
    assert TicketEvent.objects.filter(kind="replied").count() == 2
    assert OutboundEmail.objects.filter(kind="reply").count() == 2


def test_a_job_goes_on_where_a_killed_worker_left_it(home, agent):
    job = job_of(agent, "close", several(home, 4))
    BulkJob.objects.filter(pk=job.pk).update(progress="running", started_at=timezone.now())
    job.refresh_from_db()
    assert bulk._next(job)  # and then the worker is gone, its lease still there
    BulkJob.objects.filter(pk=job.pk).update(leased_until=timezone.now() + timedelta(seconds=60))
    bulk.run(job.pk)
    assert BulkJob.objects.get(pk=job.pk).done_count == 1
    BulkJob.objects.filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    bulk.run(job.pk)
    done = BulkJob.objects.get(pk=job.pk)
    assert (done.progress, done.done_count) == ("done", 4)
    assert TicketEvent.objects.filter(kind="closed").count() == 4


def test_what_fails_in_the_middle_leaves_no_trace(home, agent, monkeypatch):
    """The verb's own transaction is undone with its result."""
    tickets = several(home, 2)
    job = job_of(agent, "reply", tickets)
    Ticket.objects.filter(pk=tickets[0].pk).update(subject="x")
    params = params_of("reply", agent, home, tickets) | {"then": "resolve"}
    monkeypatch.setattr(lifecycle, "resolve", lambda *args, **more: 1 / 0)
    done = bulk.start(job, by=agent, params=params)
    assert done.failed_count == 2
    assert not TicketEvent.objects.filter(kind="replied").exists()
    assert "Something went wrong" in job.items.first().error


def test_a_stopped_job_leaves_the_rest_alone(home, agent):
    job = job_of(agent, "close", several(home, 3))
    BulkJob.objects.filter(pk=job.pk).update(progress="running", started_at=timezone.now())
    assert bulk._next(BulkJob.objects.get(pk=job.pk))
    stopped = bulk.cancel(job, by=agent)
    bulk.run(job.pk)
    assert (stopped.progress, BulkJob.objects.get(pk=job.pk).done_count) == ("cancelled", 1)
    assert BulkItem.objects.filter(job=job, result="waiting").count() == 2


def test_a_long_job_is_left_to_the_workers(home, agent, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    nudged = []
    monkeypatch.setattr(bulk.run_bulk, "delay", nudged.append)
    job = job_of(agent, "close", several(home, 3))
    with django_capture_on_commit_callbacks(execute=True):
        started = bulk.start(job, by=agent, params={})
    assert (nudged, started.done_count, started.progress) == ([job.pk], 0, "running")
    bulk.run(job.pk, seconds=-1)
    assert (nudged, BulkJob.objects.get(pk=job.pk).done_count) == ([job.pk, job.pk], 1)
    bulk.run(job.pk)
    assert BulkJob.objects.get(pk=job.pk).progress == "done"


def test_the_sweep_goes_on_and_forgets(home, agent, monkeypatch):
    nudged, now = [], timezone.now()
    monkeypatch.setattr(bulk.run_bulk, "delay", nudged.append)
    lost, busy, fresh, old, draft = (job_of(agent, "close", several(home, 1)) for _ in range(5))
    rows = BulkJob.objects
    rows.filter(pk=lost.pk).update(progress="running", started_at=now, leased_until=now - timedelta(seconds=1))
    rows.filter(pk=busy.pk).update(progress="running", started_at=now, leased_until=now + timedelta(seconds=60))
    rows.filter(pk=old.pk).update(progress="done", created_at=now - timedelta(days=31))
    rows.filter(pk=draft.pk).update(created_at=now - timedelta(days=2))
    bulk.sweep()
    assert nudged == [lost.pk]
    assert set(rows.values_list("pk", flat=True)) == {lost.pk, busy.pk, fresh.pk}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_no_ticket_twice():
    home = factories.department("Support")
    agent = people.agent(home)
    job = job_of(agent, "note", several(home, 6))
    params = {"body": "Once."}
    BulkJob.objects.filter(pk=job.pk).update(progress="running", started_at=timezone.now(), params=params)

    def work():
        try:
            while bulk._next(BulkJob.objects.select_related("by").get(pk=job.pk)):
                pass
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = BulkJob.objects.get(pk=job.pk)
    assert (done.done_count, TicketEvent.objects.filter(kind="noted").count()) == (6, 6)
    assert Ticket.objects.filter(state=State.NEW).count() == 6
