"""The tables of rules agree with what stands behind them."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from tests import factories
from tests.automation.making import handled, leaf, trigger
from tickets.actions import filtering
from tickets.automation import applier, facts
from tickets.automation.effect_kinds import EFFECTS
from tickets.automation.fields import ANCHORS, FIELDS
from tickets.automation.operators import OPERATORS, TYPES
from tickets.models import RuleRun, Ticket, TicketEvent
from tickets.states import VERBS


def test_every_effect_has_its_verb_and_its_deed():
    for key, kind in EFFECTS.items():
        assert kind.verb == "" or kind.verb in VERBS, key
        assert (key in applier._ACTS) == (set(kind.kinds) != {"filter"}), key
        if "filter" in kind.kinds:
            assert key in filtering._ACTS or key in ("reject", "no_auto_response"), key


def test_every_operator_is_one_and_every_anchor_is_a_field():
    assert all(op in OPERATORS for ops in TYPES.values() for op in ops)
    assert set(ANCHORS) <= set(FIELDS)
    columns = {field.attname for field in Ticket._meta.concrete_fields}
    assert set(ANCHORS.values()) <= columns


@pytest.mark.django_db
def test_every_field_has_its_fact_and_all_of_them_are_json():
    ticket = factories.ticket()
    event = TicketEvent.objects.get(kind="opened")
    event.kind = "sla_breach"
    known = facts.collect(ticket, FIELDS, now=timezone.now(), event=event, hours=[0])
    assert set(FIELDS) <= set(known)
    assert json.loads(json.dumps(known)) == known


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "pattern", "came"),
    [("Order #4711", r"order\s+#\d+", True), ("Order", r"order\s+#\d+", False), ("a" * 50_000 + "!", r"(a+)+$", False)],
)
def test_patterns_ignore_case_and_take_no_time(text, pattern, came):
    trigger("Pattern", leaf("body", "matches", pattern), {"do": "set_priority", "value": 4})
    factories.ticket(body=text)
    handled()
    assert RuleRun.objects.exists() is came
