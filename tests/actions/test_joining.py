"""Two customers become one: everything moves once."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress

from tests import factories, people
from tickets.actions import conversation, joining
from tickets.actions.people import find_or_create
from tickets.models import Follower, Message, Muted, Rating, Ticket, User
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db
SECOND = "second@customers.example"
# Of agents only, or the audit log, which says who it was then; or moved by hand.
LEFT = {
    ("LogEntry", "user"), ("User_groups", "user"), ("User_user_permissions", "user"), ("Membership", "user"),
    ("Team_members", "user"), ("Team", "members"), ("BlockedSender", "created_by"), ("Ticket", "requester"),
    ("Ticket", "assignee"), ("Follower", "user"), ("ProposedFollower", "decided_by"), ("BulkJob", "by"),
    ("CannedResponse", "owner"), ("CannedResponse", "updated_by"), ("HelpTopic", "assignee"), ("Escalation", "agent"),
    ("TicketEvent", "actor"), ("FormVersion", "saved_by"), ("Article", "created_by"), ("ArticleVersion", "saved_by"),
    ("InboundEmail", "released_by"), ("Muted", "user"), ("NoticePreferences", "user"), ("Notice", "user"),
    ("ErasureRequest", "decided_by"), ("Rating", "agent"), ("RecurringTicket", "assignee"),
    ("TicketLink", "created_by"), ("Task", "assignee"), ("Task", "done_by"), ("TicketMerge", "merged_by"),
    ("SideConversation", "started_by"), ("Rule", "owner"), ("RuleVersion", "saved_by"), ("RuleRun", "actor"),
    ("Skill_agents", "user"), ("Skill", "agents"), ("Absence", "user"), ("Absence", "delegate"),
    ("SavedView", "owner"), ("Preferences", "user"), ("Viewed", "user"), ("Export", "by"), ("Draft", "author"),
    ("Mention", "user"),
}  # fmt: skip


def test_every_relation_to_people_is_thought_of() -> None:
    found = {
        (one.related_model.__name__, one.field.name)
        for one in User._meta.get_fields(include_hidden=True)
        if one.auto_created and not one.concrete
    }
    known = {(model.__name__, field) for model, field in (*joining.MOVED, *joining.ENDED)} | LEFT
    assert found - known == set()


def test_all_that_one_had_is_the_other_s() -> None:
    department = factories.department()
    person, other, third = people.customer(name="Grace"), find_or_create(SECOND, "G."), people.customer()
    own, theirs, elsewhere = (factories.ticket(one, department) for one in (person, other, third))
    conversation.receive(theirs, by=other, body="Still broken", source="web")
    Rating.objects.create(ticket=theirs, round=0, score=5, rated_by=other)
    for one in (person, other):
        Follower.objects.create(ticket=elsewhere, user=one, role="view" if one is person else "reply")
        Muted.objects.create(ticket=elsewhere, user=one)
    Follower.objects.create(ticket=theirs, user=person)
    Follower.objects.create(ticket=own, user=other)

    assert joining.add_address(person, SECOND) == other

    theirs = Ticket.objects.get(pk=theirs.pk)
    assert (theirs.requester, theirs.requester_name) == (person, "Grace")
    assert set(Ticket.objects.visible_to(person)) == {own, theirs, elsewhere}
    assert not Message.objects.filter(author=other).exists()
    assert Rating.objects.get().rated_by == person
    assert Follower.objects.get().role == "reply"  # of the third ticket; of their own nobody follows besides
    assert Muted.objects.get().user == person
    event = theirs.events.get(kind="people_joined")
    assert (event.actor, event.data["old"]) == (person, SECOND)
    assert theirs.events.filter(kind="received").get().actor == other  # the audit log says who it was
    other.refresh_from_db()
    assert (other.is_active, other.merged_into) == (False, person)
    assert find_or_create(SECOND) == person


def test_again_and_back_nothing_is_doubled() -> None:
    person, other = people.customer(), people.customer()
    ticket = factories.ticket(other)
    address = other.email
    joining.add_address(person, address)
    joining.add_address(person, address)
    assert ticket.events.filter(kind="people_joined").count() == 1
    assert EmailAddress.objects.filter(email=address, verified=True, user=person).count() == 1
    assert not User.objects.filter(email=address).exists()


def test_a_third_account_takes_both() -> None:
    first, second, third = (people.customer() for _one in range(3))
    joining.add_address(second, first.email)
    joining.add_address(third, second.email)
    first.refresh_from_db()
    assert first.merged_into == third
    assert EmailAddress.objects.filter(user=third, verified=True).count() == 3
    assert list(User.objects.standing_for(first.pk)) == [third]


def test_agents_stay_themselves() -> None:
    agent = people.agent(factories.department())
    with pytest.raises(Invalid):
        joining.add_address(people.customer(), agent.email)
    with pytest.raises(Invalid):
        joining.add_address(agent, people.customer().email)
    assert joining.add_address(agent, SECOND) is None
