import pytest

from tests import factories, people
from tickets.models import Ticket, User

pytestmark = pytest.mark.django_db

BODY = {"subject": "Printer on fire", "body": "It burns."}
CONTRACT = {
    "number", "state", "status", "priority", "department", "help_topic", "assignee", "team", "requester", "source",
    "created_at", "updated_at", "first_response_due_at", "resolution_due_at", "url",
}  # fmt: skip


def test_the_answer_holds_what_the_contract_names(calling, agent, customer):
    factories.department()
    for person in (agent, customer):
        assert set(calling(person).post(body=BODY).json()) >= CONTRACT


def test_deadlines_and_routing_come_from_the_help_topic(calling, agent, department):
    topic = factories.help_topic(department, "Fire", sla_policy=factories.sla_policy(), priority=4)
    made = calling(agent).post(body=BODY | {"help_topic": "fire"}).json()
    assert (made["help_topic"], made["department"], made["priority"]) == (topic.slug, department.slug, "emergency")
    assert made["first_response_due_at"] < made["resolution_due_at"]


def test_an_agent_opens_for_somebody_unknown(calling, agent, department):
    who = {"email": "New@Customers.example", "name": "Nia New"}
    made = calling(agent).post(body=BODY | {"requester": who, "department": "Support"})
    assert made.status_code == 201, made.content
    assert made.json()["requester"] == {"email": "new@customers.example", "name": "Nia New"}


def test_a_customer_opens_for_themselves_only(calling, customer, department):
    caller = calling(customer)
    own = caller.post(body=BODY | {"requester": {"email": customer.email.upper()}})
    assert own.json()["requester"]["email"] == customer.email
    refused = caller.post(body=BODY | {"requester": {"email": "else@customers.example"}})
    assert refused.status_code == 403
    assert not User.objects.filter(email="else@customers.example").exists()


def test_no_person_is_left_behind_by_a_refused_ticket(calling, agent):
    elsewhere = factories.department("Elsewhere")
    who = {"email": "new@customers.example"}
    refused = calling(agent).post(body=BODY | {"requester": who, "department": elsewhere.slug})
    assert refused.status_code == 403
    assert not User.objects.filter(email=who["email"]).exists()


def test_without_the_permission_to_create_an_agent_opens_own_tickets_only(calling, department):
    reader = people.reader(department)
    assert calling(reader).post(body=BODY | {"requester": {"email": "x@customers.example"}}).status_code == 403


def test_unknown_names_are_answered_with_those_that_exist(calling, agent, department):
    factories.help_topic(department, "Fire", slug="fire")
    caller = calling(agent)
    for name, known in (("help_topic", "fire"), ("department", department.slug), ("priority", "emergency")):
        refused = caller.post(body=BODY | {name: "nonsense"})
        assert refused.status_code == 400
        assert known in refused.json()["errors"][name][0]


def test_customers_choose_among_what_is_public(calling, customer, department):
    hidden = factories.help_topic(department, "Internal", is_public=False)
    secret = factories.department("Secret", is_public=False)
    caller = calling(customer)
    for name, slug in (("help_topic", hidden.slug), ("department", secret.slug)):
        refused = caller.post(body=BODY | {name: slug})
        assert refused.status_code == 400
        assert "secret" not in refused.json()["errors"][name][0].lower()
    assert caller.post(body=BODY | {"priority": "high"}).status_code == 400


@pytest.mark.parametrize(
    "field", ["state", "source", "number", "is_staff", "created_at", "assignee", "resolution_due_at", "internal"]
)
def test_unknown_and_privileged_fields_are_refused_by_name(calling, agent, department, field):
    refused = calling(agent).post(body=BODY | {field: "closed"})
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [field]
    assert not Ticket.objects.exists()


def test_nested_and_custom_fields_are_checked_too(calling, agent, department):
    caller = calling(agent)
    refused = caller.post(body=BODY | {"requester": {"email": "a@b.example", "is_agent": True}})
    assert "requester.is_agent" in refused.json()["errors"]
    assert "fields.room" in caller.post(body=BODY | {"fields": {"room": 1}}).json()["errors"]
    assert caller.post(body=BODY | {"fields": {}}).status_code == 201


def test_missing_fields_are_named(calling, agent, department):
    assert set(calling(agent).post(body={}).json()["errors"]) == {"subject", "body"}


def test_creating_takes_few_queries(calling, agent, customer, department, django_assert_max_num_queries):
    caller = calling(agent)
    caller.post(body=BODY)
    with django_assert_max_num_queries(18):
        caller.post(body=BODY | {"requester": {"email": customer.email}})
