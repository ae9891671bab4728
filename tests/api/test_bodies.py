"""Whatever is sent, the answer is a 4xx with a problem document, never a 500."""

import pytest

from tickets.models import Ticket

pytestmark = pytest.mark.django_db
START = '{"subject": "Printer", "body": '


@pytest.mark.parametrize(
    "body",
    [
        "", "nonsense", "[]", '"text"', "null", "1", "[" * 100_000, '{"a":' * 100_000, START + "NaN}",
        START + "-Infinity}",
        START + '"x"', b"\xff\xfe", b"{\"subject\": \"\xff\"}", START + '"' + "\\u0000" + '"}', START + '"\\ud800"}',
        START + "[]}", START + "{}}", START + "true}", START + '""}', START + '"   "}', START + "9" * 5000 + "}",
        '{"subject": "' + "x" * 300 + '", "body": "x"}', START + '"x", "requester": "nobody"}',
        START + '"x", "requester": {"email": "no address"}}', START + '"x", "help_topic": {"a": 1}}',
        START + '"x", "help_topic": "\\u0000"}', START + '"x", "department": "\\udfff"}',
        START + '"x", "fields": []}', START + '"x", "\\u0000": 1}', START + '"x", "\\ud800": 1}',
    ],
)  # fmt: skip
def test_abuse_31_what_cannot_be_taken_is_refused(calling, agent, department, body):
    answer = calling(agent).send("post", "", body)
    assert answer.status_code == 400, answer.content[:300]
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400
    assert not Ticket.objects.exists()


def test_abuse_31_the_last_of_doubled_names_counts(calling, agent, department):
    answer = calling(agent).send("post", "", START + '"one", "subject": "Second"}')
    assert answer.json()["subject"] == "Second"


def test_what_postgresql_cannot_hold_is_taken_out(calling, agent, department):
    answer = calling(agent).send("post", "", START + '"a\\u202eb"}')
    assert answer.status_code == 201
    assert Ticket.objects.get().messages.get().body == "ab"


def test_bodies_above_the_limit_are_not_read(calling, agent, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = calling(agent).send("post", "", START + '"' + "x" * 1000 + '"}')
    assert answer.status_code == 413


def test_other_content_types_are_refused(calling, agent):
    caller = calling(agent)
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"):
        answer = caller.client.post("/api/v1/tickets/", "a=1", content_type=content_type, headers=caller.headers())
        assert answer.status_code == 415


def test_a_method_that_is_not_there_is_a_problem_too(calling, agent, ticket):
    caller = calling(agent)
    answer = caller.client.delete(f"/api/v1/tickets/{ticket.number}/", headers=caller.headers())
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("number", ["%00", "%ff", "1' or 1=1", "a" * 30, "..%2f", "٣"])
def test_impossible_numbers_are_not_found(calling, agent, number):
    assert calling(agent).get(f"{number}/").status_code == 404


def test_verbs_without_a_body_take_none_or_an_empty_object(calling, agent, ticket):
    caller = calling(agent)
    answer = caller.client.post(
        f"/api/v1/tickets/{ticket.number}/start/", content_type="application/json", headers=caller.headers()
    )
    assert answer.status_code == 200, answer.content
    assert caller.post(f"{ticket.number}/close/", {"why": "x"}).status_code == 400
