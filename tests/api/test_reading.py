"""Lists and pages; and what customers and strangers never see."""

from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tickets.actions import assignment, conversation, lifecycle
from tickets.api import answers, shapes
from tickets.api.pagination import read_cursor, write_cursor
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
CANARY = "canary-7f3a"


def test_the_list_is_newest_first_and_pages_by_cursor(calling, agent, department):
    made = [factories.ticket(department=department).number for _ in range(5)]
    desk = calling(agent)
    seen, page = [], desk.get(page_size="2").json()
    while True:
        seen += [row["number"] for row in page["results"]]
        if page["next"] is None:
            break
        following = urlsplit(page["next"])
        page = desk.client.get(f"{following.path}?{following.query}", headers=desk.headers()).json()
    assert seen == made[::-1]


def test_a_cursor_tells_no_ids_and_cannot_be_made_up(calling, agent):
    assert read_cursor(write_cursor(123456)) == 123456
    assert write_cursor(1) != write_cursor(1)
    sealed = write_cursor(1)
    for false in ("x", "1", sealed[:-2] + "AA", sealed + "A" * 50, "ü", "\x00"):
        assert calling(agent).get(cursor=false).status_code == 400


@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "9" * 5000, "²"])
def test_page_sizes_out_of_bounds_are_refused(calling, agent, size):
    assert "page_size" in calling(agent).get(page_size=size).json()["errors"]


def test_the_list_searches_and_names_what_it_did_not_understand(calling, agent, department):
    wanted = factories.ticket(department=department, subject="Toner empty")
    factories.ticket(department=department)
    desk = calling(agent)
    assert [row["number"] for row in desk.get(q="is:open toner").json()["results"]] == [wanted.number]
    refused = desk.get(q="priority:soon")
    assert refused.status_code == 400
    assert "emergency" in refused.json()["errors"]["q"][0]
    assert desk.get(q="x" * 5000).status_code == 400
    assert desk.get(q="\x00").status_code == 200


@pytest.mark.parametrize("path", ["", "?q=printer", "{number}/messages/", "{number}/events/"])
def test_lists_cost_the_same_for_one_row_and_for_three(calling, agent, department, path, django_assert_num_queries):
    def grow(ticket):
        conversation.note(ticket, by=agent, body="Printer")
        assignment.assign(factories.ticket(department=department, subject="Printer"), by=agent, agent=agent)

    ticket = factories.ticket(department=department, subject="Printer")
    desk, path = calling(agent), path.format(number=ticket.number)
    desk.get(path)
    with CaptureQueriesContext(connection) as one:
        desk.get(path)
    grow(ticket)
    grow(ticket)
    with django_assert_num_queries(len(one)):
        desk.get(path)
    assert len(one) <= 9


def test_customers_see_no_notes_machine_mail_or_internal_events(calling, agent, customer, ticket):
    conversation.note(ticket, by=agent, body=CANARY)
    conversation.attach_machine_mail(ticket, sender=people.customer(name=CANARY), body=CANARY)
    conversation.reply(ticket, by=agent, body="Hello")
    assignment.assign(ticket, by=agent, agent=agent)
    caller = calling(customer)
    paths = ["", f"?q={CANARY}", *(f"{ticket.number}/{part}" for part in ("", "messages/", "events/"))]
    for path in paths:
        text = caller.get(path).content.decode()
        assert CANARY not in text
        assert agent.email not in text
        assert "assigned" not in text
    assert caller.get(q=CANARY).json()["results"] == []
    assert [row["kind"] for row in caller.get(f"{ticket.number}/messages/").json()["results"]] == ["customer", "reply"]


def test_customers_get_null_for_what_is_the_desks_own_business(calling, customer, ticket):
    seen = calling(customer).get(f"{ticket.number}/").json()
    assert [seen[name] for name in ("status", "priority", "team", "tags", "due_at")] == [None] * 5
    assert seen["label"] == "Received"


def test_strangers_find_nothing_and_learn_nothing(calling, agent, ticket):
    stranger, other_agent = calling(people.customer()), calling(people.agent(factories.department()))
    for caller in (stranger, other_agent):
        assert caller.get().json()["results"] == []
        missing = caller.get("999999999999/")
        for method, path in (("get", ""), ("get", "messages/"), ("get", "events/"), ("post", "reply/"), ("patch", "")):
            body = {"body": "x"} if method == "post" else {"subject": "x"}
            given = [f"{ticket.number}/{path}"] + ([] if method == "get" else [body])
            refused = getattr(caller, method)(*given)
            assert refused.status_code == 404
            assert refused.json() == missing.json()


