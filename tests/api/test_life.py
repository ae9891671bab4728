"""The whole life of a ticket over the API alone, and what may not happen in it."""

import pytest

from tests import factories, people
from tickets.models import ProposedFollower, Ticket
from tickets.states import State

pytestmark = pytest.mark.django_db


def test_a_ticket_lives_from_intake_to_reopening(calling, agent, customer, department):
    desk, requester = calling(agent), calling(customer)
    opened = desk.post(
        body={
            "requester": {"email": customer.email, "name": "Ignored"},
            "subject": "Printer on fire",
            "body": "It burns.",
            "department": "support",
            "priority": "high",
        }
    )
    assert opened.status_code == 201
    made = opened.json()
    assert (made["state"], made["priority"], made["source"], made["assignee"]) == ("new", "high", "api", None)
    number = made["number"]

    assigned = desk.post(f"{number}/assign/", {"agent": agent.email}).json()
    assert (assigned["state"], assigned["assignee"]["email"]) == ("open", agent.email)
    assert desk.post(f"{number}/note/", {"body": "Known model."}).status_code == 201
    replied = desk.post(f"{number}/reply/", {"body": "Unplug it.", "status": "waiting on customer"})
    assert replied.status_code == 201, replied.content
    assert (replied.json()["ticket"]["state"], replied.json()["ticket"]["status"]) == (
        "in_progress",
        "waiting_on_customer",
    )
    assert requester.post(f"{number}/messages/", {"body": "Unplugged."}).json()["ticket"]["state"] == "in_progress"
    assert desk.post(f"{number}/resolve/", {"body": "Good."}).json()["state"] == "resolved"
    assert requester.post(f"{number}/confirm/").json()["state"] == "closed"
    again = requester.post(f"{number}/messages/", {"body": "It burns again."})
    assert again.json()["ticket"] | {"number": number, "state": "reopened"} == again.json()["ticket"]

    said = [row["kind"] for row in desk.get(f"{number}/messages/").json()["results"]]
    assert said == ["customer", "note", "reply", "customer", "reply", "customer"]
    happened = [row["kind"] for row in desk.get(f"{number}/events/").json()["results"]]
    assert happened[0] == "opened"
    assert "reopened" in happened


def test_an_illegal_step_says_state_verb_and_what_is_allowed(calling, agent, ticket):
    desk = calling(agent)
    desk.post(f"{ticket.number}/close/")
    refused = desk.post(f"{ticket.number}/resolve/")
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["state"], problem["verb"], problem["status"]) == ("closed", "resolve", 409)
    assert "reopen" in problem["allowed"]
    assert "resolve" not in problem["allowed"]
    assert ticket.number in problem["detail"]


@pytest.mark.parametrize("verb", ["start", "close", "reopen"])
def test_simple_verbs_answer_the_ticket_afterwards(calling, agent, ticket, verb):
    desk = calling(agent)
    if verb == "reopen":
        desk.post(f"{ticket.number}/close/")
    answer = desk.post(f"{ticket.number}/{verb}/")
    assert answer.status_code == 200
    assert answer.json()["state"] == {"start": "in_progress", "close": "closed", "reopen": "reopened"}[verb]


def test_archiving_needs_an_admin_with_a_token_of_that_scope(calling, agent, department):
    admin = people.admin()
    closed = factories.ticket_in(State.CLOSED, agent, department=department)
    assert calling(admin).post(f"{closed.number}/archive/").status_code == 403
    assert calling(agent, "admin").post(f"{closed.number}/archive/").status_code == 403
    boss = calling(admin, "admin")
    assert boss.post(f"{closed.number}/archive/").json()["archived_at"]
    problem = boss.post(f"{closed.number}/reopen/").json()
    assert (problem["status"], problem["state"], problem["allowed"]) == (409, "archived", ["unarchive"])
    assert boss.post(f"{closed.number}/unarchive/").json()["archived_at"] is None


def test_assigning_to_a_team_and_to_nobody(calling, agent, ticket):
    people.team(agent, name="Second line")
    desk = calling(agent)
    answer = desk.post(f"{ticket.number}/assign/", {"team": "second LINE", "agent": "me"}).json()
    assert (answer["team"], answer["assignee"]["email"]) == ("Second line", agent.email)
    assert desk.post(f"{ticket.number}/assign/", {"agent": None}).json()["assignee"] is None
    unknown = desk.post(f"{ticket.number}/assign/", {"team": "Third"}).json()
    assert "Second line" in unknown["errors"]["team"][0]
    assert "agent" in desk.post(f"{ticket.number}/assign/", {"agent": "nobody@desk.example"}).json()["errors"]
    assert desk.post(f"{ticket.number}/assign/", {}).status_code == 400


