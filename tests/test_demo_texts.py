"""The demo desk's texts are data: these tests keep them complete, consistent and playable by the lifecycle."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from io import BytesIO
from itertools import chain
from random import Random
from zipfile import ZipFile
from zoneinfo import available_timezones

import pytest
from django.core.validators import validate_email

from tickets.demo import company, customers
from tickets.demo.script import Script, Step, fill
from tickets.demo.slots import SLOTS
from tickets.demo.threads import SCRIPTS
from tickets.models.people import Permission
from tickets.states import VERBS, State

VERB_OF = {
    "agent": "reply",
    "customer": "receive",
    "note": "note",
    "resolve": "resolve",
    "confirm": "confirm",
    "reopen": "receive",
}
GIVEN = {"first_name", "agent"}

each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.subject)


def played(script: Script) -> list[State]:
    """The states the ticket goes through; fails on a step that the lifecycle refuses."""
    states = [State.NEW]
    for step in script.steps:
        verb = VERBS[VERB_OF[step.kind]]
        assert states[-1] in verb.sources, f"{step.kind} while {states[-1]}"
        states.append(verb.target_from(states[-1]))
    return states


@each_script
def test_every_slot_is_filled_and_nothing_else_looks_like_one(script):
    assert script.slots <= SLOTS.keys() | GIVEN
    for seed in range(3):
        filled = fill(script, Random(seed), first_name="Mei", agent="Ravi")
        assert not any(mark in text for text in filled.texts for mark in "{}")
        assert 0 < len(filled.subject) <= 200
        assert all(len(text) <= 4000 for text in filled.texts)


@each_script
def test_topic_is_known_and_belongs_to_the_department(script):
    topics = {topic.slug: topic for topic in company.TOPICS}
    assert topics[script.topic].department == script.department


@each_script
def test_lifecycle_takes_every_step(script):
    for step, before, after in zip(script.steps, played(script), played(script)[1:], strict=False):
        if step.kind == "customer":
            assert before == after, "a message that reopens is a reopen step"
        if step.kind == "reopen":
            assert after == State.REOPENED
        assert bool(step.text) == (step.kind != "confirm")
        assert not step.waits or step.kind == "agent"


@each_script
def test_tags_fit_their_column_and_texts_have_no_loose_ends(script):
    assert script.tags
    assert all(0 < len(tag) <= 40 for tag in script.tags)
    assert len(set(script.tags)) == len(script.tags)
    for text in script.texts:
        assert text == text.strip()
        assert "  " not in text
        assert "lorem" not in text.lower()


def test_there_are_enough_scripts_in_every_department_state_and_language():
    assert len(SCRIPTS) >= 60
    assert min(Counter(script.topic for script in SCRIPTS).values()) >= 8
    assert {script.department for script in SCRIPTS} == {department.slug for department in company.DEPARTMENTS}
    assert {played(script)[-1] for script in SCRIPTS} >= {State.NEW, State.IN_PROGRESS, State.RESOLVED, State.CLOSED}
    assert any(State.REOPENED in played(script) for script in SCRIPTS)
    assert {script.language for script in SCRIPTS} >= {"en", "de", "fr", "es", "ar"}
    assert {script.priority for script in SCRIPTS} >= {1, 2, 3, 4}


def test_subjects_and_longer_texts_are_not_repeated():
    assert not [text for text, times in Counter(script.subject for script in SCRIPTS).items() if times > 1]
    texts = Counter(text for script in SCRIPTS for text in script.texts if len(text) > 40)
    assert not [text for text, times in texts.items() if times > 1]


def test_slots_have_different_values_and_each_is_used():
    used = set(chain.from_iterable(script.slots for script in SCRIPTS))
    assert used == SLOTS.keys() | GIVEN
    assert all(len(values) >= 5 and len(set(values)) == len(values) for values in SLOTS.values())


def test_a_slot_has_one_value_throughout_a_conversation_and_depends_only_on_the_seed():
    script = Script("support", "something-else", "{room} or {room}", "{room}", (Step("agent", "{first_name}: {room}"),))
    filled = fill(script, Random(7), first_name="Åsa", agent="Ana")
    assert filled.subject == f"{filled.opening} or {filled.opening}"
    assert filled.steps[0].text == f"Åsa: {filled.opening}"
    assert filled == fill(script, Random(7), first_name="Åsa", agent="Ana")
    assert len({fill(script, Random(seed), first_name="", agent="").opening for seed in range(40)}) > 4


def test_the_company_is_whole():
    departments = {department.slug for department in company.DEPARTMENTS}
    roles, slas = {role.name for role in company.ROLES}, {sla.name for sla in company.SLAS}
    assert (len(departments), len(company.TOPICS), len(company.AGENTS)) == (3, 8, 6)
    assert {topic.department for topic in company.TOPICS} == departments
    assert {topic.sla for topic in company.TOPICS} | {item.sla for item in company.DEPARTMENTS} <= slas
    assert {topic.team for topic in company.TOPICS} <= {*company.TEAMS, None}
    assert {sla.hours for sla in company.SLAS} <= {hours.name for hours in company.HOURS} | {None}
    for agent in company.AGENTS:
        assert agent.roles.keys() <= departments
        assert set(agent.roles.values()) <= roles
        assert set(agent.teams) <= set(company.TEAMS)


def test_every_department_has_a_lead_and_every_team_a_member():
    leads = {slug for agent in company.AGENTS for slug, role in agent.roles.items() if role == "Lead"}
    assert leads == {department.slug for department in company.DEPARTMENTS}
    assert set(chain.from_iterable(agent.teams for agent in company.AGENTS)) == set(company.TEAMS)


def test_permissions_of_the_roles_exist():
    for role in company.ROLES:
        assert set(role.permissions) <= set(Permission.values)


def test_icons_of_the_topics_are_heroicons():
    drawings = ZipFile(BytesIO(files("heroicons").joinpath("heroicons.zip").read_bytes())).namelist()
    assert {f"outline/{topic.icon}.svg" for topic in company.TOPICS} <= set(drawings)


def test_forty_customers_with_addresses_that_reach_nobody():
    people = customers.CUSTOMERS
    organizations = {organization.name: organization for organization in customers.ORGANIZATIONS}
    addresses = [person.email for person in people] + [agent.email for agent in company.AGENTS]
    assert len(people) == 40
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        validate_email(address)
        assert address.endswith(".example")
        assert address == address.lower()
    for person in people:
        assert person.first_name
        if person.organization is not None:
            assert person.email.endswith("@" + organizations[person.organization].domain)


def test_every_organization_has_people_and_a_real_zone():
    assert {person.organization for person in customers.CUSTOMERS if person.organization} == {
        organization.name for organization in customers.ORGANIZATIONS
    }
    zones = {organization.zone for organization in customers.ORGANIZATIONS} | {hours.zone for hours in company.HOURS}
    assert zones <= available_timezones()


def test_each_language_of_a_script_is_spoken_by_a_customer():
    assert {script.language for script in SCRIPTS} <= {person.language for person in customers.CUSTOMERS}
