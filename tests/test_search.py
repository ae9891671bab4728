import pytest

from tests import factories, people
from tickets import search
from tickets.actions import assignment, conversation, lifecycle, triage
from tickets.models import Desk, Ticket
from tickets.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return factories.department("Support")


@pytest.fixture
def agent(department):
    return people.agent(department, email="ana@desk.example")


@pytest.fixture
def made(department):
    """Tickets by a short name."""
    herrera = people.customer("Tomás Herrera", email="tomas@customers.example")
    texts = {
        "printer": ("Printer on fire", "It burns brightly in room 204."),
        "toner": ("Toner empty", "The printer of Ms Okafor wants new toner."),
        "vpn": ("VPN refuses me", "Error 404 after the password."),
    }
    return {
        name: factories.ticket(herrera, department, subject=subject, body=body)
        for name, (subject, body) in texts.items()
    }


@pytest.fixture
def finds(made, agent):
    names = {ticket.pk: name for name, ticket in made.items()}

    def found(text, by=agent):
        result = search.find(text, by=by)
        assert result.mistakes == []
        return [names.get(pk, "?") for pk in result.tickets.values_list("pk", flat=True)]

    return found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["vpn", "toner", "printer"]),
        ("printer", ["toner", "printer"]),
        ("PRINTER", ["toner", "printer"]),
        ("fire room", ["printer"]),  # one word in the subject, one in a message
        ("herrera toner", ["toner"]),  # the requester's name
        ("tomás", ["vpn", "toner", "printer"]),
        ("printer vpn", []),
        ('"new toner"', ["toner"]),
        ('"toner new"', []),
        ('"unfinished', []),
        ("printer -fire", ["toner"]),
        ('-"new toner" printer', ["printer"]),
        ("-printer", ["vpn"]),
        ("print*", ["toner", "printer"]),
        ("print", []),
        ("nosuchword", []),
        ("error:404", ["vpn"]),  # not a filter, so words
        ("!!! ??", ["vpn", "toner", "printer"]),
        ("' \\ :* & | <-> ( )", ["vpn", "toner", "printer"]),
        ("o'brien\\", []),
        ("\x00printer\ud800 fire", ["printer"]),
    ],
)
def test_words(finds, text, names):
    assert finds(text) == names


@pytest.mark.parametrize("format_", ["######", "HD-######"])
def test_numbers_are_found_however_they_are_written(agent, department, format_):
    Desk.current()
    Desk.objects.update(number_format=format_)
    ticket = factories.ticket(department=department)
    digits = ticket.number[-6:]
    for text in (ticket.number, f"#{ticket.number}", digits, f"number:{ticket.number.lower()}", f"{digits[:4]}*"):
        assert list(search.find(text, by=agent).tickets) == [ticket], text


def test_is(finds, made, agent):
    lifecycle.close(made["printer"], by=agent)
    assignment.assign(made["vpn"], by=agent, agent=agent)
    lifecycle.resolve(made["toner"], by=agent)
    assert finds("is:open") == ["vpn"]
    assert finds("is:closed") == ["printer"]
    assert finds("is:resolved") == ["toner"]
    assert finds("-is:closed") == ["vpn", "toner"]
    assert finds("is:new") == finds("is:unassigned") == finds("is:overdue") == []
    assert finds("IS:Open error") == ["vpn"]


def test_archived_tickets_are_found_by_asking_for_them_only(finds, made, agent):
    lifecycle.close(made["printer"], by=agent)
    lifecycle.archive(made["printer"], by=people.admin())
    assert finds("printer") == ["toner"]
    assert finds("printer is:archived") == ["printer"]


def test_the_trash_is_never_searched(finds, made):
    admin = people.admin()
    lifecycle.trash(made["printer"], by=admin)
    assert finds("printer", by=admin) == ["toner"]


def test_people_and_places(finds, made, agent, department):
    triage.set_tags(made["vpn"], by=agent, tags=["Network"])
    assignment.assign(made["toner"], by=agent, agent=agent)
    assignment.hand_to_team(made["vpn"], by=agent, team=people.team(agent, name="Second line"))
    assert finds("assignee:me") == finds("assignee:ANA@desk.example") == ["toner"]
    assert finds("assignee:none") == ["vpn", "printer"]
    assert finds("tag:network") == ["vpn"]
    assert finds('team:"second LINE"') == ["vpn"]
    assert finds("team:none") == ["toner", "printer"]
    assert finds(f"department:{department.slug}") == finds("department:support") == ["vpn", "toner", "printer"]
    assert finds("requester:tomas@customers.example vpn") == ["vpn"]
    assert finds("requester:me") == finds("requester:nobody@customers.example") == []
    assert finds("requester:herrera vpn") == ["vpn"]
    assert finds("tag:none") == ["toner", "printer"]
    assert finds("tag:any") == finds("has:tag") == ["vpn"]
    assert finds("tag:none,network") == ["vpn", "toner", "printer"]
    assert finds("team:mine") == ["vpn"]
    assert finds('assignee:"ana moreira"') == ["toner"]


