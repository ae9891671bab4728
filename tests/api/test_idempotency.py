import threading

import pytest
from django.db import connection

from tests import factories, people
from tickets.models import Desk, IdempotencyKey, Message, Ticket

BODY = {"subject": "Printer on fire", "body": "It burns."}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "{number}/reply/", "{number}/note/"])
def test_the_same_request_twice_has_one_effect_and_one_answer(calling, agent, ticket, path):
    desk, path = calling(agent), path.format(number=ticket.number)
    body = {"body": "It burns."} if path else BODY
    first = desk.post(path, body, Idempotency_Key="k1")
    tickets, messages = Ticket.objects.count(), Message.objects.count()
    second = desk.post(path, dict(reversed(body.items())), Idempotency_Key="k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert (Ticket.objects.count(), Message.objects.count()) == (tickets, messages)


@pytest.mark.django_db
def test_a_customers_message_is_written_once(calling, customer, ticket):
    caller = calling(customer)
    for _ in range(2):
        assert caller.post(f"{ticket.number}/messages/", {"body": "More."}, Idempotency_Key="k").status_code == 201
    assert ticket.messages.count() == 2


@pytest.mark.django_db
def test_the_same_key_for_another_request_is_refused(calling, agent, ticket):
    desk = calling(agent)
    desk.post(body=BODY, Idempotency_Key="k1")
    assert desk.post(body=BODY | {"subject": "Other"}, Idempotency_Key="k1").status_code == 422
    assert desk.post(f"{ticket.number}/close/", Idempotency_Key="k1").status_code == 422


@pytest.mark.django_db
def test_keys_belong_to_a_person(calling, agent, customer):
    first = calling(agent).post(body=BODY, Idempotency_Key="k1").json()
    assert calling(customer).post(body=BODY, Idempotency_Key="k1").json()["number"] != first["number"]


@pytest.mark.django_db
def test_a_refusal_keeps_no_key(calling, agent, ticket):
    desk = calling(agent)
    assert desk.post(f"{ticket.number}/reopen/", Idempotency_Key="k1").status_code == 409
    assert not IdempotencyKey.objects.exists()
    desk.post(f"{ticket.number}/close/")
    assert desk.post(f"{ticket.number}/reopen/", Idempotency_Key="k1").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 201, "a\x00", "schlüssel"])
def test_impossible_keys_are_refused(calling, agent, department, key):
    assert calling(agent).post(body=BODY, Idempotency_Key=key).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_there_is_still_one_effect(calling):
    Desk.current()
    caller = calling(people.agent(factories.department()))
    answers, start = [], threading.Barrier(6)

    def send():
        start.wait()
        answers.append(caller.post(body=BODY, Idempotency_Key="k1"))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert Ticket.objects.count() == 1
