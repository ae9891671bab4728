from __future__ import annotations

import re
import uuid

import pytest

from tests import factories, people
from tickets.actions import intake
from tickets.actions.people import check_email, find_or_create
from tickets.models import SYSTEM, Department, Desk, HelpTopic, Ticket, User
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomas() -> User:
    return people.customer()


def open_(requester: User, **fields: object) -> Ticket:
    fields = {"subject": "Printer", "body": "It burns.", "source": "web"} | fields
    return intake.open_ticket(by=fields.pop("by", requester), requester=requester, **fields)


def test_the_help_topic_routes(tomas: User) -> None:
    department = factories.department()
    ana, team = people.agent(department), people.team()
    topic = factories.help_topic(department, priority=3, assignee=ana, team=team)
    ticket = open_(tomas, help_topic=topic)
    assert (ticket.department, ticket.priority, ticket.assignee, ticket.team) == (department, 3, ana, team)
    assert ticket.state == "open"  # somebody has it from the start
    assert list(ticket.events.values_list("kind", flat=True)) == ["opened", "assigned"]


def test_an_agent_who_is_away_is_not_given_tickets(tomas: User) -> None:
    department = factories.department()
    away = people.agent(department, is_available=False)
    ticket = open_(tomas, help_topic=factories.help_topic(department, assignee=away))
    assert (ticket.assignee, ticket.state) == (None, "new")


def test_nor_is_who_is_no_agent_any_more_or_a_team_switched_off(tomas: User) -> None:
    department = factories.department()
    once, team = people.agent(department), people.team()
    topic = factories.help_topic(department, assignee=once, team=team)
    User.objects.filter(pk=once.pk).update(is_agent=False)
    team.is_enabled = False
    team.save()
    ticket = open_(tomas, help_topic=HelpTopic.objects.get(pk=topic.pk))
    assert (ticket.assignee, ticket.team, ticket.state) == (None, None, "new")


def test_what_is_named_wins_over_the_topic(tomas: User) -> None:
    other = factories.department()
    topic = factories.help_topic(factories.department(), priority=4)
    ticket = open_(tomas, help_topic=topic, department=other, priority=1)
    assert (ticket.department, ticket.priority, ticket.help_topic) == (other, 1, topic)


def test_without_anything_it_goes_to_the_default_department(tomas: User) -> None:
    factories.department()
    default = factories.department()
    Desk.objects.update_or_create(pk=1, defaults={"default_department": default})
    assert open_(tomas).department == default


def test_a_desk_without_departments_says_so(tomas: User) -> None:
    assert not Department.objects.exists()
    with pytest.raises(Invalid) as refusal:
        open_(tomas)
    assert "department" in refusal.value.errors


def test_the_same_form_again_is_the_same_ticket(tomas: User) -> None:
    department, nonce = factories.department(), uuid.uuid4()
    assert open_(tomas, department=department, nonce=nonce) == open_(tomas, department=department, nonce=nonce)
    assert Ticket.objects.count() == 1


def test_the_first_message_stands_in_the_list_row(tomas: User) -> None:
    ticket = open_(tomas, department=factories.department())
    ticket = Ticket.objects.get(pk=ticket.pk)
    assert (ticket.last_message_by, ticket.last_message_preview) == (tomas.name, "It burns.")
    assert ticket.waiting_since == ticket.created_at
    assert ticket.message_count == 1


def test_customers_open_tickets_for_themselves_only(tomas: User) -> None:
    with pytest.raises(NotAllowed):
        open_(tomas, by=people.customer(), department=factories.department())


def test_agents_open_for_others_where_their_role_says_so(tomas: User) -> None:
    here, there = factories.department(), factories.department()
    ana = people.agent(here)
    assert open_(tomas, by=ana, department=here, source="phone").requester == tomas
    with pytest.raises(NotAllowed):
        open_(tomas, by=ana, department=there)
    with pytest.raises(NotAllowed):
        open_(tomas, by=people.reader(here), department=here)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": " \n\t"}, "subject"),
        ({"subject": "x" * 256}, "subject"),
        ({"body": ""}, "body"),
        ({"body": "x" * 1_000_001}, "body"),
    ],
)
def test_bad_input_is_named_and_nothing_is_half_saved(tomas: User, fields: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid) as refusal:
        open_(tomas, department=factories.department(), **fields)
    assert list(refusal.value.errors) == [named]
    assert not Ticket.objects.exists()


def test_odd_signs_are_stored_without_what_cannot_be(tomas: User) -> None:
    ticket = open_(
        tomas,
        department=factories.department(),
        subject="Nul\x00 and\r\nlines \ud83d",
        body="a\x00b\u202ec\r\nd \udcff",
    )
    assert ticket.subject == "Nul and lines �"
    assert ticket.messages.get().body == "abc\nd �"


class TestNumbers:
    def test_they_follow_the_format_and_are_random(self, tomas: User) -> None:
        Desk.objects.update_or_create(pk=1, defaults={"number_format": "HD-#######"})
        department = factories.department()
        numbers = [open_(tomas, department=department).number for _ in range(5)]
        assert all(re.fullmatch(r"HD-[1-9]\d{6}", number) for number in numbers)
        assert len(set(numbers)) == 5

    def test_a_taken_number_is_drawn_again(self, tomas: User, monkeypatch) -> None:
        department = factories.department()
        taken = open_(tomas, department=department).number
        drawn = iter([taken, taken, "999998"])
        monkeypatch.setattr(intake, "draw_number", lambda pattern: next(drawn))
        assert open_(tomas, department=department).number == "999998"

    def test_a_full_range_grows_by_a_digit(self, tomas: User, monkeypatch) -> None:
        department = factories.department()
        taken = open_(tomas, department=department).number
        monkeypatch.setattr(intake, "draw_number", lambda pattern: taken if len(pattern) == 6 else "1234567")
        assert open_(tomas, department=department).number == "1234567"


class TestPeople:
    def test_an_address_is_one_person_however_it_is_spelt(self) -> None:
        first = find_or_create("Tomas@Herrera.Example", "Tomás")
        assert find_or_create("tomas@herrera.example ", "Somebody Else") == first
        assert first.name == "Tomás"
        assert not first.has_usable_password()

    def test_the_domain_names_the_organization(self) -> None:
        herrera = people.organization("Herrera Logistics", domains=["herrera.example"])
        assert find_or_create("tomas@herrera.example").organization == herrera
        assert find_or_create("tomas@herrera.example.evil.example").organization is None

    @pytest.mark.parametrize("address", ["", "tomas", "tomas@", "a b@c.example", "x" * 250 + "@c.example", "a@b\n@c.d"])
    def test_what_is_no_address_is_refused(self, address: str) -> None:
        with pytest.raises(Invalid) as refusal:
            check_email(address)
        assert list(refusal.value.errors) == ["email"]

    def test_a_name_stays_on_one_line(self) -> None:
        assert "\n" not in find_or_create("a@b.example", "Evil\r\nBcc: x@y.example").name


def test_the_desk_itself_may_open_for_anybody(tomas: User) -> None:
    assert open_(tomas, by=SYSTEM, department=factories.department()).events.get().actor_name == tomas.display_name
