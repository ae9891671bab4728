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

COLOURS = [{"value": "blue", "label": "Blue"}, {"value": "red", "label": "Red"}]
# One of each kind, and what is kept of the answer in EVERY_ANSWER; files only come where there are files.
EVERY_KIND = [
    {"kind": "section", "label": "All about it"},
    {"kind": "information", "label": "Nothing is required"},
    {"kind": "text", "key": "name", "label": "Name of it"},
    {"kind": "long_text", "key": "story", "label": "Story"},
    {"kind": "rich_text", "key": "steps", "label": "Steps"},
    {"kind": "number", "key": "count", "label": "How many"},
    {"kind": "date", "key": "day", "label": "Day"},
    {"kind": "date_time", "key": "moment", "label": "Moment"},
    {"kind": "choice", "key": "colour", "label": "Colour", "choices": COLOURS},
    {"kind": "multi_choice", "key": "colours", "label": "Also in", "choices": COLOURS},
    {"kind": "checkbox", "key": "urgent", "label": "Urgent"},
    {"kind": "email", "key": "copy_to", "label": "Copy to"},
    {"kind": "phone", "key": "phone", "label": "Phone"},
    {"kind": "url", "key": "site", "label": "Site"},
    {"kind": "user", "key": "boss", "label": "Boss"},
    {"kind": "file", "key": "scan", "label": "Scan"},
]
EVERY_ANSWER: dict[str, tuple[Any, Any]] = {
    "name": (" Lamp ", "Lamp"),
    "story": ("It fell.", "It fell."),
    "steps": ("Go **fast**", "Go **fast**"),
    "count": ("1,5", 1.5),
    "day": ("2026-11-24", "2026-11-24"),
    "moment": ("2026-11-24T09:30", "2026-11-24T09:30:00+00:00"),
    "colour": ("Red", "red"),
    "colours": (["blue", "red"], ["blue", "red"]),
    "urgent": ("yes", True),
    "copy_to": ("Ana@Customers.example", "ana@customers.example"),
    "phone": ("+44 20 7946 0000", "+44 20 7946 0000"),
    "site": ("customers.example/lamp", "https://customers.example/lamp"),
    "boss": ("boss@customers.example", "boss@customers.example"),
}
EVERY_VALUE = {key: kept for key, (_typed, kept) in EVERY_ANSWER.items()}


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
