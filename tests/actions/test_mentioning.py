"""@ in a note: who is meant, who is told, and what is refused."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tickets import mentions, notices, notifications, queries
from tickets.actions import assignment, conversation, lifecycle, triage
from tickets.mentions import Person
from tickets.models import SYSTEM, Department, Mention, Message, Notice, OutboundEmail, Ticket, TicketEvent, User
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db
ANA, ANA_TWO, RUI, MONO = (
    Person(1, "Ana Moreira", "ana@desk.example"), Person(2, "Ana Maria Lopes", "lopes@desk.example"),
    Person(3, "Rui Costa", "rui.costa@desk.example"), Person(4, "", "night@desk.example"),
)  # fmt: skip


@pytest.fixture
def home() -> Department:
    return factories.department()


@pytest.fixture
def joan(home: Department) -> User:
    return people.agent(home, name="Joan Okafor")


@pytest.fixture
def rui(home: Department) -> User:
    return people.agent(home, name="Rui Costa", email="rui.costa@desk.example")


@pytest.fixture
def ticket(home: Department) -> Ticket:
    return factories.ticket(department=home, auto_response=False)


def handled() -> None:
    for pk in TicketEvent.objects.unhandled().values_list("pk", flat=True):
        notifications.handle(pk)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@Ana Moreira please", [("@Ana Moreira", [1])]),
        ("ask @ana  moreira, now", [("@ana  moreira", [1])]),
        ("@Ana?", [("@Ana", [1, 2])]),
        ("(@Rui) and @Rui.", [("@Rui", [3]), ("@Rui", [3])]),
        ("@rui.costa: see", [("@rui.costa", [3])]),
        ("@RUI.Costa@desk.example. Thanks", [("@RUI.Costa@desk.example", [3])]),
        ("@night", [("@night", [4])]),
        ("@Ana Moreiras", [("@Ana", [1, 2])]),
        ("write to rui.costa@desk.example", []),
        ("@property and @Override, x@Rui, @ Rui, @@Rui", []),
        ("@nobody@desk.example", []),
    ],
)
def test_who_is_meant(text: str, meant: list) -> None:
    found = mentions.read(text, [ANA, ANA_TWO, RUI, MONO])
    assert [(text[one.start : one.end], [person.pk for person in one.people]) for one in found] == meant


def test_quoted_text_mentions_nobody() -> None:
    assert len(mentions.read("@Rui\n> @Rui", [RUI])) == 2
    assert len(mentions.read("@Rui\n> @Rui", [RUI], [[5, 11]])) == 1


def test_a_long_text_full_of_signs_is_read_at_once() -> None:
    assert len(mentions.read("@Rui " * 100_000, [RUI])) == mentions.READ


def test_the_colleague_is_told_follows_and_has_it_in_the_list(ticket: Ticket, joan: User, rui: User) -> None:
    note = conversation.note(ticket, by=joan, body="  @Rui Costa, have you seen this?")
    assert note.mentions == [[0, 10, rui.pk]]
    handled()
    event = Notice.objects.get(user=rui).event
    assert (event.kind, event.message, event.data["people"]) == ("mentioned", note, "Rui Costa")
    mail = OutboundEmail.objects.get(recipient=rui.email)
    assert mail.kind == "mentioned"
    assert ticket.followers.get().user == rui
    assert [row.id for row in queries.page(queries.QUEUES["mentions"], rui).rows] == [ticket.pk]
    assert queries.counts(rui)["mentions"] == 1
    assert queries.counts(joan)["mentions"] == 0


def test_the_wish_for_mentions_is_heeded(ticket: Ticket, joan: User, rui: User) -> None:
    from tickets.actions import attendance

    attendance.set_notices(rui, channels={"mentioned": notices.APP})
    conversation.note(ticket, by=joan, body="@Rui")
    handled()
    assert Notice.objects.filter(user=rui).count() == 1
    assert not OutboundEmail.objects.filter(recipient=rui.email).exists()


def test_mentioned_again_stands_once_in_the_list(ticket: Ticket, joan: User, rui: User) -> None:
    for _time in range(2):
        conversation.note(ticket, by=joan, body="@Rui and @Rui Costa")
    assert Mention.objects.filter(user=rui).count() == 1
    assert ticket.followers.count() == 1
    assert ticket.events.filter(kind="mentioned").count() == 2


def test_oneself_is_not_told(ticket: Ticket, joan: User) -> None:
    assert conversation.note(ticket, by=joan, body="@Joan is me").mentions
    assert not ticket.events.filter(kind="mentioned").exists()


def test_who_cannot_see_the_ticket_is_refused_by_name_and_nothing_is_written(ticket: Ticket, joan: User) -> None:
    people.agent(factories.department(), name="Zoe Far")
    with pytest.raises(Invalid, match="Zoe Far cannot see this ticket"):
        conversation.note(ticket, by=joan, body="@Zoe look")
    assert not Message.objects.filter(ticket=ticket, kind="note").exists()
    assert not ticket.events.filter(kind="noted").exists()


def test_of_two_with_the_name_the_one_who_sees_it_is_meant(ticket: Ticket, joan: User, rui: User) -> None:
    people.agent(factories.department(), name="Rui Far")
    assert conversation.note(ticket, by=joan, body="@Rui").mentions == [[0, 4, rui.pk]]


def test_of_two_who_see_it_the_writer_has_to_choose(ticket: Ticket, home: Department, joan: User, rui: User) -> None:
    people.agent(home, name="Rui Costa", email="other@desk.example")
    with pytest.raises(Invalid, match="could be Rui Costa"):
        conversation.note(ticket, by=joan, body="@Rui Costa")
    assert conversation.note(ticket, by=joan, body="@other@desk.example").mentions


def test_where_nobody_can_be_asked_words_stay_words(ticket: Ticket, joan: User) -> None:
    people.agent(factories.department(), name="Zoe Far")
    assert conversation.note(ticket, by=joan, body="@Zoe", source="email").mentions == []
    assert conversation.note(ticket, by=SYSTEM, body="@Zoe").mentions == []


def test_too_many_are_refused(ticket: Ticket, home: Department, joan: User) -> None:
    for number in range(21):
        people.agent(home, name=f"Crowd{number} X")
    with pytest.raises(Invalid, match="At most 20"):
        conversation.note(ticket, by=joan, body=" ".join(f"@Crowd{number}" for number in range(21)))


def test_a_customer_who_is_an_agent_elsewhere_does_not_read_the_note(home: Department, joan: User) -> None:
    asks = people.agent(factories.department(), name="Cleo Ask")
    own = factories.ticket(requester=asks, department=home, auto_response=False)
    with pytest.raises(Invalid, match="Cleo Ask cannot see"):
        conversation.note(own, by=joan, body="@Cleo")


def test_who_lost_sight_meanwhile_gets_no_note_by_mail(ticket: Ticket, joan: User, rui: User) -> None:
    conversation.note(ticket, by=joan, body="@Rui")
    rui.memberships.all().delete()
    ticket.followers.all().delete()
    handled()
    assert not OutboundEmail.objects.filter(recipient=rui.email).exists()
    assert queries.counts(User.objects.get(pk=rui.pk))["mentions"] == 0


def test_colleagues_are_those_who_read_it_inside(home: Department) -> None:
    away = factories.department()
    admin = people.admin()
    agents = [
        people.agent(home), people.reader(home), people.agent(away), admin, people.agent(home, can=["reply"]),
        people.agent(), people.agent(home, is_active=False), people.customer(),
    ]  # fmt: skip
    team, off = people.team(agents[5]), people.team(agents[5])
    off.is_enabled = False
    off.save()
    made = [factories.ticket(department=home), factories.ticket(department=away)]
    made += [factories.ticket(requester=agents[5], department=away), factories.ticket(department=home)]
    made += [assignment.hand_to_team(factories.ticket(department=home), by=admin, team=team)]
    Ticket.objects.filter(pk=made[1].pk).update(team=off)
    Ticket.objects.filter(pk=made[3].pk).update(assignee=agents[2])
    for one in made[1:3]:
        triage.follow(one, by=admin, person=agents[5])
    triage.follow(made[0], by=admin, person=agents[2])
    made.append(lifecycle.trash(factories.ticket(department=home), by=admin))
    for one in Ticket.objects.filter(pk__in=[row.pk for row in made]):
        inside = {agent.pk for agent in agents if Ticket.objects.inside(agent).filter(pk=one.pk).exists()}
        assert set(mentions.colleagues(one).values_list("pk", flat=True)) == inside


@pytest.mark.parametrize("count", [1, 3])
def test_more_mentions_cost_no_more_queries(ticket: Ticket, home: Department, joan: User, count: int) -> None:
    for number in range(count):
        people.agent(home, name=f"Crowd{number} X")
    with CaptureQueriesContext(
        connection,
    ) as plain:
        conversation.note(ticket, by=joan, body="nobody")
    with CaptureQueriesContext(connection) as counted:
        conversation.note(ticket, by=joan, body=" ".join(f"@Crowd{number}" for number in range(count)))
    assert len(counted) - len(plain) <= 6