def test_a_refused_part_of_an_assignment_undoes_the_rest(calling, agent, ticket):
    people.team(agent, name="Second line")
    outsider = people.agent(factories.department())
    refused = calling(agent).post(f"{ticket.number}/assign/", {"team": "Second line", "agent": outsider.email})
    assert refused.status_code == 400
    assert Ticket.objects.get(pk=ticket.pk).team is None


def test_tags_are_replaced_or_added_and_removed(calling, agent, ticket):
    desk = calling(agent)
    assert desk.post(f"{ticket.number}/tags/", {"tags": ["Fire", "printer"]}).json()["tags"] == ["fire", "printer"]
    answer = desk.post(f"{ticket.number}/tags/", {"add": ["urgent"], "remove": ["FIRE"]}).json()
    assert answer["tags"] == ["printer", "urgent"]
    assert desk.post(f"{ticket.number}/tags/", {"tags": [], "add": ["x"]}).status_code == 400


def test_patching_changes_what_is_sent_and_transfers_last(calling, agent, ticket):
    billing = factories.department("Billing")
    desk = calling(agent)
    answer = desk.patch(
        f"{ticket.number}/",
        {"subject": "Smoke", "priority": "emergency", "tags": ["fire"], "department": "Billing"},
    )
    assert answer.status_code == 200, answer.content
    changed = answer.json()
    assert (changed["subject"], changed["priority"], changed["tags"]) == ("Smoke", "emergency", ["fire"])
    assert changed["department"] == billing.slug
    assert desk.get(f"{ticket.number}/").status_code == 404


def test_a_help_topic_transfers_to_its_department(calling, agent, ticket):
    topic = factories.help_topic(factories.department("Billing"), "Refunds")
    answer = calling(agent).patch(f"{ticket.number}/", {"help_topic": "refunds"}).json()
    assert (answer["help_topic"], answer["department"]) == (topic.slug, topic.department.slug)


def test_a_patch_is_done_whole_or_not_at_all(calling, agent, ticket):
    refused = calling(agent).patch(f"{ticket.number}/", {"subject": "Smoke", "status": "no-such"})
    assert refused.status_code == 400
    assert "status" in refused.json()["errors"]
    assert Ticket.objects.get(pk=ticket.pk).subject == "Printer on fire"


def test_one_ticket_says_what_its_reader_may_do(calling, agent, customer, ticket):
    assert "reply" in calling(agent).get(f"{ticket.number}/").json()["allowed"]
    assert calling(customer).get(f"{ticket.number}/").json()["allowed"] == ["receive", "close"]


def test_late_messages_open_a_follow_up(calling, agent, customer, department):
    closed = factories.age(factories.ticket_in(State.CLOSED, agent, requester=customer, department=department), days=90)
    answer = calling(customer).post(f"{closed.number}/messages/", {"body": "And again."})
    assert answer.status_code == 201
    assert answer.json()["ticket"]["number"] != closed.number


@pytest.mark.usefixtures("undo_window")
def test_a_reply_is_kept_back_only_when_that_is_asked_for(calling, agent, customer, ticket):
    desk, requester = calling(agent), calling(ticket.requester)
    desk.post(f"{ticket.number}/reply/", {"body": "At once."})
    desk.post(f"{ticket.number}/reply/", {"body": "Later.", "may_undo": True})
    bodies = [row["body"] for row in requester.get(f"{ticket.number}/messages/").json()["results"]]
    assert "At once." in bodies
    assert "Later." not in bodies
    assert "Later." in desk.get(f"{ticket.number}/messages/").content.decode()
    assert list(
        ticket.outbound_emails.filter(kind="reply", context__has_key="before").values_list("message__body")
    ) == [("Later.",)]


def test_people_in_copy_are_listed_and_decided_about(calling, agent, customer, ticket):
    row = ProposedFollower.objects.create(ticket=ticket, address="boss@customers.example", name="The Boss")
    requester, other = calling(ticket.requester), calling(people.customer())
    listed = requester.get(f"{ticket.number}/proposed/").json()
    assert listed == [{"id": row.pk, "address": "boss@customers.example", "name": "The Boss"}]
    assert other.get(f"{ticket.number}/proposed/").status_code == 404
    assert requester.post(f"{ticket.number}/proposed/{row.pk}/", {}).status_code == 400
    assert requester.post(f"{ticket.number}/proposed/{row.pk}/", {"accept": True}).status_code == 200
    assert ticket.followers.get().user.email == "boss@customers.example"
    assert calling(agent).get(f"{ticket.number}/proposed/").json() == []
    follower = calling(ticket.followers.get().user)
    assert follower.get(f"{ticket.number}/proposed/").status_code == 403
    assert requester.post(f"{ticket.number}/proposed/{row.pk + 1}/", {"accept": True}).status_code == 404