def test_priority_is_compared(finds, made, agent):
    triage.set_priority(made["vpn"], by=agent, priority=4)
    triage.set_priority(made["toner"], by=agent, priority=3)
    assert finds("priority:high") == ["toner"]
    assert finds("priority:>=high") == ["vpn", "toner"]
    assert finds("priority:<high") == ["printer"]


def test_created_takes_days_and_ages(finds, made):
    factories.age(made["printer"], days=10)
    day = Ticket.objects.get(pk=made["printer"].pk).created_at.date()
    assert finds("created:>3d") == ["printer"]
    assert finds("created:<3d") == ["vpn", "toner"]
    assert finds(f"created:{day}") == finds(f"created:<={day}") == ["printer"]
    assert finds(f"created:>{day}") == ["vpn", "toner"]
    assert finds(f"created:<{day}") == []


def test_due_counts_from_now(agent):
    department = factories.department(sla_policy=factories.sla_policy(first=120))
    ticket, boss = factories.ticket(department=department), people.admin()
    assert list(search.find("due:<4h", by=boss).tickets) == [ticket]
    assert list(search.find("due:<1h", by=boss).tickets) == []
    assert list(search.find("is:overdue", by=boss).tickets) == []
    factories.age(ticket, hours=3)
    assert list(search.find("is:overdue", by=boss).tickets) == [ticket]


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("printer is:opne", 8, "archived"),
        ("priority:soon", 0, "emergency"),
        ("created:sometime", 0, "2026-11-01"),
        ("created:9999-12-31", 0, "9999"),
        ("due:<", 0, "4h"),
        ("tag:", 0, "tag"),
        ("fire assigne:me", 5, "assignee"),
        ("x " * 400, 500, "500"),
    ],
)
def test_mistakes_are_named_with_their_place(agent, made, text, position, says):
    result = search.find(text, by=agent)
    assert result.mistakes[0].position == position
    assert says in result.mistakes[0].text
    list(result.tickets)


def test_what_was_understood_is_still_searched(agent, made):
    found = search.find("priority:soon fire", by=agent)
    assert list(found.tickets) == [made["printer"]]


def test_too_many_words_are_refused(agent):
    assert len(search.parse(" ".join(f"w{n}" for n in range(20)), by=agent).words) == search.MOST_WORDS


def test_customers_find_their_own_and_never_notes(finds, made, agent):
    conversation.note(made["vpn"], by=agent, body="Secretword")
    owner = made["vpn"].requester
    assert finds("secretword") == ["vpn"]
    assert finds("secretword", by=owner) == []
    assert finds("-secretword vpn", by=owner) == ["vpn"]
    assert finds("printer", by=owner) == ["toner", "printer"]
    assert finds("printer", by=people.customer()) == []


def test_customers_cannot_ask_how_the_desk_works_inside(made, agent):
    assignment.assign(made["vpn"], by=agent, agent=agent)
    owner = made["vpn"].requester
    for text in (f"assignee:{agent.email}", "tag:x", "priority:high", "team:none"):
        assert list(search.find(text, by=owner).tickets) == [], text  # these are words to them
    assert search.find("is:overdue", by=owner).mistakes


def test_agents_find_what_their_departments_hold(finds, made):
    assert finds("printer", by=people.agent(factories.department())) == []


def test_common_words_are_walked_and_rare_ones_fetched(finds, monkeypatch):
    assert finds("printer -fire") == ["toner"]
    monkeypatch.setattr(search, "RARE", 1)
    assert finds("printer -fire") == ["toner"]
    assert finds("printer") == ["toner", "printer"]
    monkeypatch.setattr(search, "RARE", 0)
    assert finds("print* room") == ["printer"]


def test_queries_do_not_grow_with_what_is_found(made, agent, department, django_assert_max_num_queries):
    for _ in range(3):
        factories.ticket(department=department, subject="Printer again")
    with django_assert_max_num_queries(6):
        assert len(search.find("printer is:open", by=agent).tickets[:50]) == 5


def test_states_are_all_known_to_the_filter(agent):
    for state in State.values:
        assert search.find(f"is:{state}", by=agent).mistakes == []
