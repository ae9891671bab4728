"""Fields of forms in rules: asked and answered as what they are, and wrong values told when the rule is saved."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import factories, forms, people
from tests.automation.making import fresh, handled, leaf, rule, tag, trigger
from tickets.actions.macros import preview_macro
from tickets.automation import words
from tickets.automation.conditions import compiled
from tickets.models import Rule, RuleRun, Ticket
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db

ITEMS = [
    *forms.CHOICES, *(item for item in forms.DEVICE if item.get("required") != "close"),
    {"kind": "date_time", "key": "down_since", "label": "Down since"},
    {"kind": "file", "key": "bill", "label": "Bill"},
]  # fmt: skip
KNOWN = {
    "fields.age": 4, "fields.bought": "2026-03-01", "fields.colours": ["blue"], "fields.switched_on": False,
    "fields.device": "laptop", "fields.serial": "AB-1", "fields.down_since": "2026-03-01T08:00:00+00:00",
}  # fmt: skip


@pytest.fixture
def asked(db: None) -> Ticket:
    topic = factories.help_topic(factories.department(), form=forms.form(ITEMS))
    return factories.ticket(
        department=topic.department, help_topic=topic, fields={"device": "laptop", "serial": "AB-1", "age": "4"}
    )


@pytest.mark.parametrize(
    ("given", "kept", "came"),
    [
        (leaf("fields.age", "more_than", "3"), 3, True),
        (leaf("fields.age", "is", 5), 5, False),
        (leaf("fields.bought", "before", "2026-03-02"), "2026-03-02", True),
        (leaf("fields.bought", "after", "20260301"), "2026-03-01", False),
        (leaf("fields.down_since", "after", "2026-03-01T09:00+02:00"), "2026-03-01T07:00:00+00:00", True),
        (leaf("fields.colours", "has_any", ["Red", "blue"]), ["red", "blue"], True),
        (leaf("fields.colours", "has_all", ["red", "blue"]), ["red", "blue"], False),
        (leaf("fields.device", "is", "Laptop"), "laptop", True),
        (leaf("fields.device", "none_of", ["phone"]), ["phone"], True),
        (leaf("fields.switched_on", "not_ticked"), None, True),
        (leaf("fields.vendor_case", "empty"), None, True),
        (leaf("fields.serial", "begins", "ab"), "ab", True),
    ],
)  # fmt: skip
def test_each_kind_is_asked_in_its_own_way(asked, given, kept, came):
    made = trigger("Asks", given, tag("x"))
    assert (made.conditions.get("value"), compiled(made.conditions)(KNOWN)) == (kept, came)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (leaf("fields.age", "more_than", "old"), "not a number"),
        (leaf("fields.age", "contains", "4"), "cannot be asked"),
        (leaf("fields.bought", "before", "soon"), "not a date"),
        (leaf("fields.bought", "more_than", 4), "cannot be asked"),
        (leaf("fields.down_since", "before", "noon"), "not a date and time"),
        (leaf("fields.colours", "has", "green"), "Possible: Blue, Red"),
        (leaf("fields.device", "is", "toaster"), "does not fit"),
        (leaf("fields.bill", "is", "x"), "cannot be asked"),
        (leaf("fields.shoe_size", "is", "44"), "no field fields.shoe_size"),
    ],
)  # fmt: skip
def test_what_its_kind_cannot_be_asked_is_told(asked, given, told):
    with pytest.raises(Invalid, match=told):
        trigger("Asks", given, tag("x"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("age", "old", "not a number"), ("bought", "soon", "not a date"), ("device", "toaster", "Possible: Laptop"),
        ("colours", ["green"], "Possible"), ("switched_on", "perhaps", "yes or no"), ("bill", "x", "does not fit"),
        ("shoe_size", "44", "does not fit"),
    ],
)  # fmt: skip
def test_an_answer_that_its_field_cannot_take_is_told(asked, name, value, told):
    with pytest.raises(Invalid, match=told):
        trigger("Answers", {}, {"do": "set_field", "name": name, "value": value})


def test_a_rule_answers_fields_with_what_they_are(asked):
    effects = [
        {"do": "set_field", "name": name, "value": value}
        for name, value in {"age": "7", "bought": "2026-03-01", "colours": ["Red"], "switched_on": True}.items()
    ]
    made = trigger("Answers", leaf("fields.age", "less_than", 5), *effects, on=["note"])
    assert [one["value"] for one in made.effects] == [7, "2026-03-01", ["red"], True]
    asked.events.create(kind="noted", actor_name="Somebody")
    handled()
    assert fresh(asked).fields == {
        "device": "laptop", "serial": "AB-1", "age": 7, "bought": "2026-03-01", "colours": ["red"], "switched_on": True,
    }  # fmt: skip
    assert "if Age in years is less than 5: answer a field: Age in years, “7”" in words.sentence(made.definition)
    assert "Bought on, “March 1, 2026”" in words.sentence(made.definition)
    assert "asked" not in RuleRun.objects.get().check_row.facts


def test_an_answer_that_hides_a_question_takes_its_answer_off_also_in_the_preview(asked):
    macro = rule("macro", "Phone", {}, {"do": "set_field", "name": "device", "value": "phone"})
    agent = people.admin()
    assert preview_macro(asked, by=agent, macro=macro).changes == {
        "fields.device": ["laptop", "phone"], "fields.serial": ["AB-1", None],
    }  # fmt: skip
    hidden = rule(
        "macro", "Serial", {}, {"do": "set_field", "name": "device", "value": "phone"},
        {"do": "set_field", "name": "serial", "value": "B"},
    )  # fmt: skip
    effects = preview_macro(asked, by=agent, macro=hidden).steps[0].effects
    assert [one.refused for one in effects] == ["", "field"]


def test_files_know_the_kinds_too(asked, tmp_path: Path):
    def command(*arguments: str) -> str:
        out = StringIO()
        call_command("rules", *arguments, stdout=out)
        return out.getvalue()

    file = tmp_path / "rules.yaml"
    text: list[Any] = [
        "- {kind: trigger, name: Old, enabled: true, 'on': [created], "
        "if: {field: fields.bought, op: before, value: %s}, "
        "then: [{do: set_field, name: colours, value: [%s]}, {do: invite_rating}]}\n"
    ]
    file.write_text(text[0] % ("2026-01-31", "Blue"))
    command("import", str(file))
    made = Rule.objects.get()
    assert (made.conditions["value"], made.effects[0]["value"]) == ("2026-01-31", ["blue"])
    assert command("plan", str(file)) == "nothing to do\n"
    exported = command("export")
    file.write_text(exported)
    assert (command("plan", str(file)), command("export")) == ("nothing to do\n", exported)
    file.write_text(text[0] % ("soon", "Green"))
    with pytest.raises(CommandError, match=r"line 1: “Old”.*not a date.*Possible: Blue"):
        command("import", str(file))
