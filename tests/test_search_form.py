"""The form and the language are one filter, and what is proposed while typing can be understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories, people
from tests.test_search_language import NODES, bare
from tickets import search, search_form
from tickets import search_completion as completion
from tickets import search_grammar as grammar
from tickets.models import Tag
from tickets.search_form import FIELDS, SINGLE, Filled

pytestmark = pytest.mark.django_db

VALUE = st.sampled_from(["none", "me", "two words", "<4h", ">=high", "o'brien", "2026-11-01..2026-11-30"])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        key: st.lists(VALUE, min_size=1, max_size=1 if key in SINGLE else 3, unique=True).map(tuple) for key in FIELDS
    },
)
WORDS = st.sampled_from(["", "printer", 'printer "on fire"', "fire*"])
RESTS = st.sampled_from(["", "-is:closed", "tag:a OR tag:b", "NOT (tag:x due:<4h)", "number:1"])


@given(WORDS, VALUES, RESTS)
def test_the_form_reads_what_it_wrote(words, values, rest):
    query = search_form.write(Filled(words, values, rest))
    assert grammar.read(query)[1] == []
    filled = search_form.read(query)
    assert (filled.words, filled.values) == (words, values)
    assert bare(grammar.read(filled.rest)[0]) == bare(grammar.read(rest)[0])


@given(NODES)
def test_the_form_changes_no_query(node):
    query = grammar.write(node)
    again = search_form.write(search_form.read(query))
    parts = [bare(grammar.read(text)[0]) for text in (query, again)]
    assert sorted(map(repr, flat(parts[0]))) == sorted(map(repr, flat(parts[1])))


def flat(tree):
    return tree[1:] if tree[0] == "Both" else (tree,)


@pytest.fixture
def agent():
    Tag.objects.bulk_create([Tag(name="vpn"), Tag(name="vlan"), Tag(name="two words")])
    return people.agent(factories.department("Second line"), name="Ana Moreira", email="ana@desk.example")


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("pri", "priority:"),
        ("printer as", "assignee:"),
        ("-as", "assignee:"),
        ("priority:>=h", "priority:>=high"),
        ("is:opn OR is:ope", "is:open"),
        ("tag:v", "tag:vlan"),
        ("tag:vpn,tw", 'tag:vpn,"two words"'),
        ("department:sec", 'department:"Second line"'),
        ("assignee:mor", "assignee:ana@desk.example"),
        ("due:<4", "due:<4h"),
        ("created:yes", "created:yesterday"),
        ("requester:an", "requester:ana@desk.example"),
    ],
)
def test_what_is_proposed_fits_into_the_query(agent, text, proposed):
    first = completion.propose(text, len(text), by=agent)[0]
    assert first.text == proposed
    whole = text[: first.begin] + first.text + text[first.end :]
    if not whole.endswith(":"):
        assert search.parse(whole.replace("is:opn OR ", ""), by=agent).mistakes == []


def test_customers_are_shown_no_filter_of_the_desk(agent):
    assert completion.propose("ass", 3, by=people.customer()) == []
    assert completion.propose("assignee:", 9, by=people.customer()) == []


@given(st.text(max_size=20), st.integers(-3, 30))
def test_whatever_is_typed_something_or_nothing_is_proposed(text, at):
    nobody = people.User(email="x@y.example", is_agent=True)
    for one in completion.propose(text.replace("\0", ""), at, by=nobody):
        assert 0 <= one.begin <= one.end <= len(text)
