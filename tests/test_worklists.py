"""Lists in every order and grouping, saved views, and what they cost."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories, people
from tests.forms import EVERY_KIND, form
from tickets import listing, queries, worklists
from tickets.actions import assignment, lifecycle, views
from tickets.listing import GROUPS, ORDERS, TooSlow
from tickets.models import Mention, SavedView, Status, Tag, Ticket
from tickets.refusals import Invalid, NotAllowed, TooLate
from tickets.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department("Support")


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def mixed(home, agent):
    """Nine tickets whose columns are often equal and often empty."""
    dice, now = random.Random(7), timezone.now()
    made = [factories.ticket(people.customer(f"Name {n % 3}"), home) for n in range(9)]
    team = people.team(agent)
    for ticket in made:
        Ticket.objects.filter(pk=ticket.pk).update(
            last_message_at=now - timedelta(hours=dice.randrange(3)),
            updated_at=now - timedelta(hours=dice.randrange(3)),
            due_at=dice.choice([None, now, now + timedelta(hours=1)]),
            waiting_since=dice.choice([None, now]),
            snoozed_until=dice.choice([None, now + timedelta(hours=2)]),
            priority=dice.choice([1, 2, 3]),
            assignee=dice.choice([None, agent]),
            team=dice.choice([None, team]),
        )
    return made


def walk(order, group, size):
    """Ids of the pages forth, and of the pages back from the last one."""
    rows, pages, after = Ticket.objects.all(), [], ""
    while True:
        page = listing.page(rows, order, group, after=after, size=size)
        pages.append(page)
        if not page.after:
            break
        after = page.after
    back, before = [], pages[-1].before
    while before:
        page = listing.page(rows, order, group, before=before, size=size)
        back.append([row.id for row in page.rows])
        before = page.before
    return [[row.id for row in page.rows] for page in pages], back[::-1]


@pytest.mark.parametrize("group", ["", *GROUPS])
@pytest.mark.parametrize("order", ORDERS)
def test_no_row_is_lost_between_pages_forth_and_back(mixed, order, group):
    whole = [pk for (pk,) in _whole(order, group)]
    for size in (1, 2, 4):
        forth, back = walk(order, group, size)
        assert [pk for page in forth for pk in page] == whole
        assert [pk for page in back for pk in page] == whole[: len(whole) - len(forth[-1])]


def _whole(order, group):
    rows = Ticket.objects.annotate(**GROUPS[group].extra) if group else Ticket.objects.all()
    columns = listing.columns_of(order, group)
    return rows.order_by(*(listing.ordering(*one, backwards=False) for one in columns)).values_list("pk")


@pytest.mark.parametrize(
    "text", ["x", "W10", "W251bGxd", "e30", "WyJhIiwiYiJd", "WzEsdHJ1ZV0", "A" * 1300, "W1tbW1s", "é"]
)
def test_a_broken_cursor_is_no_cursor(text):
    assert listing.read_cursor(text, ["last_message_at", "id"]) is None


def test_groups_are_told_with_their_rows(mixed):
    page = listing.page(Ticket.objects.all(), "latest", "priority")
    assert page.groups == sorted(page.groups, reverse=True)
    assert page.groups == [row.priority for row in page.rows]


def test_a_list_that_costs_too_much_is_stopped(mixed, monkeypatch):
    with pytest.raises(TooSlow), listing.bounded(5), listing.connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")
    assert Ticket.objects.count() == 9  # the connection lives on


@pytest.mark.parametrize("slug", worklists.QUERIES)
def test_what_a_list_says_of_itself_finds_the_same(slug, home, agent):
    made = {state: factories.ticket_in(state, agent, department=home) for state in State.values}
    for one in (factories.ticket(department=home), made["resolved"]):
        Mention.objects.create(ticket=one, user=agent)
    soon, late = timezone.now() + timedelta(hours=3), timezone.now() - timedelta(hours=1)
    waiting = Status.objects.get(slug="waiting_on_customer")
    Ticket.objects.filter(pk=made["open"].pk).update(due_at=soon, status=waiting)
    Ticket.objects.filter(pk=made["in_progress"].pk).update(due_at=late, snoozed_until=soon)
    lifecycle.archive(factories.ticket_in("closed", agent, department=home), by=people.admin())
    queue = queries.QUEUES[slug]
    found = worklists.of_query(worklists.QUERIES[slug], agent).select(agent)
    expected = {row.id for row in queries.page(queue, agent).rows}
    assert expected
    assert set(found.values_list("pk", flat=True)) == expected


# Saved views


def saved(by, query="is:open", **more):
    return views.save_view(None, by=by, name=more.pop("name", "Mine"), query=query, **more)


@pytest.mark.parametrize("key", ["count", "name", "urgent"])
def test_a_custom_field_orders_a_list_too(home, agent, key):
    topic = factories.help_topic(home, form=form(EVERY_KIND))
    answers = [
        {"count": 9, "name": "b"},
        {"count": 10.5, "name": "A", "urgent": True},
        {},
        {"count": 10, "urgent": False},
    ]
    for given in [*answers, *answers]:
        factories.ticket(department=home, help_topic=topic, fields=given)
    worklist = worklists.of_query("is:open", agent).arranged(order=f"field.{key}")
    seen, after = [], ""
    while True:
        page = worklists.page(worklist, agent, after=after, size=3)
        seen += [row.id for row in page.rows]
        if not (after := page.after):
            break
    assert seen == worklists.ids(worklist, agent, most=100)
    values = [Ticket.objects.get(pk=pk).fields.get(key) for pk in seen]
    has = [value for value in values if value is not None]
    assert len(values) == 8
    assert values == has + [None] * (8 - len(has))
    if key == "count":
        assert has == [9, 9, 10, 10, 10.5, 10.5]
    back = worklists.page(worklist, agent, before=page.before, size=3)
    assert [row.id for row in back.rows] == seen[3:6]


def test_a_field_without_an_order_gives_none(home, agent):
    factories.help_topic(home, form=form(EVERY_KIND))
    worklist = worklists.of_query("is:open", agent)
    assert [worklist.arranged(order=f"field.{key}").order for key in ("colours", "gone", "\0", "count")] == [
        "newest", "newest", "newest", "field.count",
    ]  # fmt: skip


def test_a_view_finds_what_its_query_says_in_its_order(home, agent):
    tickets = [factories.ticket(department=home, subject=f"Lamp {n}") for n in range(3)]
    assignment.assign(tickets[1], by=agent, agent=agent)
    view = saved(agent, "is:open -assignee:me", order="oldest")
    found = worklists.find(agent, view.slug)
    assert [row.id for row in worklists.page(found, agent).rows] == [tickets[0].pk, tickets[2].pk]
    newest = found.arranged(order="newest", group="nonsense")
    assert [row.id for row in worklists.page(newest, agent).rows] == [tickets[2].pk, tickets[0].pk]


def test_who_sees_a_view(home, agent):
    away = factories.department()
    stranger, colleague, boss = people.agent(away), people.agent(home), people.admin()
    team = people.team(stranger)
    role = stranger.memberships.get().role
    shared = {
        "own": saved(agent),
        "all": saved(boss, audience="everyone"),
        "department": saved(boss, audience="some", departments=[home]),
        "team": saved(boss, audience="some", teams=[team]),
        "role": saved(boss, audience="some", roles=[role]),
    }

    def seen(user):
        pks = set(SavedView.objects.visible_to(user).values_list("pk", flat=True))
        return {name for name, view in shared.items() if view.pk in pks}

    assert seen(agent) == {"own", "all", "department", "role"}  # tests give everybody the same role
    assert seen(stranger) == {"all", "team", "role"}
    assert seen(colleague) == {"all", "department", "role"}
    assert seen(people.customer()) == set()
    assert worklists.find(stranger, shared["own"].slug) is None


def test_views_of_others_are_not_changed(home, agent):
    view = saved(agent)
    with pytest.raises(NotAllowed):
        views.delete_view(view, by=people.agent(home))
    with pytest.raises(NotAllowed):  # personal to somebody else
        views.save_view(view, by=people.admin(), name="x", query="is:open")
    views.save_view(view, by=agent, name="Other", query="is:new")
    assert SavedView.objects.get().query == "is:new"


def test_agents_share_where_they_work_only(home, agent):
    away = factories.department()
    assert saved(agent, audience="some", departments=[home])
    for more in ({"audience": "everyone"}, {"audience": "some", "departments": [away]}, {"audience": "some"}):
        with pytest.raises(Invalid):
            saved(agent, **more)


def test_two_who_change_a_view_do_not_overwrite_each_other(agent):
    view = saved(agent)
    views.save_view(view, by=agent, name="First", query="is:open", version=view.version)
    with pytest.raises(TooLate):
        views.save_view(view, by=agent, name="Second", query="is:open", version=view.version)


@pytest.mark.parametrize("query", ["", "is:opne", "tag:gone", "(is:open", "priority:"])
def test_a_wrong_query_is_not_saved_and_its_place_is_named(agent, query):
    with pytest.raises(Invalid) as refusal:
        saved(agent, query)
    assert query == "" or "character" in refusal.value.errors["query"]


def test_a_view_whose_tag_was_deleted_shows_nothing_and_says_where(home, agent):
    Tag.objects.create(name="vpn")
    factories.ticket(department=home)
    view = saved(agent, "is:open -tag:vpn")
    Tag.objects.all().delete()
    found = worklists.find(agent, view.slug)
    assert (found.mistakes[0].position, worklists.page(found, agent).rows) == (9, [])


def test_names_in_addresses_are_free_and_never_the_desks_own(agent):
    names = ["Mine", "Mine", "All open", "New", "D x", "¿?"]
    assert [saved(agent, name=name).slug for name in names] == [
        "mine", "mine-2", "view-all-open", "view-new", "view-d-x", "view",
    ]  # fmt: skip


def test_views_are_put_in_order(agent):
    made = [saved(agent, name=name) for name in "ABC"]
    views.move_view(made[2], by=agent, step=-1)
    views.move_view(made[0], by=agent, step=-1)
    assert [view.name for view in SavedView.objects.visible_to(agent)] == ["A", "C", "B"]


def test_counts_of_views_are_one_question_however_many(home, agent, django_assert_num_queries):
    factories.ticket(department=home)
    texts = ["is:open", "department:support is:new", "is:closed", "printer", "team:none source:web"]
    made = [saved(agent, text, name=f"View {n}") for n, text in enumerate(texts)]
    SavedView.objects.filter(pk=made[2].pk).update(query="tag:gone")
    made[2].query = "tag:gone"
    _ = agent.grants, agent.team_ids
    with django_assert_num_queries(6):  # names, tags, and the counts within their limit of time
        counts = worklists.counts(agent, made)
    assert counts == {"view-0": 1, "view-1": 1, "view-4": 1}  # words are not counted, nor what is wrong
    with django_assert_num_queries(6):
        worklists.counts(agent, made[:2])


def test_counts_stop_at_the_cap(home, agent):
    for _ in range(3):
        factories.ticket(department=home)
    assert worklists.counts(agent, [saved(agent)], cap=2) == {"mine": 2}
