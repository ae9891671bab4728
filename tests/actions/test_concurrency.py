"""Two people at once: the row lock lets one through and tells the others what happened."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests import factories, people
from tickets.actions import conversation, drafts, lifecycle
from tickets.models import Draft, OutboundEmail, Ticket
from tickets.refusals import IllegalTransition

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def at_once(act: Callable[[], Any]) -> list[Any]:
    """Runs `act` in eight threads that start together; returns results and exceptions alike."""
    barrier = Barrier(THREADS)

    def run(_number: int) -> Any:
        try:
            barrier.wait()
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_eight_resolves_are_one_success_and_seven_refusals() -> None:
    department = factories.department()
    ana = people.agent(department)
    ticket = factories.ticket_in("in_progress", ana, department=department)
    results = at_once(lambda: lifecycle.resolve(ticket, by=ana))
    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, IllegalTransition) for result in results) == THREADS - 1
    assert ticket.events.filter(kind="resolved").count() == 1


def test_the_same_reply_sent_eight_times_is_one_message_and_one_mail() -> None:
    department = factories.department()
    ana = people.agent(department)
    ticket = factories.ticket(department=department)
    nonce = uuid.uuid4()
    results = at_once(lambda: conversation.reply(ticket, by=ana, body="Once.", nonce=nonce))
    assert len({result.pk for result in results}) == 1
    assert ticket.messages.filter(kind="reply").count() == 1
    assert OutboundEmail.objects.filter(ticket=ticket, kind="reply").count() == 1
    assert ticket.events.filter(kind="replied").count() == 1


def test_the_same_form_sent_eight_times_opens_one_ticket() -> None:
    department, tomas = factories.department(), people.customer()
    nonce = uuid.uuid4()
    results = at_once(
        lambda: lifecycle.open_ticket(
            by=tomas, requester=tomas, subject="Once", body="Once.", source="web", department=department, nonce=nonce
        )
    )
    assert len({result.pk for result in results}) == 1
    assert Ticket.objects.count() == 1


def test_eight_first_mails_of_a_stranger_make_one_person() -> None:
    from tickets.actions.people import find_or_create

    results = at_once(lambda: find_or_create("New.Person@customers.example", "New Person"))
    assert len({result.pk for result in results}) == 1


def test_a_text_and_its_files_that_arrive_at_once_begin_one_draft() -> None:
    department = factories.department()
    ana = people.agent(department)
    ticket = factories.ticket(department=department)
    turns = itertools.count()

    def keep() -> None:
        if number := next(turns) % 2:
            drafts.save(ticket, by=ana, kind="reply", written=drafts.Written("Look"), version=0)
        else:
            upload = conversation.Upload(f"plan{number}.txt", b"words", "text/plain")
            drafts.attach(ticket, by=ana, kind="reply", upload=upload)

    assert at_once(keep) == [None] * THREADS
    draft = Draft.objects.get()
    assert (draft.body, draft.files.count()) == ("Look", THREADS // 2)
