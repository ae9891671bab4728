"""Texts with variables: told what is wrong when saved, and harmless whatever is put into them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories, people
from tickets import wording
from tickets.actions import conversation
from tickets.models import Desk, Ticket
from tickets.models.forms import Field
from tickets.refusals import Invalid
from tickets.wording_language import FILTERS, MOST_SOURCE, Moment, takes
from tickets.wording_variables import fit


def told(text: str, kind: str = "text", **more: Any) -> str:
    return " / ".join(map(str, wording.check(text, kind, fields=more.pop("fields", ()))))


def filled(text: str, kind: str = "text", **values: Any) -> str:
    return wording.render(text, values, kind)


# -- what is wrong, told when it is saved


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ requester.nam }}", "Line 1: There is no variable “requester.nam”. Did you mean “requester.name”?"),
        ("a\nb\n {{ customer.name }}", "Line 3: There is no variable “customer.name”. Did you mean “requester.name”?"),
        ("{{ ticket.id }}", "There is no variable “ticket.id”. Did you mean"),
        ("{{ foo }}", "Known: agent, assignee, desk, message, now, organization, requester, ticket."),
        ("{{ ticket.fields.floor }}", "There is no custom field “ticket.fields.floor”."),
        ("{{ ticket.number | upcse }}", "There is no filter “upcse”. Did you mean “upcase”?"),
        ("{{ ticket.number | upcase: 1 }}", "“upcase” takes no value."),
        ("{{ ticket.number | truncate: 1, 2, 3 }}", "“truncate” takes at most 2 values."),
        ("{{ ticket.number | default: 'x', allow_false: true }}", "takes at most 1 value."),
        ("{% iff ticket.team %}", "There is no tag “iff”. Did you mean “if”?"),
        ("{% if ticket.team %}", "“if” is never ended: {% endif %} is missing."),
        ("{% if ticket.team %}{% endfor %}", "“endfor” ends nothing here."),
        ("{% else %}", "“else” does not belong here."),
        ("{% break %}", "“break” does not belong here."),
        ("Hello {{ requester.name", "“{{ requester.name” has no }}."),
        ("Hello {{ requester.name {{ ticket.number }}", "has no }}."),
        ("{{ }}", "is not understood."),
        ("{% if %}a{% endif %}", "is not understood."),
        ("{{ ticket.number | }}", "“{{ ticket.number | }}” is not understood."),
        ("{% assign ticket = 'x' %}", "“ticket” is taken; give it another name."),
        ("{% assign a = ticket.number %}{{ a.b }}", "“a” has no parts."),
        ("{{ a }}{% assign a = 'later' %}", "There is no variable “a”."),
        ("{% if ticket.priority > 2 %}{% endif %}", "Only ==, != and “contains” compare here."),
        ("{% if 5 contains 'x' %}{% endif %}", "“contains” looks into a variable"),
        ("{% for tag in ticket.tags limit: ticket.subject %}{% endfor %}", "“limit” and “offset” take a number."),
        ("{% for tag in ticket.tags limit: -3 %}{% endfor %}", "“limit” and “offset” take a number."),
        ("x" * (MOST_SOURCE + 1), "This is too long: 20001 characters, 20000 fit."),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_was_probably_meant(text: str, problem: str) -> None:
    assert problem in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello {{ requester.first_name | default: 'there' }},",
        "{% if ticket.tags contains 'vip' %}At once.{% elsif ticket.team %}{{ ticket.team }}{% else %}Soon.{% endif %}",
        "{% for tag in ticket.tags %}{{ forloop.index }}. {{ tag | upcase }}{% endfor %}",
        "{% case ticket.state %}{% when 'Closed' %}Closed.{% else %}Open.{% endcase %}",
        "{%- unless organization.name -%} private {%- endunless -%}",
        "{% assign name = requester.first_name %}{{ name }} {{ name }}",
        "{{ ticket.due_at | date: '%d.%m.%Y' }} {{ now | date }}",
        "{{ message.text | truncatewords: 20 | quote }}",
        "{% comment %} {{ foo }} {% include 'x' %} {% endcomment %}",
        "{{ ticket.fields.floor }}",
        "Braces alone } do { no }} harm %}",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["text", "html"])
def test_what_is_known_may_be_saved(text: str, kind: str) -> None:
    assert told(text, kind, fields=["floor"]) == ""


def test_every_variable_and_filter_may_be_used() -> None:
    for path in wording.VARIABLES:
        assert told("{{ " + path + " }}") == ""
        for name in wording.FILTERS:
            given_values = ", ".join(["ticket.subject"] * takes(name))
            assert told("{{ " + path + " | " + name + (f": {given_values}" if given_values else "") + " }}") == ""


def test_a_faulty_text_is_refused_by_its_field() -> None:
    with pytest.raises(Invalid) as refusal:
        wording.require("{{ requester.nam }}", field="subject")
    assert refusal.value.errors["subject"].startswith("Line 1:")


@pytest.mark.django_db
def test_custom_fields_are_those_of_the_desk() -> None:
    Field.objects.create(key="floor", label="Floor", kind="text")
    Field.objects.create(key="about", label="About", kind="section")
    assert wording.check("{{ ticket.fields.floor }}") == []
    assert "Did you mean “ticket.fields.floor”?" in str(wording.check("{{ ticket.fields.flor }}")[0])
    assert wording.check("{{ ticket.fields.about }}") != []


# -- hostile texts: nothing is reached, nothing grows

_SQUARE = "{% assign a = message.text | replace: '&', message.text %}"
HOSTILE = {
    "class of a text": "{{ ''.__class__ }}",
    "class of a variable": "{{ ticket.__class__ }}",
    "class by brackets": "{{ ticket['__class__'] }}",
    "attribute of a text": "{{ requester.name.format }}",
    "a model's own attribute": "{{ requester.password }}",
    "position": "{{ ticket.tags[0] }}",
    "name from a value": "{{ ticket[requester.name] }}",
    "size of a list": "{{ ticket.tags.size }}",
    "everything": "{{ ticket }}",
    "include": "{% include 'settings' %}",
    "render": "{% render 'settings' %}",
    "liquid": "{% liquid\n include 'x' %}",
    "raw": "{% raw %}{{ foo }}{% endraw %}",
    "capture": "{% capture a %}{% capture b %}x{% endcapture %}{% endcapture %}",
    "cycle": "{% cycle 'a', 'b' %}",
    "increment": "{% increment ticket %}",
    "table": "{% tablerow a in ticket.tags %}{% endtablerow %}",
    "huge range": "{% for i in (1..999999999) %}x{% endfor %}",
    "range as value": "{{ (1..999999999) | join }}",
    "range in assign": "{% assign a = (1..999999999) %}{{ a | last }}",
    "loop in loop": "{% for a in ticket.tags %}{% for b in ticket.tags %}x{% endfor %}{% endfor %}",
    "long text in a loop": "{% for a in ticket.tags %}{{ message.text }}{{ message.text }}{% endfor %}",
    "square by replace": _SQUARE * 200,
    "filters in a loop": "{% for a in ticket.tags %}{{ message.text" + " | upcase" * 45 + " }}{% endfor %}" * 40,
    "deep": "{% if ticket.team %}" * 2000 + "{% endif %}" * 2000,
    "never closed": "{{" * 10_000,
    "opened again and again": "{% if a " * 2_000,
    "white space": "{{ " + " " * 19_000,
    "brackets": "{{ " + "[" * 450 + " }}",
    "paths in paths": "{{ a" + "[a" * 200 + " }}",
    "raw never ended": "{% raw %}" * 2_000,
    "many marks": "{{ ticket.number }}" * 1_000,
    "long condition": "{% if " + "ticket.number and " * 1000 + "now %}{% endif %}",
    "escape": "{{ ticket.subject | safe }}",
    "base64": "{{ 'e3sgeCB9fQ==' | base64_decode }}",
    "nul": "{{ ticket.number \x00 }}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_refused_quickly(text: str) -> None:
    begun = time.process_time()
    assert wording.check(text, "text", fields=()) != []
    assert wording.check(text, "html", fields=()) != []
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_that_was_never_checked_reaches_nothing(text: str) -> None:
    begun = time.process_time()
    try:
        result = wording.render(text, wording.samples(20_000))
    except wording.Unfit:
        result = ""
    assert time.process_time() - begun < 1.0
    assert "class" not in result
    assert len(result) <= 400_000


def test_doubling_ends_at_a_limit() -> None:
    text = "{% assign a = 'xxxxxxxxxx' %}{% for t in ticket.tags %}{% assign a = a | append: a %}{% endfor %}{{ a }}"
    result = filled(text, ticket={"tags": ["t"] * 50})
    assert len(result) == 20_000


def test_patterns_of_dates_cannot_grow() -> None:
    moment = Moment.of(datetime(2026, 3, 2, 9, 5, tzinfo=UTC))
    assert filled("{{ now | date: '%100000000d %-d %s %% %e %B' }}", now=moment) == "100000000d -d s % 2 March"


# -- the values of a ticket


@pytest.mark.django_db
def test_a_text_is_filled_in_with_a_ticket() -> None:
    support = factories.department(name="Support", signature="Your support team")
    acme = people.organization("Acme")
    ticket = factories.ticket(people.customer("Hopper, Grace", organization=acme), support, subject="No paper")
    ana = people.agent(support, name="Ana Moreira")
    text = (
        "{{ requester.first_name }} of {{ organization.name }}: {{ ticket.subject }} ({{ ticket.number }}, "
        "{{ ticket.department }}, {{ ticket.priority }}). {{ agent.name }} {{ agent.signature }} {{ desk.name }} "
        "{{ message.text }} {{ assignee.name | default: 'nobody' }} {{ ticket.url }}"
    )
    filled_in = wording.render(text, wording.variables_of(ticket, ana))
    assert filled_in.startswith(f"Grace of Acme: No paper ({ticket.number}, Support, Normal). Ana Moreira Your support")
    assert f"{Desk.current().name} It burns. Please come. nobody http" in filled_in
    assert filled_in.endswith(f"/tickets/{ticket.number}/")


@pytest.mark.django_db
def test_notes_are_never_quoted() -> None:
    ticket = factories.ticket()
    conversation.note(ticket, by=people.agent(ticket.department), body="The customer is wrong.")
    assert wording.render("{{ message.text }}", wording.variables_of(ticket)) == "It burns. Please come."


@pytest.mark.django_db
def test_custom_fields_are_told_by_their_labels() -> None:
    ticket = factories.ticket()
    Field.objects.create(key="floor", label="Floor", kind="choice", choices=[{"value": "2", "label": "Second"}])
    Field.objects.create(key="day", label="Day", kind="date")
    Field.objects.create(key="urgent", label="Urgent", kind="checkbox")
    Field.objects.create(key="paper", label="Paper", kind="file")
    values = {"floor": "2", "day": "2026-03-02", "urgent": True, "paper": ["secret"], "gone": "x"}
    Ticket.objects.filter(pk=ticket.pk).update(fields=values)
    text = "{{ ticket.fields.floor }} {{ ticket.fields.day | date: '%d.%m.' }} {{ ticket.fields.urgent }}"
    found = wording.variables_of(Ticket.objects.get(pk=ticket.pk))
    assert wording.render(text, found) == "Second 02.03. Yes"
    assert wording.render("{{ ticket.fields.paper }}{{ ticket.fields.gone }}", found) == ""


@pytest.mark.django_db
def test_only_what_a_text_names_is_asked_of_the_database(django_assert_num_queries: Any) -> None:
    ticket = Ticket.objects.select_related("requester", "department").get(pk=factories.ticket().pk)
    with django_assert_num_queries(0):
        wording.render("{{ ticket.number }} {{ requester.name }} {{ ticket.department }}", wording.variables_of(ticket))
    with django_assert_num_queries(1):
        wording.render("{{ message.text }}" * 3, wording.variables_of(ticket))


def test_an_empty_value_is_nothing() -> None:
    assert filled("{% if ticket.team %}a{% else %}b{% endif %}", ticket={"team": fit("")}) == "b"
    assert filled("{% if ticket.tags %}a{% else %}b{% endif %}", ticket={"tags": fit([])}) == "b"
    assert filled("[{{ ticket.team }}]") == "[]"


def test_moments_are_told_in_the_language_and_zone_of_the_reader() -> None:
    moment = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    with translation.override("de"), timezone.override("Europe/Berlin"):
        now = Moment.of(moment)
        assert filled("{{ now | date: '%A, %d. %B %Y %H:%M' }}", now=now) == "Dienstag, 03. März 2026 00:30"
        assert filled("{{ now }}", now=now) == "03.03.2026 00:30"


# -- hostile values


HOSTILE_SUBJECT = "{{ agent.email }}{% include 'x' %}{% for i in (1..9) %}x{% endfor %}<script>alert(1)</script>"


@pytest.mark.django_db
def test_a_value_is_never_read_as_a_text_with_variables() -> None:
    ticket = factories.ticket(subject=HOSTILE_SUBJECT)
    values = wording.variables_of(ticket, people.agent(ticket.department))
    assert wording.render("Re: {{ ticket.subject }}", values) == f"Re: {ticket.subject}"
    again = "{% assign a = ticket.subject | append: '}' | prepend: '{' | append: '}' | prepend: '{' %}{{ a }}"
    assert wording.render(again, values) == f"{{{{{ticket.subject}}}}}"


def test_html_in_values_is_escaped_where_it_becomes_html() -> None:
    ticket = {"subject": "<script>alert('1')</script> & \"x\"\nline"}
    assert filled("{{ ticket.subject }}", ticket=ticket) == ticket["subject"]
    shown = filled("<p>{{ ticket.subject }}</p>", "html", ticket=ticket)
    assert shown == "<p>&lt;script&gt;alert('1')&lt;/script&gt; &amp; \"x\"<br>line</p>"


@pytest.mark.parametrize(
    "text",
    [
        '<a href="{{ ticket.subject }}">x</a>',
        "<a href={{ ticket.subject }}>x</a>",
        "<a href='{{ ticket.subject }}'>x</a>",
        '<p title="{{ ticket.subject }}">x</p>',
        "<script>{{ ticket.subject }}</script>",
        "<p {{ ticket.subject }}>x</p>",
        "<{{ ticket.subject }}>",
    ],
)
@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", '" onmouseover="alert(1)', "' onclick='alert(1)", "x onload=alert(1)", "script src=x"],
)
def test_no_value_can_run_wherever_a_text_puts_it(text: str, value: str) -> None:
    shown = filled(text, "html", ticket={"subject": value})
    tags = re.findall(r"<[^>]*>", shown)
    assert not [tag for tag in tags if re.search(r"script|\son\w+\s*=", re.sub(r'"[^"]*"', "", tag)) or "href" in tag]


# -- whatever passes the check can be filled in

_PATHS = st.sampled_from([*wording.VARIABLES, "foo", "tag", "a", "forloop.index", "forloop", "ticket.nothing"])
_LITERALS = st.sampled_from(["'x'", "5", "-1", "1.5", "true", "nil", "empty", "blank", "'%Y'"])
_VALUES = st.one_of(_PATHS, _LITERALS)
_FILTERS = st.builds(
    lambda name, given: f" | {name}" + (": " + ", ".join(given) if given else ""),
    st.sampled_from([*FILTERS, "nothing"]),
    st.lists(_VALUES, max_size=2),
)
_EXPRESSION = st.builds(lambda value, filters: value + "".join(filters), _VALUES, st.lists(_FILTERS, max_size=3))
_CONDITION = st.builds(
    lambda left, sign, right: f"{left} {sign} {right}",
    _VALUES, st.sampled_from(["==", "!=", "contains", "and", "or", "<"]), _VALUES,
)  # fmt: skip
_LEAF = st.one_of(
    st.sampled_from(["text ", "{{", "%}", "{% break %}", "{% else %}", "\n"]),
    st.builds("{{{{ {} }}}}".format, _EXPRESSION),
    st.builds("{{% assign a = {} %}}".format, _EXPRESSION),
)
_TEXT = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, _CONDITION, inner, inner),
        st.builds("{{% for tag in {} %}}{}{{% endfor %}}".format, _VALUES, inner),
        st.builds("{{% case {} %}}{{% when {} %}}{}{{% endcase %}}".format, _VALUES, _VALUES, inner),
    ),
    max_leaves=8,
)


def _random_values(text: str, items: list[str], empty: bool) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, known in wording.VARIABLES.items():
        place = tree
        *groups, name = path.split(".")
        for group in groups:
            place = place.setdefault(group, {})
        value: Any = items if isinstance(known.sample, list) else text
        moment = path == "now" or path.endswith("_at")
        place[name] = None if empty else Moment.of(datetime(1, 1, 2, tzinfo=UTC)) if moment else fit(value)
    return tree


@settings(max_examples=400, deadline=None)
@given(text=_TEXT, value=st.text(max_size=30), items=st.lists(st.text(max_size=5), max_size=4), empty=st.booleans())
def test_what_passes_the_check_never_fails_to_be_filled_in(
    text: str, value: str, items: list[str], empty: bool
) -> None:
    for kind in ("text", "html"):
        if not wording.check(text, kind, fields=()):
            wording.render(text, _random_values(value, items, empty), kind)