@pytest.mark.parametrize("verb", ["reply", "note", "assign", "start", "resolve", "close", "tags"])
def test_who_sees_a_ticket_but_may_not_is_forbidden(calling, customer, department, ticket, verb):
    body = {"reply": {"body": "x"}, "note": {"body": "x"}, "assign": {"agent": None}, "tags": {"tags": []}}.get(
        verb, {}
    )
    asking = [people.reader(department)] if verb == "close" else [customer, people.reader(department)]
    for person in asking:  # customers close their own
        assert calling(person).post(f"{ticket.number}/{verb}/", body).status_code == 403
    assert Ticket.objects.get(pk=ticket.pk).state == "new"


def test_nobody_speaks_for_the_customer(calling, agent, ticket):
    assert calling(agent).post(f"{ticket.number}/messages/", {"body": "x"}).status_code == 403
    assert calling(agent).post(f"{ticket.number}/confirm/").status_code == 403
    assert calling(people.admin(), "admin").post(f"{ticket.number}/confirm/").status_code == 403


def test_tickets_in_the_trash_are_gone_for_everybody(calling, ticket):
    admin = people.admin()
    lifecycle.trash(ticket, by=admin)
    assert calling(admin).get(f"{ticket.number}/").status_code == 404
    assert calling(admin).get().json()["results"] == []


def test_the_shapes_of_the_schema_are_those_of_the_answers(agent, ticket):
    message = ticket.messages.get()
    event = ticket.events.get()
    assert set(shapes.TicketShape().fields) == set(answers.ticket(ticket, inside=True))
    assert set(shapes.MessageShape().fields) == set(answers.message(message, inside=True))
    assert set(shapes.EventShape().fields) == set(answers.event(event, inside=True))


@pytest.fixture(params=["requester", "colleague"])
def agent_as_customer(request, agent):
    """An agent and a ticket of another department about which a note speaks."""
    elsewhere = people.agent(factories.department("Personnel"))
    firm = people.organization(shares_tickets=True)
    type(agent).objects.filter(pk=agent.pk).update(organization=firm)
    requester = agent if request.param == "requester" else people.customer(organization=firm)
    ticket = factories.ticket(requester, elsewhere.memberships.get().department)
    conversation.note(ticket, by=elsewhere, body=f"About Ana: {CANARY}")
    conversation.reply(ticket, by=elsewhere, body="We look into it.")
    return ticket


def test_an_agent_is_a_customer_where_they_merely_asked(calling, agent, agent_as_customer):
    ticket, desk = agent_as_customer, calling(agent)
    answer = desk.get(f"{ticket.number}/").json()
    assert answer["priority"] is None
    assert answer["tags"] is None
    assert "/staff/" not in answer["url"]
    said = desk.get(f"{ticket.number}/messages/").json()["results"]
    assert [one["kind"] for one in said] == ["customer", "reply"]
    assert "email" not in said[1]["author"]
    happened = desk.get(f"{ticket.number}/events/").json()["results"]
    assert [one["kind"] for one in happened] == ["opened"]
    assert "data" not in happened[0]
    assert [row["number"] for row in desk.get().json()["results"]] == [ticket.number]
    assert CANARY not in str(answer) + str(said) + str(happened)


def test_what_an_agent_finds_there_tells_nothing_of_the_notes(calling, agent, agent_as_customer):
    for query in (CANARY, f"-{CANARY}", "priority:normal", "is:open"):
        assert calling(agent).get(q=query).json()["results"] == []


def test_following_takes_one_query_however_many_tickets(calling, agent, agent_as_customer, django_assert_num_queries):
    desk, ticket = calling(agent), agent_as_customer
    desk.get()  # notes the token's use
    with CaptureQueriesContext(connection) as first:
        desk.get()
    for _ in range(3):
        factories.ticket(ticket.requester, ticket.department)
    with django_assert_num_queries(len(first)):
        assert len(desk.get().json()["results"]) == 4


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("assign/", {"team": "x"}),
        ("assign/", {"agent": "nobody@desk.example"}),
        ("reply/", {"body": "x", "status": "x"}),
        ("", {"status": "x"}),
        ("", {"priority": "x"}),
        ("", {"department": "x"}),
    ],
)
def test_a_customers_guess_is_not_answered_with_what_exists(calling, customer, ticket, path, body):
    people.team(name="Night shift")
    send = calling(customer).post if path else calling(customer).patch
    answer = send(f"{ticket.number}/{path}", body)
    assert answer.status_code == 403
    assert "errors" not in answer.json()


def test_a_department_that_is_not_public_is_named_in_no_event(calling, agent, customer, ticket, department):
    secret = factories.department("Fraud squad", is_public=False)
    elsewhere = people.agent(secret)
    assignment.transfer(ticket, by=agent, department=secret)
    asked = factories.ticket(customer, secret)
    for number in (ticket.number, asked.number):
        happened = calling(customer).get(f"{number}/events/").json()["results"]
        assert "another department" in happened[-1]["text"]
        assert "Fraud squad" not in str(happened)
        assert "Fraud squad" in str(calling(elsewhere).get(f"{number}/events/").json())
