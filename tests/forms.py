"""Forms for tests, made and published as admins do it."""

from __future__ import annotations

import itertools
from typing import Any

from tests import people
from tickets.actions import forms
from tickets.models import Form, User

_count = itertools.count(1)
DEVICES = [{"value": "laptop", "label": "Laptop"}, {"value": "phone", "label": "Phone"}]

# A form that has one of each: required, conditional, for agents, needed to close.
DEVICE = [
    {"kind": "section", "label": "Your device"},
    {"kind": "choice", "key": "device", "label": "Device", "choices": DEVICES, "required": "send"},
    {
        "kind": "text", "key": "serial", "label": "Serial number", "help": "On the back.",
        "show": {"field": "device", "op": "is", "value": "laptop"},
        "require": {"field": "device", "op": "is", "value": "laptop"},
    },
    {"kind": "number", "key": "age", "label": "Age in years", "min": 0, "max": 50},
    {"kind": "information", "label": "Bring the charger", "show": {"field": "age", "op": "at_least", "value": 3}},
    {"kind": "text", "key": "vendor_case", "label": "Vendor case", "audience": "agents"},
    {"kind": "text", "key": "repair", "label": "Repair date", "audience": "readers"},
    {"kind": "text", "key": "cause", "label": "Cause", "audience": "agents", "required": "close"},
]  # fmt: skip

# What is chosen rather than typed.
CHOICES = [
    {"kind": "date", "key": "bought", "label": "Bought on"},
    {"kind": "multi_choice", "key": "colours", "label": "Colours", "choices": [
        {"value": "blue", "label": "Blue"}, {"value": "red", "label": "Red"},
    ]},
    {"kind": "checkbox", "key": "switched_on", "label": "It is switched on"},
]  # fmt: skip


def form(items: list[dict[str, Any]], *, by: User | None = None, name: str = "", is_field_set: bool = False) -> Form:
    """A published form."""
    admin = by or people.admin()
    made = forms.create(by=admin, name=name or f"Form {next(_count)}", is_field_set=is_field_set)
    return edit(made, items, by=admin)


def edit(made: Form, items: list[dict[str, Any]], *, by: User | None = None) -> Form:
    """Publishes these items as the form's next version."""
    admin = by or people.admin()
    made.refresh_from_db()
    forms.change(made, by=admin, revision=made.revision, edit=lambda _old: items)
    forms.publish(made, by=admin)
    return Form.objects.select_related("current").get(pk=made.pk)
