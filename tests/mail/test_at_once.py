"""Many workers, one row: whoever comes second finds nothing to do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections

from tests import factories
from tests.mail import post
from tickets import notifications
from tickets.mail import inbound, outbound
from tickets.models import InboundEmail, OutboundEmail, Ticket, TicketEvent

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def at_once(act: Callable[[int], object], *pks: int) -> None:
    """Calls `act` from as many threads as there are workers, in turn with each of `pks`, all at the same moment."""
    start = Barrier(WORKERS)

    def work(number: int) -> None:
        start.wait()
        try:
            act(pks[number % len(pks)])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))


def test_one_mail_opens_one_ticket(mailbox):
    row = post.store(post.raw(), source="smtp", envelope_to=["support@desk.example"])
    at_once(inbound.apply, row.pk)
    assert Ticket.objects.count() == 1
    assert InboundEmail.objects.get().attempts == 1


def test_copies_through_several_addresses_open_one_ticket(mailbox):
    rows = [
        post.store(
            post.raw(message_id="<one@x>", Received=f"by {n}"), source="smtp", envelope_to=[f"a{n}@desk.example"]
        )
        for n in range(WORKERS)
    ]
    at_once(inbound.apply, *(row.pk for row in rows))
    assert Ticket.objects.count() == 1
    assert sorted(InboundEmail.objects.values_list("reason", flat=True)) == ["duplicate"] * (WORKERS - 1) + ["new"]


def test_new_senders_at_once_become_one_person(mailbox):
    rows = [post.store(post.raw(body=f"Mail {n}"), source="smtp", envelope_to=["a@desk.example"]) for n in range(4)]
    at_once(inbound.apply, *(row.pk for row in rows))
    assert Ticket.objects.count() == 4
    assert Ticket.objects.values("requester").distinct().count() == 1


def test_one_event_queues_its_mails_once(mailbox):
    factories.ticket(department=mailbox.department)
    at_once(notifications.handle, TicketEvent.objects.get().pk)
    assert OutboundEmail.objects.count() == 1


def test_one_mail_is_sent_once(mailbox):
    factories.ticket(department=mailbox.department)
    notifications.handle(TicketEvent.objects.get().pk)
    at_once(outbound.deliver, OutboundEmail.objects.get().pk)
    assert (OutboundEmail.objects.get().state, OutboundEmail.objects.get().attempt) == ("sent", 1)
    assert len(list(settings.OUTBOX_DIR.iterdir())) == 1
