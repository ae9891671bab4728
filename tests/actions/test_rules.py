"""Rules as things: saved with versions, ordered, switched, by admins alone, and never wrong once saved."""

from __future__ import annotations

import pytest

from tests import people
from tickets.actions import rules
from tickets.models import SYSTEM, Rule
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db

HIGH = {"field": "priority", "op": "at_least", "value": 3}
TAG = {"do": "add_tags", "tags": ["vip"]}


def trigger(**given) -> Rule:
    definition = {"kind": "trigger", "name": "Urgent", "on": ["created"], "conditions": HIGH, "effects": [TAG]}
    return rules.save(None, by=SYSTEM, **definition | given)


def test_saving_makes_versions_of_what_changed():
    admin = people.admin()
    rule = rules.save(trigger(), by=admin, stops_after=True)
    assert (rule.version, rule.stops_after, rule.is_enabled) == (2, True, False)
    rules.save(rule, by=admin, stops_after=True)
    assert [(one.number, one.saved_by) for one in rule.versions.all()] == [(2, admin), (1, None)]


def test_rolling_back_is_a_new_version():
    rule = trigger()
    rules.save(rule, by=SYSTEM, name="Pressing", conditions={"not": HIGH})
    rule = rules.roll_back(rule, by=SYSTEM, number=1)
    assert (rule.name, rule.conditions, rule.version) == ("Urgent", HIGH, 3)
    with pytest.raises(Invalid):
        rules.roll_back(rule, by=SYSTEM, number=9)


def test_new_rules_come_last_and_can_be_reordered():
    first, second, third = (trigger(name=name) for name in ("A", "B", "C"))
    rules.reorder("trigger", [third.pk, first.pk, 10**9], by=SYSTEM)
    assert list(Rule.objects.values_list("name", flat=True)) == ["C", "A", "B"]
    assert second.position == 2


def test_only_admins_change_rules():
    rule, agent = trigger(), people.agent()
    for attempt in (
        lambda: rules.save(None, by=agent, kind="macro", name="Mine", effects=[TAG]),
        lambda: rules.save(rule, by=agent, name="Mine"),
        lambda: rules.enable(rule, by=agent),
        lambda: rules.disable(rule, by=agent),
        lambda: rules.reorder("trigger", [rule.pk], by=agent),
        lambda: rules.delete(rule, by=agent),
        lambda: rules.roll_back(rule, by=agent, number=1),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert Rule.objects.get() == rule


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"on": []}, "on"),
        ({"on": ["sunrise"]}, "on"),
        ({"name": " "}, "name"),
        ({"conditions": {"field": "colour", "op": "is", "value": 1}}, "conditions"),
        ({"conditions": {"all": [HIGH, {"field": "priority", "op": "contains", "value": "x"}]}}, "conditions.1"),
        ({"conditions": {"any": [{"not": {"field": "priority", "op": "is", "value": 9}}]}}, "conditions.0.not"),
        ({"conditions": {"field": "subject", "op": "matches", "value": "(?<=a)b"}}, "conditions"),
        ({"conditions": {"field": "subject", "op": "matches", "value": "("}}, "conditions"),
        ({"conditions": {"field": "tags", "op": "has_any", "value": []}}, "conditions"),
        ({"conditions": {"field": "team", "op": "is", "value": 10**6}}, "conditions"),
        ({"conditions": {"all": [HIGH], "any": [HIGH]}}, "conditions"),
        ({"conditions": [HIGH]}, "conditions"),
        ({"effects": []}, "effects"),
        ({"effects": [{"do": "sing"}]}, "effects.0"),
        ({"effects": [TAG, {"do": "hand_to_team"}]}, "effects.1.team"),
        ({"effects": [{"do": "hand_to_team", "team": 10**6}]}, "effects.0.team"),
        ({"effects": [{"do": "assign", "how": "agent"}]}, "effects.0.agent"),
        ({"effects": [{"do": "set_priority", "value": 3, "colour": "red"}]}, "effects.0"),
        ({"effects": [{"do": "reject", "reason": "no"}]}, "effects.0"),
        ({"kind": "automation"}, "conditions"),
        ({"kind": "automation", "conditions": {"field": "tags", "op": "changed"}}, "conditions"),
        ({"kind": "filter", "conditions": {"field": "rating", "op": "is", "value": 1}}, "conditions"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(given, place):
    with pytest.raises(Invalid) as refusal:
        trigger(**given)
    assert list(refusal.value.errors) == [place]
    assert all(refusal.value.errors.values())
    assert not Rule.objects.exists()


def test_conditions_end_at_a_depth():
    tree = HIGH
    for _level in range(8):
        tree = {"not": tree}
    with pytest.raises(Invalid):
        trigger(conditions=tree)


def test_two_rules_of_a_kind_cannot_share_a_name():
    trigger()
    with pytest.raises(Invalid) as refusal:
        trigger()
    assert "name" in refusal.value.errors


def test_a_rule_whose_team_is_gone_cannot_be_switched_on():
    team = people.team()
    rule = trigger(effects=[{"do": "hand_to_team", "team": team.pk}])
    assert rules.enable(rule, by=SYSTEM).is_enabled
    rules.disable(rule, by=SYSTEM)
    team.delete()
    with pytest.raises(Invalid) as refusal:
        rules.enable(rule, by=SYSTEM)
    assert "effects.0.team" in refusal.value.errors
