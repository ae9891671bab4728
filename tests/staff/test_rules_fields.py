"""Fields of forms in the builder: each with the control of its kind, and what it holds is the rule again."""

from __future__ import annotations

from typing import Any

import pytest

from tests import forms, people
from tickets.models import Rule

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Old laptops", "on": ["created"], "c.mode": "all",
    "c.0.field": "fields.colours", "c.0.was": "fields.colours", "c.0.op": "has_any", "c.0.value": ["red"],
    "c.1.field": "fields.bought", "c.1.was": "fields.bought", "c.1.op": "before", "c.1.value": "2026-03-01",
    "c.2.field": "fields.switched_on", "c.2.was": "fields.switched_on", "c.2.op": "ticked",
    "c.3.field": "fields.age", "c.3.was": "fields.age", "c.3.op": "more_than", "c.3.value": "3",
    "e.0.do": "set_field", "e.0.was": "set_field", "e.0.p_name": "device", "e.0.p_value": "phone",
    "e.1.do": "set_field", "e.1.was": "set_field", "e.1.p_name": "colours", "e.1.p_value": ["blue", "red"],
    "e.2.do": "set_field", "e.2.was": "set_field", "e.2.p_name": "switched_on", "e.2.p_value": "no",
}  # fmt: skip


def test_each_field_has_its_control_and_comes_back_as_it_was_saved(browser: Any) -> None:
    forms.form([*forms.CHOICES, *forms.DEVICE])
    client = browser(people.admin())
    wrong = client.post("/staff/rules/trigger/new/", {**FORM, "c.3.value": "old", "do": "save"})
    assert (wrong.status_code, "This is not a number." in wrong.content.decode()) == (400, True)
    assert client.post("/staff/rules/trigger/new/", {**FORM, "do": "save"}).status_code == 302
    made = Rule.objects.get()
    assert [leaf.get("value") for leaf in made.conditions["all"]] == [["red"], "2026-03-01", None, 3]
    assert [effect["value"] for effect in made.effects] == ["phone", ["blue", "red"], False]
    page = client.get(f"/staff/rule/{made.pk}/").content.decode()
    for control in (
        'type="checkbox" name="c.0.value" value="red" checked',
        'type="date" class="control control--small" id="c.1.value"',
        'name="e.1.p_value" value="blue" checked', '<option value="phone" selected>Phone</option>',
        'data-fields="fields.bought"', 'data-way="colours"',
    ):  # fmt: skip
        assert control in page, control
