"""AND, OR, NOT, parentheses, lists, ranges, and saying where something is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories, people
from tickets import search
from tickets import search_grammar as grammar
from tickets.actions import conversation, triage
from tickets.models import Field, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return factories.department("Support")


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def made(home, agent):
    found = {
        name: factories.ticket(department=home, subject=f"{name} broke", body="Since today.", source=source)
        for name, source in (("printer", "web"), ("toner", "email"), ("vpn", "phone"))
    }
    triage.set_tags(found["vpn"], by=agent, tags=["network"])
    triage.set_priority(found["printer"], by=agent, priority=4)
    return found


@pytest.fixture
def finds(made, agent):
    names = {ticket.pk: name for name, ticket in made.items()}

    def found(text):
        result = search.find(text, by=agent)
        assert result.mistakes == result.missing == [], text
        return "".join(names[pk][0] for pk in result.tickets.values_list("pk", flat=True))

    return found


@pytest.mark.parametrize(
    ("text", "first_letters"),
    [
        ("printer OR toner", "tp"),
        ("printer AND toner", ""),
        ("printer or toner", ""),  # a word
        ("tag:network OR priority:emergency", "vp"),
        ("tag:network OR printer", "vp"),
        ("(printer OR toner) priority:>=high", "p"),
        ("printer OR toner priority:>=high", "p"),  # AND binds first
        ("broke NOT printer", "vt"),
        ("broke NOT (printer OR tag:network)", "t"),
        ("-(printer OR toner)", "v"),
        ("NOT NOT printer", "p"),
        ("(printer) OR (vpn AND broke)", "vp"),
        ("source:web,phone", "vp"),
        ("-source:web,phone", "t"),
        ("source:web OR source:phone -tag:network", "p"),
        ("created:today", "vtp"),
        ("created:yesterday", ""),
        ("created:2020-01-01..2020-12-31", ""),
        ("created:<=2999-01-01 created:this-month,today", "vtp"),
        ("due:none", "vtp"),
        ("due:any", ""),
        ("subject:toner", "t"),
        ("messages:1 messages:<2", "vtp"),
        ("messages:>1", ""),
        ("state:new -assignee:any", "vtp"),
        ("status:new", "vtp"),
        ("follower:me", ""),
        ("printer(broke)", "p"),  # not a parenthesis of ours
        ('"broke" OR "AND"', "vtp"),
    ],
)
def test_what_is_joined_is_found(finds, text, first_letters):
    assert finds(text) == first_letters


def test_a_ticket_with_a_file_is_found(finds, made, agent):
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = conversation.uploads([SimpleUploadedFile("a.txt", b"x", "text/plain")])
    conversation.note(made["toner"], by=agent, body="See the file.", attachments=files)
    assert finds("has:attachment") == "t"
    assert finds("-has:attachment") == "vp"


def test_custom_fields_are_compared(finds, made):
    Field.objects.create(key="cost", label="Cost", kind="number")
    Field.objects.create(key="site", label="Site", kind="choice", choices=[{"value": "n", "label": "North"}])
    Ticket.objects.filter(pk=made["toner"].pk).update(fields={"cost": 120, "site": "n"})
    assert finds("field.cost:120") == finds("field.cost:>=100") == finds("field.site:north") == "t"
    assert finds("field.cost:>120") == ""
    assert finds("field.cost:none") == "vp"
    assert finds("field.cost:any") == "t"


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("printer OR", 8, "both sides"),
        ("OR printer", 0, "both sides"),
        ("printer AND", 8, "both sides"),
        ("printer NOT", 8, "after it"),
        ("(printer toner", 0, "never closed"),
        ("printer) toner", None, ""),  # belongs to the word
        ("printer ) toner", 8, "closes nothing"),
        ("x (is:open OR is:opne)", 14, "opne"),
        ("printer messages:many", 8, "number"),
        ("created:2026-13-01", 0, "2026-13-01"),
        ("(" * 40 + "printer" + ")" * 40, 12, "deeply"),
    ],
)
def test_a_wrong_query_says_where(agent, text, position, says):
    found = [mistake for mistake in search.find(text, by=agent).mistakes if says in mistake.text]
    assert [mistake.position for mistake in found[:1]] == ([] if position is None else [position])


@pytest.mark.parametrize("text", ["tag:gone", "team:gone", "department:gone", "organization:gone", "field.gone:1"])
def test_what_is_not_there_finds_nothing_and_is_named(agent, made, text):
    found = search.find(f"broke {text}", by=agent)
    assert found.mistakes == []
    assert found.missing[0].position == 6
    assert "gone" in found.missing[0].text
    assert list(found.tickets) == []
    assert len(search.find(f"broke -{text}", by=agent).tickets) == 3


def test_something_close_is_proposed(agent, home):
    assert "Support" in search.find("department:suport", by=agent).missing[0].text


def test_names_are_looked_up_once(agent, home, made, django_assert_num_queries):
    _ = agent.grants, agent.team_ids
    with django_assert_num_queries(2):  # names of every kind, tickets
        list(search.find("department:support tag:network,gone team:none status:new -topic:x -tag:b", by=agent).tickets)


def test_groups_of_rare_words_start_from_the_index(agent, made):
    assert search._bound(search.parse("printer OR vpn", by=agent).node) == {made["printer"].pk, made["vpn"].pk}
    assert search._bound(search.parse("is:open (printer OR vpn)", by=agent).node) is not None
    assert search._bound(search.parse("printer OR is:open", by=agent).node) is None


WORDS = st.sampled_from(["printer", "two words", "AND", "a)b", "-x", "tag:x", "o'brien", "(", "é", "x:y"])
TERMS = st.one_of(
    st.builds(lambda word: grammar.Term("", (word,)), WORDS),
    st.builds(
        lambda key, values: grammar.Term(key, tuple(values)),
        st.sampled_from(["tag", "due", "field.a-b"]),
        st.lists(st.sampled_from(["<4h", "a b", "a,b", ">=x y", "x", "(y)"]), min_size=1, max_size=3),
    ),
)
NODES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(grammar.Not, inner),
        st.builds(lambda nodes: grammar.Both(tuple(nodes)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda nodes: grammar.Either(tuple(nodes)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


def bare(node):
    """The tree without places, nested ANDs and ORs made one."""
    if isinstance(node, grammar.Term):
        return (node.key, node.values)
    if isinstance(node, grammar.Not):
        return ("not", bare(node.node))
    kind, parts = type(node).__name__, []
    for one in map(bare, node.nodes):
        parts += one[1:] if one[0] == kind else [one]
    return (kind, *parts)


@given(NODES)
def test_a_tree_that_is_written_reads_back_the_same(node):
    read, mistakes = grammar.read(grammar.write(node))
    assert mistakes == []
    assert bare(read) == bare(node)


@given(st.text(alphabet='ab -:,()"<>=ANDORT.\t', max_size=40))
def test_whatever_is_typed_is_read(text):
    node, mistakes = grammar.read(text)
    again, _mistakes = grammar.read(grammar.write(node))
    assert all(0 <= mistake.position <= len(text) for mistake in mistakes)
    assert grammar.write(grammar.read(grammar.write(again))[0]) == grammar.write(again)
