"""Worker and broker are killed at the worst moment. No mail may be lost; twice may only come what nobody can know."""

import pytest
from django.db import connection
from django.utils import timezone

from helpdesk.celery import app
from tests import factories, people
from tests.broker import NOWHERE, broker_at
from tests.chaos.processes import Broker, Worker
from tests.mail.sink import Sink
from tests.wait import until
from tickets import blobs
from tickets.actions import conversation
from tickets.mail import outbound, relay
from tickets.models import OutboundEmail

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.services,
    pytest.mark.xdist_group("killed"),
]


@pytest.fixture
def sink():
    sink = Sink().start()
    yield sink
    relay.hang_up()
    sink.stop()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    with broker_at(broker.url):
        yield broker
    broker.kill()


@pytest.fixture
def worker(tmp_path, broker, sink):
    worker = Worker(tmp_path, broker, sink.url)
    worker.start()
    yield worker
    worker.kill()


@pytest.fixture
def ticket():
    department = factories.department()
    factories.mailbox(department, is_default=True)
    made = factories.ticket(department=department, auto_response=False)
    OutboundEmail.objects.all().delete()
    return made


def reply(ticket) -> OutboundEmail:
    conversation.reply(ticket, by=people.agent(ticket.department), body="First line\n.\nLast line")
    return OutboundEmail.objects.get(kind="reply")


def row() -> OutboundEmail:
    return OutboundEmail.objects.get(kind="reply")


def kill_and_restart(worker: Worker, broker: Broker, sink: Sink) -> None:
    worker.kill()
    broker.kill()
    assert sink.was_left.wait(30)
    sink.is_holding = sink.is_silent = False
    broker.start()
    worker.start()


def lease_runs_out() -> None:
    """What the sweeper finds half a minute later."""
    OutboundEmail.objects.update(next_attempt_at=timezone.now())
    app.send_task("tickets.tasks.sweep_outbound")


def test_killed_before_the_mail_was_accepted_it_arrives_once(ticket, worker, broker, sink):
    sink.is_holding = True
    reply(ticket)
    assert sink.has_data.wait(30)
    kill_and_restart(worker, broker, sink)
    assert (row().state, sink.mails) == ("sending", [])
    lease_runs_out()
    until(lambda: row().state == "sent")
    ((_sender, recipient, mail),) = sink.mails
    assert recipient == ticket.requester.email
    assert mail.rstrip() == blobs.read(row().raw_sha256).rstrip()
    assert b"Last line" in mail


def test_killed_before_it_heard_of_the_acceptance_the_same_mail_comes_twice(ticket, worker, broker, sink):
    sink.is_silent = True
    reply(ticket)
    until(lambda: sink.mails)
    kill_and_restart(worker, broker, sink)
    lease_runs_out()
    until(lambda: row().state == "sent")
    first, second = sink.mails
    assert first == second
    assert (row().is_uncertain, row().attempt) == (True, 2)


def test_a_broker_that_forgets_everything_delays_only(ticket, worker, broker, sink):
    worker.kill()
    sent = reply(ticket)
    broker.kill()
    broker.start()
    worker.start()
    assert OutboundEmail.objects.get(pk=sent.pk).state == "queued"
    app.send_task("tickets.tasks.sweep_outbound")
    until(lambda: row().state == "sent")
    assert len(sink.mails) == 1


def test_a_worker_finds_a_broker_that_came_back(ticket, worker, broker, sink):
    broker.kill()
    broker.start()
    sent = reply(ticket)
    until(lambda: OutboundEmail.objects.get(pk=sent.pk).state == "sent", 60)
    assert len(sink.mails) == 1


def test_without_a_broker_a_reply_succeeds_and_the_sweeper_sends_it(ticket, sink, settings):
    settings.SMTP_URL = sink.url
    with broker_at(NOWHERE):
        sent = reply(ticket)
    assert not connection.in_atomic_block
    assert sent.state == "queued"
    outbound.sweep()
    assert (row().state, len(sink.mails)) == ("sent", 1)
