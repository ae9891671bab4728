"""Rules as YAML: what goes out comes in again, names stand for ids, mistakes have lines, and it is all or nothing."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import factories, people
from tickets.actions import canned, rules
from tickets.management import rule_files as files
from tickets.models import SYSTEM, Rule, RuleVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db: None) -> list[Rule]:
    team, home = people.team(name="Night shift"), factories.department("Support")
    topic, acme = factories.help_topic(home, slug="printers"), people.organization("ACME")
    ana = people.agent(home, email="ana@desk.example")
    thanks = canned.save(None, by=people.admin(), title="Thanks for waiting", body="Thank you.")
    rows: list[dict[str, Any]] = [
        {"kind": "trigger", "name": "Second", "on": ["created", "updated"], "stops_after": True,
         "conditions": {"all": [{"field": "organization", "op": "any_of", "value": [acme.pk]},
                                {"not": {"any": [{"field": "assignee", "op": "is", "value": ana.pk},
                                                 {"field": "working_time", "op": "inside", "value": 0}]}}]},
         "effects": [{"do": "hand_to_team", "team": team.pk}, {"do": "add_tags", "tags": ["vip", "größe"]}]},
        {"kind": "trigger", "name": "First: \"quoted\"", "on": ["created"], "description": "Why\nnot",
         "conditions": {}, "effects": [{"do": "transfer", "department": home.pk, "help_topic": topic.pk},
                                        {"do": "send_canned", "canned": thanks.pk}, {"do": "invite_rating"}]},
        {"kind": "automation", "name": "Waiting", "reaches_back": True, "effects": [{"do": "set_priority", "value": 3}],
         "conditions": {"field": "since_waiting", "op": "more_than", "value": 2880}},
    ]  # fmt: skip
    found = [rules.save(None, by=SYSTEM, **row) for row in rows]
    rules.enable(found[0], by=SYSTEM)
    return found


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("rules", *arguments, stdout=out)
    return out.getvalue()


def test_what_goes_out_comes_in_again(made, tmp_path: Path):
    file = tmp_path / "rules.yaml"
    command("export", str(file))
    text = file.read_text()
    before = [(rule.definition, rule.is_enabled, rule.position) for rule in Rule.objects.all()]
    for name in ("Night shift", "ACME", "ana@desk.example", "printers", "own", "größe", "Thanks for waiting"):
        assert name in text
    Rule.objects.all().delete()
    command("import", str(file))
    assert [(rule.definition, rule.is_enabled, rule.position) for rule in Rule.objects.all()] == before
    assert command("export") == text
    assert command("plan", str(file)) == "nothing to do\n"


def test_taking_the_same_again_changes_nothing(made, tmp_path: Path):
    file = tmp_path / "rules.yaml"
    command("export", str(file))
    assert command("plan", str(file)) == "nothing to do\n"
    assert command("import", str(file)) == "nothing to do\n"
    assert RuleVersion.objects.count() == len(made)


def test_a_plan_shows_the_difference_and_changes_nothing(made, tmp_path: Path):
    file = tmp_path / "rules.yaml"
    file.write_text(files.exported().replace("value: 2880", "value: 60").replace("name: Second", "name: Third"))
    plan = command("plan", str(file))
    assert "changed  automation “Waiting”" in plan
    assert "-    value: 2880" in plan
    assert "+    value: 60" in plan
    assert "new      trigger “Third”" in plan
    assert set(Rule.objects.values_list("name", flat=True)) == {rule.name for rule in made}


def test_the_order_of_the_file_is_the_order_of_the_rules(made):
    entries = list(reversed(files.read(files.exported())))
    assert [(one.kind, one.diff) for one in files.differences(entries) if one.what == "order"] == [
        ("trigger", 'First: "quoted"\nSecond')
    ]
    files.take(entries, by=SYSTEM)
    assert {one.what for one in files.differences(entries)} == {"same"}
    assert list(Rule.objects.filter(kind="trigger").values_list("name", flat=True)) == ['First: "quoted"', "Second"]


RULE = """- kind: trigger
  name: A
  "on": [created]
  if:
    all:
    - field: organization
      op: is
      value: {organization}
  then:
  - do: add_tags
    tags: [a]
  - do: hand_to_team
    team: {team}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (RULE.format(organization="ACME", team="Nobody"), "line 12: there is no team “Nobody”."),
        (RULE.format(organization="Other", team="Nobody"), "line 6: there is no organization “Other”.\nline 12: there"),
        (RULE.replace("field: organization", "field: nonsense").format(organization="x", team="Night shift"),
         "line 1: “A”: conditions.0: There is no field nonsense."),
        ("- kind: trigger\n", "line 1: a rule needs kind and name."),
        ("- kind: trigger\n  name: A\n  when: [created]\n", "line 1: “when” is unknown here."),
        ("{a: 1}", "line 1: a list of rules is expected."),
        ("- [", "This is no YAML"),
        ("- 7", "line 1: a rule needs kind and name."),
        ("- {kind: trigger, name: A, if: [1], then: 3}", "line 1: this rule cannot be read."),
        ("- !!python/object/apply:os.system [true]", "This is no YAML"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_lines_and_nothing_is_taken(made, tmp_path: Path, text, told):
    file = tmp_path / "rules.yaml"
    good = files.exported()
    Rule.objects.all().delete()
    file.write_text(f"{text}")
    with pytest.raises(CommandError) as refusal:
        command("import", str(file))
    assert told in str(refusal.value)
    assert not Rule.objects.exists()
    assert good


def test_one_wrong_rule_keeps_all_from_being_taken(made, tmp_path: Path):
    file = tmp_path / "rules.yaml"
    text = files.exported()
    Rule.objects.all().delete()
    file.write_text(text.replace("op: more_than", "op: has"))
    with pytest.raises(CommandError, match="Waiting"):
        command("import", str(file))
    assert not Rule.objects.exists()


def test_a_file_that_is_not_there():
    with pytest.raises(CommandError, match="cannot be read"):
        command("plan", "/no/such/file.yaml")


def test_a_desk_without_rules(db):
    assert command("export") == "[]\n"
    assert files.read("[]\n") == files.read("") == []
